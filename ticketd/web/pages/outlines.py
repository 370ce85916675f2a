"""The shapes round groups of seats, for drawings."""

from collections.abc import Iterable, Sequence

Point = tuple[int, int]


def outline(points: Iterable[Point]) -> Sequence[Point]:
    """The corners of the smallest convex shape round all points; one or two if these lie in line."""
    ordered = sorted(set(points))
    return ordered if len(ordered) < 3 else [*_chain(ordered), *_chain(ordered[::-1])]


def area(corners: Sequence[Point]) -> float:
    """What an outline holds."""
    sides = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in sides) / 2


def _chain(points: Iterable[Point]) -> Sequence[Point]:
    """One side from end to end without its last point, which begins the other side."""
    chain: list[Point] = []
    for point in points:
        while len(chain) > 1 and not _turns_left(chain[-2], chain[-1], point):
            chain.pop()
        chain.append(point)
    return chain[:-1]


def _turns_left(first: Point, second: Point, third: Point) -> bool:
    (x1, y1), (x2, y2), (x3, y3) = first, second, third
    return (x2 - x1) * (y3 - y1) > (y2 - y1) * (x3 - x1)

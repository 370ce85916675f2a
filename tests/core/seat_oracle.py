"""Best available as one would do it on paper: every block of the map is looked at, each time anew."""

from collections.abc import Collection, Iterator
from fractions import Fraction
from itertools import product
from math import isqrt

from ticketd.core.seat_maps import Row, SeatMap, Section

STRANDED = 2000
SPARED = 1_000_000_000

Spot = tuple[int, int, int]
"""Numbers of section, row and seat: the order of the map."""
Point = tuple[int, int]
Choice = tuple[int, list[Spot]]


class Oracle:
    """Knows the map, and is told which seats are free."""

    def __init__(self, seat_map: SeatMap) -> None:
        self.sections = seat_map.sections
        self.name = {
            (s, r, n): f"{section.name}-{row.name}-{seat.name}"
            for s, section in enumerate(seat_map.sections)
            for r, row in enumerate(section.rows)
            for n, seat in enumerate(row.seats)
        }
        self.spared = {
            (s, r, n)
            for s, section in enumerate(seat_map.sections)
            for r, row in enumerate(section.rows)
            for n, seat in enumerate(row.seats)
            if seat.accessible or seat.companion
        }
        self.place = {
            (s, r, n): place
            for s, section in enumerate(seat_map.sections)
            for r, row in enumerate(section.rows)
            for n, place in enumerate(places(row))
        }
        self.neighbours = {
            (s, r, n): {
                (s, r, other)
                for other in (n - 1, n + 1)
                if (s, r, other) in self.place and are_side_by_side(place, self.place[s, r, other])
            }
            for (s, r, n), place in self.place.items()
        }

    def best(self, free_names: Collection[str], count: int, *, together: bool) -> tuple[str, ...] | None:
        """The best seats' names, in the order of the map."""
        free = {spot for spot, name in self.name.items() if name in free_names}
        if len(free) < count:
            return None
        choices = list(self.blocks(free, count))
        if not choices and not together:
            choices = list(self.pairs(free, count))
        if not choices and not together:
            nearest = sorted((self.distance([spot]) + SPARED * (spot in self.spared), spot) for spot in free)[
                :count
            ]
            choices = [(0, sorted(spot for _, spot in nearest))]
        return tuple(self.name[spot] for spot in min(choices)[1]) if choices else None

    def blocks(self, free: set[Spot], count: int) -> Iterator[Choice]:
        """All blocks of so many free seats, with their costs."""
        for s, r, n in free:
            block = [(s, r, n + place) for place in range(count)]
            if free.issuperset(block) and all(map(self.are_neighbours, block, block[1:])):
                cost = self.distance(block) + STRANDED * self.stranded(free, block)
                yield cost + SPARED * len(self.spared.intersection(block)), block

    def pairs(self, free: set[Spot], count: int) -> Iterator[Choice]:
        """All blocks in one row with all blocks in the row behind it."""
        for size in range(1, count):
            both = product(self.blocks(free, size), self.blocks(free, count - size))
            for (cost, block), (behind_cost, behind) in both:
                s, r, _ = block[0]
                if behind[0][:2] == (s, r + 1):
                    yield cost * size + behind_cost * (count - size), block + behind

    def stranded(self, free: set[Spot], block: list[Spot]) -> int:
        """How many free seats have a free neighbour now, and none when the block is taken."""
        left = free.difference(block)
        return sum(self.neighbours[spot] & free != set() == self.neighbours[spot] & left for spot in left)

    def are_neighbours(self, one: Spot, other: Spot) -> bool:
        return other in self.neighbours[one]

    def distance(self, block: list[Spot]) -> int:
        """From the block's middle to its section's focal point, in whole thousandths of a seat."""
        focus = focal_point(self.sections[block[0][0]])
        middle = (
            Fraction(sum(axis), len(block))
            for axis in zip(*(self.place[spot] for spot in block), strict=True)
        )
        return isqrt(int(sum((m - f) ** 2 for m, f in zip(middle, focus, strict=True))))


def places(row: Row) -> list[Point]:
    """Where its seats are, in thousandths; the maps of these tests have quarters only."""
    return [(int(seat.x * 1000), int(seat.y * 1000)) for seat in row.seats]


def focal_point(section: Section) -> Point:
    if section.focus is not None:
        return int(section.focus[0] * 1000), int(section.focus[1] * 1000)
    (x1, y1), *_, (x2, y2) = places(section.rows[0]) * 2
    return (x1 + x2) // 2, (y1 + y2) // 2


def are_side_by_side(one: Point, other: Point) -> bool:
    """Whether there is no aisle between seats that come one after the other."""
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 <= 1500**2

"""A seat map as its owner looks at it: a drawing, and the numbers beside it.

Seats are the ends of lines without length: one path draws all of a kind, so that a plan stays small.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from ticketd.core.seat_maps import Row, Seat, SeatMap, Section, seat_count
from ticketd.web.pages.outlines import Point, area, outline

SEATS_DRAWN_MAX: Final = 2000
"""In a larger house only the sections are drawn."""

_SCALE: Final = 10
"""The drawing's units in one seat's width."""
_MARGIN: Final = 20
_LABEL_SIZE: Final = 7
_ROW_LABEL_SIZE: Final = 5
_ROW_SAMPLES: Final = 8
"""So many seats of a row show where it runs, for the shape of its section."""
_KINDS: Final[Mapping[str, str]] = {
    "regular": "Seat",
    "accessible": "Accessible",
    "companion": "Companion",
    "blocked": "Not sold",
}


class Label(msgspec.Struct, frozen=True):
    """A text in a drawing, `x` being its middle."""

    text: str
    x: int
    y: int
    size: int


class Marks(msgspec.Struct, frozen=True):
    """All seats of a kind in a section, as the path that draws them."""

    kind: str
    path: str


class SectionDrawing(msgspec.Struct, frozen=True):
    """A section's shape, name, and seats unless there are too many."""

    outline: str
    title: str
    label: Label
    marks: Sequence[Marks]
    rows: Sequence[Label]


class SectionFigures(msgspec.Struct, frozen=True):
    """A section's numbers."""

    name: str
    rows: int
    on_sale: int
    accessible: int
    companion: int
    blocked: int


class VenuePlan(msgspec.Struct, frozen=True):
    """A seat map drawn and counted."""

    view_box: str
    title: str
    sections: Sequence[SectionDrawing]
    figures: Sequence[SectionFigures]
    totals: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    """The kinds of seats in the drawing with what they are called, for its legend."""


async def venue_plan_of(seat_map: SeatMap) -> VenuePlan:
    """The drawing of a seat map and its numbers, without holding up others: a stadium takes a while."""
    return await asyncio.to_thread(venue_plan, seat_map)


def venue_plan(seat_map: SeatMap) -> VenuePlan:
    """The drawing of a seat map, and its numbers section by section."""
    total = seat_count(seat_map)
    with_seats = total <= SEATS_DRAWN_MAX
    sections = [_drawing(section, with_seats=with_seats) for section in seat_map.sections]
    figures = [_figures(section) for section in seat_map.sections]
    kinds = {marks.kind for section in sections for marks in section.marks}
    return VenuePlan(
        _view_box(seat_map),
        f"Plan of the house: {len(sections):,} sections, {total:,} seats.",
        sections,
        figures,
        _totals(figures),
        [(kind, name) for kind, name in _KINDS.items() if kind in kinds],
    )


# -- the numbers


def _figures(section: Section) -> SectionFigures:
    sold = [seat for seat in _seats(section) if not seat.blocked]
    return SectionFigures(
        section.name,
        len(section.rows),
        len(sold),
        sum(seat.accessible for seat in sold),
        sum(seat.companion for seat in sold),
        sum(len(row.seats) for row in section.rows) - len(sold),
    )


def _totals(figures: Sequence[SectionFigures]) -> Sequence[tuple[str, str]]:
    return (
        ("Sections", f"{len(figures):,}"),
        ("Seats for sale", f"{sum(each.on_sale for each in figures):,}"),
        ("Accessible", f"{sum(each.accessible for each in figures):,}"),
        ("Companion", f"{sum(each.companion for each in figures):,}"),
        ("Not sold", f"{sum(each.blocked for each in figures):,}"),
    )


# -- the drawing


def _drawing(section: Section, *, with_seats: bool) -> SectionDrawing:
    points = [_place(seat) for row in section.rows for seat in _samples(row)]
    return SectionDrawing(
        "M" + "L".join(f"{x} {y}" for x, y in outline(points)) + "Z",
        f"{section.name}: {sum(len(row.seats) for row in section.rows):,} seats",
        _label_above(section, points) if with_seats else _label_inside(section, points),
        _marks(section) if with_seats else (),
        [_row_label(row) for row in section.rows] if with_seats else (),
    )


def _label_above(section: Section, points: Sequence[Point]) -> Label:
    xs, ys = zip(*points, strict=True)
    return Label(section.name, (min(xs) + max(xs)) // 2, min(ys) - _LABEL_SIZE, _LABEL_SIZE)


def _label_inside(section: Section, points: Sequence[Point]) -> Label:
    """As large as its section allows, in the box round it: a letter is about half as wide as high."""
    xs, ys = zip(*points, strict=True)
    wide, high = max(xs) - min(xs) + _SCALE, max(ys) - min(ys) + _SCALE
    filled = area(outline(points)) / (wide * high)  # the less, the more askew it stands in the box
    size = max(_LABEL_SIZE, round(filled * min(2 * wide / (len(section.name) + 1), high / 2)))
    return Label(section.name, (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2 + size // 3, size)


def _row_label(row: Row) -> Label:
    x, y = min(_place(seat) for seat in row.seats)
    return Label(row.name, x - _SCALE, y + _ROW_LABEL_SIZE // 2, _ROW_LABEL_SIZE)


def _marks(section: Section) -> Sequence[Marks]:
    paths: dict[str, list[str]] = {}
    for seat in _seats(section):
        x, y = _place(seat)
        paths.setdefault(_kind(seat), []).append(f"M{x} {y}h0")
    return [Marks(kind, "".join(paths[kind])) for kind in _KINDS if kind in paths]


def _kind(seat: Seat) -> str:
    if seat.blocked:
        return "blocked"
    if seat.accessible:
        return "accessible"
    return "companion" if seat.companion else "regular"


def _view_box(seat_map: SeatMap) -> str:
    places = [_place(seat) for section in seat_map.sections for seat in _seats(section)]
    xs, ys = zip(*places, strict=True)
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    return f"{left} {top} {max(xs) + _MARGIN - left} {max(ys) + _MARGIN - top}"


def _samples(row: Row) -> Sequence[Seat]:
    return (*row.seats[:: max(1, len(row.seats) // _ROW_SAMPLES)], row.seats[-1])


def _seats(section: Section) -> Iterator[Seat]:
    return (seat for row in section.rows for seat in row.seats)


def _place(seat: Seat) -> Point:
    return round(seat.x * _SCALE), round(seat.y * _SCALE)

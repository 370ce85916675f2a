"""Halls as drawings: a large one as its sections, a small one or a part of a large one seat by seat."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from ticketd.core.hall import ACCESSIBLE, BLOCKED, COMPANION, STEPS, Hall, HallRow
from ticketd.core.ids import SeatId, seat_id_of
from ticketd.core.seat_status import FREE
from ticketd.core.seat_views import SeatView
from ticketd.web.pages.outlines import outline

SEATS_SHOWN_MAX: Final = 1500
"""On one page."""

_HALLS_KEPT = 16
_SEAT = 30
"""The drawing's units, and a screen's pixels at least, from one seat to the next: room for a finger."""
_MARGIN = 45
_SIDE_MAX = 6000
_SECTION_SEAT = 4
"""The same where only sections are drawn."""
_FEW = 0.1


class Part(NamedTuple):
    """What one page shows of a hall: all of it, a section, or some rows of a large one."""

    section: str
    """"" for a whole hall."""
    number: int
    rows: tuple[HallRow, ...]

    @property
    def first(self) -> int:
        """The index of its first seat."""
        return self.rows[0].first

    @property
    def end(self) -> int:
        """The index after its last seat."""
        return self.rows[-1].first + self.rows[-1].count


class SeatPlace(msgspec.Struct, frozen=True, gc=False):
    """Where a seat is drawn, and what never changes about it."""

    id: SeatId
    number: str
    x: int
    y: int
    kind: str
    """`plain`, `accessible` or `companion`."""


class RowPlace(msgspec.Struct, frozen=True):
    """A row's seats, and where its name is written."""

    section: str
    name: str
    x: int
    y: int
    seats: tuple[SeatPlace, ...]


class Plan(msgspec.Struct, frozen=True):
    """A part drawn seat by seat."""

    width: int
    height: int
    view_box: str
    rows: tuple[RowPlace, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of seats that it has."""
        return frozenset(seat.kind for row in self.rows for seat in row.seats)


class SectionShape(msgspec.Struct, frozen=True):
    """A section's shape, and where its name is written and how large."""

    name: str
    first: int
    end: int
    points: str
    x: int
    y: int
    size: int

    def free(self, view: SeatView) -> int:
        """How many of its seats are free."""
        return view.statuses.count(FREE, self.first, self.end)

    def level(self, free: int) -> str:
        """What is left if so many are free: `many`, `few` or `none`."""
        if free == 0:
            return "none"
        return "few" if free < _FEW * (self.end - self.first) else "many"


class Overview(msgspec.Struct, frozen=True):
    """A large hall by its sections."""

    view_box: str
    sections: tuple[SectionShape, ...]


@lru_cache(_HALLS_KEPT)
def parts_of(hall: Hall) -> Sequence[Part]:
    """The hall in parts that are small enough for a page."""
    if len(hall) <= SEATS_SHOWN_MAX:
        return [Part("", 1, hall.rows)]
    return [part for rows in _sections(hall) for part in _split(rows)]


def _sections(hall: Hall) -> Iterator[tuple[HallRow, ...]]:
    return (tuple(rows) for _, rows in groupby(hall.rows, key=lambda row: row.section))


def _split(rows: Sequence[HallRow]) -> Iterator[Part]:
    number, taken, seats = 1, [rows[0]], rows[0].count
    for row in rows[1:]:
        if seats + row.count > SEATS_SHOWN_MAX:
            yield Part(row.section, number, tuple(taken))
            number, taken, seats = number + 1, [], 0
        taken.append(row)
        seats += row.count
    yield Part(rows[0].section, number, tuple(taken))


# -- seat by seat


def plan_of(hall: Hall, part: Part) -> Plan:
    """The drawing of a part without the seats that are never sold; a section has its front at the top."""
    turn = _turn(hall, part) if part.section else 1 + 0j
    points = [_point(hall, index) * turn * _SEAT for index in range(part.first, part.end)]
    rows = (_row_place(hall, row, points[row.first - part.first :]) for row in part.rows)
    left, top = (round(min(side)) - _MARGIN for side in _sides(points))
    right, bottom = (round(max(side)) + _MARGIN for side in _sides(points))
    width, height = right - left, bottom - top
    scale = min(1.0, _SIDE_MAX / max(width, height))
    shown = tuple(row for row in rows if row.seats)
    return Plan(
        max(1, round(width * scale)), max(1, round(height * scale)), f"{left} {top} {width} {height}", shown
    )


def _sides(points: Sequence[complex]) -> tuple[Sequence[float], Sequence[float]]:
    return [point.real for point in points], [point.imag for point in points]


def _row_place(hall: Hall, row: HallRow, points: Sequence[complex]) -> RowPlace:
    along = points[min(1, row.count - 1)] - points[0]
    name = points[0] - (along / abs(along) if along else 1) * _SEAT
    seats = tuple(
        SeatPlace(
            seat_id_of(row.section, row.name, number),
            number,
            round(point.real),
            round(point.imag),
            _kind(trait),
        )
        for number, point, trait in zip(row.numbers, points, hall.traits[row.first :], strict=False)
        if not trait & BLOCKED
    )
    return RowPlace(row.section, row.name, round(name.real), round(name.imag), seats)


def _turn(hall: Hall, part: Part) -> complex:
    """What makes the section's rows lie flat, the first above the last."""
    row = part.rows[0]
    along = _point(hall, row.first + row.count - 1) - _point(hall, row.first)
    flat = along.conjugate() / abs(along) if along else 1 + 0j
    behind = _middle(hall, part.rows[-1]) - _middle(hall, row)
    if not behind:
        behind = _middle(hall, row) - complex(*row.focus) / STEPS
    return flat if (behind * flat).imag >= 0 else -flat


def _kind(trait: int) -> str:
    if trait & ACCESSIBLE:
        return "accessible"
    return "companion" if trait & COMPANION else "plain"


# -- section by section


@lru_cache(_HALLS_KEPT)
def overview_of(hall: Hall) -> Overview:
    """The drawing of all sections."""
    corners = {}
    shapes = []
    for rows in _sections(hall):
        corners[rows[0].section] = points = _corners(hall, rows)
        shapes.append(_shape(hall, rows, points))
    xs, ys = zip(*(point for points in corners.values() for point in points), strict=True)
    left, top = min(xs) - _SECTION_SEAT, min(ys) - _SECTION_SEAT
    view_box = f"{left} {top} {max(xs) + _SECTION_SEAT - left} {max(ys) + _SECTION_SEAT - top}"
    return Overview(view_box, tuple(shapes))


def _corners(hall: Hall, rows: Sequence[HallRow]) -> Sequence[tuple[int, int]]:
    """Round where its rows begin, have their middle, and end: enough for rows that are straight or bent."""
    places = (
        _point(hall, index) * _SECTION_SEAT
        for row in rows
        for index in (row.first, row.first + row.count // 2, row.first + row.count - 1)
    )
    return outline((round(place.real), round(place.imag)) for place in places)


def _shape(hall: Hall, rows: Sequence[HallRow], points: Sequence[tuple[int, int]]) -> SectionShape:
    name = rows[0].section
    front, back = _middle(hall, rows[0]), _middle(hall, rows[-1])
    longest = max(rows, key=lambda row: row.count)
    wide = abs(_point(hall, longest.first) - _point(hall, longest.first + longest.count - 1)) + 1
    deep = abs(front - back) + 1
    size = min(deep / 3, 1.3 * min(wide, 2 * deep) / max(3, len(name))) * _SECTION_SEAT
    middle = (front + back) / 2 * _SECTION_SEAT
    return SectionShape(
        name,
        rows[0].first,
        rows[-1].first + rows[-1].count,
        " ".join(f"{x},{y}" for x, y in points),
        round(middle.real),
        round(middle.imag),
        max(1, round(size)),
    )


def _middle(hall: Hall, row: HallRow) -> complex:
    return (_point(hall, row.first) + _point(hall, row.first + row.count - 1)) / 2


def _point(hall: Hall, index: int) -> complex:
    return complex(hall.xs[index], hall.ys[index]) / STEPS

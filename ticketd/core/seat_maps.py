"""Seat maps: a venue's sections, rows and seats, as its organizer describes them."""

from collections.abc import Iterator

import msgspec

from ticketd.core.ids import SeatId, seat_id_of

SEAT_SPACING = 1.0
"""Between the middles of two neighbours; the unit of all coordinates."""


class Seat(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place to sit; `y` grows away from the stage."""

    name: str
    """Its number in the row, mostly digits."""
    x: float
    y: float
    accessible: bool = False
    companion: bool = False
    """Beside an accessible one, for who comes along."""
    blocked: bool = False
    """It is there, and is never sold."""


class Row(msgspec.Struct, frozen=True):
    """Seats side by side; where two are further apart than neighbours, there is an aisle between them."""

    name: str
    seats: tuple[Seat, ...]


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the house with rows, the first nearest to the stage."""

    name: str
    rows: tuple[Row, ...]
    focus: tuple[float, float] | None = None
    """Where the eyes go: the nearer to it, the better a seat. None: the middle of the first row's front."""


class SeatMap(msgspec.Struct, frozen=True):
    """The whole house."""

    sections: tuple[Section, ...]


def seat_count(seat_map: SeatMap) -> int:
    """How many seats there are, blocked ones included."""
    return sum(len(row.seats) for section in seat_map.sections for row in section.rows)


def ids_of(seat_map: SeatMap) -> Iterator[SeatId]:
    """Every seat's id in the order of the map."""
    for section in seat_map.sections:
        for row in section.rows:
            for seat in row.seats:
                yield seat_id_of(section.name, row.name, seat.name)

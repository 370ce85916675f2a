"""Who has how many seats of a ticket type, section by section."""

from collections.abc import Sequence

import msgspec

from ticketd.core.seat_status import BLOCKED, FREE, HELD, SOLD
from ticketd.core.seat_views import SeatView


class SectionSeats(msgspec.Struct, frozen=True):
    """How a section's seats stand."""

    name: str
    sold: int
    held: int
    free: int
    blocked: int


def section_seats(view: SeatView) -> Sequence[SectionSeats]:
    """The sections in the order of the hall."""
    statuses: dict[str, bytearray] = {}
    for row in view.hall.rows:
        seats = view.statuses[row.first : row.first + row.count]
        statuses.setdefault(row.section, bytearray()).extend(seats)
    return [
        SectionSeats(name, *(found.count(status) for status in (SOLD, HELD, FREE, BLOCKED)))
        for name, found in statuses.items()
    ]

"""An inventory at rest: what a checkpoint holds."""

import msgspec

from ticketd.core.habits import Habit
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms


class CodeAtRest(msgspec.Struct, frozen=True):
    """An access code, and how many were sold with it."""

    code: str
    capacity: int | None
    until: Instant | None
    sold: int
    removed: bool = False


class ShelfAtRest(msgspec.Struct, frozen=True):
    """A ticket type on a shared capacity."""

    ticket_type_id: TicketTypeId
    seq: int
    profile: Profile
    terms: Terms
    window: EventWindow | None
    sold: int
    revenue_cents: int
    codes: tuple[CodeAtRest, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """An inventory as of fact `seq`: enough to go on from, without the facts before it."""

    seq: int
    profile: Profile
    terms: Terms
    window: EventWindow | None
    deleted: bool
    sold: int
    revenue_cents: int
    open_lines: tuple[Line, ...]
    keys_from_seq: int
    """The keys of the hour stand in the ledger from this fact on."""
    hall: bytes = b""
    sold_seats: bytes = b""
    """As `Seating.sold_bytes` writes them."""
    shelves: tuple[ShelfAtRest, ...] = ()
    codes: tuple[CodeAtRest, ...] = ()
    sold_to: dict[str, int] = {}
    """How many each guest has, by keyed hash."""
    habits: tuple[Habit, ...] = ()
    """Of those who have dropped something of late, the latest last."""

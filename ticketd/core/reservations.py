"""A reservation, and its lines: one per inventory it draws on."""

from enum import StrEnum

import msgspec

from ticketd.core.ids import Instant, InventoryId, ReservationId, TicketCode


class ReservationStatus(StrEnum):
    """Where a reservation stands; the last four are final."""

    HELD = "held"
    PAYING = "paying"
    PAID = "paid"
    RELEASED = "released"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One inventory's share of a reservation, as it stands at some fact."""

    reservation_id: ReservationId
    inventory_id: InventoryId
    seq: int
    """The fact that made it; with the inventory it is the number that people speak of."""
    status: ReservationStatus
    quantity: int
    unit_price_cents: int
    created_at: Instant
    deadline: Instant
    first_deadline: Instant
    """Failed payments prolong the hold, but never far past this one."""
    tentative: bool = False
    """A cart's line that waits for its siblings."""
    attempt: int = 0
    """Payment attempts so far."""
    parts: tuple[InventoryId, ...] = ()
    ticket_codes: tuple[TicketCode, ...] = ()

    @property
    def is_home(self) -> bool:
        """Whether this is the line that speaks for the whole reservation."""
        return not self.parts or self.parts[0] == self.inventory_id


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What a guest holds, pays or has paid: its home line first, then the others."""

    lines: tuple[Line, ...]

    @property
    def home(self) -> Line:
        """The line that speaks for all: its status is the reservation's."""
        return self.lines[0]

    @property
    def number(self) -> str:
        """Short and unique, for people to speak of; gives no access."""
        return f"{self.home.inventory_id}-{self.home.seq}"

    @property
    def total_cents(self) -> int:
        """What it costs, in cents."""
        return sum([line.quantity * line.unit_price_cents for line in self.lines])

"""A reservation, and its lines: one per inventory it draws on."""

from enum import StrEnum

import msgspec

from ticketd.core.ids import Instant, InventoryId, ReservationId, SeatId, TicketCode, TicketTypeId


class ReservationStatus(StrEnum):
    """Where a reservation stands; the last four are final."""

    HELD = "held"
    PAYING = "paying"
    PAID = "paid"
    RELEASED = "released"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class Share(msgspec.Struct, frozen=True, gc=False):
    """What a line has of one ticket type."""

    ticket_type_id: TicketTypeId
    quantity: int
    unit_price_cents: int
    access_code: str = ""


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
    seats: tuple[SeatId, ...] = ()
    """One for each admission, if it is sold by the seat."""
    shares: tuple[Share, ...] = ()
    """On a shared capacity, which ticket types its quantity consists of."""
    access_code: str = ""
    """What opened a hidden ticket type."""
    guest: str = ""
    """Whose claim it is, in an inventory of kind GUESTS: a keyed hash."""
    claims: tuple[InventoryId, ...] = ()
    """On the home line, the guest limits that its payment counts for."""
    identity: str = ""
    """Who asked for it, if their habits count: a keyed hash."""

    @property
    def is_home(self) -> bool:
        """Whether this is the line that speaks for the whole reservation."""
        return not self.parts or self.parts[0] == self.inventory_id

    @property
    def total_cents(self) -> int:
        """What it costs."""
        if self.shares:
            return sum([share.quantity * share.unit_price_cents for share in self.shares])
        return self.quantity * self.unit_price_cents

    @property
    def of_ticket_types(self) -> tuple[Share, ...]:
        """How many of which ticket type, in the order of its tickets."""
        if self.shares:
            return self.shares
        return (Share(TicketTypeId(self.inventory_id), self.quantity, self.unit_price_cents),)


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What a guest holds, pays or has paid: its home line first, then the others."""

    lines: tuple[Line, ...]
    claims: tuple[Line, ...] = ()
    """While it is being paid: what it takes of its guest's limits."""

    @property
    def home(self) -> Line:
        """The line that speaks for all: its status is the reservation's."""
        return self.lines[0]

    @property
    def others(self) -> tuple[Line, ...]:
        """All its lines but that one, and its claims."""
        return self.lines[1:] + self.claims

    @property
    def number(self) -> str:
        """Short and unique, for people to speak of; gives no access."""
        return f"{self.home.inventory_id}-{self.home.seq}"

    @property
    def total_cents(self) -> int:
        """What it costs, in cents."""
        return sum([line.total_cents for line in self.lines])

"""What an inventory answers and shows."""

import msgspec

from ticketd.core.hall import Hall
from ticketd.core.ids import Instant, InventoryId, ReservationId, TicketTypeId
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms


class Figures(msgspec.Struct, frozen=True, gc=False):
    """How many are free, held, paying and sold, and what the sold ones brought in cents."""

    capacity: int
    free: int
    held: int
    paying: int
    sold: int
    revenue_cents: int

    @property
    def in_baskets(self) -> int:
        """Held or being paid."""
        return self.held + self.paying


class Offer(msgspec.Struct, frozen=True):
    """What an inventory shows of itself, or of one ticket type on it, as of fact `seq`."""

    inventory_id: InventoryId
    ticket_type_id: TicketTypeId
    """The inventory's number, if it shows itself."""
    seq: int
    profile: Profile
    terms: Terms
    window: EventWindow | None
    figures: Figures
    hall: Hall | None = None
    """Its seats, if it is sold by the seat."""
    hidden: bool = False
    """It is sold with an access code only."""
    shelves: "tuple[Offer, ...]" = ()
    """Of a shared capacity, its ticket types."""
    next_return_at: Instant | None = None
    """Of an inventory, when the next of its held lines runs out, unless it is paid."""

    def of(self, ticket_type_id: TicketTypeId) -> "Offer | None":
        """What it shows of one ticket type; None if that doesn't exist (any more)."""
        if ticket_type_id == self.ticket_type_id:
            return self
        return next((shelf for shelf in self.shelves if shelf.ticket_type_id == ticket_type_id), None)


class AccessCode(msgspec.Struct, frozen=True, gc=False):
    """A code that opens a hidden ticket type, and how much of it was used."""

    code: str
    capacity: int | None
    """None: as many as there are tickets."""
    until: Instant | None
    used: int
    """Held, paying and sold."""


class AccessCodes(msgspec.Struct, frozen=True):
    """All codes of a ticket type, by name."""

    codes: tuple[AccessCode, ...]


class Departed(msgspec.Struct, frozen=True, gc=False):
    """Not in memory: if this reservation exists, it is closed and the ledger has it."""

    reservation_id: ReservationId


Outcome = Line | Departed | Offer | AccessCodes | Refusal

"""What has happened to an inventory. Facts are past tense, final, and the ledger's rows."""

from typing import Final

import msgspec

from ticketd.core.ids import Instant, InventoryId, ReservationId, SeatId, TicketCode, TicketTypeId
from ticketd.core.reservations import Share
from ticketd.core.terms import EventWindow, Profile, Terms


class Fact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag=True):
    """One entry of the ledger."""

    at: Instant


OWN: Final = TicketTypeId(0)
"""The inventory itself, where one of the ticket types on a shared capacity could be meant."""


class Opened(Fact, frozen=True):
    """The ticket type exists."""

    profile: Profile
    terms: Terms
    window: EventWindow | None = None
    ticket_type_id: TicketTypeId = OWN
    hall: bytes = b""
    """Its seats, as `Hall.encode` writes them; empty if it isn't sold by the seat."""


class TermsChanged(Fact, frozen=True):
    """The ticket type goes on with these terms."""

    terms: Terms
    ticket_type_id: TicketTypeId = OWN


class EventWindowChanged(Fact, frozen=True):
    """Its event now says this about the sale."""

    window: EventWindow
    ticket_type_id: TicketTypeId = OWN


class Deleted(Fact, frozen=True):
    """The ticket type no longer exists."""

    ticket_type_id: TicketTypeId = OWN


class AccessCodeSet(Fact, frozen=True):
    """The ticket type is sold with this code, for so many and until then."""

    code: str
    capacity: int | None = None
    until: Instant | None = None
    ticket_type_id: TicketTypeId = OWN


class AccessCodeRemoved(Fact, frozen=True):
    """This code opens nothing any more."""

    code: str
    ticket_type_id: TicketTypeId = OWN


class Reserved(Fact, frozen=True):
    """`quantity` is held until `deadline`, at a price frozen now."""

    reservation_id: ReservationId
    quantity: int
    unit_price_cents: int
    deadline: Instant
    key: str = ""
    request: str = ""
    parts: tuple[InventoryId, ...] = ()
    seats: tuple[SeatId, ...] = ()
    shares: tuple[Share, ...] = ()
    access_code: str = ""
    guest: str = ""
    admission: str = ""
    identity: str = ""


class Sealed(Fact, frozen=True):
    """Every line of the cart is held; this one until `deadline`."""

    reservation_id: ReservationId
    deadline: Instant


class PaymentStarted(Fact, frozen=True):
    """An attempt to charge is under way; the line can't expire."""

    reservation_id: ReservationId
    attempt: int
    claims: tuple[InventoryId, ...] = ()


class PaymentFailed(Fact, frozen=True):
    """The attempt was not charged; the line is held again until `deadline`."""

    reservation_id: ReservationId
    deadline: Instant


class Confirmed(Fact, frozen=True):
    """The line is paid and has its tickets."""

    reservation_id: ReservationId
    ticket_codes: tuple[TicketCode, ...]
    line_seq: int = 0
    """The fact that reserved the line; 0 in ledgers of the first days, which indexed that one too."""


class Released(Fact, frozen=True):
    """The guest gave the line back."""

    reservation_id: ReservationId
    line_seq: int = 0


class Expired(Fact, frozen=True):
    """Nobody paid for the line in time."""

    reservation_id: ReservationId
    line_seq: int = 0


AnyFact = (
    Opened
    | TermsChanged
    | EventWindowChanged
    | Deleted
    | AccessCodeSet
    | AccessCodeRemoved
    | Reserved
    | Sealed
    | PaymentStarted
    | PaymentFailed
    | Confirmed
    | Released
    | Expired
)

CLOSING: Final = (Confirmed, Released, Expired)
"""Facts that end a line."""

"""What an inventory can be asked to do. Commands are imperative and may be refused."""

from typing import Final, Generic, TypeVar

import msgspec

from ticketd.core.facts import OWN
from ticketd.core.ids import Instant, InventoryId, ReservationId, SeatId, TicketCode, TicketTypeId
from ticketd.core.outcomes import AccessCodes, Departed, Offer
from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms, TermsPatch

Answer_co = TypeVar("Answer_co", covariant=True)


class Command(msgspec.Struct, Generic[Answer_co], frozen=True, gc=False):
    """Anything that can lie in an inventory's mailbox, and what it is answered with unless it is refused."""


class Open(Command[Offer], frozen=True):
    """Begin to exist, on these terms; a ticket type other than OWN, on the shared capacity that is asked."""

    profile: Profile
    terms: Terms
    window: EventWindow | None
    ticket_type_id: TicketTypeId = OWN
    hall: bytes = b""
    """Its seats, as `Hall.encode` writes them; empty if it isn't sold by the seat."""


class ChangeTerms(Command[Offer], frozen=True):
    """Go on with some terms changed."""

    patch: TermsPatch
    ticket_type_id: TicketTypeId = OWN


class ChangeEventWindow(Command[Offer], frozen=True):
    """Follow the event: its standing and its sale window."""

    window: EventWindow
    ticket_type_id: TicketTypeId = OWN


class Delete(Command[Offer], frozen=True):
    """Stop existing; only without anything sold, held or paying."""

    ticket_type_id: TicketTypeId = OWN


class SetAccessCode(Command[Offer], frozen=True):
    """Sell with this code, at most `capacity`, before `until`; from the first one on with codes only."""

    code: str
    capacity: int | None = None
    until: Instant | None = None
    ticket_type_id: TicketTypeId = OWN


class RemoveAccessCode(Command[Offer], frozen=True):
    """Sell no more with this code; after the last one, to everybody."""

    code: str
    ticket_type_id: TicketTypeId = OWN


class ListAccessCodes(Command[AccessCodes], frozen=True):
    """Tell which codes there are, and how much they were used; changes nothing."""

    ticket_type_id: TicketTypeId = OWN


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """How many of which ticket type, on a shared capacity."""

    ticket_type_id: TicketTypeId
    quantity: int


NOT_ADMITTED: Final = "-"
"""In place of an admission: only what the same key has made before may be had."""


class Reserve(Command[Line | Departed], frozen=True):
    """Hold `quantity` for `hold_seconds`; of seats exactly `seats`, or the best if none are named."""

    reservation_id: ReservationId
    quantity: int
    hold_seconds: int
    key: str = ""
    """Hash of the idempotency key and its scope; empty without a key and away from home."""
    request: str = ""
    """The request in one canonical form, to tell a repeat from a reuse of the key."""
    parts: tuple[InventoryId, ...] = ()
    """All inventories of the cart, home first; empty when this is the only one."""
    seats: tuple[SeatId, ...] = ()
    """As many as `quantity`, or none."""
    together: bool = True
    """Whether the best seats must be side by side."""
    wanted: tuple[Wanted, ...] = ()
    """On a shared capacity, what `quantity` consists of."""
    access_code: str = ""
    guest: str = ""
    """Keyed hash of who it is for; only for an inventory of kind GUESTS."""
    admission: str = ""
    """The admission that lets them in, which works once; empty where none is needed."""
    identity: str = ""
    """Keyed hash of who asks, whose habits count; empty where they don't."""


class Seal(Command[Line | Departed], frozen=True):
    """Turn a cart's tentative hold into one that lasts until `deadline`."""

    reservation_id: ReservationId
    deadline: Instant


class Release(Command[Line | Departed], frozen=True):
    """Give a held line back."""

    reservation_id: ReservationId


class StartPayment(Command[Line | Departed], frozen=True):
    """Keep the line from expiring while money moves."""

    reservation_id: ReservationId
    attempt: int = 0
    """The home line's attempt, for the other lines of a cart; the home line counts by itself."""
    claims: tuple[InventoryId, ...] = ()
    """For the home line: the guest limits that this payment counts for."""


class FailPayment(Command[Line | Departed], frozen=True):
    """The attempt is surely not charged: the guest may try again."""

    reservation_id: ReservationId
    attempt: int


class Confirm(Command[Line | Departed], frozen=True):
    """The attempt is charged: the line is sold."""

    reservation_id: ReservationId
    attempt: int
    ticket_codes: tuple[TicketCode, ...]


class Inspect(Command[Line | Departed], frozen=True):
    """Tell how a line stands; changes nothing."""

    reservation_id: ReservationId


class ExpireDue(Command[Offer], frozen=True):
    """Give back what nobody paid for in time."""


AnyCommand = (
    Open
    | ChangeTerms
    | ChangeEventWindow
    | Delete
    | SetAccessCode
    | RemoveAccessCode
    | ListAccessCodes
    | Reserve
    | Seal
    | Release
    | StartPayment
    | FailPayment
    | Confirm
    | Inspect
    | ExpireDue
)

URGENT: Final = frozenset({Seal, Release, StartPayment, FailPayment, Confirm, Inspect, ExpireDue})
"""Commands that go ahead of the others: they end what a Reserve began, pay for it or look at it."""

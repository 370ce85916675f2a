"""What an inventory can be asked to do. Commands are imperative and may be refused."""

from typing import Final

import msgspec

from ticketd.core.ids import Instant, InventoryId, ReservationId, TicketCode
from ticketd.core.terms import EventWindow, Profile, Terms, TermsPatch


class Command(msgspec.Struct, frozen=True, gc=False):
    """Anything that can lie in an inventory's mailbox."""


class Open(Command, frozen=True):
    """Begin to exist, on these terms."""

    profile: Profile
    terms: Terms
    window: EventWindow | None


class ChangeTerms(Command, frozen=True):
    """Go on with some terms changed."""

    patch: TermsPatch


class ChangeEventWindow(Command, frozen=True):
    """Follow the event: its standing and its sale window."""

    window: EventWindow


class Delete(Command, frozen=True):
    """Stop existing; only without anything sold, held or paying."""


class Reserve(Command, frozen=True):
    """Hold `quantity` for `hold_seconds`."""

    reservation_id: ReservationId
    quantity: int
    hold_seconds: int
    key: str = ""
    """Hash of the idempotency key and its scope; empty without a key and away from home."""
    request: str = ""
    """The request in one canonical form, to tell a repeat from a reuse of the key."""
    parts: tuple[InventoryId, ...] = ()
    """All inventories of the cart, home first; empty when this is the only one."""


class Seal(Command, frozen=True):
    """Turn a cart's tentative hold into one that lasts until `deadline`."""

    reservation_id: ReservationId
    deadline: Instant


class Release(Command, frozen=True):
    """Give a held line back."""

    reservation_id: ReservationId


class StartPayment(Command, frozen=True):
    """Keep the line from expiring while money moves."""

    reservation_id: ReservationId
    attempt: int = 0
    """The home line's attempt, for the other lines of a cart; the home line counts by itself."""


class FailPayment(Command, frozen=True):
    """The attempt is surely not charged: the guest may try again."""

    reservation_id: ReservationId
    attempt: int


class Confirm(Command, frozen=True):
    """The attempt is charged: the line is sold."""

    reservation_id: ReservationId
    attempt: int
    ticket_codes: tuple[TicketCode, ...]


class Inspect(Command, frozen=True):
    """Tell how a line stands; changes nothing."""

    reservation_id: ReservationId


class ExpireDue(Command, frozen=True):
    """Give back what nobody paid for in time."""


AnyCommand = (
    Open
    | ChangeTerms
    | ChangeEventWindow
    | Delete
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

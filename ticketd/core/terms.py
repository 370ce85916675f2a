"""The terms a ticket type is sold on: all that affects a sale and that an owner sets."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from ticketd.core.ids import (
    DAWN_OF_TIME,
    END_OF_TIME,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    SeatMapId,
)
from ticketd.core.money import EUR
from ticketd.core.refusals import FieldError

UNLIMITED = 10_000_000
"""The largest capacity; of a ticket type on a shared one, that it has no ceiling of its own."""


class EventStatus(StrEnum):
    """An event's standing with its guests."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Switch(StrEnum):
    """Whether something is on; AUTO leaves that to the server."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"

    def is_on(self, *, by_itself: bool) -> bool:
        """Whether it is on, `by_itself` being what the server would choose."""
        return by_itself if self is Switch.AUTO else self is Switch.ON


class SaleStatus(StrEnum):
    """What a guest is told about a ticket type."""

    ON_SALE = "on_sale"
    SOLD_OUT = "sold_out"
    NOT_YET = "not_yet"
    ENDED = "ended"


class Kind(StrEnum):
    """What an inventory is there for."""

    TICKETS = "tickets"
    """One ticket type of its own."""
    CAPACITY = "capacity"
    """A shared capacity that several ticket types draw on."""
    GUESTS = "guests"
    """An event's limit for each guest; `max_per_reservation` is that limit."""


class Terms(msgspec.Struct, frozen=True):
    """What a ticket type's owner decides about it."""

    name: str
    capacity: int
    price_cents: int = 0
    currency: str = EUR
    max_per_reservation: int = 10
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None
    position: int = 0
    """Where it stands among the event's others; the lowest first, then by id."""


class TermsPatch(msgspec.Struct, frozen=True, kw_only=True):
    """A change of some terms; UNSET ones stay as they are."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    capacity: int | msgspec.UnsetType = msgspec.UNSET
    price_cents: int | msgspec.UnsetType = msgspec.UNSET
    max_per_reservation: int | msgspec.UnsetType = msgspec.UNSET
    on_sale_at: Instant | msgspec.UnsetType | None = msgspec.UNSET
    off_sale_at: Instant | msgspec.UnsetType | None = msgspec.UNSET
    position: int | msgspec.UnsetType = msgspec.UNSET

    def applied_to(self, terms: Terms) -> Terms:
        """The terms with this change made."""
        changes = {
            field: value
            for field in self.__struct_fields__
            if (value := getattr(self, field)) is not msgspec.UNSET
        }
        return msgspec.structs.replace(terms, **changes)


class EventWindow(msgspec.Struct, frozen=True):
    """What an event says about the sale of all its ticket types."""

    status: EventStatus = EventStatus.PUBLISHED
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None


class Profile(msgspec.Struct, frozen=True):
    """What never changes about a ticket type."""

    organizer_id: OrganizerId
    event_id: EventId | None
    code: str
    """The unguessable UUID in its purchase URL."""
    kind: Kind = Kind.TICKETS
    capacity_id: InventoryId | None = None
    """The shared capacity that it draws on, if it has none of its own."""
    seat_map_id: SeatMapId | None = None
    """The map that its seats come from, if it is sold by the seat."""


class SaleTime(NamedTuple):
    """When guests may buy: from `opens_at` until just before `ends_at`."""

    opens_at: Instant
    ends_at: Instant


NO_TIME = SaleTime(END_OF_TIME, DAWN_OF_TIME)


def sale_time(terms: Terms, window: EventWindow | None) -> SaleTime:
    """The event's window narrowed by the ticket type's own; a draft never opens, a cancelled one is over."""
    opens_at, ends_at = opening(terms, window), _ending(terms, window)
    if window is not None and window.status is EventStatus.DRAFT:
        opens_at = END_OF_TIME
    if window is not None and window.status is EventStatus.CANCELLED:
        ends_at = DAWN_OF_TIME
    return SaleTime(
        DAWN_OF_TIME if opens_at is None else opens_at, END_OF_TIME if ends_at is None else ends_at
    )


def sale_status(terms: Terms, window: EventWindow | None, *, free: int, now: Instant) -> SaleStatus:
    """Where the sale stands at `now`."""
    opens_at, ends_at = sale_time(terms, window)
    if now >= ends_at:
        return SaleStatus.ENDED
    if now < opens_at:
        return SaleStatus.NOT_YET
    return SaleStatus.ON_SALE if free > 0 else SaleStatus.SOLD_OUT


def opening(terms: Terms, window: EventWindow | None) -> Instant | None:
    """The instant from which both windows are open; None if they have been open for ever."""
    opens = [at for at in (terms.on_sale_at, window.on_sale_at if window else None) if at is not None]
    return max(opens, default=None)


def _ending(terms: Terms, window: EventWindow | None) -> Instant | None:
    ends = [at for at in (terms.off_sale_at, window.off_sale_at if window else None) if at is not None]
    return min(ends, default=None)


def window_errors(on_sale_at: Instant | None, off_sale_at: Instant | None) -> tuple[FieldError, ...]:
    """What is wrong with a sale window: nothing, or that it ends before it begins."""
    if on_sale_at is not None and off_sale_at is not None and off_sale_at <= on_sale_at:
        return (FieldError("off_sale_at", "The sale must end after it begins."),)
    return ()

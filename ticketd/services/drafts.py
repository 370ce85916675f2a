"""What owners ask for, before it is anything: drafts, patches, and what may be wrong with them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Defences, Event, Venue
from ticketd.core.ids import SECOND, EventId, Instant, InventoryId, OrganizerId, SeatId, VenueId
from ticketd.core.money import EUR, PRICE_CENTS_MAX
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import UNLIMITED, EventStatus, Switch, Terms, TermsPatch, window_errors
from ticketd.services.texts import is_line, is_lines, name_errors
from ticketd.services.timezones import is_timezone

CAPACITY_MAX = UNLIMITED
MAX_PER_RESERVATION_MAX = 1000
MAX_PER_GUEST_MAX = 1000
POSITION_MAX = 1000
DESCRIPTION_LENGTH_MAX = 10_000
ADDRESS_LENGTH_MAX = 500
CODE_LENGTHS = range(3, 65)

_STRIPPED = frozenset({"name", "address"})
INSTANT_MAX = Instant(7_258_118_400 * SECOND)
"""The first moment of the year 2200."""

_NO_ID_YET = EventId(0)
_NO_VENUE_ID_YET = VenueId(0)


class VenueDraft(msgspec.Struct, frozen=True):
    """A venue to be."""

    name: str
    timezone: str
    address: str = ""

    def venue_of(self, organizer_id: OrganizerId) -> Venue:
        """The venue, with everything but its ids."""
        return Venue(_NO_VENUE_ID_YET, organizer_id, self.name.strip(), self.address.strip(), self.timezone)


class VenuePatch(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a venue; what is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    address: str | UnsetType = UNSET

    def applied_to(self, venue: Venue) -> Venue:
        """The venue with this change made."""
        return msgspec.structs.replace(venue, **_changes(self))


class EventDraft(msgspec.Struct, frozen=True):
    """An event to be."""

    name: str
    starts_at: Instant
    timezone: str
    description: str = ""
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None
    status: EventStatus = EventStatus.PUBLISHED
    venue_id: VenueId | None = None
    max_per_guest: int | None = None
    waiting_room: Switch = Switch.AUTO
    defences: Defences = Defences()

    def event_of(self, organizer_id: OrganizerId) -> Event:
        """The event, with everything but its id."""
        return Event(
            _NO_ID_YET,
            organizer_id,
            self.name.strip(),
            self.description,
            self.starts_at,
            self.timezone,
            self.on_sale_at,
            self.off_sale_at,
            self.status,
            self.venue_id,
            self.max_per_guest,
            waiting_room=self.waiting_room,
            defences=self.defences,
        )


class EventPatch(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an event; what is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    on_sale_at: Instant | UnsetType | None = UNSET
    off_sale_at: Instant | UnsetType | None = UNSET
    status: EventStatus | UnsetType = UNSET
    venue_id: VenueId | UnsetType | None = UNSET
    max_per_guest: int | UnsetType | None = UNSET
    waiting_room: Switch | UnsetType = UNSET
    defences: Defences | UnsetType = UNSET

    def applied_to(self, event: Event) -> Event:
        """The event with this change made."""
        return msgspec.structs.replace(event, **_changes(self))


class TicketTypeDraft(msgspec.Struct, frozen=True):
    """A ticket type to be, for an event or for none.

    With `sections` or `seats` it is sold by the seat, and they make its capacity. With `capacity_id`
    its own capacity is a ceiling, UNLIMITED for none.
    """

    terms: Terms
    event_id: EventId | None = None
    capacity_id: InventoryId | None = None
    sections: tuple[str, ...] = ()
    seats: tuple[SeatId, ...] = ()

    @property
    def is_seated(self) -> bool:
        """Whether it is sold by the seat."""
        return bool(self.sections or self.seats)

    def stripped_terms(self) -> Terms:
        """The terms as they are kept."""
        return msgspec.structs.replace(self.terms, name=self.terms.name.strip())


def stripped(patch: TermsPatch) -> TermsPatch:
    """The patch as it is kept."""
    if isinstance(patch.name, str):
        return msgspec.structs.replace(patch, name=patch.name.strip())
    return patch


def _changes(patch: EventPatch | VenuePatch) -> dict[str, Any]:
    """What is set, as it is kept."""
    return {
        field: value.strip() if field in _STRIPPED else value
        for field in patch.__struct_fields__
        if (value := getattr(patch, field)) is not UNSET
    }


def venue_refusal(venue: Venue) -> Refusal | None:
    """Why a venue can't be as it is, field by field; None if it can."""
    return _refusal(_venue_errors(venue))


def event_refusal(event: Event) -> Refusal | None:
    """Why an event can't be as it is, field by field; None if it can."""
    return _refusal(_event_errors(event))


def code_refusal(code: str, *, capacity: int | None, until: Instant | None) -> Refusal | None:
    """Why an access code can't be like that, field by field; None if it can."""
    return _refusal(_code_errors(code, capacity, until))


def terms_refusal(terms: Terms) -> Refusal | None:
    """Why a ticket type can't be sold on these terms, field by field; None if it can."""
    if terms.currency != EUR:
        return Refusal(Reason.CURRENCY_ERROR)
    return _refusal(_terms_errors(terms))


def _refusal(errors: Iterator[FieldError]) -> Refusal | None:
    found = tuple(errors)
    return Refusal(Reason.INVALID, errors=found) if found else None


def _venue_errors(venue: Venue) -> Iterator[FieldError]:
    yield from name_errors(venue.name)
    if len(venue.address) > ADDRESS_LENGTH_MAX:
        yield FieldError("address", f"At most {ADDRESS_LENGTH_MAX:,} characters.")
    if not is_line(venue.address):
        yield FieldError("address", "Control characters are not allowed.")
    yield from _timezone_errors(venue.timezone)


def _timezone_errors(timezone: str) -> Iterator[FieldError]:
    if not is_timezone(timezone):
        yield FieldError("timezone", "Not the name of a time zone.")


def _code_errors(code: str, capacity: int | None, until: Instant | None) -> Iterator[FieldError]:
    if len(code) not in CODE_LENGTHS:
        yield FieldError("code", f"From {CODE_LENGTHS[0]} to {CODE_LENGTHS[-1]} characters.")
    if " " in code or not code.isprintable():
        yield FieldError("code", "Printable characters only, and no spaces.")
    if capacity is not None:
        yield from _range_errors("capacity", capacity, 1, CAPACITY_MAX)
    yield from _instant_errors("until", until)


def _event_errors(event: Event) -> Iterator[FieldError]:
    yield from name_errors(event.name)
    if len(event.description) > DESCRIPTION_LENGTH_MAX:
        yield FieldError("description", f"At most {DESCRIPTION_LENGTH_MAX:,} characters.")
    if not is_lines(event.description):
        yield FieldError("description", "Control characters are not allowed.")
    yield from _timezone_errors(event.timezone)
    yield from _instant_errors("starts_at", event.starts_at)
    yield from _sale_errors(event.on_sale_at, event.off_sale_at, event.window().off_sale_at)
    if event.max_per_guest is not None:
        yield from _range_errors("max_per_guest", event.max_per_guest, 1, MAX_PER_GUEST_MAX)


def _terms_errors(terms: Terms) -> Iterator[FieldError]:
    yield from name_errors(terms.name)
    yield from _range_errors("capacity", terms.capacity, 1, CAPACITY_MAX)
    yield from _range_errors("price_cents", terms.price_cents, 0, PRICE_CENTS_MAX)
    yield from _range_errors("max_per_reservation", terms.max_per_reservation, 1, MAX_PER_RESERVATION_MAX)
    yield from _range_errors("position", terms.position, 0, POSITION_MAX)
    yield from _sale_errors(terms.on_sale_at, terms.off_sale_at, terms.off_sale_at)


def _sale_errors(
    on_sale_at: Instant | None, off_sale_at: Instant | None, ends_at: Instant | None
) -> Iterator[FieldError]:
    yield from _instant_errors("on_sale_at", on_sale_at)
    yield from _instant_errors("off_sale_at", off_sale_at)
    if off_sale_at is None and on_sale_at is not None and ends_at is not None and on_sale_at >= ends_at:
        yield FieldError("on_sale_at", "The sale must begin before the event is over.")
    else:
        yield from window_errors(on_sale_at, off_sale_at)


def _instant_errors(field: str, instant: Instant | None) -> Iterator[FieldError]:
    if instant is not None and not 0 <= instant < INSTANT_MAX:
        yield FieldError(field, "Between the years 1970 and 2199.")


def _range_errors(field: str, number: int, least: int, most: int) -> Iterator[FieldError]:
    if not least <= number <= most:
        yield FieldError(field, f"From {least:,} to {most:,}.")

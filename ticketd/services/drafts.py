"""What owners ask for, before it is anything: drafts, patches, and what may be wrong with them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Event
from ticketd.core.ids import MICROSECONDS, EventId, Instant, OrganizerId
from ticketd.core.money import EUR, PRICE_CENTS_MAX
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import EventStatus, Terms, TermsPatch, window_errors
from ticketd.services.texts import is_lines, name_errors
from ticketd.services.timezones import is_timezone

CAPACITY_MAX = 10_000_000
MAX_PER_RESERVATION_MAX = 1000
DESCRIPTION_LENGTH_MAX = 10_000
INSTANT_MAX = Instant(7_258_118_400 * MICROSECONDS)
"""The first moment of the year 2200."""

_NO_ID_YET = EventId(0)


class EventDraft(msgspec.Struct, frozen=True):
    """An event to be."""

    name: str
    starts_at: Instant
    timezone: str
    description: str = ""
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None
    status: EventStatus = EventStatus.PUBLISHED

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

    def applied_to(self, event: Event) -> Event:
        """The event with this change made."""
        changes: dict[str, Any] = {
            field: value for field in self.__struct_fields__ if (value := getattr(self, field)) is not UNSET
        }
        if isinstance(self.name, str):
            changes["name"] = self.name.strip()
        return msgspec.structs.replace(event, **changes)


class TicketTypeDraft(msgspec.Struct, frozen=True):
    """A ticket type to be, for an event or for none."""

    terms: Terms
    event_id: EventId | None = None

    def stripped_terms(self) -> Terms:
        """The terms as they are kept."""
        return msgspec.structs.replace(self.terms, name=self.terms.name.strip())


def stripped(patch: TermsPatch) -> TermsPatch:
    """The patch as it is kept."""
    if isinstance(patch.name, str):
        return msgspec.structs.replace(patch, name=patch.name.strip())
    return patch


def event_refusal(event: Event) -> Refusal | None:
    """Why an event can't be as it is, field by field; None if it can."""
    return _refusal(_event_errors(event))


def terms_refusal(terms: Terms) -> Refusal | None:
    """Why a ticket type can't be sold on these terms, field by field; None if it can."""
    if terms.currency != EUR:
        return Refusal(Reason.CURRENCY_ERROR)
    return _refusal(_terms_errors(terms))


def _refusal(errors: Iterator[FieldError]) -> Refusal | None:
    found = tuple(errors)
    return Refusal(Reason.INVALID, errors=found) if found else None


def _event_errors(event: Event) -> Iterator[FieldError]:
    yield from name_errors(event.name)
    if len(event.description) > DESCRIPTION_LENGTH_MAX:
        yield FieldError("description", f"At most {DESCRIPTION_LENGTH_MAX:,} characters.")
    if not is_lines(event.description):
        yield FieldError("description", "Control characters are not allowed.")
    if not is_timezone(event.timezone):
        yield FieldError("timezone", "Not the name of a time zone.")
    yield from _instant_errors("starts_at", event.starts_at)
    yield from _sale_errors(event.on_sale_at, event.off_sale_at, event.window().off_sale_at)


def _terms_errors(terms: Terms) -> Iterator[FieldError]:
    yield from name_errors(terms.name)
    yield from _range_errors("capacity", terms.capacity, 1, CAPACITY_MAX)
    yield from _range_errors("price_cents", terms.price_cents, 0, PRICE_CENTS_MAX)
    yield from _range_errors("max_per_reservation", terms.max_per_reservation, 1, MAX_PER_RESERVATION_MAX)
    yield from _sale_errors(terms.on_sale_at, terms.off_sale_at, terms.off_sale_at)


def _sale_errors(
    on_sale_at: Instant | None, off_sale_at: Instant | None, ends_at: Instant | None
) -> Iterator[FieldError]:
    yield from _instant_errors("on_sale_at", on_sale_at)
    yield from _instant_errors("off_sale_at", off_sale_at)
    yield from window_errors(on_sale_at, ends_at)


def _instant_errors(field: str, instant: Instant | None) -> Iterator[FieldError]:
    if instant is not None and not 0 <= instant < INSTANT_MAX:
        yield FieldError(field, "Between the years 1970 and 2199.")


def _range_errors(field: str, number: int, least: int, most: int) -> Iterator[FieldError]:
    if not least <= number <= most:
        yield FieldError(field, f"From {least:,} to {most:,}.")

"""The forms for events: what they show, and what is read from them."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Defences, Event, Venue
from ticketd.core.ids import Instant
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import EventStatus, Switch
from ticketd.services.drafts import (
    DESCRIPTION_LENGTH_MAX,
    MAX_PER_GUEST_MAX,
    EventDraft,
    EventPatch,
)
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.services.timezones import is_timezone, timezones_of_cities
from ticketd.web.pages.defence_forms import defences_from, switch_values, waiting_room_field
from ticketd.web.pages.fields import Choice, Field, filled, moment_field
from ticketd.web.pages.typed import Typed, local_text

DUPLICATE_STARTS_AT = "new_starts_at"
"""The field of the form that duplicates an event, beside the one that changes it."""

_STATUSES = {
    EventStatus.DRAFT: "Draft: only you see it",
    EventStatus.PUBLISHED: "Published",
    EventStatus.CANCELLED: "Cancelled: nothing is sold any more",
}
_NO_TIMEZONE = "Please enter a time zone like Europe/Berlin."
_NO_START = "Please enter when it begins."


def event_fields(
    venues: Sequence[Venue], values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that makes or changes an event."""
    statuses = tuple(
        Choice(status.value, label, chosen=status is EventStatus.PUBLISHED)
        for status, label in _STATUSES.items()
    )
    fields = (
        Field(name="name", label="Name", required=True, attributes={"maxlength": str(NAME_LENGTH_MAX)}),
        moment_field("starts_at", "Begins", hint="", shown=values.get("starts_at", ""), required=True),
        *_place_fields(venues),
        Field(
            name="description",
            label="Description (optional)",
            kind="textarea",
            attributes={"maxlength": str(DESCRIPTION_LENGTH_MAX)},
        ),
        moment_field(
            "on_sale_at",
            "On sale from (optional)",
            hint="Empty: at once.",
            shown=values.get("on_sale_at", ""),
        ),
        moment_field(
            "off_sale_at",
            "On sale until (optional)",
            hint="Empty: until the event is over.",
            shown=values.get("off_sale_at", ""),
        ),
        Field(
            name="max_per_guest",
            label="Most that one guest can buy (optional)",
            hint="All ticket types and reservations of one e-mail address together. Empty: no limit.",
            kind="number",
            attributes={"min": "1", "max": str(MAX_PER_GUEST_MAX), "inputmode": "numeric"},
        ),
        waiting_room_field(),
        Field(name="status", label="Status", kind="select", choices=statuses),
    )
    return filled(fields, values, errors)


def duplicate_fields(
    event: Event, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that copies an event to another date."""
    begins = moment_field(
        DUPLICATE_STARTS_AT,
        "The copy begins",
        hint=f"In the time of {event.timezone}.",
        shown=values.get(DUPLICATE_STARTS_AT, ""),
        required=True,
    )
    return filled((begins,), values, errors)


def values_of(event: Event) -> dict[str, str]:
    """What the form shows of an event."""
    return {
        "name": event.name,
        "starts_at": local_text(event.starts_at, event.timezone),
        "venue_id": "" if event.venue_id is None else str(event.venue_id),
        "timezone": event.timezone,
        "description": event.description,
        "on_sale_at": local_text(event.on_sale_at, event.timezone),
        "off_sale_at": local_text(event.off_sale_at, event.timezone),
        "max_per_guest": "" if event.max_per_guest is None else str(event.max_per_guest),
        "status": event.status.value,
        **switch_values(event),
    }


def draft_from(form: Mapping[str, str], venues: Sequence[Venue]) -> EventDraft | Refusal:
    """The event that a form asks for; without a time zone it has its venue's."""
    typed = Typed(form)
    venue = _venue(typed, form, venues)
    timezone = _timezone(form, venue, unchanged="")
    if not is_timezone(timezone):
        typed.missing("timezone", _NO_TIMEZONE)
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    starts_at = typed.instant("starts_at", timezone)
    on_sale_at = _known(typed.instant("on_sale_at", timezone))
    off_sale_at = _known(typed.instant("off_sale_at", timezone))
    max_per_guest = typed.whole_or_none("max_per_guest")
    status = typed.one_of("status", EventStatus)
    waiting_room, defences = typed.one_of("waiting_room", Switch), defences_from(typed, Defences())
    if starts_at is None or "starts_at" not in form:
        typed.missing("starts_at", _NO_START)
    if typed.errors or not isinstance(starts_at, int):
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    return EventDraft(
        form.get("name", ""),
        Instant(starts_at),
        timezone,
        form.get("description", ""),
        on_sale_at,
        off_sale_at,
        EventStatus.PUBLISHED if isinstance(status, UnsetType) else status,
        venue_id=venue.id if isinstance(venue, Venue) else None,
        max_per_guest=max_per_guest if isinstance(max_per_guest, int) else None,
        waiting_room=Switch.AUTO if isinstance(waiting_room, UnsetType) else waiting_room,
        defences=Defences() if isinstance(defences, UnsetType) else defences,
    )


def patch_from(form: Mapping[str, str], event: Event, venues: Sequence[Venue]) -> EventPatch | Refusal:
    """The change of this event that a form asks for; an emptied time zone becomes its venue's."""
    typed = Typed(form)
    venue = _venue(typed, form, venues)
    timezone = _timezone(form, venue, unchanged=event.timezone)
    if not is_timezone(timezone):
        typed.missing("timezone", _NO_TIMEZONE)
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    # Whoever corrects the time zone alone means the same times on the clocks there.
    shown = values_of(event) if timezone == event.timezone else {}
    starts_at, on_sale_at, off_sale_at = (
        typed.instant(name, timezone, shown=shown.get(name, ""))
        for name in ("starts_at", "on_sale_at", "off_sale_at")
    )
    if starts_at is None:
        typed.missing("starts_at", _NO_START)
    patch = EventPatch(
        name=typed.text("name"),
        starts_at=UNSET if starts_at is None else starts_at,
        timezone=timezone,
        description=typed.text("description"),
        on_sale_at=on_sale_at,
        off_sale_at=off_sale_at,
        status=typed.one_of("status", EventStatus),
        venue_id=venue.id if isinstance(venue, Venue) else venue,
        max_per_guest=typed.whole_or_none("max_per_guest"),
        waiting_room=typed.one_of("waiting_room", Switch),
        defences=defences_from(typed, event.defences),
    )
    return Refusal(Reason.INVALID, errors=tuple(typed.errors)) if typed.errors else patch


def duplicate_start_from(form: Mapping[str, str], event: Event) -> Instant | Refusal:
    """When the copy of an event begins."""
    typed = Typed(form)
    starts_at = typed.instant(DUPLICATE_STARTS_AT, event.timezone)
    if not isinstance(starts_at, int) and not typed.errors:
        typed.missing(DUPLICATE_STARTS_AT, _NO_START)
    return starts_at if isinstance(starts_at, int) else Refusal(Reason.INVALID, errors=tuple(typed.errors))


def _place_fields(venues: Sequence[Venue]) -> Sequence[Field]:
    if not venues:
        return (
            _timezone_field("Of the place, like Europe/Berlin; all times here are in it.", required=True),
        )
    choices = (Choice("", "None"), *(Choice(str(venue.id), venue.name) for venue in venues))
    return (
        Field(name="venue_id", label="Venue", kind="select", choices=choices),
        _timezone_field("Empty: the venue's. All times here are in it.", required=False),
    )


def _timezone_field(hint: str, *, required: bool) -> Field:
    return Field(
        name="timezone",
        label="Time zone",
        hint=hint,
        required=required,
        attributes={"maxlength": "64"},
        suggestions=timezones_of_cities(),
    )


def _venue(typed: Typed, form: Mapping[str, str], venues: Sequence[Venue]) -> Venue | UnsetType | None:
    text = form.get("venue_id")
    if text is None:
        return UNSET
    chosen = next((venue for venue in venues if str(venue.id) == text), None)
    if chosen is None and text:
        typed.missing("venue_id", "Please choose one of these.")
    return chosen


def _timezone(form: Mapping[str, str], venue: Venue | UnsetType | None, *, unchanged: str) -> str:
    known = venue.timezone if isinstance(venue, Venue) else ""
    return form.get("timezone", unchanged).strip() or known


def _known(at: Instant | UnsetType | None) -> Instant | None:
    return None if isinstance(at, UnsetType) else at

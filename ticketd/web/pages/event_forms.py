"""The form for events: what it shows, and what is read from it."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Event
from ticketd.core.ids import Instant
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import EventStatus
from ticketd.services.drafts import DESCRIPTION_LENGTH_MAX, EventDraft, EventPatch
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.services.timezones import is_timezone
from ticketd.web.pages.fields import Choice, Field, filled, moment_field
from ticketd.web.pages.typed import Typed, local_text
from ticketd.web.pages.words import UTC_NAME

_STATUSES = {
    EventStatus.DRAFT: "Draft: only you see it",
    EventStatus.PUBLISHED: "Published",
    EventStatus.CANCELLED: "Cancelled: nothing is sold any more",
}
_NO_TIMEZONE = "Please enter a time zone like Europe/Berlin."


def event_fields(values: Mapping[str, str], errors: Sequence[FieldError] = ()) -> Sequence[Field]:
    """The form that makes or changes an event."""
    statuses = tuple(
        Choice(status.value, label, chosen=status is EventStatus.PUBLISHED)
        for status, label in _STATUSES.items()
    )
    fields = (
        Field(name="name", label="Name", required=True, attributes={"maxlength": str(NAME_LENGTH_MAX)}),
        moment_field("starts_at", "Begins", hint="", shown=values.get("starts_at", ""), required=True),
        Field(
            name="timezone",
            label="Time zone",
            hint="Of the place, like Europe/Berlin; all times here are in it.",
            required=True,
            attributes={"maxlength": "64"},
        ),
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
        Field(name="status", label="Status", kind="select", choices=statuses),
    )
    return filled(fields, values, errors)


def values_of(event: Event) -> dict[str, str]:
    """What the form shows of an event."""
    return {
        "name": event.name,
        "starts_at": local_text(event.starts_at, event.timezone),
        "timezone": event.timezone,
        "description": event.description,
        "on_sale_at": local_text(event.on_sale_at, event.timezone),
        "off_sale_at": local_text(event.off_sale_at, event.timezone),
        "status": event.status.value,
    }


def draft_from(form: Mapping[str, str]) -> EventDraft | Refusal:
    """The event that a form asks for."""
    typed = Typed(form)
    timezone = form.get("timezone", UTC_NAME).strip()
    if not is_timezone(timezone):
        typed.missing("timezone", _NO_TIMEZONE)
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    starts_at = typed.instant("starts_at", timezone)
    on_sale_at = _known(typed.instant("on_sale_at", timezone))
    off_sale_at = _known(typed.instant("off_sale_at", timezone))
    status = _status(typed, form)
    if starts_at is None or "starts_at" not in form:
        typed.missing("starts_at", "Please enter when it begins.")
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
    )


def patch_from(form: Mapping[str, str], event: Event) -> EventPatch | Refusal:
    """The change of this event that a form asks for."""
    typed = Typed(form)
    timezone = form.get("timezone", event.timezone).strip()
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
        typed.missing("starts_at", "Please enter when it begins.")
    status = _status(typed, form)
    if typed.errors or starts_at is None:
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    return EventPatch(
        name=typed.text("name"),
        starts_at=starts_at,
        timezone=timezone,
        description=typed.text("description"),
        on_sale_at=on_sale_at,
        off_sale_at=off_sale_at,
        status=status,
    )


def _known(at: Instant | UnsetType | None) -> Instant | None:
    return None if isinstance(at, UnsetType) else at


def _status(typed: Typed, form: Mapping[str, str]) -> EventStatus | UnsetType:
    text = form.get("status")
    if text is None:
        return UNSET
    if text not in list(EventStatus):
        typed.missing("status", "Please choose one of these.")
        return UNSET
    return EventStatus(text)

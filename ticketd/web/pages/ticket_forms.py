"""The forms for ticket types: what they show, and what is read from them."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.drafts import CAPACITY_MAX, MAX_PER_RESERVATION_MAX, TicketTypeDraft
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.web.pages.fields import Choice, Field, filled, moment_field
from ticketd.web.pages.typed import Typed, local_text
from ticketd.web.pages.words import UTC_NAME, amount

_MAX_PER_RESERVATION = 10
_FIELD_NAMES = {"price_cents": "price"}
"""Where a form says otherwise than the terms."""

_NAME = Field(
    name="name",
    label="Name",
    hint="What guests read: VIP, General Admission, Lunch for two.",
    required=True,
    attributes={"maxlength": str(NAME_LENGTH_MAX)},
)
_CAPACITY = Field(
    name="capacity",
    label="Max purchase count",
    hint="How many can be sold in all.",
    kind="number",
    required=True,
    attributes={"min": "1", "max": str(CAPACITY_MAX), "inputmode": "numeric"},
)
_PRICE = Field(
    name="price",
    label="Price in euros",
    hint="Like 12.50; 0 if it is free.",
    required=True,
    attributes={"inputmode": "decimal", "maxlength": "10"},
)
_MOST = Field(
    name="max_per_reservation",
    label="Most that one guest can buy at once",
    kind="number",
    value=str(_MAX_PER_RESERVATION),
    attributes={"min": "1", "max": str(MAX_PER_RESERVATION_MAX), "inputmode": "numeric"},
)


def creation_fields(
    events: Sequence[Event], values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that makes a ticket type."""
    choices = (Choice("", "None: a coupon"), *(Choice(str(event.id), event.name) for event in events))
    event = Field(name="event_id", label="Event", kind="select", choices=choices)
    return filled((_NAME, _CAPACITY, _PRICE, _MOST, event), values, _renamed(errors))


def draft_from(form: Mapping[str, str]) -> TicketTypeDraft | Refusal:
    """The ticket type that a form asks for."""
    typed = Typed(form)
    capacity, price_cents = typed.whole("capacity"), typed.price("price")
    most = typed.whole("max_per_reservation") if form.get("max_per_reservation") else _MAX_PER_RESERVATION
    event_id = typed.whole("event_id") if form.get("event_id") else UNSET
    if "capacity" not in form:
        typed.missing("capacity", "Please enter how many there are.")
    if "price" not in form:
        typed.missing("price", "Please enter a price; 0 if it is free.")
    if typed.errors or not (isinstance(capacity, int) and isinstance(price_cents, int)):
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    terms = Terms(
        form.get("name", ""),
        capacity,
        price_cents,
        max_per_reservation=most if isinstance(most, int) else _MAX_PER_RESERVATION,
    )
    return TicketTypeDraft(terms, EventId(event_id) if isinstance(event_id, int) else None)


def change_fields(
    terms: Terms, event: Event | None, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that changes a ticket type."""
    timezone = _timezone(event)
    window = (
        moment_field(
            "on_sale_at",
            "On sale from",
            hint=f"In the time of {timezone}. Empty: at once.",
            shown=local_text(terms.on_sale_at, timezone),
        ),
        moment_field(
            "off_sale_at",
            "On sale until",
            hint=f"In the time of {timezone}. Empty: as long as the event allows.",
            shown=local_text(terms.off_sale_at, timezone),
        ),
    )
    fields = (_NAME, _CAPACITY, _PRICE, _MOST, *window)
    return filled(fields, _known(terms) | dict(values), _renamed(errors))


def patch_from(form: Mapping[str, str], terms: Terms, event: Event | None) -> TermsPatch | Refusal:
    """The change of these terms that a form asks for."""
    typed, timezone = Typed(form), _timezone(event)
    patch = TermsPatch(
        name=typed.text("name"),
        capacity=typed.whole("capacity"),
        price_cents=typed.price("price"),
        max_per_reservation=typed.whole("max_per_reservation"),
        on_sale_at=typed.instant("on_sale_at", timezone, shown=local_text(terms.on_sale_at, timezone)),
        off_sale_at=typed.instant("off_sale_at", timezone, shown=local_text(terms.off_sale_at, timezone)),
    )
    return Refusal(Reason.INVALID, errors=tuple(typed.errors)) if typed.errors else patch


def _known(terms: Terms) -> dict[str, str]:
    return {
        "name": terms.name,
        "capacity": str(terms.capacity),
        "price": amount(terms.price_cents),
        "max_per_reservation": str(terms.max_per_reservation),
    }


def _timezone(event: Event | None) -> str:
    return UTC_NAME if event is None else event.timezone


def _renamed(errors: Sequence[FieldError]) -> Sequence[FieldError]:
    return [
        msgspec.structs.replace(error, field=_FIELD_NAMES.get(error.field, error.field)) for error in errors
    ]

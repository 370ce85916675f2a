"""The forms for ticket types: what they show, and what is read from them."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UnsetType

from ticketd.core.catalogue import Capacity, Event, TicketType
from ticketd.core.ids import EventId, InventoryId
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import UNLIMITED, Terms, TermsPatch
from ticketd.services.drafts import CAPACITY_MAX, MAX_PER_RESERVATION_MAX, POSITION_MAX, TicketTypeDraft
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.web.pages.fields import Choice, Field, filled, moment_field
from ticketd.web.pages.offers import dated
from ticketd.web.pages.typed import Typed, local_text
from ticketd.web.pages.words import UTC_NAME, amount

_MAX_PER_RESERVATION = 10
_FIELD_NAMES = {"price_cents": "price", "seats": "sections"}
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
_POSITION = Field(
    name="position",
    label="Place in the list",
    hint="The lowest number stands first.",
    kind="number",
    value="0",
    attributes={"min": "0", "max": str(POSITION_MAX), "inputmode": "numeric"},
)


class Ground(msgspec.Struct, frozen=True):
    """What an organizer can make ticket types of."""

    events: Sequence[Event]
    capacities: Sequence[Capacity]
    sections: Sequence[Choice] = ()
    """Of the seat map of the chosen event's venue."""


def creation_fields(
    ground: Ground, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that makes a ticket type."""
    fields = [_NAME, _event_field(ground.events)]
    if ground.sections:
        fields.append(_sections_field(ground.sections))
    if ground.capacities:
        fields.append(_shared_field(ground.capacities))
    fields += [_capacity_field(ground), _PRICE, _MOST, _POSITION]
    return filled(fields, values, _renamed(errors))


def draft_from(form: Mapping[str, str]) -> TicketTypeDraft | Refusal:
    """The ticket type that a form asks for."""
    typed = Typed(form)
    event_id, capacity_id = typed.whole_or_none("event_id"), typed.whole_or_none("capacity_id")
    sections = typed.ticked("sections")
    capacity = _capacity(typed, is_seated=bool(sections), shares=isinstance(capacity_id, int))
    price_cents = typed.price("price")
    most = typed.whole_or_none("max_per_reservation")
    position = typed.whole_or_none("position")
    if "price" not in form:
        typed.missing("price", "Please enter a price; 0 if it is free.")
    if typed.errors or not isinstance(price_cents, int):
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    terms = Terms(
        form.get("name", ""),
        capacity,
        price_cents,
        max_per_reservation=most if isinstance(most, int) else _MAX_PER_RESERVATION,
        position=position if isinstance(position, int) else 0,
    )
    return TicketTypeDraft(
        terms,
        EventId(event_id) if isinstance(event_id, int) else None,
        InventoryId(capacity_id) if isinstance(capacity_id, int) else None,
        sections,
    )


def change_fields(
    ticket_type: TicketType, event: Event | None, values: Mapping[str, str], errors: Sequence[FieldError] = ()
) -> Sequence[Field]:
    """The form that changes a ticket type."""
    terms, timezone = ticket_type.terms, _timezone(event)
    window = (
        moment_field(
            "on_sale_at",
            "On sale from (optional)",
            hint=f"In the time of {timezone}. Empty: at once.",
            shown=local_text(terms.on_sale_at, timezone),
        ),
        moment_field(
            "off_sale_at",
            "On sale until (optional)",
            hint=f"In the time of {timezone}. Empty: as long as the event allows.",
            shown=local_text(terms.off_sale_at, timezone),
        ),
    )
    fields = (_NAME, *_changeable_capacity(ticket_type), _PRICE, _MOST, *window, _POSITION)
    return filled(fields, _known(ticket_type) | dict(values), _renamed(errors))


def patch_from(form: Mapping[str, str], ticket_type: TicketType, event: Event | None) -> TermsPatch | Refusal:
    """The change of this ticket type's terms that a form asks for."""
    typed, timezone, terms = Typed(form), _timezone(event), ticket_type.terms
    patch = TermsPatch(
        name=typed.text("name"),
        capacity=_changed_capacity(typed, ticket_type),
        price_cents=typed.price("price"),
        max_per_reservation=typed.whole("max_per_reservation"),
        on_sale_at=typed.instant("on_sale_at", timezone, shown=local_text(terms.on_sale_at, timezone)),
        off_sale_at=typed.instant("off_sale_at", timezone, shown=local_text(terms.off_sale_at, timezone)),
        position=typed.whole("position"),
    )
    return Refusal(Reason.INVALID, errors=tuple(typed.errors)) if typed.errors else patch


# -- how many there are: a number, seats, or what is left of a shared capacity


def _event_field(events: Sequence[Event]) -> Field:
    choices = (Choice("", "None: a coupon"), *(Choice(str(event.id), dated(event)) for event in events))
    return Field(name="event_id", label="Event", kind="select", choices=choices)


def _sections_field(sections: Sequence[Choice]) -> Field:
    return Field(
        name="sections",
        label="Sold by the seat, in these sections",
        hint="None: sold by number, without seats.",
        kind="checkboxes",
        choices=sections,
    )


def _shared_field(capacities: Sequence[Capacity]) -> Field:
    choices = (
        Choice("", "None: it has its own"),
        *(Choice(str(each.id), f"{each.terms.name} ({each.terms.capacity:,})") for each in capacities),
    )
    return Field(name="capacity_id", label="Shared capacity", kind="select", choices=choices)


def _capacity_field(ground: Ground) -> Field:
    exceptions = []
    if ground.sections:
        exceptions.append("Leave it empty if it is sold by the seat.")
    if ground.capacities:
        exceptions.append("On a shared capacity, the most that may be of this one; empty: all of it.")
    if not exceptions:
        return _CAPACITY
    return msgspec.structs.replace(
        _CAPACITY, required=False, hint=" ".join(("How many can be sold in all.", *exceptions))
    )


def _capacity(typed: Typed, *, is_seated: bool, shares: bool) -> int:
    capacity = typed.whole_or_none("capacity")
    if isinstance(capacity, int):
        if is_seated:
            typed.missing("capacity", "Please leave this empty: the seats say how many there are.")
        return capacity
    if is_seated and shares:
        typed.missing("capacity_id", "Seats can't be on a shared capacity: please choose one of both.")
    is_missing = capacity is None or not typed.has("capacity")
    if is_missing and not is_seated and not shares:
        typed.missing("capacity", "Please enter how many there are.")
    return UNLIMITED


def _changeable_capacity(ticket_type: TicketType) -> Sequence[Field]:
    if ticket_type.is_seated:
        return ()
    if ticket_type.profile.capacity_id is None:
        return (_CAPACITY,)
    hint = "Of the shared capacity. Empty: all of it."
    return (
        msgspec.structs.replace(
            _CAPACITY, label="The most that may be of this one", hint=hint, required=False
        ),
    )


def _changed_capacity(typed: Typed, ticket_type: TicketType) -> int | UnsetType:
    if ticket_type.profile.capacity_id is None:
        return typed.whole("capacity")
    ceiling = typed.whole_or_none("capacity")
    return UNLIMITED if ceiling is None else ceiling


def _known(ticket_type: TicketType) -> dict[str, str]:
    terms = ticket_type.terms
    has_no_ceiling = ticket_type.profile.capacity_id is not None and terms.capacity == UNLIMITED
    return {
        "name": terms.name,
        "capacity": "" if has_no_ceiling else str(terms.capacity),
        "price": amount(terms.price_cents),
        "max_per_reservation": str(terms.max_per_reservation),
        "position": str(terms.position),
    }


def _timezone(event: Event | None) -> str:
    return UTC_NAME if event is None else event.timezone


def _renamed(errors: Sequence[FieldError]) -> Sequence[FieldError]:
    """Errors by the names of the form's fields: `sections[1]` is one of the boxes of `sections`."""
    return [msgspec.structs.replace(error, field=_field_name(error.field)) for error in errors]


def _field_name(place: str) -> str:
    field = place.partition("[")[0]
    return _FIELD_NAMES.get(field, field)

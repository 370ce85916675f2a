"""The API's JSON: what requests are read into and answers are rendered from, and so its OpenAPI schemas."""

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ticketd.core.ids import ID_MAX, EventId, TicketTypeId
from ticketd.core.money import EUR
from ticketd.core.reservations import ReservationStatus
from ticketd.core.terms import EventStatus, SaleStatus
from ticketd.services.sales import LineRequest

T = TypeVar("T")

QUANTITY_MAX: Final = 1000
LINES_MAX: Final = 20

_LINE_PATTERN: Final = "^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""In UTC, as "2026-01-02T03:04:05.678901Z"."""

Moment = Annotated[
    str,
    Meta(
        max_length=40,
        description="ISO 8601, with an offset from UTC or local in the event's time zone.",
        examples=["2026-05-01T19:30:00+02:00", "2026-05-01T19:30"],
    ),
]
Text = Annotated[str, Meta(max_length=500, pattern=_LINE_PATTERN)]
TicketTypeNumber = Annotated[TicketTypeId, Meta(ge=1, le=ID_MAX)]
EventNumber = Annotated[EventId, Meta(ge=1, le=ID_MAX)]
Count = Annotated[int, Meta(ge=0, le=ID_MAX)]
Cents = Annotated[int, Meta(ge=0, le=ID_MAX)]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list; `next` is the cursor of those after them."""

    items: tuple[T, ...]
    next: str | None


# -- requests


class Line(LineRequest, frozen=True, forbid_unknown_fields=True):
    """How many of which ticket type."""

    ticket_type_id: TicketTypeNumber
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]


class ReservationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of these or none; no ticket type twice, all of one organizer."""

    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]


class PaymentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is required unless there is nothing to pay."""

    token: Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE_PATTERN)] | None = None
    email: Text = ""
    name: Text = ""
    currency: Annotated[str, Meta(max_length=10, pattern=_LINE_PATTERN)] = EUR


class NewOrganizer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`slug` is made from the name if it isn't given, and never changes."""

    name: Text
    slug: Text | UnsetType = UNSET


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event to be."""

    name: Text
    starts_at: Moment
    timezone: Text
    description: str = ""
    on_sale_at: Moment | None = None
    off_sale_at: Moment | None = None
    status: EventStatus = EventStatus.PUBLISHED


class EventChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about an event; what isn't there stays."""

    name: Text | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    timezone: Text | UnsetType = UNSET
    description: str | UnsetType = UNSET
    on_sale_at: Moment | UnsetType | None = UNSET
    off_sale_at: Moment | UnsetType | None = UNSET
    status: EventStatus | UnsetType = UNSET


class NewTicketType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket type to be; without an event it is a coupon."""

    name: Text
    capacity: Count
    price_cents: Cents = 0
    currency: Text = EUR
    event_id: EventNumber | None = None
    max_per_reservation: Count = 10
    on_sale_at: Moment | None = None
    off_sale_at: Moment | None = None


class TicketTypeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about a ticket type; what isn't there stays, and so do its event and currency."""

    name: Text | UnsetType = UNSET
    capacity: Count | UnsetType = UNSET
    price_cents: Cents | UnsetType = UNSET
    currency: Text | UnsetType = UNSET
    event_id: EventNumber | UnsetType | None = UNSET
    max_per_reservation: Count | UnsetType = UNSET
    on_sale_at: Moment | UnsetType | None = UNSET
    off_sale_at: Moment | UnsetType | None = UNSET


# -- answers to guests


class Organizer(msgspec.Struct, frozen=True):
    """Who sells."""

    slug: str
    name: str


class Venue(msgspec.Struct, frozen=True):
    """Where an event takes place."""

    name: str
    address: str


class TicketType(msgspec.Struct, frozen=True):
    """What is sold; `purchase_url` is the path of its page on this server."""

    id: TicketTypeId
    code: str
    purchase_url: str
    name: str
    organizer: Organizer
    event_id: EventId | None
    price_cents: int
    currency: str
    max_per_reservation: int
    on_sale_at: Timestamp | None
    off_sale_at: Timestamp | None


class Event(msgspec.Struct, frozen=True):
    """A concert or dinner with a date."""

    id: EventId
    organizer: Organizer
    name: str
    description: str
    venue: Venue | None
    starts_at: Timestamp
    timezone: str
    on_sale_at: Timestamp | None
    off_sale_at: Timestamp | None
    status: EventStatus
    ticket_types: tuple[TicketType, ...]


class Availability(msgspec.Struct, frozen=True):
    """How many there are, and how many are left; `held` includes those being paid."""

    id: TicketTypeId
    name: str
    price_cents: int
    currency: str
    capacity: int
    available: int
    held: int
    sold: int
    status: SaleStatus
    as_of: Timestamp


class EventAvailability(msgspec.Struct, frozen=True):
    """The same for all ticket types of an event."""

    event_id: EventId
    as_of: Timestamp
    ticket_types: tuple[Availability, ...]


class ReservationLine(msgspec.Struct, frozen=True, gc=False):
    """How many of which ticket type, at a price that stays."""

    ticket_type_id: TicketTypeId
    name: str
    quantity: int
    seats: tuple[str, ...]
    unit_price_cents: int


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """One admission."""

    code: str
    ticket_type_id: TicketTypeId
    seat: str | None
    status: Literal["valid", "void"]


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What a guest holds, pays or has paid; `number` is for people to speak of and gives no access."""

    id: str
    number: str
    status: ReservationStatus
    created_at: Timestamp
    expires_at: Timestamp
    lines: tuple[ReservationLine, ...]
    total_cents: int
    currency: str
    tickets: tuple[Ticket, ...]


# -- answers to owners


class OwnTicketType(TicketType, frozen=True):
    """A ticket type as its owner sees it; `held` includes those being paid."""

    capacity: int
    available: int
    held: int
    sold: int
    revenue_cents: int


class OrderLine(msgspec.Struct, frozen=True):
    """How many of which ticket type, and at which price."""

    ticket_type_id: TicketTypeId
    name: str
    quantity: int
    unit_price_cents: int


class Guest(msgspec.Struct, frozen=True):
    """Who pays."""

    email: str
    name: str


class Order(msgspec.Struct, frozen=True):
    """A reservation whose payment was started, with its guest."""

    number: str
    status: ReservationStatus
    created_at: Timestamp
    lines: tuple[OrderLine, ...]
    total_cents: int
    currency: str
    guest: Guest

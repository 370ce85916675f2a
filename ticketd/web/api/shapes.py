"""The API's JSON: what requests are read into and answers are rendered from, and so its OpenAPI schemas.

Here for guests; `owner_shapes` has what owners alone send and get.
"""

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from ticketd.core import terms
from ticketd.core.ids import ID_MAX, EventId, InventoryId, SeatId, TicketTypeId, VenueId
from ticketd.core.money import EUR
from ticketd.core.reservations import ReservationStatus
from ticketd.core.terms import EventStatus, SaleStatus
from ticketd.services.wishes import LineRequest

T = TypeVar("T")

QUANTITY_MAX: Final = 1000
LINES_MAX: Final = 20

_LINE_PATTERN: Final = "^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""In UTC, as "2026-01-02T03:04:05.678901Z"."""

Switch = bool | Literal["auto"]
"""On, off, or as the server sees fit."""

Text = Annotated[str, Meta(max_length=500, pattern=_LINE_PATTERN)]
TicketTypeNumber = Annotated[TicketTypeId, Meta(ge=1, le=ID_MAX)]
SeatName = Annotated[SeatId, Meta(max_length=200, pattern=_LINE_PATTERN, examples=["Stalls-A-1"])]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list; `next` is the cursor of those after them."""

    items: tuple[T, ...]
    next: str | None


# -- requests


class Line(LineRequest, frozen=True, forbid_unknown_fields=True):
    """How many of which ticket type: `quantity`, or of one with seats, `seats` or `best_available`."""

    ticket_type_id: TicketTypeNumber
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)] = 0
    seats: Annotated[tuple[SeatName, ...], Meta(min_length=1, max_length=QUANTITY_MAX)] = ()
    best_available: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)] = 0
    together: bool = True


class ReservationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of these or none; no ticket type twice, all of one organizer."""

    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]
    access_code: Annotated[str, Meta(max_length=64, pattern=_LINE_PATTERN)] = ""


class PaymentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is required unless there is nothing to pay."""

    token: Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE_PATTERN)] | None = None
    email: Text = ""
    name: Text = ""
    currency: Annotated[str, Meta(max_length=10, pattern=_LINE_PATTERN)] = EUR


# -- answers


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
    seated: bool
    """Whether it is sold by the seat."""
    position: int
    """The lowest stands first."""
    capacity_id: InventoryId | None
    """The shared capacity that it draws on."""


class Defences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sale is kept for people; "auto" is on while the waiting room is open."""

    proof_of_work: Switch = "auto"
    """Who joins the queue has to solve a challenge."""
    signed_forms: Switch = "auto"
    """Guests' forms must come from our pages, filled in no faster than anybody can."""
    address_limits: Switch = "auto"
    """One network gets so many places in the queue and no more."""
    hold_limits: Switch = "auto"
    """Who holds and drops again and again holds for a shorter time, and then not at all."""


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
    venue_id: VenueId | None
    max_per_guest: int | None
    """How many one guest can have, all orders together."""
    waiting_room: Switch
    """Whether guests queue before they may reserve."""
    defences: Defences


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
    """When this last changed, or was looked up after a long time; it holds until it changes again."""


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


def switched(switch: terms.Switch) -> Switch:
    """As JSON has it."""
    match switch:
        case terms.Switch.AUTO:
            return "auto"
        case terms.Switch.ON:
            return True
        case terms.Switch.OFF:
            return False


def switch_of(value: Switch) -> terms.Switch:
    """As it is meant."""
    if value == "auto":
        return terms.Switch.AUTO
    return terms.Switch.ON if value else terms.Switch.OFF

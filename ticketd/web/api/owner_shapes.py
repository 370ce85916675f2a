"""The API's JSON for owners: what requests are read into and answers are rendered from."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ticketd.core.ids import ID_MAX, EventId, InventoryId, TicketTypeId, VenueId
from ticketd.core.money import EUR
from ticketd.core.reservations import ReservationStatus
from ticketd.core.terms import EventStatus
from ticketd.services.seat_maps.documents import SEATS_MAX, SECTIONS_MAX, SeatMapDocument
from ticketd.services.venues import SectionSummary
from ticketd.web.api.shapes import Defences, SeatName, Switch, Text, TicketType, Timestamp, Venue

_SEAT_MAP: Final = "#/components/schemas/SeatMapDocument"

Moment = Annotated[
    str,
    Meta(
        max_length=40,
        description="ISO 8601, with an offset from UTC or local in the event's time zone.",
        examples=["2026-05-01T19:30:00+02:00", "2026-05-01T19:30"],
    ),
]
EventNumber = Annotated[EventId, Meta(ge=1, le=ID_MAX)]
VenueNumber = Annotated[VenueId, Meta(ge=1, le=ID_MAX)]
CapacityNumber = Annotated[InventoryId, Meta(ge=1, le=ID_MAX)]
Count = Annotated[int, Meta(ge=0, le=ID_MAX)]
Cents = Annotated[int, Meta(ge=0, le=ID_MAX)]


# -- requests


class NewOrganizer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`slug` is made from the name if it isn't given, and never changes."""

    name: Text
    slug: Text | UnsetType = UNSET


class NewVenue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A venue to be."""

    name: Text
    timezone: Text
    address: Text = ""
    seat_map: SeatMapDocument | None = None


class VenueChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about a venue; a seat map becomes its newest version."""

    name: Text | UnsetType = UNSET
    timezone: Text | UnsetType = UNSET
    address: Text | UnsetType = UNSET
    seat_map: SeatMapDocument | UnsetType = UNSET


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event to be; without a `timezone` it is in its venue's."""

    name: Text
    starts_at: Moment
    timezone: Text | UnsetType = UNSET
    description: str = ""
    on_sale_at: Moment | None = None
    off_sale_at: Moment | None = None
    status: EventStatus = EventStatus.PUBLISHED
    venue_id: VenueNumber | None = None
    max_per_guest: Count | None = None
    waiting_room: Switch = "auto"
    defences: Defences = Defences()


class DefencesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change about an event's defences; what isn't there stays."""

    proof_of_work: Switch | UnsetType = UNSET
    signed_forms: Switch | UnsetType = UNSET
    address_limits: Switch | UnsetType = UNSET
    hold_limits: Switch | UnsetType = UNSET


class EventChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about an event; what isn't there stays."""

    name: Text | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    timezone: Text | UnsetType = UNSET
    description: str | UnsetType = UNSET
    on_sale_at: Moment | UnsetType | None = UNSET
    off_sale_at: Moment | UnsetType | None = UNSET
    status: EventStatus | UnsetType = UNSET
    venue_id: VenueNumber | UnsetType | None = UNSET
    max_per_guest: Count | UnsetType | None = UNSET
    waiting_room: Switch | UnsetType = UNSET
    defences: DefencesChange | UnsetType = UNSET


class NewCapacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What several ticket types are to share."""

    name: Text
    capacity: Count


class CapacityChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about a shared capacity; what isn't there stays."""

    name: Text | UnsetType = UNSET
    capacity: Count | UnsetType = UNSET


class NewAccessCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code that opens a ticket type, for so many and until then; the same code again changes it."""

    code: Text
    capacity: Count | None = None
    until: Moment | None = None


class NewTicketType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket type to be; without an event it is a coupon.

    It takes one of `capacity`, `sections`, `seats` and `capacity_id`; the last one together with a
    `capacity` that is a ceiling of its own.
    """

    name: Text
    capacity: Count | None = None
    capacity_id: CapacityNumber | None = None
    sections: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=SECTIONS_MAX)] | None = None
    seats: Annotated[tuple[SeatName, ...], Meta(min_length=1, max_length=SEATS_MAX)] | None = None
    price_cents: Cents = 0
    currency: Text = EUR
    event_id: EventNumber | None = None
    max_per_reservation: Count = 10
    on_sale_at: Moment | None = None
    off_sale_at: Moment | None = None
    position: Count = 0


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
    position: Count | UnsetType = UNSET


# -- answers


class SeatMapSummary(msgspec.Struct, frozen=True):
    """How large a seat map is, seats that aren't sold included."""

    version: int
    seats: int
    sections: tuple[SectionSummary, ...]


class OwnVenue(Venue, frozen=True):
    """A venue as its owner sees it."""

    id: VenueId
    timezone: str
    seat_map: SeatMapSummary | None


class VenueWithMap(Venue, frozen=True):
    """A venue with the newest version of its seat map, as it can be sent back."""

    id: VenueId
    timezone: str
    seat_map_version: int | None
    seat_map: Annotated[
        msgspec.Raw, Meta(extra_json_schema={"anyOf": [{"$ref": _SEAT_MAP}, {"type": "null"}]})
    ]


class Capacity(msgspec.Struct, frozen=True):
    """What several ticket types share; `held` includes those being paid."""

    id: InventoryId
    name: str
    capacity: int
    available: int
    held: int
    sold: int
    ticket_types: tuple[TicketTypeId, ...]


class AccessCode(msgspec.Struct, frozen=True):
    """A code that opens a ticket type; `used` counts what is held, paying and sold with it."""

    code: str
    capacity: int | None
    until: Timestamp | None
    used: int


class OwnTicketType(TicketType, frozen=True):
    """A ticket type as its owner sees it; `held` includes those being paid.

    A hidden one is sold with an access code only.
    """

    hidden: bool
    capacity: int
    available: int
    held: int
    sold: int
    revenue_cents: int


class OrderLine(msgspec.Struct, frozen=True):
    """How many of which ticket type, and at which price; a coupon has no event."""

    ticket_type_id: TicketTypeId
    name: str
    event_id: EventId | None
    event_name: str
    quantity: int
    seats: tuple[str, ...]
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

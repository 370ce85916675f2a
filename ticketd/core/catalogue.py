"""What organizers show: events and ticket types, as guests and owners see them."""

import msgspec

from ticketd.core.facts import OWN
from ticketd.core.ids import (
    SECOND,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    SeatMapId,
    TicketTypeId,
    VenueId,
    inventory_of,
)
from ticketd.core.terms import EventStatus, EventWindow, Profile, Switch, Terms

EVENT_SECONDS_ASSUMED = 6 * 3600
"""An event has no end of its own: it counts as over this long after its start."""


class Organizer(msgspec.Struct, frozen=True):
    """Who sells, known by its URL slug."""

    id: OrganizerId
    slug: str
    name: str


class Venue(msgspec.Struct, frozen=True):
    """Where events take place."""

    id: VenueId
    organizer_id: OrganizerId
    name: str
    address: str
    timezone: str
    """IANA name."""
    seat_map_id: SeatMapId | None = None
    """The newest version of its seat map."""


class Defences(msgspec.Struct, frozen=True, kw_only=True):
    """How an event's sale is kept for people; AUTO is on while its waiting room is open."""

    proof_of_work: Switch = Switch.AUTO
    """Whoever joins the queue has to let their machine compute a little."""
    signed_forms: Switch = Switch.AUTO
    """Guests' forms must come from our pages, and not faster than anybody can fill them in."""
    address_limits: Switch = Switch.AUTO
    """One network gets so many places in the queue and no more."""
    hold_limits: Switch = Switch.AUTO
    """Whoever holds and drops again and again holds for a shorter time, and then not at all."""


class Event(msgspec.Struct, frozen=True):
    """A concert or dinner with a date."""

    id: EventId
    organizer_id: OrganizerId
    name: str
    description: str
    starts_at: Instant
    timezone: str
    """IANA name of the place's time zone."""
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None
    status: EventStatus = EventStatus.PUBLISHED
    venue_id: VenueId | None = None
    max_per_guest: int | None = None
    """How many tickets one guest can have paid for, all ticket types together."""
    guests_id: InventoryId | None = None
    """The inventory that knows how many each guest has, once there was ever a limit."""
    waiting_room: Switch = Switch.AUTO
    """Whether guests queue before they may reserve; AUTO: while more come than the shop can take."""
    defences: Defences = Defences()

    @property
    def over_at(self) -> Instant:
        """When it no longer interests guests."""
        return Instant(self.starts_at + EVENT_SECONDS_ASSUMED * SECOND)

    @property
    def sale_ends_at(self) -> Instant:
        """Without an end of its own the sale ends when the event is over."""
        return self.over_at if self.off_sale_at is None else self.off_sale_at

    def window(self) -> EventWindow:
        """What it says about the sale of its ticket types."""
        return EventWindow(self.status, self.on_sale_at, self.sale_ends_at)


class TicketType(msgspec.Struct, frozen=True):
    """What is sold, as of fact `seq` of its inventory."""

    id: TicketTypeId
    seq: int
    profile: Profile
    terms: Terms
    hidden: bool = False
    """It is sold only with an access code, and stands in no list for guests."""

    @property
    def inventory_id(self) -> InventoryId:
        """The inventory that it draws on."""
        return self.profile.capacity_id or inventory_of(self.id)

    @property
    def shelf_id(self) -> TicketTypeId:
        """How its inventory's commands name it."""
        return OWN if self.profile.capacity_id is None else self.id

    @property
    def is_seated(self) -> bool:
        """Whether it is sold by the seat."""
        return self.profile.seat_map_id is not None


class Capacity(msgspec.Struct, frozen=True):
    """What several ticket types of an organizer share, as it stands at fact `seq` of its inventory."""

    id: InventoryId
    seq: int
    profile: Profile
    terms: Terms


class Listing(msgspec.Struct, frozen=True):
    """A ticket type, a shared capacity or a guest limit, for those who list what there is."""

    ticket_type: TicketType
    deleted: bool

"""The catalogue in memory: who sells what, looked up without waiting.

It is loaded at start and follows every durable change, so that no page and no request asks the
database what exists.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import assert_never

from ticketd.core.catalogue import Capacity, Event, Organizer, TicketType, Venue
from ticketd.core.ids import EventId, Instant, InventoryId, OrganizerId, TicketTypeId, VenueId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.terms import EventStatus, Kind, Profile
from ticketd.storage.catalogue import CatalogueStore


class Catalogue:
    """Organizers, venues, events and ticket types as of the last durable change."""

    def __init__(self, store: CatalogueStore) -> None:
        self._store = store
        self._venues: dict[VenueId, Venue] = {}
        self._capacities: dict[InventoryId, Capacity] = {}
        self._organizers: dict[OrganizerId, Organizer] = {}
        self._organizers_by_slug: dict[str, Organizer] = {}
        self._events: dict[EventId, Event] = {}
        self._events_soonest_first: list[Event] | None = []
        self._ticket_types: dict[TicketTypeId, TicketType] = {}
        self._ticket_types_by_code: dict[str, TicketTypeId] = {}
        self._ticket_types_of_event: defaultdict[EventId, set[TicketTypeId]] = defaultdict(set)
        self._listed_of_event: dict[EventId, Sequence[TicketType]] = {}
        """Of events that guests have asked about, until anything of it changes."""
        self._coupons: set[TicketTypeId] = set()
        self._ticket_types_of_organizer: defaultdict[OrganizerId, set[TicketTypeId]] = defaultdict(set)

    async def load(self) -> None:
        """Take in everything that the database holds; at the start, and when in doubt."""
        for organizer in await self._store.organizers():
            self.put_organizer(organizer)
        for venue in await self._store.venues():
            self.put_venue(venue)
        for event in await self._store.events():
            self.put_event(event)
        for ticket_type in await self._store.ticket_types():
            self._take_in(ticket_type)

    # -- looking up

    def organizers(self) -> Sequence[Organizer]:
        """Everyone who sells."""
        return list(self._organizers.values())

    def organizer(self, slug: str) -> Organizer | None:
        """The organizer with this slug."""
        return self._organizers_by_slug.get(slug)

    def organizer_by_id(self, organizer_id: OrganizerId) -> Organizer:
        """The organizer with this id; KeyError if there is none, for none is ever deleted."""
        return self._organizers[organizer_id]

    def event(self, event_id: EventId) -> Event | None:
        """The event with this id, draft or not."""
        return self._events.get(event_id)

    def shown_event(self, event_id: EventId) -> Event | None:
        """The event with this id, if guests may know of it."""
        event = self._events.get(event_id)
        return None if event is None or event.status is EventStatus.DRAFT else event

    def event_of(self, ticket_type: TicketType) -> Event | None:
        """The event that it is sold for; None for a coupon."""
        event_id = ticket_type.profile.event_id
        return None if event_id is None else self._events.get(event_id)

    def ticket_type(self, ticket_type_id: TicketTypeId) -> TicketType | None:
        """The ticket type with this id."""
        return self._ticket_types.get(ticket_type_id)

    def ticket_type_by_code(self, code: str) -> TicketType | None:
        """The ticket type with this code in its purchase URL."""
        ticket_type_id = self._ticket_types_by_code.get(code)
        return None if ticket_type_id is None else self._ticket_types[ticket_type_id]

    def ticket_types_of_event(self, event_id: EventId) -> Sequence[TicketType]:
        """What is sold for an event, in the order that its owner wants."""
        return self._in_order(self._ticket_types_of_event.get(event_id, ()))

    def ticket_types_of_organizer(self, organizer_id: OrganizerId) -> Sequence[TicketType]:
        """All that an organizer sells, coupons included, in the order that its owner wants."""
        return self._in_order(self._ticket_types_of_organizer.get(organizer_id, ()))

    def coupons(self) -> Sequence[TicketType]:
        """What is sold without an event, in the order that their owners want."""
        return self._in_order(self._coupons)

    def capacity(self, capacity_id: InventoryId) -> Capacity | None:
        """The shared capacity with this id."""
        return self._capacities.get(capacity_id)

    def capacities_of_organizer(self, organizer_id: OrganizerId) -> Sequence[Capacity]:
        """What an organizer's ticket types share, by id."""
        return sorted(
            (each for each in self._capacities.values() if each.profile.organizer_id == organizer_id),
            key=lambda each: each.id,
        )

    def ticket_types_on(self, capacity_id: InventoryId) -> Sequence[TicketType]:
        """What draws on a shared capacity, in the order that its owner wants."""
        capacity = self._capacities.get(capacity_id)
        if capacity is None:
            return []
        siblings = self.ticket_types_of_organizer(capacity.profile.organizer_id)
        return [each for each in siblings if each.profile.capacity_id == capacity_id]

    def venue(self, venue_id: VenueId) -> Venue | None:
        """The venue with this id."""
        return self._venues.get(venue_id)

    def venues_of_organizer(self, organizer_id: OrganizerId) -> Sequence[Venue]:
        """An organizer's venues, by name."""
        venues = (venue for venue in self._venues.values() if venue.organizer_id == organizer_id)
        return sorted(venues, key=lambda venue: (venue.name, venue.id))

    def venue_of(self, event: Event) -> Venue | None:
        """Where an event takes place, if its owner has said so."""
        return None if event.venue_id is None else self._venues.get(event.venue_id)

    def events_of_organizer(self, organizer_id: OrganizerId) -> Sequence[Event]:
        """An organizer's events, drafts and past ones included, soonest first."""
        return [event for event in self.events() if event.organizer_id == organizer_id]

    def events(self) -> Sequence[Event]:
        """Every event, soonest first."""
        if self._events_soonest_first is None:
            self._events_soonest_first = sorted(
                self._events.values(), key=lambda event: (event.starts_at, event.id)
            )
        return self._events_soonest_first

    def on_show(self, now: Instant) -> Sequence[Event]:
        """The published events that aren't over, soonest first."""
        return [
            event for event in self.events() if event.status is EventStatus.PUBLISHED and event.over_at > now
        ]

    def visible(self, ticket_type: TicketType) -> bool:
        """Whether guests may know of it: a draft event's ticket types don't exist for them."""
        event_id = ticket_type.profile.event_id
        return event_id is None or self.shown_event(event_id) is not None

    def listed(self, ticket_types: Iterable[TicketType]) -> Sequence[TicketType]:
        """Those that stand in guests' lists: visible to them, and sold without an access code."""
        return [each for each in ticket_types if not each.hidden and self.visible(each)]

    def listed_of_event(self, event_id: EventId) -> Sequence[TicketType]:
        """What guests see of an event's ticket types; the same object until that changes."""
        listed = self._listed_of_event.get(event_id)
        if listed is None:
            listed = self._listed_of_event[event_id] = self.listed(self.ticket_types_of_event(event_id))
        return listed

    # -- following changes

    def put_organizer(self, organizer: Organizer) -> None:
        """Take in a new organizer."""
        self._organizers[organizer.id] = organizer
        self._organizers_by_slug[organizer.slug] = organizer

    def put_venue(self, venue: Venue) -> None:
        """Take in a new or a changed venue."""
        self._venues[venue.id] = venue

    def drop_venue(self, venue_id: VenueId) -> None:
        """Forget a venue."""
        self._venues.pop(venue_id, None)

    def put_event(self, event: Event) -> None:
        """Take in a new or a changed event."""
        self._events[event.id] = event
        self._events_soonest_first = None
        self._listed_of_event.pop(event.id, None)

    def drop_event(self, event_id: EventId) -> None:
        """Forget an event."""
        self._events.pop(event_id, None)
        self._events_soonest_first = None
        self._listed_of_event.pop(event_id, None)

    def follow(self, inventory_id: InventoryId, offer: Offer | None) -> None:
        """Take in what an inventory shows after a durable change, None once it is deleted.

        An offer older than the one known changes nothing.
        """
        if offer is None:
            self._forget(inventory_id)
        elif offer.profile.kind is Kind.CAPACITY:
            self._follow_capacity(inventory_id, offer)
        else:
            self._take_in(_ticket_type(offer))

    def _follow_capacity(self, capacity_id: InventoryId, offer: Offer) -> None:
        known = self._capacities.get(capacity_id)
        if known is not None and known.seq >= offer.seq:
            return
        self._take_in(_ticket_type(offer))
        shelves = {shelf.ticket_type_id for shelf in offer.shelves}
        for ticket_type in self.ticket_types_on(capacity_id):
            if ticket_type.id not in shelves:
                self._drop_ticket_type(ticket_type)
        for shelf in offer.shelves:
            self._take_in(_ticket_type(shelf))

    def _take_in(self, ticket_type: TicketType) -> None:
        match ticket_type.profile.kind:
            case Kind.TICKETS:
                known = self._ticket_types.get(ticket_type.id)
                if known is None or ticket_type.seq > known.seq:
                    self._put_ticket_type(ticket_type)
            case Kind.CAPACITY:
                capacity_id = inventory_of(ticket_type.id)
                known_capacity = self._capacities.get(capacity_id)
                if known_capacity is None or ticket_type.seq > known_capacity.seq:
                    self._capacities[capacity_id] = Capacity(
                        capacity_id, ticket_type.seq, ticket_type.profile, ticket_type.terms
                    )
            case Kind.GUESTS:
                pass  # shown nowhere
            case unreachable:
                assert_never(unreachable)

    def _forget(self, inventory_id: InventoryId) -> None:
        for ticket_type in self.ticket_types_on(inventory_id):
            self._drop_ticket_type(ticket_type)
        self._capacities.pop(inventory_id, None)
        known = self._ticket_types.get(TicketTypeId(inventory_id))
        if known is not None:
            self._drop_ticket_type(known)

    def _put_ticket_type(self, ticket_type: TicketType) -> None:
        profile = ticket_type.profile
        self._ticket_types[ticket_type.id] = ticket_type
        self._ticket_types_by_code[profile.code] = ticket_type.id
        self._ticket_types_of_organizer[profile.organizer_id].add(ticket_type.id)
        self._siblings(profile).add(ticket_type.id)
        self._forget_list(profile)

    def _drop_ticket_type(self, ticket_type: TicketType) -> None:
        profile = ticket_type.profile
        del self._ticket_types[ticket_type.id]
        del self._ticket_types_by_code[profile.code]
        self._ticket_types_of_organizer[profile.organizer_id].discard(ticket_type.id)
        self._siblings(profile).discard(ticket_type.id)
        self._forget_list(profile)

    def _forget_list(self, profile: Profile) -> None:
        if profile.event_id is not None:
            self._listed_of_event.pop(profile.event_id, None)

    def _siblings(self, profile: Profile) -> set[TicketTypeId]:
        event_id = profile.event_id
        return self._coupons if event_id is None else self._ticket_types_of_event[event_id]

    def _in_order(self, ticket_type_ids: Iterable[TicketTypeId]) -> Sequence[TicketType]:
        ticket_types = [self._ticket_types[ticket_type_id] for ticket_type_id in ticket_type_ids]
        return sorted(ticket_types, key=lambda each: (each.terms.position, each.id))


def _ticket_type(offer: Offer) -> TicketType:
    return TicketType(offer.ticket_type_id, offer.seq, offer.profile, offer.terms, offer.hidden)

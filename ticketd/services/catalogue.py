"""The catalogue in memory: who sells what, looked up without waiting.

It is loaded at start and follows every durable change, so that no page and no request asks the
database what exists.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.ids import EventId, Instant, InventoryId, OrganizerId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.terms import EventStatus, Profile
from ticketd.storage.catalogue import CatalogueStore


class Catalogue:
    """Organizers, events and ticket types as of the last durable change."""

    def __init__(self, store: CatalogueStore) -> None:
        self._store = store
        self._organizers: dict[OrganizerId, Organizer] = {}
        self._organizers_by_slug: dict[str, Organizer] = {}
        self._events: dict[EventId, Event] = {}
        self._events_soonest_first: list[Event] | None = []
        self._ticket_types: dict[TicketTypeId, TicketType] = {}
        self._ticket_types_by_code: dict[str, TicketTypeId] = {}
        self._ticket_types_of_event: defaultdict[EventId, set[TicketTypeId]] = defaultdict(set)
        self._coupons: set[TicketTypeId] = set()
        self._ticket_types_of_organizer: defaultdict[OrganizerId, set[TicketTypeId]] = defaultdict(set)

    async def load(self) -> None:
        """Take in everything that the database holds; at the start, and when in doubt."""
        for organizer in await self._store.organizers():
            self.put_organizer(organizer)
        for event in await self._store.events():
            self.put_event(event)
        for ticket_type in await self._store.ticket_types():
            known = self._ticket_types.get(ticket_type.id)
            if known is None or ticket_type.seq > known.seq:
                self._put_ticket_type(ticket_type)

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

    def ticket_type(self, ticket_type_id: TicketTypeId) -> TicketType | None:
        """The ticket type with this id."""
        return self._ticket_types.get(ticket_type_id)

    def ticket_type_by_code(self, code: str) -> TicketType | None:
        """The ticket type with this code in its purchase URL."""
        ticket_type_id = self._ticket_types_by_code.get(code)
        return None if ticket_type_id is None else self._ticket_types[ticket_type_id]

    def ticket_types_of_event(self, event_id: EventId) -> Sequence[TicketType]:
        """What is sold for an event, by id."""
        return self._by_id(self._ticket_types_of_event.get(event_id, ()))

    def ticket_types_of_organizer(self, organizer_id: OrganizerId) -> Sequence[TicketType]:
        """All that an organizer sells, coupons included, by id."""
        return self._by_id(self._ticket_types_of_organizer.get(organizer_id, ()))

    def coupons(self) -> Sequence[TicketType]:
        """What is sold without an event, by id."""
        return self._by_id(self._coupons)

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
        if event_id is None:
            return True
        event = self._events.get(event_id)
        return event is not None and event.status is not EventStatus.DRAFT

    # -- following changes

    def put_organizer(self, organizer: Organizer) -> None:
        """Take in a new organizer."""
        self._organizers[organizer.id] = organizer
        self._organizers_by_slug[organizer.slug] = organizer

    def put_event(self, event: Event) -> None:
        """Take in a new or a changed event."""
        self._events[event.id] = event
        self._events_soonest_first = None

    def drop_event(self, event_id: EventId) -> None:
        """Forget an event."""
        self._events.pop(event_id, None)
        self._events_soonest_first = None

    def follow(self, inventory_id: InventoryId, offer: Offer | None) -> None:
        """Take in what an inventory shows after a durable change, None once it is deleted.

        An offer older than the one known changes nothing.
        """
        ticket_type_id = TicketTypeId(inventory_id)
        known = self._ticket_types.get(ticket_type_id)
        if offer is None:
            if known is not None:
                self._drop_ticket_type(known)
        elif known is None or offer.seq > known.seq:
            self._put_ticket_type(TicketType(ticket_type_id, offer.seq, offer.profile, offer.terms))

    def _put_ticket_type(self, ticket_type: TicketType) -> None:
        profile = ticket_type.profile
        self._ticket_types[ticket_type.id] = ticket_type
        self._ticket_types_by_code[profile.code] = ticket_type.id
        self._ticket_types_of_organizer[profile.organizer_id].add(ticket_type.id)
        self._siblings(profile).add(ticket_type.id)

    def _drop_ticket_type(self, ticket_type: TicketType) -> None:
        profile = ticket_type.profile
        del self._ticket_types[ticket_type.id]
        del self._ticket_types_by_code[profile.code]
        self._ticket_types_of_organizer[profile.organizer_id].discard(ticket_type.id)
        self._siblings(profile).discard(ticket_type.id)

    def _siblings(self, profile: Profile) -> set[TicketTypeId]:
        event_id = profile.event_id
        return self._coupons if event_id is None else self._ticket_types_of_event[event_id]

    def _by_id(self, ticket_type_ids: Iterable[TicketTypeId]) -> Sequence[TicketType]:
        return [self._ticket_types[ticket_type_id] for ticket_type_id in sorted(ticket_type_ids)]

"""Opening ticket types: with a capacity of their own, on a shared one, or by the seat."""

import uuid
from collections import defaultdict

import msgspec

from ticketd.core.catalogue import Event, Organizer
from ticketd.core.commands import ListAccessCodes, Open
from ticketd.core.facts import OWN
from ticketd.core.ids import EventId, InventoryId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.terms import Profile, Terms
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.halls import Halls
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.venues import VenueStore


class Openings:
    """Begins ticket types' inventories, or puts them on one that is there."""

    def __init__(
        self, *, catalogue: Catalogue, store: CatalogueStore, venues: VenueStore, router: Router
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._router = router
        self._halls = Halls(catalogue=catalogue, venues=venues, router=router)
        self._in_doubt: defaultdict[EventId, set[InventoryId]] = defaultdict(set)
        """Seated ticket types that may come to be yet: until that is known, their seats may be another's."""

    async def open(
        self, organizer: Organizer, draft: TicketTypeDraft, event: Event | None
    ) -> Offer | Refusal:
        """A new ticket type on sale, one at a time for an event; its terms have been looked at already."""
        profile = Profile(
            organizer.id,
            None if event is None else event.id,
            str(uuid.uuid4()),
            capacity_id=draft.capacity_id,
        )
        terms, hall = draft.stripped_terms(), b""
        if draft.capacity_id is not None and not self._shares(organizer, draft.capacity_id):
            return invalid("capacity_id", "The organizer has no such shared capacity.")
        if draft.capacity_id is not None and draft.is_seated:
            return invalid("capacity_id", "A shared capacity is for what is sold without seats.")
        if draft.is_seated:
            doubt = None if event is None else await self._doubt(event.id)
            if doubt is not None:
                return doubt
            found = await self._halls.hall_for(draft, event)
            if isinstance(found, Refusal):
                return found
            seats, seat_map_id = found
            terms = msgspec.structs.replace(terms, capacity=seats.sellable)
            profile = msgspec.structs.replace(profile, seat_map_id=seat_map_id)
            hall = seats.encode()
        return await self.open_as(profile, terms, event, hall)

    def copier(self, event: Event) -> "Copier":
        """Opens the same ticket types for this event as another one has."""
        return Copier(self, event)

    async def copy_capacity(self, capacity_id: InventoryId) -> InventoryId | Refusal:
        """Another shared capacity like this one, on which nothing draws yet."""
        original = self._catalogue.capacity(capacity_id)
        if original is None:
            return Refusal(Reason.NOT_FOUND)
        copy_id = inventory_of(await self._store.next_ticket_type_id())
        profile = msgspec.structs.replace(original.profile, code=str(uuid.uuid4()))
        outcome = await self._router.ask(copy_id, Open(profile, original.terms, None))
        return outcome if isinstance(outcome, Refusal) else copy_id

    async def open_as(
        self, profile: Profile, terms: Terms, event: Event | None, hall: bytes
    ) -> Offer | Refusal:
        """A new ticket type of this kind, with these seats if there are any."""
        ticket_type_id = await self._store.next_ticket_type_id()
        inventory_id = profile.capacity_id or inventory_of(ticket_type_id)
        shelf_id = OWN if profile.capacity_id is None else ticket_type_id
        window = None if event is None else event.window()
        outcome = await self._router.ask(inventory_id, Open(profile, terms, window, shelf_id, hall))
        if isinstance(outcome, Refusal):
            if outcome.reason is Reason.OVERLOADED and hall and event is not None:
                self._in_doubt[event.id].add(inventory_id)
            return outcome
        offer = outcome.of(ticket_type_id)
        assert offer is not None, "it has just been opened"
        return offer

    async def _doubt(self, event_id: EventId) -> Refusal | None:
        """OVERLOADED as long as nobody can tell which seats of this event are sold already."""
        for inventory_id in tuple(self._in_doubt.get(event_id, ())):
            # It is answered after the Open that came before it, and once that is durable.
            outcome = await self._router.ask(inventory_id, ListAccessCodes())
            if isinstance(outcome, Refusal) and outcome.reason is Reason.OVERLOADED:
                return outcome
            self._in_doubt[event_id].discard(inventory_id)
        self._in_doubt.pop(event_id, None)
        return None

    def _shares(self, organizer: Organizer, capacity_id: InventoryId) -> bool:
        capacity = self._catalogue.capacity(capacity_id)
        return capacity is not None and capacity.profile.organizer_id == organizer.id


class Copier:
    """Opens copies of ticket types for one event; those that share a capacity share one again."""

    def __init__(self, openings: Openings, event: Event) -> None:
        self._openings = openings
        self._event = event
        self._capacities: dict[InventoryId, InventoryId] = {}

    async def open(self, original: Offer, terms: Terms) -> Offer | Refusal:
        """The same ticket type for the event, on these terms; without access codes."""
        profile = msgspec.structs.replace(original.profile, event_id=self._event.id, code=str(uuid.uuid4()))
        if profile.capacity_id is not None:
            capacity_id = await self._copy_of(profile.capacity_id)
            if isinstance(capacity_id, Refusal):
                return capacity_id
            profile = msgspec.structs.replace(profile, capacity_id=capacity_id)
        hall = b"" if original.hall is None else original.hall.encode()
        return await self._openings.open_as(profile, terms, self._event, hall)

    async def _copy_of(self, capacity_id: InventoryId) -> InventoryId | Refusal:
        if capacity_id not in self._capacities:
            copied = await self._openings.copy_capacity(capacity_id)
            if isinstance(copied, Refusal):
                return copied
            self._capacities[capacity_id] = copied
        return self._capacities[capacity_id]

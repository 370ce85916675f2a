"""Events: made, changed, held again, deleted, and their ticket types with them.

What affects a sale is the actors' state, changed by commands only; an event's row is stored first, so
that a change cut short by a crash is known, and finished by `realign` at the next start.
"""

from collections.abc import Iterable

import msgspec

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, Instant, InventoryId, OwnerId
from ticketd.core.refusals import Refusal, invalid
from ticketd.core.terms import EventStatus
from ticketd.ports import Clock, Router
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch, event_refusal
from ticketd.services.duplicates import duplicate_of, terms_moved
from ticketd.services.event_actors import EventActors
from ticketd.services.offers import Offers
from ticketd.services.openings import Openings
from ticketd.storage.catalogue import CatalogueStore


class Events:
    """Owners' events, and the actors that follow them."""

    def __init__(
        self,
        *,
        access: Access,
        catalogue: Catalogue,
        store: CatalogueStore,
        openings: Openings,
        actors: EventActors,
        router: Router,
        clock: Clock,
    ) -> None:
        self._access = access
        self._catalogue = catalogue
        self._store = store
        self._openings = openings
        self._actors = actors
        self._offers = Offers(router)
        self._clock = clock

    async def create(self, owner_id: OwnerId, slug: str, draft: EventDraft) -> Event | Refusal:
        """A new event of this organizer."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        event = draft.event_of(organizer.id)
        async with self._access.venue_lock(event.venue_id):
            refusal = self._refusal(event, known=None)
            if refusal is not None:
                return refusal
            made = await self._insert(event)
            if isinstance(made, Event):
                self._catalogue.put_event(made)
            return made

    async def _insert(self, event: Event) -> Event | Refusal:
        if event.max_per_guest is None:
            return await self._access.write(self._store.insert_event(event))
        # Nobody sees it until there is an inventory to keep its limit, which has to know the event's id.
        hidden = msgspec.structs.replace(event, status=EventStatus.DRAFT, max_per_guest=None)
        made = await self._access.write(self._store.insert_event(hidden))
        limited = await self._actors.with_guest_limit(msgspec.structs.replace(event, id=made.id))
        if isinstance(limited, Refusal):
            await self._store.delete_event(made.id)
        else:
            await self._access.write(self._store.update_event(limited))
        return limited

    async def change(self, owner_id: OwnerId, event_id: EventId, patch: EventPatch) -> Event | Refusal:
        """The changed event, once all its ticket types follow it.

        OVERLOADED means that some may not follow yet; the same change again brings them there.
        """
        async with self._access.event_lock(event_id):
            found = await self._access.event(owner_id, event_id)
            if isinstance(found, Refusal):
                return found
            changed = patch.applied_to(found)
            async with self._access.venue_lock(changed.venue_id):
                refusal = self._refusal(changed, known=found)
                if refusal is not None:
                    return refusal
                event = await self._actors.with_guest_limit(changed)
                if isinstance(event, Refusal):
                    return event
                await self._access.write(self._store.update_event(event))
                self._catalogue.put_event(event)
            return await self._actors.announce(event) or event

    def _refusal(self, event: Event, *, known: Event | None) -> Refusal | None:
        """Why an event can't be as it is, or become so from what is known of it; None if it can."""
        refusal = event_refusal(event)
        if refusal is not None:
            return refusal
        if (known is None or event.starts_at != known.starts_at) and event.starts_at <= self._clock.now():
            return invalid("starts_at", "This has passed already.")
        venue = self._catalogue.venue_of(event)
        if event.venue_id is not None and (venue is None or venue.organizer_id != event.organizer_id):
            return invalid("venue_id", "The organizer has no such venue.")
        if known is not None and event.venue_id != known.venue_id and self._sells_seats(known):
            return invalid("venue_id", "Seats of the venue are on sale for this event.")
        return None

    def _sells_seats(self, event: Event) -> bool:
        return any(each.is_seated for each in self._catalogue.ticket_types_of_event(event.id))

    async def duplicate(self, owner_id: OwnerId, event_id: EventId, starts_at: Instant) -> Event | Refusal:
        """A draft like this event at another time, with copies of its ticket types and of the capacities that
        they share, but not of access codes.

        Sale windows move along, by the clock on the wall.
        """
        original = await self._access.event(owner_id, event_id)
        if isinstance(original, Refusal):
            return original
        organizer = self._catalogue.organizer_by_id(original.organizer_id)
        event = await self.create(owner_id, organizer.slug, duplicate_of(original, starts_at))
        if isinstance(event, Refusal):
            return event
        offers = await self._offers.of(self._catalogue.ticket_types_of_event(event_id))
        copy = self._openings.copier(event)
        for offer in offers.values():
            outcome = await copy.open(offer, terms_moved(offer.terms, original, starts_at))
            if isinstance(outcome, Refusal):
                await self.delete(owner_id, event.id)  # if this is refused, too, a draft stays
                return outcome
        return event

    async def delete(self, owner_id: OwnerId, event_id: EventId) -> Refusal | None:
        """None once the event and its ticket types are gone; HAS_SALES if anything of it is taken."""
        async with self._access.event_lock(event_id):
            event = await self._access.event(owner_id, event_id)
            if isinstance(event, Refusal):
                return event
            refusal = await self._actors.delete_all(event)
            if refusal is not None:
                return refusal
            await self._store.delete_event(event_id)
            self._catalogue.drop_event(event_id)
            return None

    def followers(self, now: Instant) -> Iterable[InventoryId]:
        """The inventories that `realign` looks at."""
        return self._actors.inventories(now)

    async def realign(self, now: Instant) -> Refusal | None:
        """Make every ticket type follow its event again, for the start; None when all do."""
        return await self._actors.realign(now)

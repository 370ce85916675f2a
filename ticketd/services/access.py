"""What an owner may act on: to an owner, what isn't theirs doesn't exist."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar
from weakref import WeakValueDictionary

from ticketd.core.catalogue import Capacity, Event, Organizer, TicketType, Venue
from ticketd.core.ids import EventId, InventoryId, OrganizerId, OwnerId, TicketTypeId, VenueId
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import StorageUnavailable
from ticketd.services.catalogue import Catalogue
from ticketd.storage.catalogue import CatalogueStore

Found = TypeVar("Found")
Written = TypeVar("Written")


class Access:
    """Finds owners' things in a catalogue that is in step with what was written."""

    def __init__(self, *, catalogue: Catalogue, store: CatalogueStore) -> None:
        self._catalogue = catalogue
        self._store = store
        self._write_in_doubt = False
        self._venue_locks: WeakValueDictionary[VenueId, asyncio.Lock] = WeakValueDictionary()
        self._event_locks: WeakValueDictionary[EventId, asyncio.Lock] = WeakValueDictionary()

    # -- keeping the catalogue in step with what is written

    async def write(self, writing: Awaitable[Written]) -> Written:
        """What the writing returns."""
        try:
            return await writing
        except StorageUnavailable:
            self._write_in_doubt = True
            raise

    async def catch_up(self) -> None:
        """A write whose answer was lost may have happened: read what is there before anyone goes on."""
        if self._write_in_doubt:
            await self._catalogue.load()
            self._write_in_doubt = False

    def venue_lock(self, venue_id: VenueId | None) -> AbstractAsyncContextManager[object]:
        """Held by who changes a venue or takes an event there; nothing to hold for no venue."""
        if venue_id is None:
            return nullcontext()
        return self._venue_locks.setdefault(venue_id, asyncio.Lock())

    def event_lock(self, event_id: EventId) -> AbstractAsyncContextManager[object]:
        """Held by who changes an event or opens a ticket type for it.

        So none opens on a window just replaced, nor on seats just sold.
        """
        return self._event_locks.setdefault(event_id, asyncio.Lock())

    # -- what is an owner's

    async def organizers_of(self, owner_id: OwnerId) -> Sequence[Organizer]:
        """The organizers that this owner may act for, by name."""
        return await self._store.organizers_of(owner_id)

    async def organizer(self, owner_id: OwnerId, slug: str) -> Organizer | Refusal:
        """The organizer with this slug, if the owner may act for it."""
        await self.catch_up()
        organizer = self._catalogue.organizer(slug)
        if organizer is None or not await self._store.may_act_for(owner_id, organizer.id):
            return Refusal(Reason.NOT_FOUND)
        return organizer

    async def event(self, owner_id: OwnerId, event_id: EventId) -> Event | Refusal:
        """The event, if the owner may act for its organizer."""
        await self.catch_up()
        event = self._catalogue.event(event_id)
        return await self._own(owner_id, event, None if event is None else event.organizer_id)

    async def venue(self, owner_id: OwnerId, venue_id: VenueId) -> Venue | Refusal:
        """The venue, if the owner may act for its organizer."""
        await self.catch_up()
        venue = self._catalogue.venue(venue_id)
        return await self._own(owner_id, venue, None if venue is None else venue.organizer_id)

    async def ticket_type(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> TicketType | Refusal:
        """The ticket type, if the owner may act for its organizer."""
        known = self._catalogue.ticket_type(ticket_type_id)
        return await self._own(owner_id, known, None if known is None else known.profile.organizer_id)

    async def capacity(self, owner_id: OwnerId, capacity_id: InventoryId) -> Capacity | Refusal:
        """The shared capacity, if the owner may act for its organizer."""
        known = self._catalogue.capacity(capacity_id)
        return await self._own(owner_id, known, None if known is None else known.profile.organizer_id)

    async def _own(
        self, owner_id: OwnerId, found: Found | None, organizer_id: OrganizerId | None
    ) -> Found | Refusal:
        if found is None or organizer_id is None or not await self._store.may_act_for(owner_id, organizer_id):
            return Refusal(Reason.NOT_FOUND)
        return found

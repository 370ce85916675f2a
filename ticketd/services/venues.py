"""Venues and their seat maps."""

from collections.abc import Sequence
from typing import NamedTuple

from ticketd.core.catalogue import Venue
from ticketd.core.ids import OwnerId, VenueId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import VenueDraft, VenuePatch, venue_refusal
from ticketd.storage.venues import SeatMapSummary, SectionSummary, VenueStore

__all__ = ["SeatMapSummary", "SectionSummary", "VenueDraft", "VenuePatch", "VenueWithMap", "Venues"]

_NO_CHANGE = VenuePatch()


class VenueWithMap(NamedTuple):
    """A venue, and how large its newest seat map is."""

    venue: Venue
    seat_map: SeatMapSummary | None


class Venues:
    """Owners' venues; what was sold from a seat map stays as it was, whatever becomes of the map."""

    def __init__(self, *, access: Access, catalogue: Catalogue, store: VenueStore) -> None:
        self._access = access
        self._catalogue = catalogue
        self._store = store

    async def of_organizer(self, owner_id: OwnerId, slug: str) -> Sequence[Venue] | Refusal:
        """The organizer's venues, by name."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        return self._catalogue.venues_of_organizer(organizer.id)

    async def measured(self, venues: Sequence[Venue]) -> Sequence[VenueWithMap]:
        """These venues in the same order, with how large their newest seat maps are."""
        summaries = await self._store.summaries(
            [venue.seat_map_id for venue in venues if venue.seat_map_id is not None]
        )
        return [
            VenueWithMap(venue, None if venue.seat_map_id is None else summaries[venue.seat_map_id])
            for venue in venues
        ]

    async def seat_map(self, venue: Venue) -> SeatMap | None:
        """The newest version of its seat map, if it has one."""
        return None if venue.seat_map_id is None else await self._store.seat_map(venue.seat_map_id)

    async def create(
        self, owner_id: OwnerId, slug: str, draft: VenueDraft, seat_map: SeatMap | None = None
    ) -> Venue | Refusal:
        """A new venue of this organizer."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        venue = draft.venue_of(organizer.id)
        refusal = venue_refusal(venue)
        if refusal is not None:
            return refusal
        venue = await self._access.write(self._store.insert(venue, seat_map))
        self._catalogue.put_venue(venue)
        return venue

    async def change(
        self,
        owner_id: OwnerId,
        venue_id: VenueId,
        patch: VenuePatch = _NO_CHANGE,
        seat_map: SeatMap | None = None,
    ) -> Venue | Refusal:
        """The changed venue; a seat map becomes its newest version, for what is opened from now on."""
        async with self._access.venue_lock(venue_id):
            found = await self._access.venue(owner_id, venue_id)
            if isinstance(found, Refusal):
                return found
            venue = patch.applied_to(found)
            refusal = venue_refusal(venue)
            if refusal is not None:
                return refusal
            venue = await self._access.write(self._store.update(venue, seat_map))
            self._catalogue.put_venue(venue)
            return venue

    async def delete(self, owner_id: OwnerId, venue_id: VenueId) -> Refusal | None:
        """None once it is gone with all its seat maps; HAS_SALES if an event takes place there."""
        async with self._access.venue_lock(venue_id):
            found = await self._access.venue(owner_id, venue_id)
            if isinstance(found, Refusal):
                return found
            if not await self._access.write(self._store.delete(venue_id)):
                return Refusal(Reason.HAS_SALES, "An event takes place here.")
            self._catalogue.drop_venue(venue_id)
            return None

"""Venues' rows, and the versions of their seat maps."""

import asyncio

import asyncpg
import msgspec
import pytest

from ticketd.core.catalogue import Event, Organizer, Venue
from ticketd.core.ids import EventId, Instant, OwnerId, SeatMapId, VenueId
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.venues import SeatMapSummary, SectionSummary, VenueStore


def hall(seats: int) -> SeatMap:
    """One row of so many, the last one blocked."""
    row = tuple(Seat(str(n), float(n), 0.5, blocked=n == seats) for n in range(1, seats + 1))
    return SeatMap((Section("Stalls 🎭", (Row("A", row),), focus=(1.0, -2.0)),))


@pytest.fixture
def store(pool: asyncpg.Pool) -> VenueStore:
    return VenueStore(Database(pool))


@pytest.fixture
def catalogue(pool: asyncpg.Pool) -> CatalogueStore:
    return CatalogueStore(Database(pool))


@pytest.fixture
async def luna(pool: asyncpg.Pool, catalogue: CatalogueStore) -> Organizer:
    owner_id = OwnerId(await pool.fetchval("INSERT INTO owner (email) VALUES ('a@example.org') RETURNING id"))
    organizer = await catalogue.insert_organizer(owner_id, slug="luna", name="Luna")
    assert organizer is not None
    return organizer


def meadow(organizer: Organizer) -> Venue:
    return Venue(VenueId(0), organizer.id, "Meadow", "By the river", "Europe/Vienna")


async def test_a_venue_comes_back_as_it_was(
    store: VenueStore, catalogue: CatalogueStore, luna: Organizer
) -> None:
    bare = await store.insert(meadow(luna), None)
    assert bare == msgspec.structs.replace(meadow(luna), id=bare.id)
    mapped = await store.insert(meadow(luna), hall(3))
    assert mapped.seat_map_id is not None
    assert sorted(await catalogue.venues(), key=lambda venue: venue.id) == [bare, mapped]
    assert await store.seat_map(mapped.seat_map_id) == hall(3)


async def test_a_new_version_leaves_the_old_one_as_it_was(store: VenueStore, luna: Organizer) -> None:
    first = await store.insert(meadow(luna), hall(3))
    second = await store.update(msgspec.structs.replace(first, name="Field"), hall(4))
    assert first.seat_map_id is not None
    assert second.seat_map_id not in (None, first.seat_map_id)
    assert await store.seat_map(first.seat_map_id) == hall(3)
    assert await store.summaries([first.seat_map_id, second.seat_map_id or SeatMapId(0)]) == {
        first.seat_map_id: SeatMapSummary(1, (SectionSummary("Stalls 🎭", 1, 3),)),
        second.seat_map_id: SeatMapSummary(2, (SectionSummary("Stalls 🎭", 1, 4),)),
    }


async def test_a_change_without_a_map_keeps_the_map(
    store: VenueStore, catalogue: CatalogueStore, luna: Organizer
) -> None:
    first = await store.insert(meadow(luna), hall(3))
    renamed = await store.update(msgspec.structs.replace(first, name="Field", timezone="UTC"), None)
    assert renamed.seat_map_id == first.seat_map_id
    assert await catalogue.venues() == [renamed]


async def test_new_versions_at_the_same_time_all_stay(store: VenueStore, luna: Organizer) -> None:
    venue = await store.insert(meadow(luna), None)
    made = await asyncio.gather(*(store.update(venue, hall(seats)) for seats in range(1, 6)))
    summaries = await store.summaries([each.seat_map_id for each in made if each.seat_map_id is not None])
    assert sorted(summary.version for summary in summaries.values()) == [1, 2, 3, 4, 5]


async def test_a_deleted_venue_is_gone_with_its_maps(
    store: VenueStore, catalogue: CatalogueStore, luna: Organizer
) -> None:
    venue = await store.insert(meadow(luna), hall(3))
    assert await store.delete(venue.id)
    assert await catalogue.venues() == []
    assert venue.seat_map_id is not None
    with pytest.raises(KeyError):
        await store.seat_map(venue.seat_map_id)


async def test_a_venue_with_an_event_stays(
    store: VenueStore, catalogue: CatalogueStore, luna: Organizer
) -> None:
    venue = await store.insert(meadow(luna), hall(3))
    event = Event(EventId(0), luna.id, "Fair", "", Instant(1), "UTC", venue_id=venue.id, max_per_guest=4)
    inserted = await catalogue.insert_event(event)
    assert await catalogue.events() == [inserted]
    assert not await store.delete(venue.id)
    assert await catalogue.venues() == [venue]

"""Waiting rooms' rows."""

import asyncpg
import pytest

from tests.storage.writing import entered
from ticketd.core.catalogue import Defences, Event
from ticketd.core.ids import EventId, Instant, OwnerId
from ticketd.core.pace import Steering
from ticketd.core.terms import Switch
from ticketd.core.waiting_room import RoomRecord, WaveRecord
from ticketd.ports import StorageUnavailable
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.waiting_rooms import StoredRoom, WaitingRoomStore

SEED, OTHER_SEED = bytes(range(32)), bytes(32)
BUSY = RoomRecord(
    numbers_to=500_000,
    drawn=0,
    first_place=2**32 - 1,
    waves=(WaveRecord(2**32, Instant(1_800_000_000_000_000)), WaveRecord(2**32 + 1, Instant(2**62))),
    steering=Steering(paused=True, shoppers_max=7, admitted_per_minute_max=None),
)


@pytest.fixture
def store(pool: asyncpg.Pool) -> WaitingRoomStore:
    return WaitingRoomStore(Database(pool))


@pytest.fixture
def catalogue(pool: asyncpg.Pool) -> CatalogueStore:
    return CatalogueStore(Database(pool))


@pytest.fixture
async def event(pool: asyncpg.Pool, catalogue: CatalogueStore) -> Event:
    owner_id = OwnerId(await pool.fetchval("INSERT INTO owner (email) VALUES ('a@example.org') RETURNING id"))
    organizer = await catalogue.insert_organizer(owner_id, slug="luna", name="Luna")
    assert organizer is not None
    concert = Event(
        EventId(0),
        organizer.id,
        "Concert",
        "",
        Instant(0),
        "UTC",
        waiting_room=Switch.ON,
        defences=Defences(proof_of_work=Switch.ON, hold_limits=Switch.OFF),
    )
    return await catalogue.insert_event(concert)


async def test_what_is_stored_is_read_again(store: WaitingRoomStore, event: Event) -> None:
    assert await store.all() == []
    new = StoredRoom(event.id, SEED, RoomRecord())
    assert await store.insert(new) == new
    assert await store.all() == [new]
    await store.update(StoredRoom(event.id, SEED, BUSY))
    assert await store.all() == [StoredRoom(event.id, SEED, BUSY)]


async def test_a_room_that_was_there_before_stays_with_its_seed_and_its_numbers(
    store: WaitingRoomStore, event: Event
) -> None:
    await store.insert(StoredRoom(event.id, SEED, RoomRecord()))
    await store.update(StoredRoom(event.id, SEED, BUSY))
    known = StoredRoom(event.id, SEED, BUSY)
    assert await store.insert(StoredRoom(event.id, OTHER_SEED, RoomRecord())) == known
    assert await store.all() == [known]


async def test_an_event_that_is_gone_has_no_room(
    store: WaitingRoomStore, catalogue: CatalogueStore, event: Event
) -> None:
    await store.insert(StoredRoom(event.id, SEED, RoomRecord()))
    await catalogue.delete_event(event.id)
    assert await store.all() == []
    await store.update(StoredRoom(event.id, SEED, BUSY))
    assert await store.insert(StoredRoom(event.id, SEED, RoomRecord())) is None
    assert await store.all() == []


async def test_switches_are_stored_with_their_event(catalogue: CatalogueStore, event: Event) -> None:
    (stored,) = await catalogue.events()
    assert (stored.waiting_room, stored.defences) == (event.waiting_room, event.defences)


async def test_a_process_that_was_superseded_writes_nothing(
    database_url: str, pool: asyncpg.Pool, event: Event
) -> None:
    async with entered(database_url) as old:
        superseded = WaitingRoomStore(Database(pool, incarnation=old.incarnation))
        await superseded.insert(StoredRoom(event.id, SEED, RoomRecord()))
        await pool.execute("UPDATE node SET fenced = true WHERE inc = $1", old.incarnation)
        with pytest.raises(StorageUnavailable):
            await superseded.update(StoredRoom(event.id, SEED, BUSY))
        assert await superseded.all() == [StoredRoom(event.id, SEED, RoomRecord())]

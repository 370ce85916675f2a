"""Waiting rooms without a database."""

import asyncio

from ticketd.core.ids import EventId
from ticketd.core.places import Tokens
from ticketd.core.stats import LATENCY_SECONDS_BOUNDS, SIZE_BOUNDS, Distribution, JournalStats
from ticketd.ports import Clock, Router, StorageUnavailable
from ticketd.services.catalogue import Catalogue
from ticketd.services.pressure import Pressure
from ticketd.services.room_gauges import Gauges
from ticketd.services.waiting_rooms import WaitingRooms
from ticketd.storage.waiting_rooms import StoredRoom, WaitingRoomStore

SECRET = b"a secret of thirty-two bytes ...."


class MemoryWaitingRoomStore(WaitingRoomStore):
    """See `storage.waiting_rooms.WaitingRoomStore`."""

    def __init__(self) -> None:
        self.rooms: dict[EventId, StoredRoom] = {}
        self.writes = 0
        self.attempts = 0
        """Writes, and those that failed."""
        self.is_down = False
        self.loses_answers = False
        """It writes, and nobody hears of it."""
        self.gone: set[EventId] = set()
        """Events that were deleted."""

    async def all(self) -> list[StoredRoom]:
        """See `WaitingRoomStore.all`."""
        return list(self.rooms.values())

    async def insert(self, room: StoredRoom) -> StoredRoom | None:
        """See `WaitingRoomStore.insert`."""
        await self._write()
        if room.event_id in self.gone:
            return None
        return self.rooms.setdefault(room.event_id, room)

    async def update(self, room: StoredRoom) -> None:
        """See `WaitingRoomStore.update`."""
        await self._write()
        self.rooms[room.event_id] = room
        if self.loses_answers:
            raise StorageUnavailable("the connection is lost")

    async def _write(self) -> None:
        self.attempts += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise StorageUnavailable("the database is down")
        self.writes += 1


def _unexpected(fault: Exception) -> None:
    raise fault


class Shop:
    """What the gauges of a test's waiting rooms show."""

    def __init__(self) -> None:
        self.commit_seconds = Distribution(LATENCY_SECONDS_BOUNDS)
        self.turned_away = 0

    def journal(self) -> JournalStats:
        """See `storage.journal.PostgresJournal.stats`."""
        return JournalStats(
            undurable_facts=0,
            retries=0,
            in_doubt=0,
            group_rows=Distribution(SIZE_BOUNDS),
            commit_seconds=self.commit_seconds,
        )


def waiting_rooms(
    *,
    catalogue: Catalogue,
    router: Router,
    clock: Clock,
    store: WaitingRoomStore | None = None,
    shop: Shop | None = None,
) -> WaitingRooms:
    """Waiting rooms that nothing moves on but their guests, until they are started."""
    shop = shop or Shop()
    gauges = Gauges(catalogue=catalogue, router=router, clock=clock, journal=shop.journal)
    return WaitingRooms(
        catalogue=catalogue,
        store=store or MemoryWaitingRoomStore(),
        gauges=gauges,
        tokens=Tokens(SECRET),
        clock=clock,
        pressure=Pressure(catalogue=catalogue, gauges=gauges, turned_away=lambda: shop.turned_away),
        fatal=_unexpected,
    )

"""What waiting rooms keep in Postgres: a few counters for each, written before any guest relies on them."""

from typing import NamedTuple

import asyncpg
import msgspec

from ticketd.core.ids import EventId
from ticketd.core.waiting_room import RoomRecord
from ticketd.storage.database import Database

WAITING_ROOMS = "SELECT event_id, seed, state FROM waiting_room"

INSERT_WAITING_ROOM = """
INSERT INTO waiting_room (event_id, seed, state) VALUES ($1, $2, $3)
ON CONFLICT (event_id) DO NOTHING
"""

WAITING_ROOM = "SELECT event_id, seed, state FROM waiting_room WHERE event_id = $1"

UPDATE_WAITING_ROOM = "UPDATE waiting_room SET seed = $2, state = $3 WHERE event_id = $1"

_decode = msgspec.json.Decoder(RoomRecord).decode


class StoredRoom(NamedTuple):
    """A waiting room as it is stored."""

    event_id: EventId
    seed: bytes
    record: RoomRecord


class WaitingRoomStore:
    """Reads and writes of waiting rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[StoredRoom]:
        """Every waiting room that there ever was."""
        rows = await self._database.fetch(WAITING_ROOMS)
        return [_stored(row) for row in rows]

    async def insert(self, room: StoredRoom) -> StoredRoom | None:
        """Store a new one; what is there now, for there may be an older one. None if the event is gone."""
        try:
            await self._database.write(INSERT_WAITING_ROOM, room.event_id, room.seed, _text(room.record))
        except asyncpg.ForeignKeyViolationError:
            return None
        row = await self._database.fetchrow(WAITING_ROOM, room.event_id)
        return None if row is None else _stored(row)

    async def update(self, room: StoredRoom) -> None:
        """Keep this in place of what the room was before."""
        await self._database.write(UPDATE_WAITING_ROOM, room.event_id, room.seed, _text(room.record))


def _stored(row: asyncpg.Record) -> StoredRoom:
    return StoredRoom(EventId(row["event_id"]), row["seed"], _decode(row["state"]))


def _text(record: RoomRecord) -> str:
    return msgspec.json.encode(record).decode()

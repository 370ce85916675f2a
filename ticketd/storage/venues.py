"""Writing venues, and their seat maps, in Postgres; a stored map never changes."""

import asyncio
from collections.abc import Collection
from typing import NamedTuple

import asyncpg
import msgspec

from ticketd.core.catalogue import Venue
from ticketd.core.ids import SeatMapId, VenueId
from ticketd.core.seat_maps import SeatMap
from ticketd.storage.database import Database

_STORE_MAP = """
INSERT INTO seat_map (id, venue_id, version, summary, body)
SELECT seat_map_id, id, seat_versions, $5, $6 FROM place WHERE $6::text IS NOT NULL
"""

INSERT_VENUE = f"""
WITH place AS (
    INSERT INTO venue (organizer_id, name, address, timezone, seat_map_id, seat_versions)
    SELECT $1, $2, $3, $4, CASE WHEN $6::text IS NOT NULL THEN nextval('seat_map_id') END,
           ($6::text IS NOT NULL)::int
    RETURNING id, seat_map_id, seat_versions
), map AS ({_STORE_MAP})
SELECT ARRAY[id, seat_map_id] FROM place
"""  # noqa: S608 - constants only

# A concurrent update waits for the row, and then counts on from what the other has left there.
UPDATE_VENUE = f"""
WITH place AS (
    UPDATE venue
    SET name = $2, address = $3, timezone = $4,
        seat_map_id = CASE WHEN $6::text IS NOT NULL THEN nextval('seat_map_id') ELSE seat_map_id END,
        seat_versions = seat_versions + ($6::text IS NOT NULL)::int
    WHERE id = $1
    RETURNING id, seat_map_id, seat_versions
), map AS ({_STORE_MAP})
SELECT ARRAY[id, seat_map_id] FROM place
"""  # noqa: S608 - constants only

DELETE_VENUE = "DELETE FROM venue WHERE id = $1"

SEAT_MAP = "SELECT body FROM seat_map WHERE id = $1"

SUMMARIES = "SELECT id, version, summary FROM seat_map WHERE id = ANY($1::int[])"


class SectionSummary(msgspec.Struct, frozen=True):
    """How large a section is; `seats` counts those that aren't sold, too."""

    name: str
    rows: int
    seats: int


class SeatMapSummary(NamedTuple):
    """How large a seat map is."""

    version: int
    sections: tuple[SectionSummary, ...]

    @property
    def seats(self) -> int:
        """All of them, those that aren't sold included."""
        return sum(section.seats for section in self.sections)


def sections_of(seat_map: SeatMap) -> tuple[SectionSummary, ...]:
    """How large its sections are."""
    return tuple(
        SectionSummary(section.name, len(section.rows), sum(len(row.seats) for row in section.rows))
        for section in seat_map.sections
    )


class VenueStore:
    """Writes of venues, reads and writes of their maps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, venue: Venue, seat_map: SeatMap | None) -> Venue:
        """The venue with the ids that it and its map got; those it came with don't count."""
        return await self._written(venue, INSERT_VENUE, venue.organizer_id, seat_map)

    async def update(self, venue: Venue, seat_map: SeatMap | None) -> Venue:
        """Store what an owner may change; with a map, its newest version from now on."""
        return await self._written(venue, UPDATE_VENUE, venue.id, seat_map)

    async def delete(self, venue_id: VenueId) -> bool:
        """Whether it is gone with all its maps; not if an event takes place there."""
        try:
            await self._database.write(DELETE_VENUE, venue_id)
        except asyncpg.ForeignKeyViolationError:
            return False
        return True

    async def seat_map(self, seat_map_id: SeatMapId) -> SeatMap:
        """The map with this id; KeyError if there is none."""
        body = await self._database.fetchval(SEAT_MAP, seat_map_id)
        if body is None:
            raise KeyError(seat_map_id)
        return await asyncio.to_thread(msgspec.json.decode, body, type=SeatMap)

    async def summaries(self, seat_map_ids: Collection[SeatMapId]) -> dict[SeatMapId, SeatMapSummary]:
        """How large each of these seat maps is."""
        rows = await self._database.fetch(SUMMARIES, list(seat_map_ids))
        return {
            SeatMapId(row["id"]): SeatMapSummary(
                row["version"], msgspec.json.decode(row["summary"], type=tuple[SectionSummary, ...])
            )
            for row in rows
        }

    async def _written(self, venue: Venue, query: str, key: int, seat_map: SeatMap | None) -> Venue:
        summary, body = (None, None) if seat_map is None else await asyncio.to_thread(_texts, seat_map)
        venue_id, seat_map_id = await self._database.write(
            query, key, venue.name, venue.address, venue.timezone, summary, body
        )
        return msgspec.structs.replace(venue, id=VenueId(venue_id), seat_map_id=seat_map_id)


def _texts(seat_map: SeatMap) -> tuple[str, str]:
    return msgspec.json.encode(sections_of(seat_map)).decode(), msgspec.json.encode(seat_map).decode()

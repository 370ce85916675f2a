"""What the catalogue keeps in Postgres: organizers and who may act for them, venues, events, ticket types."""

import asyncpg
import msgspec

from ticketd.core.catalogue import Defences, Event, Organizer, TicketType, Venue
from ticketd.core.ids import EventId, Instant, OrganizerId, OwnerId, TicketTypeId, VenueId
from ticketd.core.terms import EventStatus, Kind, Profile, Switch, Terms
from ticketd.storage.database import Database

ORGANIZERS = "SELECT id, slug, name FROM organizer"

ORGANIZERS_OF = """
SELECT organizer.id, slug, name
FROM organizer JOIN owner_organizer ON organizer_id = organizer.id
WHERE owner_id = $1
ORDER BY lower(name), organizer.id
"""

MAY_ACT_FOR = "SELECT EXISTS (SELECT FROM owner_organizer WHERE owner_id = $1 AND organizer_id = $2)"

INSERT_ORGANIZER = """
WITH made AS (
    INSERT INTO organizer (slug, name) VALUES ($2, $3) ON CONFLICT (slug) DO NOTHING RETURNING id
)
INSERT INTO owner_organizer (owner_id, organizer_id) SELECT $1, id FROM made RETURNING organizer_id
"""

VENUES = "SELECT id, organizer_id, name, address, timezone, seat_map_id FROM venue"

EVENTS = """
SELECT id, organizer_id, name, description, starts_at, timezone, on_sale_at, off_sale_at, status,
       venue_id, max_per_guest, guests_id, waiting_room, defences
FROM event
"""

INSERT_EVENT = """
INSERT INTO event (organizer_id, name, description, starts_at, timezone, on_sale_at, off_sale_at, status,
                   venue_id, max_per_guest, guests_id, waiting_room, defences)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING id
"""

UPDATE_EVENT = """
UPDATE event
SET name = $2, description = $3, starts_at = $4, timezone = $5, on_sale_at = $6, off_sale_at = $7,
    status = $8, venue_id = $9, max_per_guest = $10, guests_id = $11, waiting_room = $12, defences = $13
WHERE id = $1
"""

DELETE_EVENT = "DELETE FROM event WHERE id = $1"

NEXT_TICKET_TYPE_ID = "SELECT nextval('ticket_type_id')"

TICKET_TYPES = """
SELECT id, fact_seq, organizer_id, event_id, code, terms, kind, capacity_id, seat_map_id, hidden
FROM ticket_type WHERE NOT deleted
"""


class CatalogueStore:
    """Reads and writes of the catalogue; `VenueStore` writes venues, the journal alone ticket types' rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def organizers(self) -> list[Organizer]:
        """Every organizer."""
        return [_organizer(row) for row in await self._database.fetch(ORGANIZERS)]

    async def organizers_of(self, owner_id: OwnerId) -> list[Organizer]:
        """The organizers that this owner may act for, by name."""
        return [_organizer(row) for row in await self._database.fetch(ORGANIZERS_OF, owner_id)]

    async def may_act_for(self, owner_id: OwnerId, organizer_id: OrganizerId) -> bool:
        """Whether this owner has access to this organizer."""
        return bool(await self._database.fetchval(MAY_ACT_FOR, owner_id, organizer_id))

    async def insert_organizer(self, owner_id: OwnerId, *, slug: str, name: str) -> Organizer | None:
        """A new organizer that this owner may act for; None if the slug is taken."""
        organizer_id = await self._database.write(INSERT_ORGANIZER, owner_id, slug, name)
        return None if organizer_id is None else Organizer(OrganizerId(organizer_id), slug, name)

    async def venues(self) -> list[Venue]:
        """Every venue, without its seat map."""
        return [_venue(row) for row in await self._database.fetch(VENUES)]

    async def events(self) -> list[Event]:
        """Every event."""
        return [_event(row) for row in await self._database.fetch(EVENTS)]

    async def insert_event(self, event: Event) -> Event:
        """The event with the id that it got; the one it came with doesn't count."""
        event_id = await self._database.write(INSERT_EVENT, event.organizer_id, *_changeable(event))
        return msgspec.structs.replace(event, id=EventId(event_id))

    async def update_event(self, event: Event) -> None:
        """Store what an owner may change about an event."""
        await self._database.write(UPDATE_EVENT, event.id, *_changeable(event))

    async def delete_event(self, event_id: EventId) -> None:
        """Forget an event."""
        await self._database.write(DELETE_EVENT, event_id)

    async def ticket_types(self) -> list[TicketType]:
        """Every ticket type that has not been deleted, and what else has an inventory: see `Profile.kind`."""
        return [_ticket_type(row) for row in await self._database.fetch(TICKET_TYPES)]

    async def next_ticket_type_id(self) -> TicketTypeId:
        """An id that no ticket type ever had."""
        return TicketTypeId(await self._database.fetchval(NEXT_TICKET_TYPE_ID))


def _organizer(row: asyncpg.Record) -> Organizer:
    return Organizer(OrganizerId(row["id"]), row["slug"], row["name"])


def _venue(row: asyncpg.Record) -> Venue:
    return Venue(
        VenueId(row["id"]),
        OrganizerId(row["organizer_id"]),
        row["name"],
        row["address"],
        row["timezone"],
        row["seat_map_id"],
    )


def _event(row: asyncpg.Record) -> Event:
    return Event(
        EventId(row["id"]),
        OrganizerId(row["organizer_id"]),
        row["name"],
        row["description"],
        Instant(row["starts_at"]),
        row["timezone"],
        row["on_sale_at"],
        row["off_sale_at"],
        EventStatus(row["status"]),
        row["venue_id"],
        row["max_per_guest"],
        row["guests_id"],
        Switch(row["waiting_room"]),
        msgspec.json.decode(row["defences"], type=Defences),
    )


def _changeable(event: Event) -> tuple[object, ...]:
    return (
        event.name,
        event.description,
        event.starts_at,
        event.timezone,
        event.on_sale_at,
        event.off_sale_at,
        event.status.value,
        event.venue_id,
        event.max_per_guest,
        event.guests_id,
        event.waiting_room.value,
        msgspec.json.encode(event.defences).decode(),
    )


def _ticket_type(row: asyncpg.Record) -> TicketType:
    profile = Profile(
        OrganizerId(row["organizer_id"]),
        row["event_id"],
        str(row["code"]),
        Kind(row["kind"]),
        row["capacity_id"],
        row["seat_map_id"],
    )
    terms = msgspec.json.decode(row["terms"], type=Terms)
    return TicketType(TicketTypeId(row["id"]), row["fact_seq"], profile, terms, row["hidden"])

"""Orders as owners see them: every reservation whose payment was ever started."""

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import asyncpg
import msgspec

from ticketd.core.ids import EventId, Instant, OrganizerId, ReservationId, SeatId, TicketTypeId
from ticketd.core.reservations import ReservationStatus
from ticketd.storage.database import Database

# Home rows alone have a number.
_HOME = """
    SELECT reservation_id, number, status, created_at
    FROM order_line
    WHERE organizer_id = $1 AND number IS NOT NULL
      AND created_at <= $2 AND (created_at < $2 OR number > $3)
    ORDER BY created_at DESC, number
    LIMIT $4
"""
_HOME_MATCHING = """
    SELECT reservation_id, number, status, created_at
    FROM order_line LEFT JOIN guest USING (reservation_id)
    WHERE organizer_id = $1 AND number IS NOT NULL
      AND created_at <= $2 AND (created_at < $2 OR number > $3)
      AND (starts_with(number, $5)
           OR strpos(lower(guest.email), lower($5)) > 0 OR strpos(lower(guest.name), lower($5)) > 0)
    ORDER BY created_at DESC, number
    LIMIT $4
"""
# The names come from the database, since a deleted ticket type may still have orders that came to nothing.
_PAGE_OF = """
WITH home AS (%s)
SELECT reservation_id, home.number, home.status, home.created_at,
       line.ticket_type_id, line.quantity, line.unit_price_cents, line.seats,
       coalesce(ticket_type.terms ->> 'name', '') AS ticket_type_name,
       event.id AS event_id, coalesce(event.name, '') AS event_name,
       coalesce(guest.email, '') AS email, coalesce(guest.name, '') AS name
FROM home
JOIN order_line AS line USING (reservation_id)
LEFT JOIN ticket_type ON ticket_type.id = line.ticket_type_id
LEFT JOIN event ON event.id = ticket_type.event_id
LEFT JOIN guest USING (reservation_id)
ORDER BY home.created_at DESC, home.number, line.number IS NULL, line.ticket_type_id
"""
PAGE = _PAGE_OF % _HOME
PAGE_MATCHING = _PAGE_OF % _HOME_MATCHING


class OrderLine(msgspec.Struct, frozen=True):
    """One ticket type in an order."""

    ticket_type_id: TicketTypeId
    name: str
    quantity: int
    unit_price_cents: int
    seats: tuple[SeatId, ...] = ()
    event_id: EventId | None = None
    event_name: str = ""


class Order(msgspec.Struct, frozen=True):
    """A reservation whose payment was started, and its guest."""

    reservation_id: ReservationId
    number: str
    status: ReservationStatus
    created_at: Instant
    lines: tuple[OrderLine, ...]
    total_cents: int
    email: str
    name: str


class Position(NamedTuple):
    """Where an order stands in the list: newest first, then by number."""

    created_at: Instant
    number: str


NEWEST = Position(Instant(2**63 - 1), "")
"""Before every order."""


class OrderStore:
    """Reads of the orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, organizer_id: OrganizerId, *, after: Position, limit: int, matching: str = ""
    ) -> list[Order]:
        """At most `limit` of the organizer's orders that follow `after`.

        `matching`: only those whose number begins so, or whose guest's e-mail address or name contains it.
        """
        arguments = (organizer_id, after.created_at, after.number, limit)
        if matching:
            rows = await self._database.fetch(PAGE_MATCHING, *arguments, matching)
        else:
            rows = await self._database.fetch(PAGE, *arguments)
        return [_order(list(lines)) for _, lines in groupby(rows, itemgetter("reservation_id"))]


def _order(rows: list[asyncpg.Record]) -> Order:
    home = rows[0]
    return Order(
        ReservationId(home["reservation_id"]),
        home["number"],
        ReservationStatus(home["status"]),
        Instant(home["created_at"]),
        tuple(_line(row) for row in rows),
        sum(row["quantity"] * row["unit_price_cents"] for row in rows),
        home["email"],
        home["name"],
    )


def _line(row: asyncpg.Record) -> OrderLine:
    return OrderLine(
        TicketTypeId(row["ticket_type_id"]),
        row["ticket_type_name"],
        row["quantity"],
        row["unit_price_cents"],
        tuple(row["seats"]),
        row["event_id"],
        row["event_name"],
    )

"""The guest's person is kept once for each reservation."""

import asyncpg

from ticketd.core.ids import ReservationId
from ticketd.storage.database import Database
from ticketd.storage.guests import GuestTable

_ALL = "SELECT reservation_id, email, name FROM guest"


async def test_what_the_guest_said_last_is_kept(pool: asyncpg.Pool) -> None:
    guests = GuestTable(Database(pool))
    await guests.remember(ReservationId("r-1"), email="ada@example.org", name="Ada")
    await guests.remember(ReservationId("r-1"), email="ada@example.com", name="Ada Lovelace")
    assert [tuple(row) for row in await pool.fetch(_ALL)] == [("r-1", "ada@example.com", "Ada Lovelace")]

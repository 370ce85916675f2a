"""The guest's person is kept once for each reservation."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ticketd.core.ids import ReservationId
from ticketd.ports import StorageUnavailable
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.fence import Fence
from ticketd.storage.guests import GuestStore

_ALL = "SELECT reservation_id, email, name FROM guest ORDER BY reservation_id"


@pytest.fixture
async def guests(database_url: str, fence: Fence) -> AsyncIterator[GuestStore]:
    connection = DedicatedConnection(database_url, name="ticketd test", answer_seconds_max=10.0)
    yield GuestStore(connection, incarnation=fence.incarnation)
    await connection.close()


async def kept(pool: asyncpg.Pool) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await pool.fetch(_ALL)]


async def test_what_the_guest_said_last_is_kept(guests: GuestStore, pool: asyncpg.Pool) -> None:
    await guests.remember(ReservationId("r-1"), email="ada@example.org", name="Ada")
    await guests.remember(ReservationId("r-1"), email="ada@example.com", name="Ada Lovelace")
    assert await kept(pool) == [("r-1", "ada@example.com", "Ada Lovelace")]


async def test_all_of_a_moment_are_kept_at_once(guests: GuestStore, pool: asyncpg.Pool) -> None:
    said = [("r-1", "first", ""), ("r-2", "", "Bo"), ("r-1", "last", "Ada")]
    await asyncio.gather(
        *(guests.remember(ReservationId(one), email=email, name=name) for one, email, name in said)
    )
    assert await kept(pool) == [("r-1", "last", "Ada"), ("r-2", "", "Bo")]


async def test_what_cannot_be_stored_harms_only_itself(guests: GuestStore, pool: asyncpg.Pool) -> None:
    names = ("Ada", "a name with \0", "Bo")
    outcomes = await asyncio.gather(
        *(
            guests.remember(ReservationId(f"r-{number}"), email="", name=name)
            for number, name in enumerate(names)
        ),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        asyncpg.CharacterNotInRepertoireError,
        type(None),
    ]
    assert await kept(pool) == [("r-0", "", "Ada"), ("r-2", "", "Bo")]


async def test_a_process_that_was_taken_over_keeps_nobody(guests: GuestStore, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE node SET fenced = true")
    with pytest.raises(StorageUnavailable):
        await guests.remember(ReservationId("r-1"), email="ada@example.org", name="Ada")
    assert await kept(pool) == []

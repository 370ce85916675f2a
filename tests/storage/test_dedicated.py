"""A connection of one's own breaks like those of the pool, and is made again."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from tests.eventually import SECONDS_MAX, eventually
from tests.fakes.proxy import Proxy
from ticketd.ports import StorageUnavailable
from ticketd.storage.dedicated import DedicatedConnection

NAME = "ticketd test"
SLEEP = "SELECT pg_sleep(60)"
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = $1"
_SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query = $2 AND state = 'active'"
)

Open = Callable[..., DedicatedConnection]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Makes connections that are let go of after the test."""
    connections: list[DedicatedConnection] = []

    def opened(dsn: str, *, answer_seconds_max: float = 10.0) -> DedicatedConnection:
        connection = DedicatedConnection(dsn, name=NAME, answer_seconds_max=answer_seconds_max)
        connections.append(connection)
        return connection

    yield opened
    for connection in connections:
        await connection.close()


async def sleeping(pool: asyncpg.Pool, count: int) -> None:
    """Return once so many sessions run the long statement."""
    async with asyncio.timeout(SECONDS_MAX):
        while await pool.fetchval(_SLEEPING, NAME, SLEEP) != count:
            pass


async def test_all_statements_go_through_one_session(
    opened: Open, database_url: str, pool: asyncpg.Pool
) -> None:
    connection = opened(database_url)
    said = [await connection.fetch("SELECT pg_backend_pid() AS pid, $1::int AS n", n) for n in range(3)]
    assert [row["n"] for (row,) in said] == [0, 1, 2]
    assert {row["pid"] for (row,) in said} == {row["pid"] for row in await pool.fetch(_SESSIONS, NAME)}


async def test_where_there_is_no_room_for_a_connection_that_is_told_before_anybody_needs_it(
    opened: Open, proxy: Proxy
) -> None:
    connection = opened(proxy.dsn)
    proxy.refusing = True
    with pytest.raises(StorageUnavailable):
        await connection.connect()
    proxy.refusing = False
    await connection.connect()
    assert [tuple(row) for row in await connection.fetch("SELECT 1")] == [(1,)]


async def test_an_outage_is_told_as_such_and_passes(opened: Open, proxy: Proxy) -> None:
    connection = opened(proxy.dsn)
    await connection.fetch("SELECT 1")
    proxy.refusing = True
    proxy.cut()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await connection.fetch("SELECT 1")
    proxy.refusing = False
    assert [tuple(row) for row in await connection.fetch("SELECT 2")] == [(2,)]


async def test_nobody_hears_of_an_outage_that_nobody_was_in_the_middle_of(opened: Open, proxy: Proxy) -> None:
    connection = opened(proxy.dsn)
    await connection.fetch("SELECT 1")
    proxy.cut()
    await eventually(lambda: connection._connection is None or connection._connection.is_closed())
    assert [tuple(row) for row in await connection.fetch("SELECT 2")] == [(2,)]


async def test_an_answer_that_takes_too_long_is_an_outage_and_nobody_else_gets_it(
    opened: Open, database_url: str
) -> None:
    connection = opened(database_url, answer_seconds_max=0.2)
    with pytest.raises(StorageUnavailable):
        await connection.fetch(SLEEP)
    assert [tuple(row) for row in await connection.fetch("SELECT 2")] == [(2,)]


async def test_a_session_whose_client_is_gone_unheard_ends_by_itself(
    opened: Open, proxy: Proxy, pool: asyncpg.Pool
) -> None:
    asking = asyncio.create_task(opened(proxy.dsn, answer_seconds_max=1.0).fetch(SLEEP))
    await sleeping(pool, 1)
    proxy.cut_half()
    with pytest.raises(StorageUnavailable):
        await asking
    await sleeping(pool, 0)


async def test_a_wrong_statement_is_a_fault_and_costs_nobody_the_connection(
    opened: Open, database_url: str
) -> None:
    connection = opened(database_url)
    before = await connection.fetch("SELECT pg_backend_pid()")
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("SELECT FROM no_such_table")
    assert await connection.fetch("SELECT pg_backend_pid()") == before

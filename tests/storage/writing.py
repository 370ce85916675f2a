"""A journal at work on the test's own database, and what its tables say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from tests.eventually import SECONDS_MAX
from tests.storage.clerk import Clerk
from ticketd.storage.database import Database
from ticketd.storage.fence import Fence
from ticketd.storage.journal import PostgresJournal


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A journal, a clerk whose inventory is open, and the reason why the journal has ended."""

    journal: PostgresJournal
    clerk: Clerk
    ended: asyncio.Future[Exception]

    async def end(self) -> Exception:
        """Why the journal has ended, as soon as it has."""
        async with asyncio.timeout(SECONDS_MAX):
            return await asyncio.shield(self.ended)


@asynccontextmanager
async def writing(
    dsn: str, pool: asyncpg.Pool, incarnation: int, *, commit_seconds_max: float = 10.0
) -> AsyncIterator[Writing]:
    """Writes as this incarnation for as long as the context is open."""
    ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    journal = PostgresJournal(
        dsn,
        database=Database(pool, incarnation=incarnation),
        incarnation=incarnation,
        fatal=ended.set_result,
        commit_seconds_max=commit_seconds_max,
        group_facts_max=2048,
    )
    await journal.start()
    clerk = Clerk()
    try:
        await clerk.write(journal, clerk.opened())
        yield Writing(journal=journal, clerk=clerk, ended=ended)
    finally:
        await journal.close()


@asynccontextmanager
async def entered(database_url: str, *, lease_seconds: float = 3.0) -> AsyncIterator[Fence]:
    """A fence that has let this process in."""
    fence = Fence(database_url, lease_seconds=lease_seconds)
    try:
        await fence.enter(prepare=nothing)
        yield fence
    finally:
        await fence.leave()


async def nothing(_: asyncpg.Connection) -> None:
    """No migrations: the test's database has them."""


async def ledger(pool: asyncpg.Pool) -> list[int]:
    """The sequence numbers that are durable, of all inventories."""
    rows = await pool.fetch("SELECT fact_seq FROM ledger ORDER BY inventory_id, fact_seq")
    return [row["fact_seq"] for row in rows]


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Return once the database says so; TimeoutError if that takes too long."""
    async with asyncio.timeout(SECONDS_MAX):
        while not await condition():  # noqa: ASYNC110  # the database sets no asyncio.Event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def altered(pool: asyncpg.Pool, statements: str, *, back: str) -> AsyncIterator[None]:
    """The test's database with these changes for as long as the context is open."""
    await pool.execute(statements)
    try:
        yield
    finally:
        await pool.execute(back)


def refusing(table: str, sqlstate: str) -> str:
    """What makes every write to this table fail; undone by `DROP FUNCTION refuse CASCADE`."""
    return f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{sqlstate}'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse();
    """


async def waits_for_lock(pool: asyncpg.Pool) -> object:
    """Whether a statement waits for another session's lock."""
    return await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

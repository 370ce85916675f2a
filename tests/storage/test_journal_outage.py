"""Postgres is killed while tickets are sold: sales go on, and nothing is lost or doubled."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import on_database
from tests.eventually import SECONDS_MAX, eventually
from tests.storage.writing import Writing, entered, ledger, nothing, until, writing
from ticketd.core.ids import Instant
from ticketd.embedded import EmbeddedPostgres
from ticketd.ports import StartupRefused
from ticketd.storage.fence import Fence
from ticketd.storage.migrate import migrate

LEASE_SECONDS = 0.4


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A fresh directory that everybody may pass, with a short name."""
    place = Path(tempfile.mkdtemp(prefix="tt", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def postgres(place: Path) -> Iterator[EmbeddedPostgres]:
    """A Postgres of these tests' own."""
    postgres = EmbeddedPostgres(place)
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A new database on a server that is supervised."""
    supervision = asyncio.create_task(postgres.supervise())
    name = f"outage_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgres.dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    connection = await asyncpg.connect(on_database(postgres.dsn, name))
    await migrate(connection)
    await connection.close()
    yield on_database(postgres.dsn, name)
    supervision.cancel()
    await asyncio.gather(supervision, return_exceptions=True)


def kill_postmaster(place: Path) -> None:
    os.kill(int((place / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


async def pid_of(pool: asyncpg.Pool, application_name: str) -> int:
    pid: int = await pool.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1", application_name
    )
    return pid


@contextlib.asynccontextmanager
async def serving(dsn: str, fatal: list[Exception]) -> AsyncIterator[tuple[Writing, asyncpg.Pool]]:
    """A journal at work under a fence that is kept."""

    def correct(_: Instant) -> None:
        pass

    async with (
        asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool,
        entered(dsn, lease_seconds=LEASE_SECONDS) as fence,
        writing(dsn, pool, fence.incarnation) as w,
    ):
        fence.keep(correct=correct, fatal=fatal.append)
        yield w, pool


async def selling(w: Writing, until_committed: int) -> None:
    """Hand over one batch after another, until so many are durable."""
    async with asyncio.timeout(SECONDS_MAX):
        while len(w.clerk.committed_batches) < until_committed:
            w.journal.append(w.clerk.reserved(3), w.clerk)
            await asyncio.sleep(0.001)


async def test_sales_go_on_after_the_postmaster_is_killed_in_the_middle_of_them(
    dsn: str, place: Path
) -> None:
    fatal: list[Exception] = []
    async with serving(dsn, fatal) as (w, pool):
        sales = asyncio.create_task(selling(w, 300))
        await eventually(lambda: len(w.clerk.heard) > 50)
        kill_postmaster(place)
        await sales
        await everything_sold_is_there_once(w, pool)
        await nobody_else_gets_in(dsn)
    assert fatal == []


async def test_sales_go_on_after_the_writers_session_is_killed_in_the_middle_of_them(dsn: str) -> None:
    fatal: list[Exception] = []
    async with serving(dsn, fatal) as (w, pool):
        sales = asyncio.create_task(selling(w, 300))
        victim = await pid_of(pool, "ticketd journal")
        await eventually(lambda: len(w.clerk.heard) > 50)
        os.kill(victim, signal.SIGKILL)
        await sales
        await everything_sold_is_there_once(w, pool)
        await nobody_else_gets_in(dsn)
    assert fatal == []


async def test_sales_go_on_after_postgres_was_killed_between_two_of_them(dsn: str, place: Path) -> None:
    fatal: list[Exception] = []
    async with serving(dsn, fatal) as (w, pool):
        await w.clerk.write(w.journal, w.clerk.reserved())
        kill_postmaster(place)
        await eventually(lambda: not w.journal.is_connected)
        await w.clerk.write(w.journal, w.clerk.reserved())
        assert w.journal.stats().in_doubt == 0
        await everything_sold_is_there_once(w, pool)
        await nobody_else_gets_in(dsn)
    assert fatal == []


async def everything_sold_is_there_once(w: Writing, pool: asyncpg.Pool) -> None:
    """Every batch is durable and answered once, and the ledger tells the same story as the clerk."""
    await eventually(lambda: w.journal.stats().undurable_facts == 0)
    assert set(w.clerk.heard) == {"committed"}
    assert sum(len(batch.facts) for batch in w.clerk.committed_batches) == w.clerk.inventory.seq
    assert await ledger(pool) == list(range(1, w.clerk.inventory.seq + 1))
    [recovered] = await w.journal.recover([w.clerk.inventory.id])
    assert recovered.lines == w.clerk.inventory.lines


async def nobody_else_gets_in(dsn: str) -> None:
    """The process has its lock again, and its lease."""
    await until(lambda: lock_is_held(dsn))
    second = Fence(dsn, lease_seconds=LEASE_SECONDS)
    with pytest.raises(StartupRefused):
        await second.enter(prepare=nothing)
    await second.leave()


async def lock_is_held(dsn: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )
    finally:
        await connection.close()

"""What is told when the database can't be asked."""

import asyncpg
import pytest

from ticketd.ports import StorageUnavailable
from ticketd.storage.database import Database


async def test_statements_run(pool: asyncpg.Pool) -> None:
    database = Database(pool)
    await database.execute("CREATE TEMP TABLE IF NOT EXISTS unused (n int)")
    assert await database.fetchval("SELECT 1 + $1::int", 2) == 3
    assert [row["n"] for row in await database.fetch("SELECT n FROM generate_series(1, 3) AS n")] == [1, 2, 3]
    assert await database.fetchrow("SELECT 1 WHERE false") is None


async def test_an_outage_is_told_as_such(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        (backend,) = await pool.fetchrow("SELECT pg_backend_pid()") or (0,)
        async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as other:
            slow = Database(pool).fetch("SELECT pg_terminate_backend($1), pg_sleep(60)", backend)
            with pytest.raises(StorageUnavailable):
                await slow
            assert await other.fetchval("SELECT 1") == 1
    with pytest.raises(StorageUnavailable):
        await Database(pool).execute("SELECT 1")


async def test_a_wrong_statement_is_a_fault(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await Database(pool).execute("SELECT FROM no_such_table")


async def test_an_answer_that_takes_too_long_is_an_outage(pool: asyncpg.Pool) -> None:
    with pytest.raises(StorageUnavailable):
        await Database(pool, answer_seconds_max=0.2).fetchval("SELECT pg_sleep(60)")


async def test_waiting_too_long_for_a_connection_is_an_outage(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool, pool.acquire():
        impatient = Database(pool, answer_seconds_max=0.2)
        with pytest.raises(StorageUnavailable):
            await impatient.fetchval("SELECT 1")
        with pytest.raises(StorageUnavailable):
            async with impatient.snapshot():
                pass


async def test_only_the_process_that_serves_may_write(pool: asyncpg.Pool) -> None:
    await pool.execute("INSERT INTO node (inc, name, lease_until) VALUES (7, 'box', now())")
    mine, other = Database(pool, incarnation=7), Database(pool, incarnation=8)
    insert = "INSERT INTO owner (email) VALUES ($1) RETURNING id"
    assert await mine.write(insert, "anna@example.org") is not None
    with pytest.raises(StorageUnavailable):
        await other.write(insert, "ben@example.org")
    await pool.execute("UPDATE node SET fenced = true")
    with pytest.raises(StorageUnavailable):
        await mine.write(insert, "clara@example.org")
    assert await pool.fetchval("SELECT count(*) FROM owner") == 1

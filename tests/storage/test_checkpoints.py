"""Checkpoints are written beside the groups: late, whole, and never by a process that was taken over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.storage.clerk import Clerk
from tests.storage.writing import altered, refusing, until, waits_for_lock, writing
from ticketd.core.snapshots import Snapshot
from ticketd.storage.checkpoints import LINES_AT_ONCE, decode_snapshot, encode_snapshot
from ticketd.storage.fence import Fence


def snapshot_of(open_lines: int) -> Snapshot:
    clerk = Clerk()
    clerk.opened()
    clerk.reserved(open_lines)
    snapshot = clerk.inventory.snapshot()
    assert snapshot is not None
    return snapshot


@asynccontextmanager
async def locked(pool: asyncpg.Pool) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Nobody can write a checkpoint until what this yields is called."""
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("LOCK TABLE checkpoint")
        yield transaction.rollback


@pytest.mark.parametrize("lines", [0, 1, LINES_AT_ONCE, LINES_AT_ONCE + 1, 3 * LINES_AT_ONCE])
async def test_a_snapshot_comes_back_from_its_bytes_as_it_was(lines: int) -> None:
    snapshot = snapshot_of(lines)
    assert decode_snapshot(await encode_snapshot(snapshot)) == snapshot


async def test_others_have_their_turn_while_a_large_snapshot_is_put_into_bytes() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await encode_snapshot(snapshot_of(10 * LINES_AT_ONCE))
    task.cancel()
    assert turns >= 9


async def test_a_checkpoint_waits_for_the_end_of_an_outage_and_the_groups_do_not_wait_for_it(
    database_url: str, pool: asyncpg.Pool, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.storage.checkpoints.RETRY_SECONDS", 0.01)
    async with writing(database_url, pool, fence.incarnation) as w:
        async with altered(pool, refusing("checkpoint", "53100"), back="DROP FUNCTION refuse CASCADE"):
            w.journal.append(w.clerk.batch(checkpoint=True), w.clerk)
            await w.clerk.settled(2)
            w.journal.append(w.clerk.reserved(), w.clerk)
            assert await w.clerk.settled(3) == ["committed"] * 3
            assert await pool.fetch("SELECT * FROM checkpoint") == []
        await w.journal.checkpointed()
    assert await pool.fetchval("SELECT fact_seq FROM checkpoint") == 1


async def test_a_checkpoint_that_cannot_be_written_does_not_keep_the_others_from_it(
    database_url: str, pool: asyncpg.Pool, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.storage.checkpoints.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("ticketd.storage.checkpoints.LINES_IN_A_WRITE_MAX", 0)
    refusing_one = refusing("checkpoint", "53100").replace(
        "EXECUTE", "FOR EACH ROW WHEN (NEW.inventory_id = 1) EXECUTE"
    )
    async with writing(database_url, pool, fence.incarnation) as w:
        async with altered(pool, refusing_one, back="DROP FUNCTION refuse CASCADE"):
            second = Clerk(2)
            w.journal.append(second.opened(), second)
            w.journal.append(w.clerk.batch(checkpoint=True), w.clerk)
            w.journal.append(second.batch(checkpoint=True), second)
            await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM checkpoint WHERE inventory_id = 2"))
        await w.journal.checkpointed()
    assert await pool.fetchval("SELECT count(*) FROM checkpoint") == 2


async def test_a_group_does_not_wait_while_a_checkpoint_is_being_written(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w, locked(pool) as release:
        w.journal.append(w.clerk.batch(checkpoint=True), w.clerk)
        await until(lambda: waits_for_lock(pool))
        w.journal.append(w.clerk.reserved(), w.clerk)
        assert await w.clerk.settled(3) == ["committed"] * 3
        await release()
        await w.journal.checkpointed()


async def test_only_the_newest_of_several_checkpoints_that_wait_is_written(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w, locked(pool) as release:
        second = Clerk(2)
        for batch in (second.opened(), second.batch(checkpoint=True)):
            w.journal.append(batch, second)
        await second.settled(2)
        await until(lambda: waits_for_lock(pool))
        for _ in range(3):
            w.journal.append(w.clerk.reserved(), w.clerk)
            w.journal.append(w.clerk.batch(checkpoint=True), w.clerk)
        await w.clerk.settled(7)
        await release()
        await w.journal.checkpointed()
    written = await pool.fetch("SELECT inventory_id, fact_seq FROM checkpoint ORDER BY 1")
    assert [tuple(row) for row in written] == [(1, 4), (2, 1)]


async def test_an_older_checkpoint_that_comes_late_does_nothing(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, w.clerk.reserved(), w.clerk.batch(checkpoint=True))
        await pool.execute("UPDATE checkpoint SET fact_seq = 1000, body = 'newer'")
        await w.clerk.write(w.journal, w.clerk.reserved(), w.clerk.batch(checkpoint=True))
    assert await pool.fetchval("SELECT body FROM checkpoint") == b"newer"


async def test_a_process_that_was_taken_over_writes_no_checkpoint(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w, locked(pool) as release:
        w.journal.append(w.clerk.batch(checkpoint=True), w.clerk)
        await w.clerk.settled(2)
        await until(lambda: waits_for_lock(pool))
        await pool.execute("UPDATE node SET fenced = true")
        await release()
        await until(lambda: pool.fetchval("SELECT count(*) = 0 FROM pg_locks WHERE NOT granted"))
        assert await pool.fetch("SELECT * FROM checkpoint") == []

"""Reading the ledger back, however long it is, and when it can't be read."""

import asyncpg
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.proxy import Proxy
from tests.storage.clerk import Clerk
from tests.storage.writing import altered, writing
from ticketd.core.commands import Release, Reserve
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.state import LedgerGap
from ticketd.ports import StorageUnavailable
from ticketd.storage.fence import Fence

UNKNOWN = ReservationId("unknown")


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
async def test_a_ledger_is_read_in_portions(
    at_once: int,
    database_url: str,
    pool: asyncpg.Pool,
    fence: Fence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ticketd.storage.ledger.REPLAY_FACTS_AT_ONCE", at_once)
    async with writing(database_url, pool, fence.incarnation) as w:
        second = Clerk(2)
        await w.clerk.write(w.journal, w.clerk.reserved(30))
        await second.write(w.journal, second.opened(), second.reserved(12))
        recovered = await w.journal.recover([InventoryId(2), InventoryId(1)])
    assert [inventory.seq for inventory in recovered] == [13, 31]
    assert recovered[0].lines == second.inventory.lines


async def test_facts_before_the_checkpoint_are_not_read(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(
            w.journal, w.clerk.reserved(5), w.clerk.batch(Reserve(w.clerk.new_id(), 1, 900, "key", "request"))
        )
        await w.clerk.write(w.journal, w.clerk.reserved(5), w.clerk.batch(checkpoint=True))
        await pool.execute("UPDATE ledger SET body = 'unreadable' WHERE fact_seq < 7")
        [recovered] = await w.journal.recover([w.clerk.inventory.id])
    assert (recovered.seq, recovered.figures().held) == (12, 11)
    assert recovered.keys.find("key") is not None, "the keys of the hour are"


async def test_the_index_has_all_facts_about_a_reservation_but_the_first(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, w.clerk.reserved(), w.clerk.batch(Release(w.clerk.last_id)))
        indexed = await pool.fetch("SELECT fact_seq FROM ledger WHERE reservation_id IS NOT NULL")
        assert [row["fact_seq"] for row in indexed] == [3]
        assert [seq for seq, _ in await w.journal.history(w.clerk.last_id, w.clerk.inventory.id)] == [2, 3]


@pytest.mark.parametrize("closed", ["body", "(body::jsonb - 'line_seq')::text"])
async def test_a_ledger_that_indexed_the_first_fact_too_is_read_as_well(
    closed: str, database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, w.clerk.reserved(), w.clerk.batch(Release(w.clerk.last_id)))
        await pool.execute(
            f"UPDATE ledger SET reservation_id = $1, body = {closed} WHERE fact_seq > 1", w.clerk.last_id
        )
        assert [seq for seq, _ in await w.journal.history(w.clerk.last_id, w.clerk.inventory.id)] == [2, 3]


async def test_keys_are_looked_for_no_further_back_than_an_hour(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    now = await pool.fetchval("SELECT (extract(epoch FROM now()) * 1000000)::bigint")
    async with writing(database_url, pool, fence.incarnation) as w:
        w.clerk.clock = ManualClock(Instant(now - (KEY_SECONDS_MIN + 60) * SECOND))
        await w.clerk.write(w.journal, w.clerk.batch(Reserve(w.clerk.new_id(), 1, 900, "old", "one")))
        w.clerk.clock.advance(120)
        await w.clerk.write(w.journal, w.clerk.batch(Reserve(w.clerk.new_id(), 1, 900, "young", "two")))
        await w.clerk.write(w.journal, w.clerk.batch(checkpoint=True))
        assert w.clerk.inventory.keys.find("old") is not None, "nothing has made it forget"
        [recovered] = await w.journal.recover([w.clerk.inventory.id])
    assert recovered.keys.find("young") is not None
    assert recovered.keys.find("old") is None


async def test_what_recovery_reads_does_not_grow_with_what_was_sold(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    clerks = [Clerk(number) for number in range(2, 102)]
    async with (
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as readers,
        writing(database_url, readers, fence.incarnation) as w,
    ):
        for clerk in clerks:
            w.journal.append(clerk.opened(), clerk)
            w.journal.append(clerk.reserved(50), clerk)
            w.journal.append(clerk.batch(checkpoint=True), clerk)
            await clerk.write(w.journal, clerk.reserved())
        await pool.execute("ANALYZE ledger")
        before = await facts_read(readers, pool)
        recovered = await w.journal.recover([clerk.inventory.id for clerk in clerks])
        assert await facts_read(readers, pool) - before == len(clerks)
    assert all(inventory.figures().held == 51 for inventory in recovered)


async def facts_read(readers: asyncpg.Pool, pool: asyncpg.Pool) -> int:
    """How many rows of the ledger were fetched so far."""
    await readers.execute("SELECT pg_stat_force_next_flush()")
    count: int = await pool.fetchval(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_all_tables WHERE relname = 'ledger'"
    )
    return count


async def test_a_ledger_with_a_hole_is_not_believed(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, w.clerk.reserved(5))
        await pool.execute("DELETE FROM ledger WHERE fact_seq = 3")
        with pytest.raises(LedgerGap):
            await w.journal.recover([w.clerk.inventory.id])


async def test_reading_during_an_outage_says_so(
    database_url: str, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with (
        asyncpg.create_pool(proxy.dsn, min_size=1, max_size=1) as broken,
        writing(database_url, broken, fence.incarnation) as w,
    ):
        proxy.refusing = True
        proxy.cut()
        with pytest.raises(StorageUnavailable):
            await w.journal.recover([w.clerk.inventory.id])
        with pytest.raises(StorageUnavailable):
            await w.journal.unfinished()
        with pytest.raises(StorageUnavailable):
            await w.journal.history(UNKNOWN, w.clerk.inventory.id)
        proxy.refusing = False
        assert await w.journal.unfinished() == [w.clerk.inventory.id]
        assert await w.journal.history(UNKNOWN, w.clerk.inventory.id) == []
        [recovered] = await w.journal.recover([w.clerk.inventory.id])
        assert recovered.seq == 1


async def test_a_database_without_room_for_another_session_says_so_to_readers(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    limit = f"ALTER DATABASE {await pool.fetchval('SELECT current_database()')} CONNECTION LIMIT"
    async with (
        asyncpg.create_pool(database_url, min_size=0, max_size=1) as late,
        writing(database_url, late, fence.incarnation) as w,
        altered(pool, f"{limit} 1", back=f"{limit} -1"),
    ):
        with pytest.raises(StorageUnavailable):
            await w.journal.history(UNKNOWN, w.clerk.inventory.id)

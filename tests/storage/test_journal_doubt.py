"""The group whose answer never came: it has happened exactly once, or never."""

import asyncpg
import pytest

from tests.eventually import eventually
from tests.fakes.proxy import Fault, Proxy
from tests.storage.writing import altered, ledger, refusing, until, waits_for_lock, writing
from ticketd.ports import Superseded
from ticketd.storage.fence import Fence

GROUP = "INSERT INTO ledger"
RESOLVE = "SET group_seq = group_seq +"

NOT_COMMITTED = [Fault.REQUEST_LOST, Fault.REQUEST_HALF_SENT, Fault.REQUEST_LATE]
COMMITTED = [Fault.ANSWER_LOST, Fault.ANSWER_HALF_SENT]


@pytest.mark.parametrize("fault", NOT_COMMITTED + COMMITTED)
async def test_a_group_in_doubt_happens_exactly_once(
    fault: Fault, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(fault, GROUP)
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 2
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 3
        stats = w.journal.stats()
        assert (stats.in_doubt, stats.retries) == (1, 0 if fault in COMMITTED else 1)
    assert proxy.struck == [fault]
    assert await ledger(pool) == [1, 2, 3]


@pytest.mark.parametrize("resolution", [*NOT_COMMITTED, *COMMITTED])
@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
async def test_a_question_about_doubt_that_is_lost_itself_gets_the_same_answer_again(
    fault: Fault, resolution: Fault, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(fault, GROUP)
        proxy.lay(resolution, RESOLVE)
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 2
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 3
        assert w.journal.stats().retries == (0 if fault is Fault.ANSWER_LOST else 1)
    assert proxy.struck == [fault, resolution]
    assert await ledger(pool) == [1, 2, 3]


async def test_a_group_that_reaches_the_server_after_it_was_sent_again_does_nothing(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(Fault.REQUEST_LATE, GROUP)
        await w.clerk.write(w.journal, w.clerk.reserved())
        await proxy.deliver_late()
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 3
    assert await ledger(pool) == [1, 2, 3]


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
async def test_a_late_group_cannot_happen_after_its_doubt_is_resolved(
    fault: Fault, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(Fault.REQUEST_LATE, GROUP)
        proxy.lay(fault, GROUP)  # the repetition is in doubt as well
        w.journal.append(w.clerk.reserved(), w.clerk)
        await eventually(lambda: proxy.struck == [Fault.REQUEST_LATE, fault])
        await proxy.deliver_late()
        assert await w.clerk.settled(2) == ["committed"] * 2
    assert await ledger(pool) == [1, 2]


async def test_a_question_that_reaches_the_server_after_the_next_one_does_no_harm(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(Fault.REQUEST_LOST, GROUP)
        proxy.lay(Fault.REQUEST_LATE, RESOLVE)
        proxy.lay(Fault.REQUEST_LOST, GROUP)
        proxy.lay(Fault.ANSWER_HELD, RESOLVE)
        w.journal.append(w.clerk.reserved(), w.clerk)
        await until(lambda: second_doubt_is_resolved(pool))
        await proxy.deliver_late()
        proxy.release()
        assert await w.clerk.settled(2) == ["committed"] * 2
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 3
    assert await ledger(pool) == [1, 2, 3]


async def second_doubt_is_resolved(pool: asyncpg.Pool) -> bool:
    """The first group makes group_seq 1, each resolution adds 2."""
    group_seq: int = await pool.fetchval("SELECT group_seq FROM node")
    return group_seq > 3


async def test_nobody_hears_of_a_commit_before_its_answer_is_here(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(Fault.ANSWER_HELD, GROUP)
        w.journal.append(w.clerk.reserved(3), w.clerk)
        await until(lambda: durable(pool, 4))
        assert w.clerk.heard == ["committed"]
        assert w.journal.stats().undurable_facts == 3
        proxy.release()
        assert await w.clerk.settled(2) == ["committed"] * 2
        assert w.journal.stats().undurable_facts == 0


async def durable(pool: asyncpg.Pool, count: int) -> bool:
    return await ledger(pool) == list(range(1, count + 1))


async def test_an_answer_that_never_comes_is_waited_for_no_longer_than_the_limit(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation, commit_seconds_max=0.3) as w:
        proxy.lay(Fault.ANSWER_HELD, GROUP)
        proxy.lay(Fault.ANSWER_HELD, RESOLVE)
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 2
        assert w.journal.stats().in_doubt == 1
    assert await ledger(pool) == [1, 2]


async def test_a_group_stuck_behind_another_sessions_lock_happens_exactly_once(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation, commit_seconds_max=0.3) as w:
        async with pool.acquire() as other, other.transaction():
            await other.execute("SELECT FROM node FOR UPDATE")
            w.journal.append(w.clerk.reserved(), w.clerk)
            await eventually(lambda: w.journal.stats().in_doubt > 0)
            assert w.clerk.heard == ["committed"]
        assert await w.clerk.settled(2) == ["committed"] * 2
    assert await ledger(pool) == [1, 2]


async def test_writes_go_on_by_themselves_after_an_outage(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.refusing = True
        proxy.cut()
        await eventually(lambda: not w.journal.is_connected)
        for _ in range(3):
            w.journal.append(w.clerk.reserved(), w.clerk)
        await eventually(lambda: w.journal.stats().retries > 1)
        assert not w.journal.is_connected
        assert w.journal.stats().undurable_facts == 3
        proxy.refusing = False
        assert await w.clerk.settled(4) == ["committed"] * 4
        assert w.journal.is_connected
        assert w.journal.stats().in_doubt == 0, "nothing had been sent"
    assert await ledger(pool) == [1, 2, 3, 4]


async def test_a_connection_that_falls_silent_while_it_is_made_is_given_up(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation, commit_seconds_max=0.3) as w:
        proxy.lay(Fault.PREPARE_UNANSWERED, GROUP)
        proxy.cut()
        assert await w.clerk.write(w.journal, w.clerk.reserved()) == ["committed"] * 2
    assert proxy.struck == [Fault.PREPARE_UNANSWERED]


@pytest.mark.parametrize("sqlstate", ["53100", "57014", "40001", "55P03"])
async def test_what_the_database_cannot_do_just_now_is_repeated_and_not_lost(
    sqlstate: str, database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        async with altered(pool, refusing("ledger", sqlstate), back="DROP FUNCTION refuse CASCADE"):
            w.journal.append(w.clerk.reserved(), w.clerk)
            await eventually(lambda: w.journal.stats().retries > 1)
        assert await w.clerk.settled(2) == ["committed"] * 2
        assert w.journal.stats().in_doubt == 0, "an error on a live connection leaves no doubt"
    assert await ledger(pool) == [1, 2]


async def test_a_session_that_began_while_the_database_was_read_only_is_not_kept(
    proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        setting = f"ALTER DATABASE {await pool.fetchval('SELECT current_database()')} %s"
        async with altered(
            pool,
            setting % "SET default_transaction_read_only = on",
            back=setting % "RESET default_transaction_read_only",
        ):
            proxy.cut()
            await eventually(lambda: not w.journal.is_connected)
            w.journal.append(w.clerk.reserved(), w.clerk)
            await eventually(lambda: w.journal.stats().retries > 0)
        assert await w.clerk.settled(2) == ["committed"] * 2


async def test_a_database_that_does_not_know_the_tables_ends_the_writer(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with (
        writing(database_url, pool, fence.incarnation) as w,
        altered(pool, "ALTER TABLE ledger RENAME TO other", back="ALTER TABLE other RENAME TO ledger"),
    ):
        w.journal.append(w.clerk.reserved(), w.clerk)
        assert isinstance(await w.end(), asyncpg.UndefinedTableError)
        assert not w.journal.is_writing


async def test_an_author_that_fails_to_hear_ends_the_writer(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    class Deaf(Exception):
        pass

    class DeafAuthor:
        def committed(self, _: object) -> None:
            raise Deaf

        def lost(self, _: object) -> None:
            raise Deaf

    async with writing(database_url, pool, fence.incarnation) as w:
        w.journal.append(w.clerk.reserved(), DeafAuthor())
        assert isinstance(await w.end(), Deaf)
        assert not w.journal.is_writing


async def test_closing_does_not_wait_for_an_answer(proxy: Proxy, pool: asyncpg.Pool, fence: Fence) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(Fault.ANSWER_HELD, GROUP)
        w.journal.append(w.clerk.reserved(), w.clerk)
        await until(lambda: durable(pool, 2))
    assert w.clerk.heard == ["committed"]
    assert not w.journal.is_writing
    assert not w.ended.done()


# -- superseded


async def take_over(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE node SET fenced = true")


async def test_a_superseded_process_commits_nothing(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await take_over(pool)
        w.journal.append(w.clerk.reserved(), w.clerk)
        assert isinstance(await w.end(), Superseded)
        assert not w.journal.is_writing
    assert w.clerk.heard == ["committed"]
    assert await ledger(pool) == [1]


async def test_a_process_superseded_while_its_group_is_under_way_commits_nothing(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        async with pool.acquire() as other, other.transaction():
            await other.execute("UPDATE node SET fenced = true")
            w.journal.append(w.clerk.reserved(), w.clerk)
            await until(lambda: waits_for_lock(pool))
        assert isinstance(await w.end(), Superseded)
    assert w.clerk.heard == ["committed"]
    assert await ledger(pool) == [1]


@pytest.mark.parametrize("fault", [Fault.REQUEST_LATE, Fault.ANSWER_LOST])
async def test_a_process_superseded_in_doubt_answers_nothing_and_its_late_group_commits_nothing(
    fault: Fault, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(proxy.dsn, pool, fence.incarnation) as w:
        proxy.lay(fault, GROUP)
        proxy.lay(Fault.REQUEST_LOST, RESOLVE)
        w.journal.append(w.clerk.reserved(), w.clerk)
        await eventually(lambda: proxy.struck == [fault])
        proxy.refusing = True
        await take_over(pool)
        proxy.refusing = False
        assert isinstance(await w.end(), Superseded)
        await proxy.deliver_late()
    assert w.clerk.heard == ["committed"]
    assert await ledger(pool) == ([1, 2] if fault is Fault.ANSWER_LOST else [1])

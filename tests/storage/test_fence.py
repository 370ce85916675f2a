"""Who may serve a database: one process, and which one is never in doubt."""

import asyncio

import asyncpg
import pytest

from tests.eventually import SECONDS_MAX, eventually
from tests.fakes.proxy import Fault, Proxy
from tests.storage.writing import altered, entered, ledger, nothing, refusing, until, waits_for_lock, writing
from ticketd.core.ids import Instant
from ticketd.ports import StartupRefused, Superseded
from ticketd.storage.fence import Fence

LEASE_SECONDS = 0.2
RENEWAL = "SET lease_until = clock_timestamp() + "
HOLDERS = """
FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = x'7469636B'::int
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Keeper:
    """What a fence tells its process."""

    def __init__(self) -> None:
        self.times: list[Instant] = []
        self.ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def keep(self, fence: Fence) -> None:
        """Begin to listen."""
        fence.keep(correct=self.times.append, fatal=self.ended.set_result)

    async def renewed(self) -> None:
        """Return after one more renewal."""
        count = len(self.times)
        await eventually(lambda: len(self.times) > count)

    async def end(self) -> Exception:
        """Why the fence has ended, as soon as it has."""
        async with asyncio.timeout(SECONDS_MAX):
            return await asyncio.shield(self.ended)


@pytest.fixture
async def keeper() -> Keeper:
    return Keeper()


async def lock_holder(pool: asyncpg.Pool) -> object:
    return await pool.fetchval("SELECT pid" + HOLDERS)


async def held_by_another(pool: asyncpg.Pool, session: object) -> bool:
    return await lock_holder(pool) not in (None, session)


async def test_every_process_gets_an_incarnation_of_its_own_and_the_databases_time(
    database_url: str, pool: asyncpg.Pool
) -> None:
    before = await pool.fetchval("SELECT extract(epoch FROM clock_timestamp()) * 1000000")
    first, second = (Fence(database_url, lease_seconds=LEASE_SECONDS) for _ in range(2))
    now = await first.enter(prepare=nothing)
    await first.leave()
    await second.enter(prepare=nothing)
    await second.leave()
    assert first.incarnation < second.incarnation
    assert before <= now <= await pool.fetchval("SELECT extract(epoch FROM clock_timestamp()) * 1000000")
    assert await pool.fetchval("SELECT bool_and(fenced) FROM node"), "both have left"


async def test_a_database_whose_server_lives_is_refused(database_url: str, keeper: Keeper) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        second = Fence(database_url, lease_seconds=LEASE_SECONDS)
        with pytest.raises(StartupRefused, match="is alive"):
            await second.enter(prepare=nothing)
        await second.leave()
        await keeper.renewed()
        assert not keeper.ended.done()


async def test_the_lease_is_renewed_with_the_databases_time(
    database_url: str, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        before = await pool.fetchval("SELECT lease_until FROM node")
        await keeper.renewed()
        await keeper.renewed()
        assert keeper.times == sorted(keeper.times)
        assert await pool.fetchval("SELECT lease_until FROM node") > before


async def test_a_process_whose_lease_has_lapsed_is_taken_over_from_and_ends(
    database_url: str, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as paused:
        old_session = await lock_holder(pool)
        async with (
            writing(database_url, pool, paused.incarnation) as w,
            entered(database_url, lease_seconds=LEASE_SECONDS) as successor,
        ):
            assert await lock_holder(pool) != old_session, "the old session was terminated"
            keeper.keep(paused)  # it wakes up
            w.journal.append(w.clerk.reserved(), w.clerk)
            assert isinstance(await w.end(), Superseded)
            assert isinstance(await keeper.end(), Superseded)
            assert successor.incarnation > paused.incarnation
    assert await ledger(pool) == [1]


async def test_a_process_that_renews_its_lease_at_the_last_moment_keeps_its_session(
    database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.storage.fence.TERMINATION_SECONDS", 0.0)
    async with entered(database_url, lease_seconds=LEASE_SECONDS):
        session = await lock_holder(pool)
        second = Fence(database_url, lease_seconds=LEASE_SECONDS)
        async with pool.acquire() as other, other.transaction():
            await other.execute("UPDATE node SET lease_until = clock_timestamp() + interval '1 hour'")
            entering = asyncio.create_task(second.enter(prepare=nothing))
            await until(lambda: waits_for_lock(pool))  # it has seen that the lease has lapsed
        with pytest.raises(StartupRefused):
            await entering
        await second.leave()
        assert await lock_holder(pool) == session


async def test_a_killed_process_is_succeeded_at_once_though_its_lease_is_live(
    database_url: str, pool: asyncpg.Pool, proxy: Proxy
) -> None:
    async with (
        entered(proxy.dsn, lease_seconds=3600) as killed,
        writing(database_url, pool, killed.incarnation) as w,
    ):
        proxy.cut()
        async with entered(database_url):
            w.journal.append(w.clerk.reserved(), w.clerk)
            assert isinstance(await w.end(), Superseded)
    assert await ledger(pool) == [1]


async def test_whoever_leaves_lets_the_next_one_in_at_once(database_url: str) -> None:
    async with entered(database_url, lease_seconds=3600):
        pass
    async with entered(database_url, lease_seconds=3600):
        pass


async def test_the_predecessor_can_commit_nothing_while_the_successor_migrates(
    database_url: str, pool: asyncpg.Pool, proxy: Proxy
) -> None:
    async with entered(proxy.dsn) as old, writing(database_url, pool, old.incarnation) as w:
        proxy.cut()  # the old one's lock is free, but its journal is well

        async def migrate(_: asyncpg.Connection) -> None:
            w.journal.append(w.clerk.reserved(), w.clerk)
            assert isinstance(await w.end(), Superseded)

        fence = Fence(database_url, lease_seconds=LEASE_SECONDS)
        await fence.enter(prepare=migrate)
        await fence.leave()
    assert await ledger(pool) == [1]


async def test_a_database_that_another_process_is_setting_up_is_refused_in_words(
    database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.storage.fence.TERMINATION_SECONDS", 0.0)
    async with (
        altered(pool, "ALTER TABLE node RENAME TO later", back="ALTER TABLE later RENAME TO node"),
        pool.acquire() as other,
    ):
        await other.execute("SELECT pg_advisory_lock(x'7469636B'::int)")
        late = Fence(database_url, lease_seconds=LEASE_SECONDS)
        with pytest.raises(StartupRefused, match="holds this database"):
            await late.enter(prepare=nothing)
        await late.leave()


# -- after an outage


async def test_after_a_lost_connection_lock_and_lease_are_taken_again(
    database_url: str, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        session = await lock_holder(pool)
        await pool.execute("SELECT pg_terminate_backend($1, 10000)", session)
        await keeper.renewed()
        assert await lock_holder(pool) not in (None, session)
        assert not keeper.ended.done()


async def test_a_lock_that_is_not_free_yet_after_an_outage_is_taken_later(
    database_url: str, pool: asyncpg.Pool, proxy: Proxy, keeper: Keeper
) -> None:
    async with entered(proxy.dsn, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        session = await lock_holder(pool)
        proxy.cut_half()
        await keeper.renewed()
        assert await lock_holder(pool) == session, "the server doesn't know yet that it has gone"
        proxy.forget_halves()
        await until(lambda: held_by_another(pool, session))
        second = Fence(database_url, lease_seconds=LEASE_SECONDS)
        with pytest.raises(StartupRefused):
            await second.enter(prepare=nothing)
        await second.leave()
        assert not keeper.ended.done()


async def test_a_lock_that_a_forgotten_session_holds_is_no_obstacle_once_the_lease_has_lapsed(
    database_url: str, pool: asyncpg.Pool, proxy: Proxy, keeper: Keeper
) -> None:
    async with entered(proxy.dsn, lease_seconds=LEASE_SECONDS) as cut_off:
        keeper.keep(cut_off)
        proxy.cut_half()
        await keeper.renewed()
        proxy.refusing = True
        proxy.cut()
        async with entered(database_url, lease_seconds=LEASE_SECONDS):
            proxy.refusing = False
            assert isinstance(await keeper.end(), Superseded)


@pytest.mark.parametrize("sqlstate", ["53100", "57014", "40001"])
async def test_a_renewal_that_the_database_cannot_do_just_now_is_repeated(
    sqlstate: str, database_url: str, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        async with altered(pool, refusing("node", sqlstate), back="DROP FUNCTION refuse CASCADE"):
            keeper.keep(fence)
            await asyncio.sleep(0)
            await until(lambda: attempted(pool))
        await keeper.renewed()
        assert not keeper.ended.done()


async def attempted(pool: asyncpg.Pool) -> object:
    """Whether the lock's session has tried to renew."""
    return await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticketd lock'"
        " AND state = 'idle' AND query LIKE '%SET lease_until%'"
    )


async def test_a_renewal_that_is_never_answered_is_given_up_and_repeated(
    proxy: Proxy, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(proxy.dsn, lease_seconds=LEASE_SECONDS) as fence:
        proxy.lay(Fault.ANSWER_HELD, RENEWAL)
        keeper.keep(fence)
        await keeper.renewed()
        assert proxy.struck == [Fault.ANSWER_HELD]


async def test_a_fault_in_what_follows_a_renewal_ends_the_process(database_url: str) -> None:
    class Broken(Exception):
        pass

    def correct(_: Instant) -> None:
        raise Broken

    keeper = Keeper()
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        fence.keep(correct=correct, fatal=keeper.ended.set_result)
        assert isinstance(await keeper.end(), Broken)


async def test_leaving_a_database_that_has_gone_raises_nothing(proxy: Proxy, keeper: Keeper) -> None:
    async with entered(proxy.dsn, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        proxy.refusing = True
        proxy.cut()


async def test_leaving_a_database_that_does_not_answer_ends(proxy: Proxy) -> None:
    async with entered(proxy.dsn, lease_seconds=LEASE_SECONDS):
        proxy.lay(Fault.ANSWER_HELD, "SET fenced = true, lease_until")
    assert proxy.struck == [Fault.ANSWER_HELD]


async def test_a_process_that_was_refused_disturbs_nobody_when_it_leaves(
    database_url: str, pool: asyncpg.Pool, keeper: Keeper
) -> None:
    async with entered(database_url, lease_seconds=LEASE_SECONDS) as fence:
        keeper.keep(fence)
        second = Fence(database_url, lease_seconds=LEASE_SECONDS)
        with pytest.raises(StartupRefused):
            await second.enter(prepare=nothing)
        await second.leave()
        row = await pool.fetchrow("SELECT count(*), bool_or(fenced) FROM node")
        assert row is not None
        assert tuple(row) == (1, False)

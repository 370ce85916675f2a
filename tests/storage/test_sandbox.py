"""The first word on an attempt is the last, whoever says it and whatever breaks meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from tests.eventually import SECONDS_MAX
from tests.fakes.proxy import Fault, Proxy
from ticketd.ports import StorageUnavailable
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.sandbox import AttemptStore

_ALL = "SELECT attempt_id, verdict, amount_cents FROM sandbox_attempt ORDER BY attempt_id"
_INSERT = "INSERT INTO sandbox_attempt VALUES ($1, $2, $3)"
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


Open = Callable[[str], AttemptStore]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Tables as seen by processes of their own."""
    connections: list[DedicatedConnection] = []

    def opened(dsn: str) -> AttemptStore:
        connections.append(DedicatedConnection(dsn, name="ticketd sandbox", answer_seconds_max=10.0))
        return AttemptStore(connections[-1])

    yield opened
    for connection in connections:
        await connection.close()


@pytest.fixture
def table(opened: Open, database_url: str) -> AttemptStore:
    return opened(database_url)


@pytest.fixture
def far_table(opened: Open, proxy: Proxy) -> AttemptStore:
    """One that reaches the database by a way that can be broken."""
    return opened(proxy.dsn)


async def recorded(pool: asyncpg.Pool) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in await pool.fetch(_ALL)]


async def until_one_waits(pool: asyncpg.Pool) -> None:
    """Return once a statement waits for another transaction."""
    async with asyncio.timeout(SECONDS_MAX):
        while await pool.fetchval(_WAITING) == 0:
            pass


async def test_the_first_word_on_an_attempt_counts(
    pool: asyncpg.Pool, opened: Open, table: AttemptStore, database_url: str
) -> None:
    assert await table.record("a", "void", 0) == "void"
    assert await table.record("a", "charged", 5) == "void"
    assert await opened(database_url).record("a", "card_error", 5) == "void"
    assert await recorded(pool) == [("a", "void", 0)]


async def test_the_first_word_counts_among_those_of_the_same_moment_too(
    pool: asyncpg.Pool, table: AttemptStore
) -> None:
    words = [("b", "void", 0), ("c", "charged", 5), ("b", "charged", 5), ("a", "charged", 7)]
    said = await asyncio.gather(*(table.record(*word) for word in words))
    assert said == ["void", "charged", "void", "charged"]
    assert await recorded(pool) == [("a", "charged", 7), ("b", "void", 0), ("c", "charged", 5)]


async def test_all_words_of_the_moment_are_one_write(pool: asyncpg.Pool, table: AttemptStore) -> None:
    await asyncio.gather(*(table.record(f"a-{number}", "charged", 5) for number in range(30)))
    assert await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM sandbox_attempt") == 1


async def test_a_word_that_is_just_being_said_elsewhere_is_waited_for(
    pool: asyncpg.Pool, table: AttemptStore
) -> None:
    async with pool.acquire() as elsewhere:
        async with elsewhere.transaction():
            await elsewhere.execute(_INSERT, "a", "charged", 5)
            late = asyncio.create_task(table.record("a", "void", 0))
            await until_one_waits(pool)
            assert not late.done()
        assert await late == "charged"


async def test_a_word_that_was_never_finished_elsewhere_does_not_count(
    pool: asyncpg.Pool, table: AttemptStore
) -> None:
    async with pool.acquire() as elsewhere:
        transaction = elsewhere.transaction()
        await transaction.start()
        await elsewhere.execute(_INSERT, "a", "charged", 5)
        late = asyncio.create_task(table.record("a", "void", 0))
        await until_one_waits(pool)
        await transaction.rollback()
    assert await late == "void"
    assert await table.record("a", "charged", 5) == "void"


async def test_processes_that_speak_of_the_same_attempts_do_not_wait_for_each_other_for_ever(
    pool: asyncpg.Pool, table: AttemptStore
) -> None:
    async with pool.acquire() as elsewhere:
        async with elsewhere.transaction():
            await elsewhere.execute(_INSERT, "a", "charged", 5)
            late = asyncio.gather(*(table.record(attempt_id, "void", 0) for attempt_id in ("b", "a", "b")))
            await until_one_waits(pool)
            await elsewhere.execute(_INSERT, "b", "charged", 5)
        assert await late == ["charged"] * 3


async def test_processes_that_charge_the_same_attempts_at_once_agree_on_each(
    pool: asyncpg.Pool, opened: Open, database_url: str
) -> None:
    tables = [opened(database_url) for _ in range(3)]
    said = await asyncio.gather(
        *(
            table.record(f"a-{number}", f"said by {speaker}", speaker)
            for number in range(40)
            for speaker, table in enumerate(tables)
        )
    )
    agreed = [f"said by {amount_cents}" for _, _, amount_cents in sorted(await recorded(pool), key=_number)]
    assert said == [word for word in agreed for _ in tables]


def _number(row: tuple[str, str, int]) -> int:
    return int(row[0].removeprefix("a-"))


@pytest.mark.parametrize(
    ("fault", "word"),
    [(Fault.REQUEST_LOST, "void"), (Fault.REQUEST_HALF_SENT, "void"), (Fault.ANSWER_LOST, "charged")],
)
async def test_a_word_whose_answer_is_lost_is_in_doubt_until_it_is_asked_for(
    proxy: Proxy, far_table: AttemptStore, pool: asyncpg.Pool, fault: Fault, word: str
) -> None:
    proxy.lay(fault, "sandbox_attempt")
    with pytest.raises(StorageUnavailable):
        await far_table.record("a", "charged", 5)
    assert await far_table.record("a", "void", 0) == word
    assert await far_table.record("a", "charged", 5) == word
    assert [row[1] for row in await recorded(pool)] == [word]


async def test_a_word_that_arrives_after_it_was_asked_for_comes_too_late(
    proxy: Proxy, far_table: AttemptStore, pool: asyncpg.Pool
) -> None:
    proxy.lay(Fault.REQUEST_LATE, "sandbox_attempt")
    with pytest.raises(StorageUnavailable):
        await far_table.record("a", "charged", 5)
    assert await far_table.record("a", "void", 0) == "void"
    await proxy.deliver_late()
    assert await recorded(pool) == [("a", "void", 0)]


async def test_an_outage_is_told_to_all_who_speak_and_passes(
    proxy: Proxy, far_table: AttemptStore, pool: asyncpg.Pool
) -> None:
    proxy.refusing = True
    proxy.cut()
    connections = proxy.connections
    said = await asyncio.gather(
        *(far_table.record(f"a-{number}", "charged", 5) for number in range(3)), return_exceptions=True
    )
    assert [type(each) for each in said] == [StorageUnavailable] * 3
    assert proxy.connections <= connections + 1, "one try for all of them"
    proxy.refusing = False
    assert await far_table.record("a-1", "charged", 5) == "charged"
    assert await recorded(pool) == [("a-1", "charged", 5)]


@pytest.mark.parametrize(
    ("attempt_id", "amount_cents"), [("nul \0", 5), ("surrogate \ud800", 5), ("much", 2**63)]
)
async def test_an_attempt_that_cannot_be_kept_harms_only_itself(
    pool: asyncpg.Pool, table: AttemptStore, attempt_id: str, amount_cents: int
) -> None:
    attempts = [("a", 5), (attempt_id, amount_cents), ("line\nbreak", 5)]
    said = await asyncio.gather(
        *(table.record(name, "charged", cents) for name, cents in attempts), return_exceptions=True
    )
    assert [said[0], said[2]] == ["charged", "charged"]
    assert isinstance(said[1], Exception)
    assert not isinstance(said[1], StorageUnavailable)
    assert [row[0] for row in await recorded(pool)] == ["a", "line\nbreak"]

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.fakes.proxy import Proxy
from tests.storage.storages import InMemory, Make, OnPostgres, Storage
from tests.storage.writing import entered
from ticketd.ports import Journal
from ticketd.storage.database import Database
from ticketd.storage.fence import Fence
from ticketd.storage.journal import PostgresJournal


@pytest.fixture
async def fence(database_url: str) -> AsyncIterator[Fence]:
    """The right to write."""
    async with entered(database_url) as fence:
        yield fence


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """A way to the database that can be broken."""
    async with Proxy(database_url) as proxy:
        yield proxy


@pytest.fixture
def memory() -> Make:
    async def make(group_facts_max: int) -> Storage:
        return InMemory(group_facts_max)

    return make


@pytest.fixture
async def postgres(database_url: str, pool: asyncpg.Pool, fence: Fence) -> AsyncIterator[Make]:
    journals: list[PostgresJournal] = []

    async def make(group_facts_max: int) -> Storage:
        journal = PostgresJournal(
            database_url,
            database=Database(pool),
            incarnation=fence.incarnation,
            fatal=unexpected,
            commit_seconds_max=10.0,
            group_facts_max=group_facts_max,
        )
        await journal.start()
        journals.append(journal)
        return OnPostgres(pool, journal)

    yield make
    for journal in journals:
        await journal.close()


@pytest.fixture(params=["memory", "postgres"])
def make(request: pytest.FixtureRequest) -> Make:
    """Of the journal in memory, and of the real one."""
    made: Make = request.getfixturevalue(request.param)
    return made


def unexpected(reason: Exception) -> None:
    raise reason


@pytest.fixture
async def storage(make: Make) -> Storage:
    return await make(2048)


@pytest.fixture
def journal(storage: Storage) -> Journal:
    return storage.journal

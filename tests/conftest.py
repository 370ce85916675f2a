"""One Postgres for the whole run, and an empty migrated database for every test that asks for one."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.fakes.clock import ManualClock
from ticketd.embedded import EmbeddedPostgres
from ticketd.storage.migrate import migrate

SERVER_VARIABLE = "TICKETD_TEST_DATABASE_URL"
"""A server to use in place of an embedded one; its role must be allowed to create databases."""

_DISCONNECT_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_EMPTY_ALL = """
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY CASCADE'
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migration'
        UNION ALL
        SELECT 'ALTER SEQUENCE ' || quote_ident(sequencename) || ' RESTART'
        FROM pg_sequences WHERE schemaname = 'public'
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""


Report = Callable[[str], None]
"""Keeps one line of figures that a storm has measured; all of them stand at the end of the run's output."""


_reported: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="let storms rage as long as docs/reliability.md says"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _reported:
        terminalreporter.section("what the storms have seen")
        for line in _reported:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether this run takes its time (`make soak`); `make test` must be short."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture(scope="session")
def report() -> Report:
    return _reported.append


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """How to reach the Postgres of this run."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        yield given
        return
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    postgres.start()
    try:
        yield postgres.dsn
    finally:
        postgres.stop()


@pytest.fixture(scope="session")
def migrated_url(server_url: str) -> Iterator[str]:
    """A migrated database, for the whole run."""
    name = f"ticketd_test_{uuid.uuid4().hex}"
    url = on_database(server_url, name)
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name}"))
    asyncio.run(_migrate(url))
    yield url
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database_url(server_url: str, migrated_url: str) -> str:
    """A migrated database as on its first day: no settings, nobody connected, every table empty.

    It is emptied, not made anew, because that takes a fifth of the time.
    """
    name = urlsplit(migrated_url).path.removeprefix("/")
    await _execute(server_url, f"ALTER DATABASE {name} RESET ALL")
    await _execute(migrated_url, _DISCONNECT_ALL)
    await _execute(migrated_url, _EMPTY_ALL)
    return migrated_url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A few connections to the test's own database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as connections:
        yield connections


def on_database(url: str, name: str) -> str:
    """The same server's other database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection)
    finally:
        await connection.close()

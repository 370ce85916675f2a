import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import on_database
from ticketd.ports import StartupRefused
from ticketd.storage import migrate as module
from ticketd.storage.migrate import migrate, pending


@pytest.fixture
async def empty_database_url(server_url: str) -> AsyncIterator[str]:
    name = f"ticketd_empty_{uuid.uuid4().hex}"
    server = await asyncpg.connect(server_url)
    await server.execute(f"CREATE DATABASE {name}")
    yield on_database(server_url, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The second needs the first."""
    (tmp_path / "0002_fill.sql").write_text("INSERT INTO thing VALUES (1); INSERT INTO thing VALUES (2)")
    (tmp_path / "0001_thing.sql").write_text("CREATE TABLE thing (number integer)")
    return tmp_path


async def things(connection: asyncpg.Connection) -> list[int]:
    return [row["number"] for row in await connection.fetch("SELECT number FROM thing ORDER BY number")]


async def test_migrations_are_applied_in_order_and_once(
    connection: asyncpg.Connection, directory: Path
) -> None:
    assert await migrate(connection, directory=directory) == ["0001_thing", "0002_fill"]
    assert await migrate(connection, directory=directory) == []
    assert await things(connection) == [1, 2]


async def test_what_was_applied_is_recorded(connection: asyncpg.Connection, directory: Path) -> None:
    await migrate(connection, directory=directory)
    rows = await connection.fetch("SELECT * FROM schema_migration ORDER BY version")
    assert [(row["version"], row["name"], len(row["checksum"])) for row in rows] == [
        (1, "0001_thing", 64),
        (2, "0002_fill", 64),
    ]
    assert all(row["applied_at"] is not None for row in rows)


async def test_only_new_migrations_are_applied_later(connection: asyncpg.Connection, directory: Path) -> None:
    await migrate(connection, directory=directory)
    (directory / "0003_more.sql").write_text("INSERT INTO thing VALUES (3)")
    assert await migrate(connection, directory=directory) == ["0003_more"]
    assert await things(connection) == [1, 2, 3]


async def test_pending_names_what_is_missing_and_changes_nothing(
    connection: asyncpg.Connection, directory: Path
) -> None:
    assert await pending(connection, directory=directory) == ["0001_thing", "0002_fill"]
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await migrate(connection, directory=directory)
    assert await pending(connection, directory=directory) == []


async def test_a_migration_that_fails_leaves_nothing_behind(
    connection: asyncpg.Connection, directory: Path
) -> None:
    (directory / "0003_bad.sql").write_text("INSERT INTO thing VALUES (3); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection, directory=directory)
    assert await things(connection) == [1, 2]
    assert await pending(connection, directory=directory) == ["0003_bad"]


async def test_processes_that_start_together_apply_each_migration_once(
    empty_database_url: str, directory: Path
) -> None:
    connections = [await asyncpg.connect(empty_database_url) for _ in range(5)]
    applied = await asyncio.gather(*(migrate(one, directory=directory) for one in connections))
    assert sorted(applied) == [[], [], [], [], ["0001_thing", "0002_fill"]]
    assert await things(connections[0]) == [1, 2]
    for one in connections:
        await one.close()


async def test_waiting_for_another_process_ends_in_a_refusal(
    connection: asyncpg.Connection, empty_database_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS_MAX", 0.0)
    other = await asyncpg.connect(empty_database_url)
    await other.execute("SELECT pg_advisory_lock($1)", module._LOCK_KEY)
    with pytest.raises(StartupRefused, match="Another process"):
        await migrate(connection, directory=directory)
    await other.close()


async def test_the_lock_is_free_after_a_failure(connection: asyncpg.Connection, directory: Path) -> None:
    (directory / "0003_bad.sql").write_text("SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection, directory=directory)
    assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


async def test_a_schema_newer_than_the_program_is_refused(
    connection: asyncpg.Connection, directory: Path
) -> None:
    await migrate(connection, directory=directory)
    (directory / "0002_fill.sql").unlink()
    with pytest.raises(StartupRefused, match="newer than this program, which has no migration 0002"):
        await migrate(connection, directory=directory)
    with pytest.raises(StartupRefused, match="newer than this program"):
        await pending(connection, directory=directory)


async def test_a_migration_changed_after_it_was_applied_is_refused(
    connection: asyncpg.Connection, directory: Path
) -> None:
    await migrate(connection, directory=directory)
    (directory / "0001_thing.sql").write_text("CREATE TABLE thing (number bigint)")
    with pytest.raises(StartupRefused, match="0001_thing isn't the one that was applied"):
        await migrate(connection, directory=directory)


async def test_the_programs_own_migrations_apply(connection: asyncpg.Connection) -> None:
    applied = await migrate(connection)
    assert applied == sorted(applied)
    assert await pending(connection) == []

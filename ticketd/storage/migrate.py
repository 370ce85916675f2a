"""Brings the database's schema up to this program: files `NNNN_name.sql`, in order, each once."""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ticketd.ports import StartupRefused

_MIGRATIONS = Path(__file__).with_name("migrations")
_FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>\w+)\.sql")
_LOCK_KEY = int.from_bytes(b"ticketmg")  # an advisory lock of the database, shared with nothing else
_LOCK_SECONDS_MAX = 60.0
_LOCK_POLL_SECONDS = 0.1
_SCHEMA_MIGRATION = """\
CREATE TABLE IF NOT EXISTS schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(connection: asyncpg.Connection, *, directory: Path = _MIGRATIONS) -> list[str]:
    """The names of the migrations applied now. One process at a time; the others wait for it.

    StartupRefused if the schema isn't one that this program's migrations lead to.
    """
    async with _locked(connection):
        await connection.execute(_SCHEMA_MIGRATION)
        waiting = _waiting(_read(directory), await _applied(connection))
        for migration in waiting:
            await _apply(connection, migration)
    return [migration.name for migration in waiting]


async def pending(connection: asyncpg.Connection, *, directory: Path = _MIGRATIONS) -> list[str]:
    """The names of the migrations that `migrate` would apply; changes nothing. StartupRefused as there."""
    exists = await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL")
    applied = await _applied(connection) if exists else {}
    return [migration.name for migration in _waiting(_read(directory), applied)]


def _read(directory: Path) -> list[_Migration]:
    """All files of the program, by version."""
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        parts = _FILE_NAME.fullmatch(path.name)
        assert parts is not None, f"{path.name} isn't named NNNN_name.sql"
        migrations.append(
            _Migration(version=int(parts["version"]), name=path.stem, sql=path.read_text(encoding="utf-8"))
        )
    assert len({migration.version for migration in migrations}) == len(migrations), "a version twice"
    return migrations


async def _applied(connection: asyncpg.Connection) -> dict[int, str]:
    """Checksums by version."""
    rows = await connection.fetch("SELECT version, checksum FROM schema_migration")
    return {row["version"]: row["checksum"] for row in rows}


def _waiting(migrations: list[_Migration], applied: dict[int, str]) -> list[_Migration]:
    """Those not applied yet."""
    unknown = applied.keys() - {migration.version for migration in migrations}
    if unknown:
        raise StartupRefused(
            f"The database's schema is newer than this program, which has no migration {max(unknown):04};"
            " start the newer program."
        )
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise StartupRefused(
                f"Migration {migration.name} isn't the one that was applied to this database;"
                " start the program that it belongs to."
            )
    return [migration for migration in migrations if migration.version not in applied]


async def _apply(connection: asyncpg.Connection, migration: _Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.checksum,
        )


@asynccontextmanager
async def _locked(connection: asyncpg.Connection) -> AsyncIterator[None]:
    # Polled: pg_advisory_lock would wait inside a query, whose snapshot holds back the other's index builds.
    deadline = time.monotonic() + _LOCK_SECONDS_MAX
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):
        if time.monotonic() > deadline:
            raise StartupRefused(
                f"Another process has been migrating the database for {_LOCK_SECONDS_MAX:.0f} s;"
                " try again when it has finished."
            )
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.is_closed():  # otherwise the lock went with the session
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK_KEY)

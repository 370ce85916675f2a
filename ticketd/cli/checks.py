"""What `ticketd doctor` looks at, one finding for each check."""

import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import click

from ticketd.cli.database import connection, run
from ticketd.embedded.directory import DataDirectory
from ticketd.ports import StartupRefused
from ticketd.settings import Settings
from ticketd.storage.migrate import pending
from ticketd.storage.preflight import check_server

PYTHON_MIN = (3, 11)
DISK_FREE_BYTES_MIN = 512 * 1024 * 1024
_MEBIBYTE = 1024 * 1024

_HOLDERS = """
SELECT name, inc, lease_until > now() AS is_live, date_trunc('second', lease_until)::text AS lease_until
FROM node WHERE NOT fenced ORDER BY inc DESC LIMIT 1
"""


class Finding(NamedTuple):
    """What one check has found."""

    check: str
    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok' if self.good else 'BAD':3}  {self.check:14}  {self.text}"


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, as they come; what can't be checked after a bad one is left out."""
    yield _python(sys.version_info[:3])
    directory = settings.data_dir.resolve()
    yield from _data_directory(directory)
    if settings.database_url is None and not DataDirectory(directory).cluster.exists():
        yield Finding("database", True, "none yet: `ticketd serve` makes one in the data directory")
        return
    try:
        yield from run(settings, _database)
    except (StartupRefused, click.ClickException) as error:
        yield Finding("database", False, str(error))


def _python(version: tuple[int, ...]) -> Finding:
    found = ".".join(str(part) for part in version)
    wanted = ".".join(str(part) for part in PYTHON_MIN)
    return Finding("python", version >= PYTHON_MIN, f"{found} (at least {wanted})")


def _data_directory(directory: Path) -> Iterator[Finding]:
    existing = next(each for each in (directory, *directory.parents) if each.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    state = "can be written" if writable else f"{existing} can't be written"
    yield Finding("data directory", writable, f"{directory}: {state}")
    free = shutil.disk_usage(existing).free
    yield Finding("disk", free >= DISK_FREE_BYTES_MIN, f"{free // _MEBIBYTE:,} MiB free")


async def _database(dsn: str) -> list[Finding]:
    async with connection(dsn) as database:
        version = await database.fetchval("SHOW server_version")
        findings = [Finding("database", True, f"reachable, Postgres {version}")]
        for name, check in _CHECKS.items():
            finding = await _check(name, check, database)
            findings.append(finding)
            if not finding.good:
                break
        return findings


async def _check(
    name: str, check: Callable[[asyncpg.Connection], Awaitable[str]], database: asyncpg.Connection
) -> Finding:
    try:
        return Finding(name, True, await check(database))
    except StartupRefused as refused:
        return Finding(name, False, str(refused))


async def _settings_are_safe(database: asyncpg.Connection) -> str:
    await check_server(database)
    return "commits are durable"


async def _schema_is_known(database: asyncpg.Connection) -> str:
    missing = await pending(database)
    return f"to be applied by `ticketd serve`: {', '.join(missing)}" if missing else "up to date"


async def _holder(database: asyncpg.Connection) -> str:
    if await database.fetchval("SELECT to_regclass('node')") is None:
        return "nobody"
    holder = await database.fetchrow(_HOLDERS)
    if holder is None or not holder["is_live"]:
        return "nobody"
    return f"{holder['name']} (incarnation {holder['inc']}, lease until {holder['lease_until']})"


_CHECKS = {"safe settings": _settings_are_safe, "schema": _schema_is_known, "held by": _holder}

"""Postgres and its owners as the tests start, kill and question them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from ticketd.embedded import EmbeddedPostgres

REPOSITORY = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0

_OWNER = """
import sys
from pathlib import Path
from ticketd.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
postgres.start()
print("ready", flush=True)
sys.stdin.read()
postgres.stop()
"""


@contextmanager
def running(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A started Postgres, stopped in the end."""
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


@contextmanager
def owner_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that starts Postgres, prints `ready`, and stops it when its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(data_dir)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process


def wait_for_ready(process: subprocess.Popen[str]) -> None:
    """Returns when that process' Postgres accepts connections."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def query(dsn: str, sql: str) -> Any:
    """The first value of the first row."""

    async def fetch() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def postmaster_pid(data_dir: Path) -> int:
    """What the pid file says."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_running(pid: int) -> bool:
    """Whether the process exists and isn't a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Polls; fails after DEADLINE_SECONDS."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another process sets no asyncio.Event
            await asyncio.sleep(0.01)


def wait_until(condition: Callable[[], bool], *, seconds_max: float = DEADLINE_SECONDS) -> None:
    """Polls; fails after so long."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def owner_of(path: Path) -> tuple[int, int]:
    """User and group."""
    found = path.stat()
    return found.st_uid, found.st_gid

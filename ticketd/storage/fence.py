"""Who may commit: one process per database, its incarnation checked inside every commit.

A process holds an advisory lock on a session of its own and renews a lease (database clock) in its
`node` row. Whoever takes over fences the old row first: that UPDATE waits for a commit in flight, and
after it nothing of that incarnation can ever commit. The lock and the lease only decide who starts;
safety comes from the fence alone.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn

import asyncpg
import structlog

from ticketd.core.ids import Instant
from ticketd.ports import StartupRefused, Superseded
from ticketd.storage.database import database_now
from ticketd.storage.outages import OUTAGES
from ticketd.tasks import Fatal, for_ever, stop

SERVE_LOCK = 0x7469636B  # "tick"
POLL_SECONDS = 0.05
TERMINATION_SECONDS = 5.0
IDLE_LEASES = 2
"""Postgres itself ends a session with the lock that has been silent for so many leases: one that was paused
before it had a lease to lapse, or after it was fenced, is known to nobody."""

TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
HOLDER = """
SELECT inc, lease_until, lease_until > clock_timestamp() AS live
FROM node WHERE NOT fenced ORDER BY inc DESC LIMIT 1
"""
# One statement: fenced without its session ended, the holder would keep the lock, and nobody would know it.
EVICT = """
WITH lapsed AS (
    UPDATE node SET fenced = true WHERE inc = $1 AND lease_until < clock_timestamp() RETURNING inc
)
SELECT pg_terminate_backend(pid, 1000) FROM lapsed, pg_locks
WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $2 AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
HAS_NODES = "SELECT to_regclass('node') IS NOT NULL"
FENCE_ALL = "UPDATE node SET fenced = true WHERE NOT fenced"
FORGET_OLD = "DELETE FROM node WHERE fenced AND lease_until < clock_timestamp() - interval '30 days'"
ENTER = """
INSERT INTO node (inc, lease_until, name)
VALUES (nextval('node_incarnation'), clock_timestamp() + make_interval(secs => $1), $2)
RETURNING inc
"""
RENEW = """
UPDATE node SET lease_until = clock_timestamp() + make_interval(secs => $2)
WHERE inc = $1 AND NOT fenced
RETURNING (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
"""
LEAVE = "UPDATE node SET fenced = true, lease_until = clock_timestamp() WHERE inc = $1"

log = structlog.get_logger(__name__)


class Fence:
    """This process's incarnation, and the lock and lease that keep others from starting."""

    def __init__(self, dsn: str, *, lease_seconds: float) -> None:
        self._dsn = dsn
        self._lease_seconds = lease_seconds
        self._connection: asyncpg.Connection | None = None
        self._has_lock = False
        self._renewal: asyncio.Task[None] | None = None
        self.incarnation = 0

    async def enter(self, *, prepare: Callable[[asyncpg.Connection], Awaitable[object]]) -> Instant:
        """Become the one who serves this database; returns the database's time.

        `prepare` runs once nobody else can commit, before anything reads the tables: migrations.
        StartupRefused if another process serves the database and lives.
        """
        self._connection = connection = await self._connect()
        await self._take_lock(connection)
        if await connection.fetchval(HAS_NODES):
            await connection.execute(FENCE_ALL)
        await prepare(connection)
        await connection.execute(FORGET_OLD)
        name = f"{socket.gethostname()}:{os.getpid()}"
        self.incarnation = await connection.fetchval(ENTER, self._lease_seconds, name)
        return await database_now(connection)

    def keep(self, *, correct: Callable[[Instant], None], fatal: Fatal) -> None:
        """Renew the lease until `leave`; `correct` hears the database's time, `fatal` that it is over."""
        self._renewal = for_ever(partial(self._renew_for_ever, correct), fatal)

    async def leave(self) -> None:
        """Let the next process start at once."""
        await stop(self._renewal)
        if self._connection is None:
            return
        if self.incarnation and not self._connection.is_closed():
            with contextlib.suppress(*OUTAGES):
                async with asyncio.timeout(self._lease_seconds):
                    await self._connection.execute(LEAVE, self.incarnation)
        self._connection.terminate()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._dsn,
            server_settings={
                "application_name": "ticketd lock",
                "idle_session_timeout": str(int(self._lease_seconds * IDLE_LEASES * 1000)),
            },
        )

    # -- getting in

    async def _take_lock(self, connection: asyncpg.Connection) -> None:
        """Get the lock; from a holder whose lease isn't renewed any more, by force."""
        seen = None
        patience = asyncio.get_running_loop().time() + self._lease_seconds * IDLE_LEASES + TERMINATION_SECONDS
        while not await connection.fetchval(TRY_LOCK, SERVE_LOCK):
            holder = await self._holder(connection)
            if holder is not None and not holder["live"]:
                await self._evict(connection, holder["inc"])
            elif holder is not None and seen is not None and holder["lease_until"] > seen["lease_until"]:
                raise StartupRefused("Another ticketd serve holds this database and is alive.")
            elif asyncio.get_running_loop().time() > patience:
                raise StartupRefused("Another ticketd serve holds this database.")
            seen = holder or seen
            await asyncio.sleep(POLL_SECONDS)
        self._has_lock = True

    @staticmethod
    async def _holder(connection: asyncpg.Connection) -> asyncpg.Record | None:
        """The row of the process that has the lock; None while it is starting, or has been fenced."""
        return await connection.fetchrow(HOLDER) if await connection.fetchval(HAS_NODES) else None

    @staticmethod
    async def _evict(connection: asyncpg.Connection, incarnation: int) -> None:
        if await connection.fetchval(EVICT, incarnation, SERVE_LOCK) is not None:  # else it has just renewed
            log.warning("taking over from a process whose lease has lapsed", incarnation=incarnation)

    # -- staying in

    async def _renew_for_ever(self, correct: Callable[[Instant], None]) -> NoReturn:
        while True:
            await asyncio.sleep(self._lease_seconds / 4)
            now = await self._renew()
            if now is not None:
                correct(now)

    async def _renew(self) -> Instant | None:
        """The database's time; None if it can't be asked just now."""
        try:
            async with asyncio.timeout(self._lease_seconds):
                connection = await self._locked_connection()
                now = await connection.fetchval(RENEW, self.incarnation, self._lease_seconds)
        except OUTAGES as error:
            log.warning("lease not renewed", error=type(error).__name__)
            if isinstance(error, TimeoutError) and self._connection is not None:
                self._connection.terminate()
            return None
        if now is None:
            raise Superseded("Another process has taken over this database.")
        return Instant(now)

    async def _locked_connection(self) -> asyncpg.Connection:
        """The session with the lock; after an outage a new one, that gets it as soon as it is free."""
        if self._connection is None or self._connection.is_closed():
            self._has_lock = False
            self._connection = await self._connect()
        if not self._has_lock:
            self._has_lock = await self._connection.fetchval(TRY_LOCK, SERVE_LOCK)
            if not self._has_lock:
                log.warning("the lock is not free yet; the fence decides")
        return self._connection

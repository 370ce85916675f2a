"""The database as everything but the one writer uses it: connections from a pool."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ticketd.core.ids import Instant
from ticketd.ports import StorageUnavailable
from ticketd.storage.outages import OUTAGES

ANSWER_SECONDS_MAX = 10.0

# Waits for a process that is just fencing this one, and makes it wait for this one's write.
STILL_SERVES = "SELECT true FROM node WHERE inc = $1 AND NOT fenced FOR SHARE"

NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

Connection = PoolConnectionProxy


async def database_now(connection: Connection | asyncpg.Connection) -> Instant:
    """The time by the database's own clock."""
    return Instant(await connection.fetchval(NOW))


class Database:
    """A pool of connections whose outages, slow answers included, are StorageUnavailable."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        incarnation: int | None = None,
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> None:
        """`incarnation`: whose writes these are; None for a command that doesn't serve."""
        self._pool = pool
        self._incarnation = incarnation
        self._answer_seconds_max = answer_seconds_max

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows."""
        async with self._in_time():
            return await self._pool.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """The first row."""
        async with self._in_time():
            return await self._pool.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first row's first value; None without a row."""
        async with self._in_time():
            return await self._pool.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> None:
        """No rows."""
        async with self._in_time():
            await self._pool.execute(query, *arguments)

    async def write(self, query: str, *arguments: object) -> Any:
        """The first row's first value, of a statement that only the serving process may run."""
        async with self._in_time(), self._pool.acquire() as connection, connection.transaction():
            written = await connection.fetchval(query, *arguments)
            # Last, so that the one writer waits for this transaction's end only.
            if self._incarnation is not None and not await connection.fetchval(
                STILL_SERVES, self._incarnation
            ):
                raise StorageUnavailable("another process has taken over this database")
            return written

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection that sees the database as of one moment, for as long as it takes."""
        try:
            async with (
                self._pool.acquire(timeout=self._answer_seconds_max) as connection,
                connection.transaction(isolation="repeatable_read"),
            ):
                yield connection
        except OUTAGES as error:
            raise StorageUnavailable(type(error).__name__) from error

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._answer_seconds_max):
                yield
        except OUTAGES as error:
            raise StorageUnavailable(type(error).__name__) from error

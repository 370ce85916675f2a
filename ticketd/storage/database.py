"""The database as everything but the one writer uses it: connections from a pool."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ticketd.ports import StorageUnavailable
from ticketd.storage.outages import OUTAGES


class Database:
    """A pool of connections whose outages are StorageUnavailable."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows."""
        with _outages_told():
            return await self._pool.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """The first row."""
        with _outages_told():
            return await self._pool.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first row's first value; None without a row."""
        with _outages_told():
            return await self._pool.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> None:
        """No rows."""
        with _outages_told():
            await self._pool.execute(query, *arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PoolConnectionProxy]:
        """A connection that sees the database as of one moment."""
        with _outages_told():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read"),
            ):
                yield connection


@contextmanager
def _outages_told() -> Iterator[None]:
    try:
        yield
    except OUTAGES as error:
        raise StorageUnavailable(type(error).__name__) from error

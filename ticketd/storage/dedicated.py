"""A connection that one user keeps."""

import asyncio
import contextlib
from typing import Final

import asyncpg

from ticketd.ports import StorageUnavailable
from ticketd.storage.outages import OUTAGES

CLOSE_SECONDS_MAX: Final = 1.0


class DedicatedConnection:
    """For who asks one thing after the other, all the time.

    Taking a connection from the pool and giving it back costs several turns of the event loop, in each of
    which everybody else has theirs.
    """

    def __init__(self, dsn: str, *, name: str, answer_seconds_max: float) -> None:
        """`name`: what the database's administrator calls it."""
        self._dsn = dsn
        self._answer_seconds_max = answer_seconds_max
        self._server_settings = {
            "application_name": name,
            # A half-sent statement can't hold its rows for longer either.
            "transaction_timeout": str(int(answer_seconds_max * 1000)),
        }
        self._connection: asyncpg.Connection | None = None

    async def connect(self) -> None:
        """Have a connection before anybody asks; StorageUnavailable where there is none to be had."""
        try:
            async with asyncio.timeout(self._answer_seconds_max):
                await self._connected()
        except OUTAGES as error:
            raise StorageUnavailable(str(error) or type(error).__name__) from error

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows; outages, slow answers included, are StorageUnavailable."""
        try:
            async with asyncio.timeout(self._answer_seconds_max):
                connection = await self._connected()
                return await connection.fetch(query, *arguments)
        except OUTAGES as error:
            self._drop()  # its answer may still come, and be taken for another one's
            raise StorageUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Let go of the connection; asking again makes another."""
        if self._connection is not None:
            with contextlib.suppress(*OUTAGES):  # the database doesn't even say good-bye
                await self._connection.close(timeout=CLOSE_SECONDS_MAX)
            self._drop()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._dsn, server_settings=self._server_settings)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

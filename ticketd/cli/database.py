"""The database as short commands use it, whether a server runs or not."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import asyncpg
import click

from ticketd.embedded import EmbeddedPostgres
from ticketd.settings import Settings

_CONNECT_SECONDS_MAX = 10
_Result = TypeVar("_Result")


def run(settings: Settings, work: Callable[[str], Coroutine[None, None, _Result]]) -> _Result:
    """The result of work that is told the database's address.

    A database that can't be reached, or fails, ends the command with one sentence.
    """
    with _address(settings) as dsn:
        try:
            return asyncio.run(work(dsn))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            message = f"The database can't be used: {str(error) or type(error).__name__}."
            raise click.ClickException(message) from error


@contextmanager
def _address(settings: Settings) -> Iterator[str]:
    """Where the database is; an embedded one that nobody runs is up for as long as the context is open."""
    if settings.database_url is not None:
        yield settings.database_url.reveal()
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    embedded.start()
    try:
        yield embedded.dsn
    finally:
        embedded.stop()


@asynccontextmanager
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for as long as the context is open."""
    database = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS_MAX)
    try:
        yield database
    finally:
        await database.close()

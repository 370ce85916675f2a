"""asyncpg as the server calls it, on connections that the weather treats as it likes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from contextvars import Context
from functools import partial
from typing import Any

import asyncpg

from tests.simulation.faults import Fate, Fault, Weather
from tests.simulation.loop import OWNER, Owner
from tests.simulation.postgres import Arguments, Backend, BackendGone, Patience, Postgres, Row
from tests.simulation.statements import BEGIN, BEGIN_SNAPSHOT, COMMIT

CONNECT_SECONDS_MAX = 60.0


class Record(dict[str, Any]):
    """asyncpg's: by name, or unpacked as values."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())


def in_the_world(work: Coroutine[Any, Any, None]) -> None:
    """A task of nobody's: it goes on whichever process is paused or killed."""
    asyncio.get_running_loop().create_task(work, context=Context())


class Network:
    """All connections to one Postgres."""

    def __init__(self, server: Postgres, weather: Weather) -> None:
        self.server = server
        self.weather = weather
        self._connections: list[Connection] = []

    async def connect(
        self, dsn: str, *, server_settings: Mapping[str, str], command_timeout: float | None = None
    ) -> "Connection":
        """See `asyncpg.connect`."""
        await asyncio.sleep(self.weather.latency())
        if not self.server.up or self.weather.strikes(Fault.UNREACHABLE):
            raise ConnectionRefusedError
        patience = Patience(
            _seconds(server_settings, "idle_in_transaction_session_timeout"),
            _seconds(server_settings, "idle_session_timeout"),
        )
        backend = self.server.open_session(OWNER.get(), patience)
        connection = Connection(self, backend, command_timeout)
        self._connections.append(connection)
        return connection

    async def create_pool(
        self, dsn: str, *, min_size: int, max_size: int, reset: object, **options: Any
    ) -> "Pool":
        """See `asyncpg.create_pool`."""
        pool = Pool(partial(self.connect, dsn, **options), size_max=max_size)
        async with pool.acquire():
            return pool

    def cut_all(self) -> None:
        """Postgres has gone, and everyone notices."""
        for connection in self._connections:
            connection.cut()
        self._connections.clear()

    def hang_up(self, owner: Owner) -> None:
        """The system closes a killed process's connections."""
        for connection in self._connections:
            if connection.owner is owner:
                connection.terminate()


def _seconds(server_settings: Mapping[str, str], name: str) -> float | None:
    milliseconds = server_settings.get(name)
    return None if milliseconds is None else int(milliseconds) / 1000


class Connection:
    """A session on the client's side."""

    def __init__(self, network: Network, backend: Backend, command_timeout: float | None) -> None:
        self.owner = backend.owner
        self._network = network
        self._backend = backend
        self._command_timeout = command_timeout
        self._closed = False
        self._missed = False
        """Whether Postgres is about to notice that this side has gone."""
        self._under_way = 0
        """Requests that haven't been done yet; the end of a connection can't overtake them."""
        self._answers: list[asyncio.Future[list[Row]]] = []

    # -- what asyncpg has, its names of arguments included

    async def fetch(
        self,
        query: str,
        *arguments: Any,
        timeout: float | None = None,  # noqa: ASYNC109  # asyncpg's
    ) -> list[Record]:
        if self._closed:
            raise asyncpg.InterfaceError("the connection is closed")
        answer = self._send(query, arguments)
        async with asyncio.timeout(timeout or self._command_timeout):
            return [Record(row) for row in await answer]

    async def fetchrow(self, query: str, *arguments: Any, **options: Any) -> Record | None:
        rows = await self.fetch(query, *arguments, **options)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *arguments: Any, **options: Any) -> Any:
        row = await self.fetchrow(query, *arguments, **options)
        return None if row is None else next(iter(row))

    async def execute(self, query: str, *arguments: Any) -> None:
        await self.fetch(query, *arguments)

    async def prepare(self, query: str) -> "Statement":
        return Statement(self, query)

    async def cursor(self, query: str, *arguments: Any, prefetch: int) -> AsyncIterator[Record]:
        for row in await self.fetch(query, *arguments):
            yield row

    @asynccontextmanager
    async def transaction(self, *, isolation: str | None = None) -> AsyncIterator[None]:
        await self.execute(BEGIN_SNAPSHOT if isolation == "repeatable_read" else BEGIN)
        try:
            yield
            await self.execute(COMMIT)
        except BaseException:
            self.terminate()
            raise

    def is_closed(self) -> bool:
        return self._closed

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncpg's
        self.terminate()

    def terminate(self) -> None:
        if not self._closed:
            self.cut()
            in_the_world(self._be_missed())

    # -- what the network does

    def cut(self) -> None:
        """This side sees the connection broken; whatever is on its way goes on."""
        self._closed = True
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"))
                answer.exception()  # nobody may wait for it any more
        self._answers.clear()

    def _send(self, query: str, arguments: Arguments) -> asyncio.Future[list[Row]]:
        answer: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        fate = self._network.weather.of_request()
        in_the_world(self._travel(query, arguments, fate, answer))
        if fate.cut_after is not None:
            in_the_world(self._break_after(fate.cut_after))
        return answer

    async def _travel(
        self, query: str, arguments: Arguments, fate: Fate, answer: asyncio.Future[list[Row]]
    ) -> None:
        if fate.arrives_after is None:
            return
        try:
            rows = await self._do(query, arguments, fate, fate.arrives_after)
        except BackendGone:
            self._break()
            return
        if fate.answer_after is None:
            self._break()
            return
        await asyncio.sleep(fate.answer_after)
        self._deliver(rows, answer)

    async def _do(
        self, query: str, arguments: Arguments, fate: Fate, arrives_after: float
    ) -> list[Row] | asyncpg.PostgresError:
        self._under_way += 1
        try:
            await asyncio.sleep(arrives_after)
            if fate.refused is not None:
                return fate.refused("not now")
            return await self._backend.run(query, arguments, seconds=fate.work)
        except asyncpg.PostgresError as error:
            return error
        finally:
            self._under_way -= 1
            self._hang_up()

    def _deliver(self, rows: list[Row] | asyncpg.PostgresError, answer: asyncio.Future[list[Row]]) -> None:
        if answer.done():
            return
        self._answers.remove(answer)
        if isinstance(rows, asyncpg.PostgresError):
            answer.set_exception(rows)
        else:
            answer.set_result(rows)

    async def _break_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._break()

    def _break(self) -> None:
        if not self._closed:
            self.cut()
            in_the_world(self._be_missed())

    async def _be_missed(self) -> None:
        await asyncio.sleep(self._network.weather.moment())
        self._missed = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._missed and not self._under_way:
            self._backend.end()


class Statement:
    """A prepared statement."""

    def __init__(self, connection: Connection, query: str) -> None:
        self._connection = connection
        self._query = query

    async def fetch(self, *arguments: Any, **options: Any) -> list[Record]:
        return await self._connection.fetch(self._query, *arguments, **options)


class Pool:
    """asyncpg's pool: a bounded number of connections, made when they are needed."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size_max: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(size_max)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def acquire(
        self,
        timeout: float = CONNECT_SECONDS_MAX,  # noqa: ASYNC109  # asyncpg's
    ) -> AsyncIterator[Connection]:
        async with asyncio.timeout(timeout):
            await self._free.acquire()
        try:
            async with asyncio.timeout(timeout):
                connection = await self._connection()
            try:
                yield connection
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
        finally:
            self._free.release()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await self._connect()

    async def fetch(self, query: str, *arguments: Any) -> list[Record]:
        async with self.acquire() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Record | None:
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(query, *arguments)

    async def close(self) -> None:
        self.terminate()

    def terminate(self) -> None:
        for connection in self._idle:
            connection.terminate()

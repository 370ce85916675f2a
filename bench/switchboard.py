"""Many guests on few keep-alive connections: whoever finds all of them busy waits, and that counts.

Every answer is noted with the instant at which its request was due, so that a slow server or a busy line
shows as waiting and is never left out.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from bench.client import Answer, Connection

IDLE_SECONDS_MAX: Final = 4.0
"""A connection that nobody has used for longer isn't used again: the server may be about to close it."""
HUNG_UP: Final = 0
"""The status of no answer: the server closed the connection."""


class Call(NamedTuple):
    """A request and what became of it."""

    kind: str
    due: float
    """Seconds since the beginning."""
    after: float
    """Seconds from then to the answer."""
    status: int
    code: str
    """Of the problem; empty for a good answer."""
    is_deliberate: bool
    """It said when to come back."""


class _Line(NamedTuple):
    connection: Connection
    idle_since: float


class _Problem(msgspec.Struct):
    code: str = ""


_decode_problem = msgspec.json.Decoder(_Problem).decode


class Switchboard:
    """Puts requests through, the first come first, and notes how long they took."""

    def __init__(self, url: str, connections: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port or 80
        self._unconnected = connections
        self._free: list[_Line] = []
        """The one that was used last comes last, and is used next."""
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self.began = time.perf_counter()
        self.calls: list[Call] = []

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._free:
            line.connection.close()

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    async def sleep_until(self, instant: float) -> None:
        """Return at this instant, or at once if it is over."""
        await asyncio.sleep(max(0.0, instant - self.now()))

    async def ask(
        self, kind: str, sent: bytes, *, due: float | None = None, is_urgent: bool = False
    ) -> Answer:
        """The answer to a request that is due now, or was; HUNG_UP if there was none.

        What is urgent goes ahead of all that waits for a connection.
        """
        due = self.now() if due is None else due
        connection = await self._take(is_urgent=is_urgent)
        try:
            answer = await connection.ask(sent)
        except ConnectionError:
            answer = Answer(HUNG_UP, b"")
        finally:
            self._give_back(connection)
        deliberate = answer.retry_after is not None and answer.status in (429, 503)
        after = self.now() - due
        self.calls.append(Call(kind, due, after, answer.status, _code(answer), deliberate))
        return answer

    async def _take(self, *, is_urgent: bool) -> Connection:
        while self._free:
            line = self._free.pop()
            if self.now() - line.idle_since < IDLE_SECONDS_MAX:
                return await self._alive(line.connection)
            line.connection.close()
            self._unconnected += 1
        if self._unconnected:
            self._unconnected -= 1
            return await self._connect()
        waiting: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        if is_urgent:
            self._waiting.appendleft(waiting)
        else:
            self._waiting.append(waiting)
        return await self._alive(await waiting)

    async def _alive(self, connection: Connection) -> Connection:
        return connection if connection.is_open else await self._connect()

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self._host, self._port)
        return connection

    def _give_back(self, connection: Connection) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return
        self._free.append(_Line(connection, self.now()))


@asynccontextmanager
async def switchboard(url: str, *, connections: int) -> AsyncIterator[Switchboard]:
    """A board with so many lines to a server."""
    board = Switchboard(url, connections)
    try:
        yield board
    finally:
        board.close()


def _code(answer: Answer) -> str:
    if answer.status == HUNG_UP:
        return "hung_up"
    if answer.status < 400:
        return ""
    try:
        return _decode_problem(answer.body).code
    except msgspec.MsgspecError:  # a page
        return str(answer.status)

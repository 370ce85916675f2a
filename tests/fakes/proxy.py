"""A TCP proxy in front of Postgres that understands just enough of the protocol to break one statement."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Self, assert_never
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests.fakes.cuts import Cut, Side

READY = b"Z\x00\x00\x00\x05I"
"""ReadyForQuery outside a transaction: the statement is over, and durable if it succeeded."""

_CHUNK_BYTES = 65536
_LATE_SECONDS_MAX = 10.0


class Fault(Enum):
    """What becomes of the next statement that it is laid on."""

    REQUEST_LOST = auto()
    """Cut before the server sees any of it."""
    REQUEST_HALF_SENT = auto()
    """Cut when the server has half of it."""
    REQUEST_LATE = auto()
    """Cut, but the server gets it in the end: see `deliver_late`."""
    ANSWER_LOST = auto()
    """Cut when the server is through with it."""
    ANSWER_HALF_SENT = auto()
    """Cut when all of the answer is through but that the server is ready again."""
    ANSWER_HELD = auto()
    """The server is through with it, but the answer doesn't come before `release`."""
    PREPARE_UNANSWERED = auto()
    """The connection falls silent when the statement is prepared on it."""


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Connections to `dsn` reach the database of `url`, until a fault that was laid in breaks one."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._faults: list[tuple[bytes, Fault | Cut]] = []
        self._late: list[tuple[asyncio.StreamWriter, asyncio.StreamReader, bytes]] = []
        self._halves: list[asyncio.StreamWriter] = []
        self.released = asyncio.Event()
        self.refusing = False
        """Whether new connections are closed at once."""
        self.struck: list[Fault | Cut] = []
        """The faults that have happened."""
        self.bytes_of_broken = 0
        """How long the stream was, uncut, that a Cut has broken last."""
        self.connections = 0
        """Connections accepted so far."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        self.forget_halves()
        for writer, _reader, _request in self._late:
            writer.transport.abort()
        await asyncio.gather(*(link.done.wait() for link in self._links))

    @property
    def dsn(self) -> str:
        """How to reach the database through the proxy."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(
            self._parts._replace(
                netloc=f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}", query="sslmode=disable"
            )
        )

    def lay(self, fault: Fault | Cut, statement: str) -> None:
        """Break the next execution of a statement with this text in it; several happen in this order.

        May be called from any thread.
        """
        self._faults.append((statement.encode(), fault))

    def spare(self) -> None:
        """Break nothing of what is still laid."""
        self._faults.clear()

    @property
    def is_laid(self) -> bool:
        """Whether a fault still waits for its statement."""
        return bool(self._faults)

    def has_broken(self, count: int) -> Callable[[], bool]:
        """Tells whether so many faults have happened."""
        return lambda: len(self.struck) >= count

    def cut(self) -> None:
        """Cut every connection that there is."""
        for link in list(self._links):
            link.cut()

    def cut_half(self) -> None:
        """Cut every client off, and don't tell the server: its sessions stay until `forget_halves`."""
        for link in list(self._links):
            self._halves.append(link.keep_server())
            link.cut()

    def forget_halves(self) -> None:
        """Let the server know at last."""
        for writer in self._halves:
            writer.transport.abort()
        self._halves.clear()

    def release(self) -> None:
        """Let the answers through that are held back."""
        self.released.set()

    async def deliver_late(self) -> None:
        """Give the server the late statements, and wait until it is through with them."""
        for writer, reader, request in self._late:
            writer.write(request)
            async with asyncio.timeout(_LATE_SECONDS_MAX):
                await reader.readuntil(READY)
            writer.transport.abort()
        self._late.clear()

    def fault_for(self, query: bytes, *, preparing: bool = False) -> Fault | Cut | None:
        """Take out the next fault, if it was laid on this statement."""
        if not self._faults:
            return None
        statement, fault = self._faults[0]
        if statement not in query or preparing != (fault is Fault.PREPARE_UNANSWERED):
            return None
        del self._faults[0]
        self.struck.append(fault)
        return fault

    def be_late(self, server: Stream, request: bytes) -> None:
        """Keep a request, and the server's end of its connection, for `deliver_late`."""
        reader, writer = server
        self._late.append((writer, reader, request))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refusing:
            writer.transport.abort()
            return
        try:
            upstream = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, (reader, writer), upstream)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)

    async def _connect(self) -> Stream:
        query = parse_qs(self._parts.query)
        port = self._parts.port or int(query.get("port", ["5432"])[0])
        host = query["host"][0] if "host" in query else self._parts.hostname
        if host is not None and host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


@contextlib.contextmanager
def proxy_in_thread(url: str) -> Iterator[Proxy]:
    """A proxy that carries while the test's own thread waits for something."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    proxy = Proxy(url)
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: Stream, server: Stream) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._queries: dict[bytes, bytes] = {}
        self._answer_fault: Fault | Cut | None = None
        self._keeps_server = False
        self._carries = asyncio.Event()
        self._carries.set()
        self._is_cut = asyncio.Event()
        self.done = asyncio.Event()

    async def run(self) -> None:
        """Carry bytes in both directions until either side ends, or a fault ends both."""
        works = (self._requests(), self._answers(), self._is_cut.wait())
        pumps = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cut()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.done.set()

    def keep_server(self) -> asyncio.StreamWriter:
        """The server's side, which this link will leave open."""
        self._keeps_server = True
        return self._to_server

    def cut(self) -> None:
        """Abort both sides."""
        self._is_cut.set()
        self._to_client.transport.abort()
        if not self._keeps_server:
            self._to_server.transport.abort()

    async def _requests(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self._to_server.write(await self._message(b""))  # the start-up message has no type
            while True:
                kind = await self._from_client.readexactly(1)
                message = await self._message(kind)
                if kind == b"P" and self._prepare(message):
                    await self._from_client.read()
                    return
                fault = self._fault_on(message) if kind == b"B" else None
                if fault is None:
                    await self._carries.wait()
                    self._to_server.write(message)
                elif await self._break(fault, message + await self._until_sync()):
                    return
        await self._carries.wait()  # that the client has gone isn't heard of either

    async def _message(self, kind: bytes) -> bytes:
        length = await self._from_client.readexactly(4)
        return kind + length + await self._from_client.readexactly(int.from_bytes(length) - 4)

    async def _until_sync(self) -> bytes:
        messages, kind = b"", b""
        while kind != b"S":
            kind = await self._from_client.readexactly(1)
            messages += await self._message(kind)
        return messages

    def _prepare(self, parse: bytes) -> bool:
        """Take down a prepared statement's text; True when nothing more may reach the server."""
        name, query = parse[5:].split(b"\0")[:2]
        self._queries[name] = query
        return self._proxy.fault_for(query, preparing=True) is not None

    def _fault_on(self, bind: bytes) -> Fault | Cut | None:
        _portal, statement = bind[5:].split(b"\0", 2)[:2]
        return self._proxy.fault_for(self._queries.get(statement, b""))

    async def _break(self, fault: Fault | Cut, request: bytes) -> bool:
        """Do to the request what the fault says; True when nothing more is to be carried."""
        match fault:
            case Cut(side=Side.REQUEST):
                return await self._carry(request, self._to_server, fault)
            case Fault.REQUEST_LOST:
                return True
            case Fault.REQUEST_HALF_SENT:
                self._to_server.write(request[: len(request) // 2])
                await self._to_server.drain()
                return True
            case Fault.REQUEST_LATE:
                self._proxy.be_late((self._from_server, self.keep_server()), request)
                return True
            case Cut() | Fault.ANSWER_LOST | Fault.ANSWER_HALF_SENT | Fault.ANSWER_HELD:
                self._answer_fault = fault
                self._to_server.write(request)
                return False
            case Fault.PREPARE_UNANSWERED:
                raise AssertionError("laid on executions only")
            case _:
                assert_never(fault)

    async def _answers(self) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await self._from_server.read(_CHUNK_BYTES):
                if self._answer_fault is None:
                    await self._carries.wait()
                    self._to_client.write(chunk)
                    continue
                while not chunk.endswith(READY) and (more := await self._from_server.read(_CHUNK_BYTES)):
                    chunk += more
                if await self._withhold(self._answer_fault, chunk):
                    return
        await self._carries.wait()

    async def _withhold(self, fault: Fault | Cut, answer: bytes) -> bool:
        self._answer_fault = None
        if isinstance(fault, Cut):
            return await self._carry(answer, self._to_client, fault)
        if fault is Fault.ANSWER_HELD:
            await self._proxy.released.wait()
            self._to_client.write(answer)
            return False
        if fault is Fault.ANSWER_HALF_SENT:
            self._to_client.write(answer[: -len(READY)])
            await self._to_client.drain()
        return True

    async def _carry(self, stream: bytes, to: asyncio.StreamWriter, cut: Cut) -> bool:
        """Let it through as far as the cut does; True when nothing more is to be carried."""
        self._proxy.bytes_of_broken = len(stream)
        first, rest = cut.split(stream)
        to.write(first)
        await to.drain()
        if cut.pause_seconds is None:
            return True
        self._carries.clear()
        await asyncio.sleep(cut.pause_seconds)
        self._carries.set()
        to.write(rest)
        return False

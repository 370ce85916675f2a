"""A listening server of a few handlers, and guests at its door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web

from ticketd.settings import Settings
from ticketd.web import clients
from ticketd.web.answers import Answer, head
from ticketd.web.boards import BOARDS, Boards
from ticketd.web.calls import Call, CallAnswerer, answers_call, answers_reservation
from ticketd.web.connections import ConnectionGate
from ticketd.web.context import SERVICES, Services
from ticketd.web.conversations import EdgeLimits, crowded
from ticketd.web.errors import answering
from ticketd.web.fast_path import FastPath
from ticketd.web.parsing import ANY_BODY, read_body
from ticketd.web.problems import problem

HELLO = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
LARGE_BYTES = 16 * 1024 * 1024
"""More than the kernel keeps for both ends of a connection."""
PAGE_BYTES = 48 * 1024
"""Less than a transport waits for, unless it is told to."""

END_OF_HEAD = b"\r\n\r\n"
ANSWER_SECONDS_MAX = 30.0


def post(path: str, body: bytes = b"{}", *headers: str) -> bytes:
    """A request with a body."""
    lines = (f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + END_OF_HEAD + body


class Guest:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    def send(self, request: bytes) -> None:
        """Doesn't wait for an answer."""
        self._writer.write(request)

    async def ask(self, request: bytes = HELLO) -> int:
        """The status, when the answer's head has come."""
        self.send(request)
        return int((await self.reader.readuntil(END_OF_HEAD)).split()[1])

    async def answer(self) -> tuple[str, bytes]:
        """The head and the body of the next answer."""
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            head = (await self.reader.readuntil(END_OF_HEAD)).decode()
            length = int(head.lower().partition("\r\ncontent-length: ")[2].split("\r\n")[0])
            return head, await self.reader.readexactly(length)

    async def ends(self) -> bytes:
        """Everything that still comes until the server hangs up."""
        return await self.reader.read()

    def hang_up(self) -> None:
        """Leave without a word."""
        self._writer.transport.abort()


class Door:
    """A listening server; see `opened`."""

    def __init__(self) -> None:
        self.gate: ConnectionGate
        self.runner: web.AppRunner
        self.port = 0
        self.open = asyncio.Event()
        """Lets `/slow` and reservations be answered."""
        self.guests: list[Guest] = []
        self.body_limits = ANY_BODY
        self.reservations = 0
        """That a handler has begun with."""
        self.pages = 0
        """That were asked for and answered, be they read or not."""
        self.bodies_awaited = 0
        """Reservations whose handler has begun to read them."""
        self.answer_payment: CallAnswerer
        self.on_fast_path = 0
        """Reservations and payments that were answered there."""

    async def arrive(self) -> Guest:
        """A guest who has connected and says nothing yet."""
        guest = Guest(*await asyncio.open_connection("127.0.0.1", self.port))
        self.guests.append(guest)
        return guest

    async def hello(self, request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def slow(self, request: web.Request) -> web.Response:
        await self.open.wait()
        return web.Response(text="at last")

    async def large(self, request: web.Request) -> web.Response:
        return web.Response(body=bytes(LARGE_BYTES))

    async def page(self, request: web.Request) -> web.StreamResponse:
        self.pages += 1
        return Answer(head(200, {}), bytes(PAGE_BYTES))

    async def reserve(self, request: web.Request) -> web.StreamResponse:
        self.bodies_awaited += 1
        body = await read_body(request, self.body_limits)
        refusal = crowded(request)
        if refusal is not None:
            return problem(refusal)
        self.reservations += 1
        await self.open.wait()
        return Answer(head(201, {}), body)

    async def pay(self, request: web.Request) -> web.Response:
        return web.Response(body=b"paid by " + await request.read())

    # the same on the fast path

    async def answer_reservation(self, call: Call) -> Answer:
        self.reservations += 1
        self.on_fast_path += 1
        await self.open.wait()
        return Answer(head(201, {}), call.body)

    async def pay_at_once(self, call: Call) -> Answer:
        self.on_fast_path += 1
        return Answer(head(200, {}), b"paid by " + call.body)

    def fast_path(self, app: web.Application) -> FastPath:
        app[SERVICES] = cast("Services", None)
        app[BOARDS] = cast("Boards", None)
        clients.setup(app, Settings())
        routes = (
            web.post("/api/v1/reservations", answers_reservation(self.answer_reservation)),
            web.post("/api/v1/reservations/{id}/payment", answers_call(self.answer_payment)),
        )
        return FastPath(app, routes if has_fast_path else ())


_PATIENT = EdgeLimits()

has_fast_path = True
"""Whether calls that come whole are answered there."""


@asynccontextmanager
async def opened(
    connections_max: int,
    limits: EdgeLimits = _PATIENT,
    *,
    answer_payment: CallAnswerer | None = None,
    shutdown_seconds: float = 60.0,
) -> AsyncIterator[Door]:
    """A door for so many guests; payments may be answered by somebody else."""
    door = Door()
    door.answer_payment = answer_payment or door.pay_at_once
    app = web.Application()
    app.add_routes([web.get(path, door.hello) for path in ("/hello", "/healthz", "/metrics-club")])
    app.add_routes([web.get(path, door.hello) for path in ("/events/7/queue", "/api/v1/queue", "/r/{id}")])
    app.add_routes(
        [web.get("/slow", door.slow), web.get("/readyz", door.slow), web.get("/large", door.large)]
    )
    app.add_routes([web.get("/page", door.page)])
    app.add_routes([web.post("/api/v1/reservations", answering(door.reserve))])
    app.add_routes([web.post("/api/v1/reservations/{id}/payment", door.pay)])
    fast_path = door.fast_path(app)
    runner = door.runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds)
    await runner.setup()
    assert runner.server is not None
    door.gate = ConnectionGate(
        runner.server, fast_path=fast_path, connections_max=connections_max, limits=limits
    )
    server = await asyncio.get_running_loop().create_server(door.gate, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        door.open.set()
        for guest in door.guests:
            guest.hang_up()
        server.close()
        door.gate.close()
        await runner.cleanup()


OpenDoor = Callable[..., Awaitable[Door]]

"""A keep-alive HTTP client that costs little: enough of the protocol to talk to the servers measured here."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import msgspec

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *(\S+)", re.IGNORECASE)
_SEE_OTHER = 303
_END_OF_HEAD = b"\r\n\r\n"


class Answer(NamedTuple):
    """A status and what came with it."""

    status: int
    body: bytes
    retry_after: int | None = None
    """Seconds."""
    location: str | None = None
    """Of a 303."""

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


def request(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A request as it goes over the wire."""
    parts = urlsplit(url)
    headers = headers or {}
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    if body and "Content-Type" not in headers:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


def answer_in(received: bytes | bytearray) -> Answer | None:
    """The answer, once all of it is there."""
    end = received.find(_END_OF_HEAD)
    if end < 0:
        return None
    length = _LENGTH.search(received, 0, end)
    begin = end + len(_END_OF_HEAD)
    if length is not None and len(received) - begin < int(length[1]):
        return None
    status, retry_after = int(received[9:12]), _RETRY_AFTER.search(received, 0, end)
    location = _LOCATION.search(received, 0, end) if status == _SEE_OTHER else None
    return Answer(
        status,
        bytes(received[begin:]),
        None if retry_after is None else int(retry_after[1]),
        None if location is None else location[1].decode("ascii"),
    )


class Connection(asyncio.Protocol):
    """One keep-alive connection: ask, wait for the answer, ask again."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._loop = asyncio.get_running_loop()

    def ask(self, sent: bytes) -> asyncio.Future[Answer]:
        """The answer to a request; ConnectionError if the server hangs up first."""
        assert self._transport is not None, "it is connected"
        self._answer = self._loop.create_future()
        self._transport.write(sent)
        return self._answer

    @property
    def is_open(self) -> bool:
        """Whether the server hasn't hung up so far."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = answer_in(self._received)
        if answer is not None and self._answer is not None and not self._answer.done():
            self._received.clear()
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Connection]]:
    """So many connections to a server."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    try:
        for _ in range(count):
            _, connection = await loop.create_connection(Connection, str(parts.hostname), parts.port or 80)
            connections.append(connection)
        yield connections
    finally:
        for connection in connections:
            connection.close()

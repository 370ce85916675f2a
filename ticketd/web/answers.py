"""Answers whose head is nearly constant, written in one piece.

aiohttp fills a header table for each answer, completes it and puts it into text: a tenth of all that a
reservation costs. Here that text is made once for each kind of answer.
"""

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import REASON_PHRASES

from ticketd.clock import wall_seconds
from ticketd.web.shortcut import Shortcut

_KEPT: Final = b"Connection: keep-alive\r\n"
_CLOSED: Final = b"Connection: close\r\n"
_JOINED_BYTES_MAX: Final = 16 * 1024
"""A larger body isn't copied for each who gets it."""


class Head(NamedTuple):
    """What all answers of a kind have in common."""

    status: int
    text: bytes
    """The status line and the headers, each with its line end."""


def head(status: int, headers: Mapping[str, str]) -> Head:
    """The head of a kind of answers."""
    line = f"HTTP/1.1 {status} {REASON_PHRASES[status]}\r\n".encode("ascii")
    return Head(status, line + header_lines(headers))


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they go over the wire; ValueError for what can't stand in one."""
    return b"".join([header_line(name, value) for name, value in headers.items()])


def header_line(name: str, value: str) -> bytes:
    """One header as it goes over the wire; ValueError for what can't stand in one."""
    line = f"{name}: {value}"
    if not (line.isascii() and line.isprintable()):
        raise ValueError("A header is one line of printable ASCII.")
    return b"%b\r\n" % line.encode("ascii")


class Answer(web.StreamResponse):
    """A body under a head, with headers of its own where it has any."""

    def __init__(self, head: Head, body: bytes, headers: bytes = b"") -> None:
        super().__init__(status=head.status)
        self.body = body
        self._head = head.text
        self._own_headers = headers
        self._request: BaseRequest | None = None

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open, as the asker wished."""
        return self._request is not None and self._request.keep_alive

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter:
        """See aiohttp: all of it leaves with `write_eof`."""
        self._request = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it."""
        request = self._request
        assert request is not None, "prepared before"
        head = self.encoded_head(_connection(request))
        if request.method == hdrs.METH_HEAD:
            await request.writer.write(head)
        else:
            await self.send(request, head)

    async def send(self, request: BaseRequest, head: bytes) -> None:
        """Send head and body."""
        if len(self.body) <= _JOINED_BYTES_MAX:
            await request.writer.write(head + self.body)
        else:
            await request.writer.write(head)
            await request.writer.write(self.body)

    def whole(self) -> bytes:
        """All of it at once, for a connection that stays open."""
        return self.encoded_head(b"") + self.body

    @property
    def length(self) -> int:
        """Of the body, in bytes."""
        return len(self.body)

    def encoded_head(self, connection: bytes) -> bytes:
        """All that goes over the wire before the body; `connection` is that header's line, if any."""
        date = _http_date(wall_seconds())
        return b"%b%bContent-Length: %d\r\nDate: %b\r\n%b\r\n" % (
            self._head,
            self._own_headers,
            self.length,
            date,
            connection,
        )


class Unchanged(Answer):
    """304: the asker has the body already."""

    def __init__(self, head: Head) -> None:
        super().__init__(head, b"")

    def encoded_head(self, connection: bytes) -> bytes:
        """See `Answer.encoded_head`; the length would be that of the body that isn't sent."""
        return b"%bDate: %b\r\n%b\r\n" % (self._head, _http_date(wall_seconds()), connection)


class Endless(Answer):
    """An answer that ends with its connection, whenever that may be."""

    @property
    def keep_alive(self) -> bool:
        """See `Answer.keep_alive`."""
        return False

    def encoded_head(self, connection: bytes) -> bytes:
        """See `Answer.encoded_head`."""
        return b"%bDate: %b\r\n%b\r\n" % (self._head, _http_date(wall_seconds()), _CLOSED)


def _connection(request: BaseRequest) -> bytes:
    stays = request.keep_alive and not (isinstance(request.protocol, Shortcut) and request.protocol.is_ending)
    if request.version >= HttpVersion11:
        return b"" if stays else _CLOSED
    return _KEPT if stays else b""


@lru_cache(maxsize=2)
def _http_date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode("ascii")

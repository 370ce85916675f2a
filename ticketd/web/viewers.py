"""The far end of a stream: a connection that the HTTP server has let go of, and that is only written to.

A request that stays open in the HTTP server costs 13 kB: its parser, the request, two tasks and what they
wait for. So the connection changes hands as soon as its request is read, and what stays is a transport and a
Viewer: less than 2 kB.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from aiohttp import web

from ticketd.web.sights import Sight

BEHIND_BYTES_MAX: Final = 64 * 1024
"""Of what a viewer hasn't taken yet, beside what its socket holds; at least two sights may wait for it."""

SEND_BUFFER_BYTES: Final = 32 * 1024
"""Of its socket: left alone, the kernel would keep megabytes for each viewer who doesn't read."""

UNANSWERED_SECONDS_MAX: Final = 60
"""How long a viewer's machine may be silent after something was sent to it."""


class Viewer(asyncio.Protocol):
    """One who watches an event."""

    __slots__ = ("_leave", "_transport", "seen")

    def __init__(self, seen: Sight, *, leave: "Callable[[Viewer], None]") -> None:
        """`seen` is what they are sent first; `leave` is called when their connection is gone."""
        self.seen = seen
        self._leave = leave

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        connection = transport.get_extra_info("socket")
        with suppress(OSError):  # it is lost already, which will be heard
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # where there is none, a dead connection ends later
                milliseconds = UNANSWERED_SECONDS_MAX * 1000
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def data_received(self, data: bytes) -> None:
        """A viewer who still has something to say wants something else than to watch."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave(self)

    def show(self, sight: Sight) -> bool:
        """Send what is new to them in it; see `send`."""
        news, self.seen = sight.since(self.seen), sight
        return self.send(news) if news else True

    def send(self, data: bytes) -> bool:
        """Write without waiting; False if they were so far behind that they were cut instead."""
        transport = self._transport
        if transport.is_closing():
            return True
        if transport.get_write_buffer_size() > max(BEHIND_BYTES_MAX, 2 * len(data)):
            transport.abort()
            return False
        transport.write(data)
        return True

    def end(self) -> None:
        """Hang up, once what was sent has left."""
        self._transport.close()


def hand_over(handler: web.RequestHandler, viewer: Viewer) -> bool:
    """Give the viewer the connection of a request that is read; False if it is lost already."""
    transport = handler.transport
    if transport is None or transport.is_closing():
        return False
    transport.set_protocol(viewer)
    handler.transport = None  # for the handler it is lost, but not to be closed
    handler.connection_lost(None)
    viewer.connection_made(transport)
    return True

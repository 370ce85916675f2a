"""Connections come in by many at a time.

libuv accepts one connection in each turn of the loop. When thousands of reservations are in progress a turn
takes tenths of a second, and guests who have just arrived would wait for minutes before anybody saw them.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

ACCEPTED_AT_ONCE: Final = 256
"""In one turn: more would hold up those who are inside."""

Factory = Callable[[], asyncio.Protocol]


class Acceptor:
    """The protocol factory of a listening socket: with one connection it takes on all that wait behind it."""

    def __init__(self, listener: socket.socket, factory: Factory) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        """The protocol of the connection that the loop has accepted."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody waits; if there is another reason, the loop meets it next
                break
            coming = self._loop.create_task(self._take_on(connection))
            self._coming.add(coming)
            coming.add_done_callback(self._coming.discard)
        return self._factory()

    async def _take_on(self, connection: socket.socket) -> None:
        with suppress(OSError):  # it has gone already
            await self._loop.connect_accepted_socket(self._factory, connection)

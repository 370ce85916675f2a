"""Requests at a constant rate: what waits for a slow answer is counted as waiting, not left out.

Plain sockets and select, whose timeouts are exact to microseconds; an event loop's are to milliseconds.
"""

import contextlib
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench.client import answer_in

ANSWER_SECONDS_MAX = 10.0
READ_BYTES = 65_536


class _Guest:
    """A connection, and when the request that it carries was due."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.due = 0.0
        self.received = bytearray()

    def fileno(self) -> int:
        """For select."""
        return self.connection.fileno()


def arrive(url: str, wanted: bytes, *, rate: float, seconds: float, connections: int) -> list[float]:
    """Seconds from the instant each request was due to its answer; one that finds all connections busy waits.

    It ends the program if an answer is an error or doesn't come.
    """
    with _connected(url, connections) as guests:
        return _Arrivals(guests, wanted, rate=rate, count=int(rate * seconds)).run()


class _Arrivals:
    """The schedule, who is free, and who waits for an answer."""

    def __init__(self, guests: list[_Guest], wanted: bytes, *, rate: float, count: int) -> None:
        self._free = deque(guests)
        self._asking: set[_Guest] = set()
        self._wanted = wanted
        self._interval = 1 / rate
        self._count = count
        self._sent = 0
        self._begin = time.perf_counter()
        self._waits: list[float] = []

    def run(self) -> list[float]:
        """All waits, once every request is answered."""
        while len(self._waits) < self._count:
            self._send_due()
            patience = self._until_next_due()
            ready, _, _ = select.select(list(self._asking), (), (), patience)
            if not ready and patience == ANSWER_SECONDS_MAX:
                raise SystemExit(f"{len(self._asking)} requests got no answer")
            for guest in ready:
                self._read(guest)
        return self._waits

    def _due(self) -> float:
        return self._begin + self._sent * self._interval

    def _send_due(self) -> None:
        now = time.perf_counter()
        while self._sent < self._count and self._free and self._due() <= now:
            guest = self._free.popleft()
            guest.due = self._due()
            guest.connection.sendall(self._wanted)
            self._asking.add(guest)
            self._sent += 1

    def _until_next_due(self) -> float:
        """Seconds; without anybody free only an answer can change anything."""
        if self._sent == self._count or not self._free:
            return ANSWER_SECONDS_MAX
        return max(0.0, self._due() - time.perf_counter())

    def _read(self, guest: _Guest) -> None:
        data = guest.connection.recv(READ_BYTES)
        guest.received += data
        answer = answer_in(guest.received)
        if not data or (answer is not None and answer.status >= 400):
            raise SystemExit(f"instead of an answer came {bytes(guest.received)!r}")
        if answer is not None:
            self._waits.append(time.perf_counter() - guest.due)
            guest.received.clear()
            self._asking.discard(guest)
            self._free.append(guest)


@contextlib.contextmanager
def _connected(url: str, count: int) -> Iterator[list[_Guest]]:
    parts = urlsplit(url)
    with contextlib.ExitStack() as stack:
        guests = []
        for _ in range(count):
            connection = socket.create_connection((str(parts.hostname), parts.port or 80))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            guests.append(_Guest(stack.enter_context(connection)))
        yield guests

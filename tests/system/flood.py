"""Far more requests than a server can take, at a pace that doesn't wait for its answers."""

import asyncio
import json
import time
from collections import Counter
from statistics import median
from typing import Final, cast

from tests.system.client import reservation_of
from tests.system.server import Server

CONNECTIONS_MAX: Final = 2_000
"""Guests who wait at the same time; beyond that a request isn't sent, and counts as `unsent`."""

TICK_SECONDS: Final = 0.005


class Flood:
    """Requests for one ticket each, on as many connections as have an answer under way."""

    def __init__(self, server: Server, ticket_type: int) -> None:
        body = json.dumps(reservation_of(ticket_type, 1)).encode()
        head = (
            "POST /api/v1/reservations HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.request = head.encode() + body
        self.statuses: Counter[int] = Counter()
        self.without_retry_after = 0
        self.unsent = 0
        self.refused_after: list[float] = []
        """How long each 503 took."""
        self._port = server.port
        self._insistent = False
        """Whether every answer is followed by a request."""
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._opening: set[asyncio.Task[None]] = set()

    async def at_pace(self, requests_per_second: float, seconds: float) -> None:
        """Send so many, whatever becomes of them."""
        began = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - began) < seconds:
            for _ in range(int(elapsed * requests_per_second) - sent):
                self._send()
                sent += 1
            await asyncio.sleep(TICK_SECONDS)

    async def one_after_the_other(self, guests: int, seconds: float) -> float:
        """How many requests per second are granted when each of so many guests waits for the answer."""
        granted = self.statuses[201]
        self._insistent = True
        for _ in range(guests):
            self._send()
        await asyncio.sleep(seconds)
        self._insistent = False
        return (self.statuses[201] - granted) / seconds

    def leave(self) -> None:
        """Hang up everywhere."""
        for task in self._opening:
            task.cancel()
        for connection in self._open:
            connection.hang_up()

    def __str__(self) -> str:
        slowest = max(self.refused_after, default=0.0)
        return (
            f"{self.statuses[201]} granted, {self.statuses[503]} refused with 503, half of these within"
            f" {median(self.refused_after) * 1000:.1f} ms, all within {slowest * 1000:.0f} ms"
        )

    def _send(self) -> None:
        if self._idle:
            self._idle.pop().send()
        elif len(self._open) + len(self._opening) < CONNECTIONS_MAX:
            task = asyncio.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self.unsent += 1

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._port)

    def arrived(self, connection: "_Connection") -> None:
        """It has connected."""
        self._open.add(connection)

    def answered(self, connection: "_Connection", head: bytes, seconds: float) -> None:
        """One answer has come."""
        status = int(head[9:12])
        self.statuses[status] += 1
        if status == 503:
            self.refused_after.append(seconds)
            self.without_retry_after += b"\r\nRetry-After: " not in head
        if self._insistent:
            connection.send()
        else:
            self._idle.append(connection)

    def gone(self, connection: "_Connection") -> None:
        """It has been closed, by whomever."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)


class _Connection(asyncio.Protocol):
    """One guest at a time."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._flood.arrived(self)
        self.send()

    def send(self) -> None:
        """Another guest's request."""
        self._sent_at = time.monotonic()
        self._transport.write(self._flood.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if separator and len(body) >= int(head.partition(b"\r\nContent-Length: ")[2].split(b"\r\n")[0]):
            self._received = b""
            self._flood.answered(self, head, time.monotonic() - self._sent_at)

    def connection_lost(self, exc: Exception | None) -> None:
        self._flood.gone(self)

    def hang_up(self) -> None:
        """Without a word."""
        self._transport.abort()

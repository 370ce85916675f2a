"""Requests at a rate that doesn't care about answers: what an overloaded server sees.

Plain sockets and epoll in one process. A request that is due when every connection still waits for an answer
isn't sent, and counts as unsent: that many guests were waiting already.
"""

import select
import socket
import time
from collections import Counter, deque
from contextlib import closing
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bench.processes import allow_open_files

FILES_BESIDE: Final = 100
READ_BYTES: Final = 65_536
ASKED_AT_ONCE: Final = 256
"""So many are sent before answers are read; more that are due by then can't be sent by this process."""

LEAVE_SECONDS: Final = 5.0
"""How long the last answers may take."""


class Flooded(NamedTuple):
    """What became of a flood."""

    seconds: float
    sent: int
    unsent: int
    hung_up: int
    """Connections that the server ended, with a request under way."""
    statuses: dict[int, int]
    accepted_after: list[float]
    """Seconds from the instant at which each was due."""
    refused_after: list[float]
    """The same, of all other answers."""


class Flood:
    """One process' share of the guests."""

    def __init__(self, url: str, wanted: bytes, *, connections: int) -> None:
        parts = urlsplit(url)
        self._address = (str(parts.hostname), parts.port or 80)
        self._wanted = wanted
        self._epoll = select.epoll()
        self._guests: dict[int, socket.socket] = {}
        self._due: dict[int, float] = {}
        """Of those that wait for an answer, by file descriptor."""
        self._free: deque[int] = deque()
        self._statuses: Counter[int] = Counter()
        self._accepted_after: list[float] = []
        self._refused_after: list[float] = []
        self._hung_up = 0
        allow_open_files(connections + FILES_BESIDE)
        for _ in range(connections):
            self._connect()

    def at_rate(self, rate: float, seconds: float, *, leave_seconds: float = LEAVE_SECONDS) -> Flooded:
        """Send so many a second for so long, then wait for what is under way."""
        began = time.perf_counter()
        sent = unsent = 0
        while (elapsed := time.perf_counter() - began) < seconds:
            overdue = int(elapsed * rate) - sent - unsent
            asking = min(overdue, len(self._free), ASKED_AT_ONCE)
            for _ in range(asking):
                self._ask(began + (sent + unsent) / rate)
                sent += 1
            if not self._free or asking == ASKED_AT_ONCE:
                unsent += overdue - asking
            self._read(0 if asking else 0.0005)
        self._drain(leave_seconds)
        return self._flooded(seconds, sent, unsent)

    def one_after_the_other(self, seconds: float) -> Flooded:
        """Every connection asks again as soon as it is answered."""
        began = time.perf_counter()
        sent = 0
        while (now := time.perf_counter()) < began + seconds:
            while self._free:
                self._ask(now)
                sent += 1
            self._read(0.1)
        flooded = self._flooded(seconds, sent, 0)
        self._drain(LEAVE_SECONDS)
        return flooded

    def close(self) -> None:
        """Hang up everywhere."""
        for guest in self._guests.values():
            guest.close()
        self._epoll.close()

    def _drain(self, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        while self._due and time.perf_counter() < deadline:
            self._read(0.1)

    def _flooded(self, seconds: float, sent: int, unsent: int) -> Flooded:
        return Flooded(
            seconds,
            sent,
            unsent,
            self._hung_up,
            dict(self._statuses),
            list(self._accepted_after),
            list(self._refused_after),
        )

    def _connect(self) -> None:
        guest = socket.create_connection(self._address)
        guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        guest.setblocking(False)
        self._guests[guest.fileno()] = guest
        self._epoll.register(guest.fileno(), select.EPOLLIN)
        self._free.append(guest.fileno())

    def _ask(self, due: float) -> None:
        fd = self._free.popleft()
        self._due[fd] = due
        try:
            self._guests[fd].send(self._wanted)
        except OSError:
            self._gone(fd)

    def _read(self, patience: float) -> None:
        for fd, _ in self._epoll.poll(patience):
            try:
                answer = self._guests[fd].recv(READ_BYTES)
            except OSError:
                answer = b""
            if answer.endswith(b"}"):  # of the JSON; these answers are small enough to come in one piece
                self._answered(fd, int(answer[9:12]))
            elif not answer:
                self._gone(fd)

    def _answered(self, fd: int, status: int) -> None:
        after = time.perf_counter() - self._due.pop(fd)
        self._statuses[status] += 1
        (self._accepted_after if status == 201 else self._refused_after).append(after)
        self._free.append(fd)

    def _gone(self, fd: int) -> None:
        if self._due.pop(fd, None) is None:
            self._free.remove(fd)
        else:
            self._hung_up += 1
        self._epoll.unregister(fd)
        self._guests.pop(fd).close()
        self._connect()


def flood_at_rate(
    url: str,
    wanted: bytes,
    *,
    connections: int,
    rate: float,
    seconds: float,
    leave_seconds: float = LEAVE_SECONDS,
) -> Flooded:
    """What became of requests at this rate."""
    with closing(Flood(url, wanted, connections=connections)) as flood:
        return flood.at_rate(rate, seconds, leave_seconds=leave_seconds)


def closed_loop(url: str, wanted: bytes, *, connections: int, seconds: float) -> Flooded:
    """What became of requests each of which waits for the answer before."""
    with closing(Flood(url, wanted, connections=connections)) as flood:
        return flood.one_after_the_other(seconds)

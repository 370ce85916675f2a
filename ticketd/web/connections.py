"""How many connections the server takes on, and what those beyond it hear: 503, at next to no cost.

A connection that doesn't fit costs a small object, a timer and one write; no request of it is parsed. Probes
(`/healthz` and its like) still come through, a few at a time, so that a full server doesn't look dead.
"""

import asyncio
import re
import resource
from typing import Final, cast

import structlog
from aiohttp import hdrs, web

from ticketd.core.refusals import Reason, Refusal
from ticketd.metrics import EdgeStats
from ticketd.web.answers import head
from ticketd.web.problems import PRIVATE_HEADERS, RETRY_AFTER_SECONDS, problem, status_of

PROBES_MAX: Final = 32
"""Connections for probes, beyond the limit: one request each."""

TURNED_AWAY_MAX: Final = 512
"""Refused connections that are still there; above it they are cut off right after their answer."""

TURN_AWAY_SECONDS_MAX: Final = 2.0
"""How long a refused client has for sending its request and reading the answer."""

COUNT_SECONDS_MIN: Final = 0.01
"""How soon a full server counts its connections again."""

FILES_BESIDE: Final = PROBES_MAX + TURNED_AWAY_MAX + 128
"""Open files that aren't guests' connections: those above, the database's, logs, the listening socket."""

_PROBE = re.compile(rb"(?:GET|HEAD) /(?:healthz|readyz|metrics)[ ?].*\r\n\r\n$", re.DOTALL)

log = structlog.get_logger(__name__)


def fitting_connections(connections_max: int) -> int:
    """How many of so many connections fit, once the process may have as many files open as it is allowed."""
    wanted = connections_max + FILES_BESIDE
    allowed = _raise_open_files(wanted)
    if allowed >= wanted:
        return connections_max
    fitting = min(connections_max, max(allowed - FILES_BESIDE, allowed // 2))
    log.warning("limit of open files is too low", open_files_max=allowed, connections_max=fitting)
    return fitting


def _raise_open_files(wanted: int) -> int:
    """The limit of open files: what it was or, if that is less than wanted, as near to it as may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_enough(soft, wanted):
        return wanted
    raised = wanted if _is_enough(hard, wanted) else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):  # macOS has another limit, of which it doesn't tell
        return soft
    return raised


def _is_enough(limit: int, wanted: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= wanted


class Doorkeeper:
    """The protocol factory of the listening socket: hands connections to the server while there is room."""

    def __init__(self, server: web.Server, *, connections_max: int) -> None:
        self._server = server
        self._connections_max = connections_max
        self._loop = asyncio.get_running_loop()
        self._open_max = 0
        """At most so many are open: counted at times, and one more with each that was let in since."""
        self._counted_at = 0.0
        self._turned_away: set[_Arrival] = set()
        self._refused = 0

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a connection that has just come."""
        return _Arrival(self)

    def stats(self) -> EdgeStats:
        """What it counts."""
        return EdgeStats(
            connections=len(self._server.connections),
            connections_refused=self._refused,
            tasks=len(asyncio.all_tasks(self._loop)),
        )

    def admit(self, transport: asyncio.Transport, *, beyond: int = 0) -> web.RequestHandler | None:
        """The server's protocol, which has the connection now; None if there is no room.

        `beyond` is how far above the limit this one may be.
        """
        limit = self._connections_max + beyond
        if self._open_max >= limit:
            self._count()
            if self._open_max >= limit:
                return None
        self._open_max += 1
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        return handler

    def _count(self) -> None:
        now = self._loop.time()
        if now >= self._counted_at + COUNT_SECONDS_MIN:  # it goes through all of them
            self._counted_at = now
            self._open_max = len(self._server.connections)

    def turn_away(self, arrival: "_Arrival") -> bool:
        """Let a client for whom there is no room hear so; False if it must be cut off at once."""
        if len(self._turned_away) >= TURNED_AWAY_MAX:
            return False
        self._turned_away.add(arrival)
        return True

    def refuse(self, transport: asyncio.Transport) -> None:
        """Tell the client that there is no room."""
        self._refused += 1
        transport.write(NO_ROOM)

    def forget(self, arrival: "_Arrival") -> None:
        """It has gone, or was let in after all."""
        self._turned_away.discard(arrival)

    def close(self) -> None:
        """Cut off those who were refused and are still there."""
        for arrival in tuple(self._turned_away):
            arrival.cut_off()


class _Arrival(asyncio.Protocol):
    """A connection until it is the server's; if there is no room for it, until its end.

    It is answered when its request begins to come, for not every client listens before it has spoken. Then it
    is read on until the client hangs up: closing a socket with unread bytes in it would take the answer back.
    """

    __slots__ = ("_answered", "_doorkeeper", "_patience", "_transport")

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper
        self._answered = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._doorkeeper.admit(self._transport) is not None:
            return
        if self._doorkeeper.turn_away(self):
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(TURN_AWAY_SECONDS_MAX, self.cut_off)
        else:
            self.cut_off()

    def data_received(self, data: bytes) -> None:
        if self._answered or self._transport.is_closing():
            return
        if _PROBE.match(data) and (probed := self._doorkeeper.admit(self._transport, beyond=PROBES_MAX)):
            self._leave()
            probed.data_received(data)
            probed.close()  # after this one request
            return
        self._answer()
        self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def cut_off(self) -> None:
        """Hang up, with an answer if there was none."""
        if not self._answered:
            self._answer()
        self._transport.close()

    def _answer(self) -> None:
        self._answered = True
        self._doorkeeper.refuse(self._transport)

    def _leave(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._doorkeeper.forget(self)


def _no_room() -> bytes:
    refusal = Refusal(Reason.OVERLOADED)
    body = problem(refusal).body
    headers = {
        hdrs.CONTENT_TYPE: "application/problem+json",
        **PRIVATE_HEADERS,
        hdrs.RETRY_AFTER: str(RETRY_AFTER_SECONDS),
        hdrs.CONTENT_LENGTH: str(len(body)),
        hdrs.CONNECTION: "close",
    }
    return head(status_of(refusal), headers).text + b"\r\n" + body


NO_ROOM: Final = _no_room()

"""How many connections the server takes on, and what those beyond it hear: 503, at next to no cost.

A connection that doesn't fit costs a small object, a timer and one write; no request of it is parsed. Probes
(`/healthz` and its like) still come through, a few at a time, so that a full server doesn't look dead; and so
do payments and releases of what guests hold, and their places in the queue. And whoever has been idle gives
way: nobody keeps others out by keeping connections.
"""

import asyncio
import heapq
import re
import resource
from collections.abc import Callable
from math import ceil
from operator import itemgetter
from typing import Final, cast

import structlog
from aiohttp import web

from ticketd.metrics import EdgeStats
from ticketd.paths import site_root
from ticketd.web.conversations import Conversation, EdgeLimits, Host, Taker
from ticketd.web.framing import bytes_missing
from ticketd.web.problems import RETRY_AFTER_SECONDS
from ticketd.web.turnstile import raw_no

PROBES_MAX: Final = 32
"""Connections for probes, beyond the limit: one request each."""

URGENT_MAX: Final = 256
"""The same for payments, for what else is done with a reservation, and for the queue."""

URGENT_BYTES_MAX: Final = 16 * 1024
"""A longer one has to find a connection like all others."""

TURNED_AWAY_MAX: Final = 512
"""Refused connections that are still there; above it they are cut off right after their answer."""

TURN_AWAY_SECONDS_MAX: Final = 2.0
"""How long a refused client has for sending its request and reading the answer."""

DEFAULT_LIMITS: Final = EdgeLimits()

COUNT_SECONDS_MIN: Final = 0.01
"""How soon a full server counts its connections again."""

IDLE_SECONDS_MIN: Final = 5.0
"""Who has been idle for so long may have to give way; who needs a connection again makes another."""

GIVE_WAY_SECONDS_MIN: Final = 0.25
"""How soon they are looked for again: that goes through all connections."""

GIVE_WAY_SHARE: Final = 0.05
"""How many of all connections give way at a time."""

FILES_BESIDE: Final = PROBES_MAX + URGENT_MAX + TURNED_AWAY_MAX + 128
"""Open files that aren't guests' connections: those above, the database's, logs, the listening socket."""

_PROBE: Final = re.compile(rb"(?:GET|HEAD) /(?:healthz|readyz|metrics)[ ?]")
_URGENT: Final = re.compile(
    rb"(?:GET|POST|DELETE) /api/v1/reservations/[^/ ]+(?:/payment)? |(?:GET|POST) /r/"
    rb"|(?:GET|POST) /(?:api/v1/)?events/[0-9]+/queue(?:/join|\.json)?[ ?]|GET /api/v1/queue[ ?]"
)
_FOR_A_PERSON: Final = re.compile(rb"[A-Z]+ /(?!api[/ ?]|healthz|readyz|metrics)")

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


class ConnectionGate:
    """The protocol factory of the listening socket: hands connections to the server while there is room."""

    def __init__(
        self,
        server: web.Server,
        *,
        fast_path: Taker,
        connections_max: int,
        limits: EdgeLimits = DEFAULT_LIMITS,
        handed_over: Callable[[], int] = lambda: 0,
    ) -> None:
        """`handed_over` counts the connections that are open and no longer the server's."""
        self._server = server
        self._handed_over = handed_over
        self._host = Host(server, limits, fast_path)
        self._connections_max = connections_max
        self._loop = asyncio.get_running_loop()
        self._open_max = 0
        """At most so many are open: counted at times, and one more with each that was let in since."""
        self._counted_at = 0.0
        self._made_room_at = 0.0
        self._turned_away: set[_Arrival] = set()
        self._reserves = (_Reserve(_PROBE, PROBES_MAX), _Reserve(_URGENT, URGENT_MAX))
        self._refused = 0

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a connection that has just come."""
        return _Arrival(self)

    def stats(self) -> EdgeStats:
        """What it counts."""
        return EdgeStats(
            connections=self._connections(),
            connections_refused=self._refused,
            tasks=len(asyncio.all_tasks(self._loop)),
            reservations_in_progress=self._host.turnstile.in_progress,
            reservations_turned_away=self.reservations_turned_away(),
            slow_senders_cut=self._host.slow_senders_cut,
            slow_readers_cut=self._host.slow_readers_cut,
        )

    def reservations_turned_away(self) -> int:
        """How many were refused unread so far, because too many were under way."""
        return self._host.turnstile.refused

    def admit(self, transport: asyncio.Transport) -> bool:
        """Whether there is room: then the server has the connection now."""
        if self._open_max >= self._connections_max:
            self._count()
            if self._open_max >= self._connections_max and not self._make_room():
                return False
        self._open_max += 1
        self._begin(transport)
        return True

    def reserve_for(self, request: bytes) -> "_Reserve | None":
        """Where a request that begins like this may have a place although there is no room."""
        return next((each for each in self._reserves if each.is_for(request)), None)

    def admit_beyond(self, transport: asyncio.Transport, request: bytes, reserve: "_Reserve") -> bool:
        """Whether the reserve has a place: then the server has the connection, for this one request."""
        if not reserve.has_room():
            return False
        conversation = self._begin(transport)
        reserve.taken.add(conversation)
        conversation.data_received(request)
        conversation.close()
        return True

    def _begin(self, transport: asyncio.Transport) -> Conversation:
        conversation = Conversation(self._host)
        transport.set_protocol(conversation)
        conversation.connection_made(transport)
        return conversation

    def _count(self) -> None:
        now = self._loop.time()
        if now >= self._counted_at + COUNT_SECONDS_MIN:  # it goes through all of them
            self._counted_at = now
            self._open_max = self._connections()

    def _make_room(self) -> bool:
        """Whether idle ones have given way, those first who were idle for longest."""
        now = self._loop.time()
        if now < self._made_room_at + GIVE_WAY_SECONDS_MIN:
            return False
        self._made_room_at = now
        idle = [
            (since, conversation)
            for conversation in self._server.connections
            if isinstance(conversation, Conversation)
            and (since := conversation.idle_since) is not None
            and since <= now - IDLE_SECONDS_MIN
        ]
        most = ceil(self._connections_max * GIVE_WAY_SHARE)
        for _, conversation in heapq.nsmallest(most, idle, key=itemgetter(0)):
            conversation.force_close()
            self._open_max -= 1
        return bool(idle)

    def _connections(self) -> int:
        return len(self._server.connections) + self._handed_over()

    def turn_away(self, arrival: "_Arrival") -> bool:
        """Let a client for whom there is no room hear so; False if it must be cut off at once."""
        if len(self._turned_away) >= TURNED_AWAY_MAX:
            return False
        self._turned_away.add(arrival)
        return True

    def refuse(self, transport: asyncio.Transport, request: bytes) -> None:
        """Tell the client, whose request begins like this, that there is no room."""
        self._refused += 1
        transport.write(NO_ROOM_PAGE if _FOR_A_PERSON.match(request) else NO_ROOM)

    def forget(self, arrival: "_Arrival") -> None:
        """It has gone, or was let in after all."""
        self._turned_away.discard(arrival)

    def close(self) -> None:
        """Cut off those who were refused and are still there; nothing has a time limit any more."""
        self._host.close()
        for arrival in tuple(self._turned_away):
            arrival.cut_off()


class _Reserve:
    """Places beyond the limit for requests of a kind."""

    def __init__(self, pattern: re.Pattern[bytes], places: int) -> None:
        self.is_for = pattern.match
        self.taken: set[Conversation] = set()
        """Who has a place, or had one."""
        self._places = places

    def has_room(self) -> bool:
        """Whether one more may come."""
        if len(self.taken) >= self._places:
            self.taken = {each for each in self.taken if each.connected}
        return len(self.taken) < self._places


class _Arrival(asyncio.Protocol):
    """A connection until it is the server's; if there is no room for it, until its end.

    It is answered when its request begins to come, for not every client listens before it has spoken. Then it
    is read on until the client hangs up: closing a socket with unread bytes in it would take the answer back.
    """

    __slots__ = ("_answered", "_gate", "_patience", "_received", "_transport")

    def __init__(self, gate: ConnectionGate) -> None:
        self._gate = gate
        self._answered = False
        self._received = b""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._gate.admit(self._transport):
            return
        if self._gate.turn_away(self):
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(TURN_AWAY_SECONDS_MAX, self.cut_off)
        else:
            self.cut_off()

    def data_received(self, data: bytes) -> None:
        if self._answered or self._transport.is_closing():
            return
        self._received += data
        reserve = self._gate.reserve_for(self._received)
        if reserve is not None and len(self._received) < URGENT_BYTES_MAX:
            if bytes_missing(self._received) != 0:
                return  # the rest comes soon, or it is too late
            if self._gate.admit_beyond(self._transport, self._received, reserve):
                self._leave()
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
        self._gate.refuse(self._transport, self._received)

    def _leave(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._gate.forget(self)


NO_ROOM: Final = raw_no(RETRY_AFTER_SECONDS, closing=True)
NO_ROOM_PAGE: Final = raw_no(
    RETRY_AFTER_SECONDS, closing=True, page=(site_root() / "templates" / "full.html").read_bytes()
)
"""It needs no other file: there would be no room to ask for one."""

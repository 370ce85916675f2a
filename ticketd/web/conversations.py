"""A connection that the server has taken on, and what is decided before anything of it is parsed."""

import asyncio
import contextlib
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from aiohttp import StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_request import BaseRequest

from ticketd.core.refusals import Reason, Refusal
from ticketd.timeouts import Timeouts
from ticketd.web.framing import END_OF_HEAD, asks_to_close, bytes_missing
from ticketd.web.parsing import BODY_BYTES_MAX
from ticketd.web.problems import problem
from ticketd.web.shortcut import Shortcut, Work
from ticketd.web.turnstile import Turnstile

HEAD_BYTES_MAX: Final = 32 * 1024
"""Of the headers together, if they come in pieces; the parser limits each of them, and how many they are."""

HELD_BYTES_MAX: Final = HEAD_BYTES_MAX + BODY_BYTES_MAX

READ_BYTES_MIN: Final = 16 * 1024
"""Who reads less than that in the time for reading is no reader."""

_RESERVATION: Final = b"POST /api/v1/reservations HTTP/1.1\r\n"

_PARSING: Final[dict[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,  # a few bytes could become gigabytes before anyone looks at them
    "lingering_time": 2.0,  # for reading the answer to a request that isn't wanted to its end
}


class EdgeLimits(NamedTuple):
    """How patient the server is, and how much it takes on."""

    reservations_in_progress_max: int = 2_000
    head_seconds_max: float = 10.0
    """From a request's first byte to the end of its headers; the first request's from connecting on."""
    read_seconds_max: float = 20.0
    keepalive_seconds: float = 75.0
    """How long an idle connection may keep its place: longer than a proxy keeps its own ones idle."""


class Taker(Protocol):
    """Answers some requests without aiohttp's help."""

    def take(
        self, message: RawRequestMessage, payload: StreamReader, conversation: "Conversation"
    ) -> Work | None:
        """See `Shortcut.take`."""


class Host:
    """What all conversations have in common."""

    def __init__(self, server: web.Server, limits: EdgeLimits, fast_path: Taker) -> None:
        self.server = server
        self.fast_path = fast_path
        self.loop = asyncio.get_running_loop()
        self.keepalive_seconds = limits.keepalive_seconds
        self.turnstile = Turnstile(limits.reservations_in_progress_max)
        self.senders: Timeouts[Conversation] = Timeouts(limits.head_seconds_max, Conversation.send_too_slowly)
        self.readers: Timeouts[Conversation] = Timeouts(limits.read_seconds_max, Conversation.read_too_slowly)
        self.slow_senders_cut = 0
        self.slow_readers_cut = 0

    def close(self) -> None:
        """No limit counts any more, and who waits for a no gets it."""
        self.turnstile.close()
        self.senders.close()
        self.readers.close()


class Conversation(Shortcut):
    """aiohttp's protocol of a connection, with an early no, and an end for who sends or reads too slowly.

    While too many reservations are under way, another one hears no as soon as all of it is there.
    """

    __slots__ = (
        "_begun_bytes",
        "_held",
        "_host",
        "_is_at_rest",
        "_is_inside",
        "_is_timed",
        "_parsed",
        "_turned_away",
        "_turnstile",
        "_unread",
        "_wire",
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host.server, loop=host.loop, keepalive_timeout=host.keepalive_seconds, **_PARSING)
        self._host = host
        self._turnstile = host.turnstile
        self._begun_bytes = 0
        """Of a head of which the parser has the beginning."""
        self._held = b""
        """The beginning of a reservation, or what comes before a no was heard."""
        self._turned_away = b""
        """The reservation to which a no is still to be heard."""
        self._is_inside = False
        """Whether its reservation counts as under way."""
        self._parsed = 0
        """Requests of which the parser has had the whole head."""
        self._is_at_rest = True
        """Whether all of them are answered, so that the next bytes are another request."""
        self._is_timed = False
        """Whether the rest of what has begun must come in time."""
        self._unread = 0
        self._wire: asyncio.Transport
        """The transport, which aiohttp forgets when it closes it: what is unread keeps it open."""

    # -- what comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        assert self.transport is not None, "it has just been made"
        self._wire = self.transport
        self._wire.set_write_buffer_limits(high=0)  # so that whoever leaves anything unread is noticed
        self._expect_more()

    def data_received(self, data: bytes) -> None:
        """See asyncio; aiohttp itself calls it with nothing, to go on with what it has."""
        if data and (self._turnstile.is_full or self._held or self._turned_away):
            received, self._held = self._held + data, b""
            data = self._at_turnstile(received)
            if not data:
                return
        super().data_received(data)
        if self._request_count != self._parsed:
            self._request_came(data)
            self._give_up_body()
        elif data and self._is_at_rest:
            self._begun_bytes += len(data)
            self._expect_more()
            if self._begun_bytes > HEAD_BYTES_MAX:
                self.force_close()

    def _request_came(self, data: bytes) -> None:
        self._parsed = self._request_count
        self._is_at_rest = False
        self._begun_bytes = 0
        if self._is_timed:
            self._expect_no_more()
        if data.startswith(_RESERVATION) and self._messages and self._messages[-1][1].is_eof():
            self.enter()  # one whose body is still to come enters when it is there: it may never be

    def _give_up_body(self) -> None:
        """If the parser has stumbled over a body, tell who waits for it: no more of it comes."""
        if not self._messages or isinstance(self._messages[-1][0], RawRequestMessage):
            return
        if len(self._messages) > 1:  # it is the last of those that wait for their turn
            if not self._messages[-2][1].is_eof():
                del self._messages[-2]  # the complaint is its answer
            return
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("The body is broken."))
            request.content.feed_eof()  # so that nobody waits to read the rest
            self.close()  # once this is answered: where the next request would begin nobody knows

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See aiohttp; what its parser can't read is refused as everything else is, and nothing is echoed."""
        if status != HTTPStatus.BAD_REQUEST:
            return super().handle_error(request, status, exc, message)
        refusal = problem(Refusal(Reason.MALFORMED), headers={hdrs.CONNECTION: "close"})
        refusal.force_close()
        return refusal

    def _expect_more(self) -> None:
        if not self._is_timed:
            self._is_timed = True
            self._host.senders.begin(self)

    def _expect_no_more(self) -> None:
        self._is_timed = False
        self._host.senders.end(self)

    # -- the turnstile

    def _at_turnstile(self, received: bytes) -> bytes:
        """What the parser gets now: all that was received, or nothing of it."""
        if self._turned_away:
            self._hold(received)
            return b""
        if not self._is_at_rest or self._begun_bytes or not _begins_reservation(received):
            return received
        missing = bytes_missing(received)
        if _is_partial(received, missing) and len(received) + (missing or 0) <= HELD_BYTES_MAX:
            self._hold(received)
            return b""
        if missing == 0 and self._turnstile.is_full:
            self._turn_away(received)
            return b""
        return received

    def _hold(self, received: bytes) -> None:
        self._held = received
        self._expect_more()
        if len(received) > HELD_BYTES_MAX:
            self.force_close()

    def _turn_away(self, received: bytes) -> None:
        if self.writing_paused:  # it doesn't even read what it was told before
            self.force_close()
            return
        self._expect_no_more()
        self._turned_away = received
        self._turnstile.turn_away(self)

    def hear(self, answer: bytes) -> None:
        """The no to the reservation that was turned away."""
        turned_away, self._turned_away = self._turned_away, b""
        if self.transport is None:
            return
        self.transport.write(answer)
        if asks_to_close(turned_away):
            self.force_close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held:
            held, self._held = self._held, b""
            self.data_received(held)

    @property
    def peer(self) -> str:
        """The address at the other end; "" if it has none."""
        name = self.peername
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def idle_since(self) -> float | None:
        """When it was answered last, by the event loop's clock; None unless it is silent since then."""
        if not self._is_at_rest or self._is_timed or self._turned_away:
            return None
        if self.writing_paused or self.transport is None:  # it has its own time limit, or is being closed
            return None
        return self._next_keepalive_close_time - self._keepalive_timeout

    def enter(self) -> bool:
        """Count a reservation as under way until it is answered; False if too many are."""
        if not self._is_inside and not self._turnstile.is_full:
            self._is_inside = True
            self._turnstile.in_progress += 1
        return self._is_inside

    def _leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self._turnstile.in_progress -= 1

    # -- what goes

    def take(self, message: RawRequestMessage, payload: StreamReader) -> Work | None:
        """See `Shortcut.take`."""
        return self._host.fast_path.take(message, payload, self)

    def done(self) -> None:
        """See `Shortcut.done`."""
        self._leave()
        self._is_at_rest = not self._messages

    def log_access(self, request: BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Hear from aiohttp, which has nothing to log here, that an answer has been sent."""
        self._leave()
        # If the rest of its body is to come, the next bytes are no request.
        self._is_at_rest = not self._messages and request.content.is_eof()

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """See aiohttp; whoever leaves an answer unread gets no other one, or they would pile up."""
        outcome = await super().finish_response(request, resp, start_time)
        if self.writing_paused:
            with contextlib.suppress(ConnectionError):  # they are gone, or were cut
                await self._drain_helper()
        return outcome

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._unread = self._wire.get_write_buffer_size()
        self._host.readers.begin(self)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self._host.readers.end(self)

    # -- the end

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio."""
        self._expect_no_more()
        self._host.readers.end(self)
        if self._current_request is None and not self.is_working:  # its work isn't done by anybody
            self._leave()
        super().connection_lost(exc)

    def send_too_slowly(self) -> None:
        """Hear that what has begun to come didn't come in time."""
        self._host.slow_senders_cut += 1
        self.force_close()

    def read_too_slowly(self) -> None:
        """Hear that what was sent still isn't read: that is the end, unless a good part of it is."""
        unread = self._wire.get_write_buffer_size()
        if self._unread - unread >= READ_BYTES_MIN:
            self._unread = unread
            self._host.readers.begin(self)
            return
        self._host.slow_readers_cut += 1
        self._wire.abort()


def _begins_reservation(received: bytes) -> bool:
    """Whether this is a reservation, or may become one."""
    return received.startswith(_RESERVATION) or (
        len(received) < len(_RESERVATION) and _RESERVATION.startswith(received)
    )


def _is_partial(received: bytes, missing: int | None) -> bool:
    """Whether the rest of a reservation is to come, as far as its beginning tells."""
    return END_OF_HEAD not in received if missing is None else missing > 0


def crowded(request: web.Request) -> Refusal | None:
    """None if the request's reservation may go on, which counts as under way until it is answered."""
    connection = request.protocol
    if isinstance(connection, Conversation) and not connection.enter():
        return Refusal(Reason.OVERLOADED)
    return None

"""A way past aiohttp's request loop, for requests that are there whole.

aiohttp parses what comes, puts it into a queue and wakes a task of the connection. As long as that task
sleeps it misses nothing: a request that came alone can be taken out of the queue and be answered by somebody
else, and what comes in the meantime waits there. Who shuts down waits for that task, and so for the answer.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeAlias

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage

Work: TypeAlias = Coroutine[Any, Any, bytes]
"""Comes to an answer as it goes over the wire, after which the connection stays open."""


class Shortcut(web.RequestHandler):
    """aiohttp's protocol of a connection, of which a subclass may `take` requests."""

    __slots__ = ("_is_taking", "_working")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_taking = False
        self._working: asyncio.Task[None] | None = None

    def take(self, message: RawRequestMessage, payload: StreamReader) -> Work | None:
        """Work that answers this request; None, with the payload untouched, to leave it to aiohttp."""
        raise NotImplementedError

    def done(self) -> None:
        """Hear that what was taken is answered, or never will be."""
        raise NotImplementedError

    @property
    def is_ending(self) -> bool:
        """Whether the next answer is the last."""
        return self._close

    @property
    def is_working(self) -> bool:
        """Whether something that was taken is still to be answered."""
        return self._working is not None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        sleep, self._waiter = self._waiter, None  # so that aiohttp can't wake its loop
        super().data_received(data)
        work = None if sleep is None or sleep.done() else self._take()
        if sleep is None or work is None:
            self._sleep_on(sleep)
            return
        self._working = self._loop.create_task(self._answer(work, sleep))

    def resume_reading(self, resume_parser: bool = True) -> None:
        """See aiohttp, which calls it whenever a body was read; behind what is taken nothing waits."""
        if not self._is_taking:
            super().resume_reading(resume_parser)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - as aiohttp has it
        """See aiohttp."""
        await super().shutdown(timeout)
        if self._working is not None:
            self._working.cancel()

    def _take(self) -> Work | None:
        if len(self._messages) != 1 or self._close or self._force_close:
            return None
        if self.writing_paused or self._reading_paused or self._buffer_paused:
            return None
        message, payload = self._messages[0]
        # What isn't a message is the parser's complaint.
        if not isinstance(message, RawRequestMessage) or not payload.is_eof() or not _is_plain(message):
            return None
        self._is_taking = True
        try:
            work = self.take(message, payload)
        finally:
            self._is_taking = False
        if work is not None:
            self._messages.popleft()
            assert self._parser is not None, "it has just parsed this"
            self._parser.message_consumed()
        return work

    async def _answer(self, work: Work, sleep: asyncio.Future[None]) -> None:
        try:
            answer = await work
            if self.transport is not None:
                self.transport.write(_last(answer) if self._close else answer)
        finally:
            self._working = None
            self.done()
            self._go_on(sleep)

    def _go_on(self, sleep: asyncio.Future[None]) -> None:
        """What aiohttp's loop does between two requests."""
        if self._close and self.transport is not None:
            self.transport.close()
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None and self.transport is not None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )
        self._sleep_on(sleep)

    def _sleep_on(self, sleep: asyncio.Future[None] | None) -> None:
        self._waiter = sleep
        if sleep is None or sleep.done():
            return
        if self._close or self._force_close or self.transport is None or self.transport.is_closing():
            sleep.cancel()  # also if the news that the client is gone is only on its way
        elif self._messages:
            sleep.set_result(None)


def _is_plain(message: RawRequestMessage) -> bool:
    """Whether it wants nothing but an answer, and the connection to stay open."""
    return (
        message.version == HttpVersion11
        and not message.should_close
        and not message.upgrade
        and hdrs.EXPECT not in message.headers
    )


def _last(answer: bytes) -> bytes:
    """The answer with a word that the connection ends: whoever asks again takes another one."""
    return answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)

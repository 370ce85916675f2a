"""How many reservations are under way at a time, and what the others hear: 503, before anybody parses them.

An accepted reservation is answered within a second however many more come, because no more than a bound are
ahead of it. A refusal costs about a sixth of a reservation; at many times of what the server can take even
that would leave no time for a yes, so refusals have a budget, and beyond it a no waits for its turn.
"""

import asyncio
from collections import deque
from itertools import cycle
from typing import Final, Protocol

from aiohttp import hdrs

from ticketd.core.refusals import Reason, Refusal
from ticketd.web.answers import head
from ticketd.web.problems import PRIVATE_HEADERS, problem, status_of

RETRY_AFTER_SECONDS: Final = (1, 2, 3, 4)
"""In turns, so that those who were refused together don't come back together."""

REFUSALS_PER_SECOND_MAX: Final = 3_000
REFUSALS_BURST: Final = 500
TICK_SECONDS: Final = 0.01


class TurnedAway(Protocol):
    """Somebody who has to be told no."""

    def hear(self, answer: bytes) -> None:
        """Tell them."""


class Turnstile:
    """Counts the reservations under way and refuses those for which there is no room."""

    def __init__(self, in_progress_max: int) -> None:
        self.in_progress = 0
        self.refused = 0
        self._in_progress_max = in_progress_max
        self._loop = asyncio.get_running_loop()
        self._budget = float(REFUSALS_BURST)
        self._waiting: deque[TurnedAway] = deque()
        self._ticked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._answers = cycle([raw_no(seconds) for seconds in RETRY_AFTER_SECONDS])

    @property
    def is_full(self) -> bool:
        """Whether nobody else may begin now."""
        return self.in_progress >= self._in_progress_max

    def turn_away(self, guest: TurnedAway) -> None:
        """Let them hear a no, at once if there aren't too many."""
        self.refused += 1
        if self._timer is None:
            self._ticked_at = self._loop.time()
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        if self._budget >= 1:
            self._budget -= 1
            guest.hear(next(self._answers))
        else:
            self._waiting.append(guest)

    def close(self) -> None:
        """Nobody waits for a no any longer."""
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            self._waiting.popleft().hear(next(self._answers))

    def _tick(self) -> None:
        now = self._loop.time()
        earned = (now - self._ticked_at) * REFUSALS_PER_SECOND_MAX
        self._ticked_at = now
        self._budget = min(self._budget + earned, REFUSALS_BURST)
        while self._waiting and self._budget >= 1:
            self._budget -= 1
            self._waiting.popleft().hear(next(self._answers))
        is_at_rest = self._budget >= REFUSALS_BURST
        self._timer = None if is_at_rest else self._loop.call_later(TICK_SECONDS, self._tick)


def raw_no(retry_after_seconds: int, *, closing: bool = False, page: bytes | None = None) -> bytes:
    """OVERLOADED as it goes over the wire, made once: nobody has time for it when it is needed.

    For a program, unless there is a page that says it to people.
    """
    refusal = Refusal(Reason.OVERLOADED, retry_after_seconds=retry_after_seconds)
    body = problem(refusal).body if page is None else page
    headers = {
        hdrs.CONTENT_TYPE: "application/problem+json" if page is None else "text/html; charset=utf-8",
        **PRIVATE_HEADERS,
        hdrs.RETRY_AFTER: str(retry_after_seconds),
        hdrs.CONTENT_LENGTH: str(len(body)),
    }
    if closing:
        headers[hdrs.CONNECTION] = "close"
    return head(status_of(refusal), headers).text + b"\r\n" + body

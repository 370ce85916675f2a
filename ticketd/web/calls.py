"""What a crowd asks for: calls that are answered from what they say, by whichever way they came in.

Nearly all come whole, and by the fast path; the others, in pieces or with wishes of their own, by aiohttp's
handlers. Either way the same function answers.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ticketd.core.clients import Client
from ticketd.web.answers import Answer
from ticketd.web.boards import BOARDS, Boards
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES, Services
from ticketd.web.conversations import crowded
from ticketd.web.parsing import Headers, read_body
from ticketd.web.problems import problem


class Call(NamedTuple):
    """What a program says, all of it."""

    services: Services
    boards: Boards
    client: Client
    headers: Headers
    body: bytes = b""
    subject: str = ""
    """What its path is about."""


CallAnswerer = Callable[[Call], Awaitable[Answer]]


class KnownCall(NamedTuple):
    """A call that may take the fast path."""

    answer: CallAnswerer
    is_reservation: bool
    """Whether it counts as under way until it is answered, and how many are is limited."""


_calls: Final[dict[Handler, KnownCall]] = {}


def answers_call(answerer: CallAnswerer) -> Handler:
    """A handler for calls that don't take the fast path; those that may are answered without it."""
    return _noted(answerer, is_reservation=False)


def answers_reservation(answerer: CallAnswerer) -> Handler:
    """A handler for the call that makes reservations: OVERLOADED while too many are under way."""
    return _noted(answerer, is_reservation=True)


def call_of(route: web.RouteDef) -> KnownCall | None:
    """What answers this route's calls; None if it needs more than they say."""
    return _calls.get(route.handler)


def _noted(answerer: CallAnswerer, *, is_reservation: bool) -> Handler:
    @wraps(answerer)
    async def handler(request: web.Request) -> web.StreamResponse:
        body = await read_body(request) if request.method == hdrs.METH_POST else b""
        if is_reservation and (refusal := crowded(request)):
            return problem(refusal)
        subject = next(iter(request.match_info.values()), "")
        app = request.app
        call = Call(app[SERVICES], app[BOARDS], client_of(request), request.headers, body, subject)
        return await answerer(call)

    _calls[handler] = KnownCall(answerer, is_reservation)
    return handler

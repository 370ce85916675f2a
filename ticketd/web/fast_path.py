"""Calls answered straight from their connection: no loop to wake, no request to build, no router to ask.

That is a fifth of what a reservation costs. Everything else goes aiohttp's way, and so do these calls when
they don't come whole or are written in an unusual way.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage

from ticketd.web.boards import BOARDS
from ticketd.web.calls import Call, KnownCall, call_of
from ticketd.web.clients import CLIENTS
from ticketd.web.context import SERVICES
from ticketd.web.conversations import Conversation
from ticketd.web.errors import refusal_of
from ticketd.web.parsing import BODY_BYTES_MAX
from ticketd.web.problems import internal_problem, problem
from ticketd.web.shortcut import Work

_PARAMETER: Final = re.compile("{[a-z_]+}")
_PATH: Final = re.compile("(/api/v1/[a-z-]+/)([A-Za-z0-9_-]+)((?:/[a-z]+)?)")
"""What stands before the subject, the subject, what stands after it."""


class CallRoute(NamedTuple):
    """Where a call comes in."""

    method: str
    path: str
    call: KnownCall


class FastPath:
    """Knows the calls that may take it."""

    def __init__(self, app: web.Application, routes: Iterable[web.RouteDef]) -> None:
        self._services = app[SERVICES]
        self._boards = app[BOARDS]
        self._clients = app[CLIENTS]
        self._routes: dict[tuple[str, ...], CallRoute] = {}
        """By the method and the path, or what stands before and after its subject."""
        for route in routes:
            call = call_of(route)
            if call is not None:
                key = (route.method, *_PARAMETER.split(route.path))
                self._routes[key] = CallRoute(route.method, route.path, call)

    def take(
        self, message: RawRequestMessage, payload: StreamReader, conversation: Conversation
    ) -> Work | None:
        """See `Shortcut.take`."""
        route, subject = self._routes.get((message.method, message.path)), ""
        if route is None and (path := _PATH.fullmatch(message.path)):
            before, subject, after = path.groups()
            route = self._routes.get((message.method, before, after))
        if route is None or payload.total_bytes > BODY_BYTES_MAX:
            return None
        if route.call.is_reservation and not conversation.enter():
            return None
        call = Call(
            self._services,
            self._boards,
            self._clients.of(conversation.peer, message.headers),
            message.headers,
            payload.read_nowait(),
            subject,
        )
        return _answer(route, call)


async def _answer(route: CallRoute, call: Call) -> bytes:
    try:
        answer = await route.call.answer(call)
    except Exception as error:
        refusal = refusal_of(error, method=route.method, route=route.path)
        answer = internal_problem() if refusal is None else problem(refusal)
    return answer.whole()


FAST_PATH: Final = web.AppKey("fast_path", FastPath)

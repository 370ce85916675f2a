"""The cookie in which a guest's browser keeps their place in an event's waiting room."""

from typing import Final

from aiohttp import hdrs, web

from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND, EventId
from ticketd.web.auth import only_over_tls
from ticketd.web.context import SERVICES

TOKEN_LENGTH_MAX: Final = 64


def kept_token(request: web.Request, event_id: EventId) -> str | None:
    """The place that the browser shows; whether it is one isn't looked at."""
    # Not `request.cookies`: that parser costs half as much as the whole rest of the answer.
    for each in request.headers.get(hdrs.COOKIE, "").split(";"):
        name, _, token = each.strip().partition("=")
        if name == _name(event_id):
            return token if token and len(token) <= TOKEN_LENGTH_MAX and token.isascii() else None
    return None


def keep_token(request: web.Request, response: web.Response, event: Event, token: str) -> None:
    """Let the browser keep a place until the sale is over."""
    response.set_cookie(
        _name(event.id),
        token,
        max_age=max(0, event.sale_ends_at - request.app[SERVICES].clock.now()) // SECOND,
        path="/",
        secure=only_over_tls(request),
        httponly=True,
        samesite="Lax",
    )


def _name(event_id: EventId) -> str:
    return f"queue_{event_id}"

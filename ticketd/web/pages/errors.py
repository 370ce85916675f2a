"""Pages that say what is wrong."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from ticketd.core.refusals import Refusal
from ticketd.web.pages.rendering import CAPABILITY_HEADERS, html, render
from ticketd.web.problems import PRESENTATIONS, sentence


class ErrorView(msgspec.Struct, frozen=True):
    """What went wrong, in words."""

    title: str
    sentence: str
    passes: bool
    """It is another matter in a moment, so the page says how to try again."""


_TITLES = {429: "One moment, please", 500: "Something broke", 503: "Too busy"}
_PASSING = (429, 503)


def error_page(request: web.Request, status: int, sentence: str) -> web.Response:
    """A page for a status that has none of its own."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase.capitalize()
    view = ErrorView(title, sentence, status in _PASSING)
    response = html(request, "error.html", view, status=status)
    response.headers.update(CAPABILITY_HEADERS)
    return response


def refusal_page(request: web.Request, refusal: Refusal) -> web.Response:
    """A page that says no, where the page asked for can't be shown with it."""
    status, title, _ = PRESENTATIONS[refusal.reason]
    view = ErrorView(_TITLES.get(status) or title, sentence(refusal), status in _PASSING)
    response = render(request, "error.html", view, refusal=refusal)
    response.headers.update(CAPABILITY_HEADERS)
    return response

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


_TITLES = {404: "There is nothing here", 500: "Something broke", 503: "Too busy"}


def error_page(request: web.Request, status: int, sentence: str) -> web.Response:
    """A page for a status that has none of its own."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase.capitalize()
    response = html(request, "error.html", ErrorView(title, sentence), status=status)
    response.headers.update(CAPABILITY_HEADERS)
    return response


def refusal_page(request: web.Request, refusal: Refusal) -> web.Response:
    """A page that says no, where the page asked for can't be shown with it."""
    title = PRESENTATIONS[refusal.reason].title
    response = render(request, "error.html", ErrorView(title, sentence(refusal)), refusal=refusal)
    response.headers.update(CAPABILITY_HEADERS)
    return response

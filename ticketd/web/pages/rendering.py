"""Templates into answers, with the headers that every page carries."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import aiohttp_jinja2
import jinja2
from aiohttp import hdrs, web

from ticketd.core.refusals import Reason, Refusal
from ticketd.paths import site_root
from ticketd.web.pages.masthead import Masthead
from ticketd.web.problems import PRIVATE_HEADERS, RETRY_AFTER_SECONDS, status_of

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
}
"""On every page: figures and keys in forms go stale at once, so nothing is stored."""

OWNER_HEADERS: Final[Mapping[str, str]] = {**PAGE_HEADERS, "X-Robots-Tag": "noindex"}
"""Not `no-referrer`: without TLS that hides from us, too, which page a form was sent from."""

CAPABILITY_HEADERS: Final[Mapping[str, str]] = {**PAGE_HEADERS, **PRIVATE_HEADERS}
"""On pages whose address is all that it takes to see, pay and release."""

NOTICES: Final[Mapping[str, str]] = {
    "created": "Created.",
    "saved": "Saved.",
    "cancelled": "The event is cancelled.",
    "deleted": "Deleted.",
    "released": "Released.",
}
"""What a page says after a form sent somebody there with `?done=…`."""

_VERSION_DIGITS = 12


def setup(app: web.Application) -> None:
    """Make templates known to the application."""
    root = site_root()
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(root / "templates"),
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = {
        file.name: f"/static/{file.name}?v={sha256(file.read_bytes()).hexdigest()[:_VERSION_DIGITS]}"
        for file in (root / "static").iterdir()
        if file.is_file()
    }


def render(
    request: web.Request,
    template: str,
    page: object,
    *,
    refusal: Refusal | None = None,
    masthead: Masthead | None = None,
) -> web.Response:
    """The page as HTML, with the status of the refusal that it shows.

    `page` is its view model, `masthead` the owner's frame round it.
    """
    if refusal is None:
        notice = NOTICES.get(request.query.get("done", ""), "")
        return html(request, template, page, notice=notice, masthead=masthead)
    response = html(request, template, page, status=status_of(refusal), masthead=masthead)
    if refusal.reason in (Reason.OVERLOADED, Reason.TOO_MANY_REQUESTS):
        response.headers[hdrs.RETRY_AFTER] = str(refusal.retry_after_seconds or RETRY_AFTER_SECONDS)
    return response


def html(
    request: web.Request,
    template: str,
    page: object,
    *,
    status: int = 200,
    notice: str = "",
    masthead: Masthead | None = None,
) -> web.Response:
    """The template filled in."""
    context = {"page": page, "masthead": masthead, "notice": notice}
    return aiohttp_jinja2.render_template(template, request, context, status=status)


def see_other(path: str, *, done: str | None = None) -> web.Response:
    """Send the browser on with GET, as after every form that succeeded."""
    location = path if done is None else f"{path}?done={done}"
    return web.Response(status=303, headers={hdrs.LOCATION: location})

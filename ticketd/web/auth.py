"""Who is asking: owners' sessions, and whether a form was sent from one of our own pages."""

import secrets
from urllib.parse import urlsplit

from aiohttp import web

from ticketd.services.accounts import Owner
from ticketd.web.context import SERVICES

SESSION_SECONDS = 7 * 24 * 3600
"""A login lasts this long."""

_KEY_BYTES = 32
_KEY_LENGTH_MAX = 64
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def owner_of(request: web.Request) -> Owner | None:
    """The owner who is logged in."""
    key, services = _key(request), request.app[SERVICES]
    owner_id = None if key is None else await services.sessions.owner_of(key)
    return None if owner_id is None else await services.accounts.owner(owner_id)


async def log_in(request: web.Request, response: web.Response, owner: Owner) -> None:
    """Begin a session under a key made now, so that one known from before opens nothing."""
    await _end(request)
    key, secure = secrets.token_urlsafe(_KEY_BYTES), only_over_tls(request)
    await request.app[SERVICES].sessions.begin(key, owner.id, seconds=SESSION_SECONDS)
    response.set_cookie(
        _cookie(secure=secure),
        key,
        max_age=SESSION_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


async def log_out(request: web.Request, response: web.Response) -> None:
    """End the session, here and in the browser."""
    await _end(request)
    secure = only_over_tls(request)
    response.del_cookie(_cookie(secure=secure), path="/", secure=secure, httponly=True, samesite="Lax")


async def _end(request: web.Request) -> None:
    key = _key(request)
    if key is not None:
        await request.app[SERVICES].sessions.end(key)


def _key(request: web.Request) -> str | None:
    key = request.cookies.get(_cookie(secure=only_over_tls(request)))
    return key if key and len(key) <= _KEY_LENGTH_MAX else None


def _cookie(*, secure: bool) -> str:
    """Browsers keep `__Host-` cookies apart from what other hosts and plain connections set."""
    return "__Host-ticketd" if secure else "ticketd"


def only_over_tls(request: web.Request) -> bool:
    """Whether the answer's cookies are for TLS only."""
    choice = request.app[SERVICES].settings.secure_cookies
    return request.secure if choice == "auto" else choice == "on"


def is_forged(request: web.Request, *, cookies_count: bool) -> bool:
    """Whether a browser was made to send this by a page that isn't ours.

    Browsers say where a form came from in Sec-Fetch-Site (over TLS and on localhost) and, with every
    POST, in Origin; a page can suppress neither. A request with none of the two comes from a program,
    which nobody can trick into using somebody's cookies. `Origin: null` is what a browser sends from
    pages that are no-referrer: it is believed only where no cookie counts (`cookies_count` is False),
    because there the secret in the address is the authority, and who knows it needs no trick.
    """
    if request.method in _SAFE_METHODS:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    if origin == "null":
        return cookies_count
    return urlsplit(origin).netloc != request.host

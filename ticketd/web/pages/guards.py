"""What stands before a page's handler: forged forms, sessions, whose organizer it is; and its headers."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ticketd.core.catalogue import Event, Organizer
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.accounts import Owner
from ticketd.services.request_limits import RequestKind
from ticketd.web.auth import is_forged, owner_of
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.masthead import Masthead, masthead
from ticketd.web.pages.rendering import CAPABILITY_HEADERS, OWNER_HEADERS, PAGE_HEADERS, see_other
from ticketd.web.parsing import path_id
from ticketd.web.subjects import event_named, not_found

_FORGED = Refusal(Reason.FORBIDDEN, "This form was sent from another site, so nothing was done.")


class Desk(msgspec.Struct, frozen=True):
    """An owner at work for one of their organizers."""

    owner: Owner
    organizer: Organizer
    slugs: frozenset[str]
    """All organizers that this owner may act for."""
    masthead: Masthead

    @property
    def path(self) -> str:
        """Where this organizer's pages begin."""
        return f"/{self.organizer.slug}"


OwnerHandler = Callable[[web.Request, Owner], Awaitable[web.StreamResponse]]
RefusalHandler = Callable[[web.Request, Refusal], web.StreamResponse]
DeskHandler = Callable[[web.Request, Desk], Awaitable[web.StreamResponse]]


def guest_page(handler: Handler) -> Handler:
    """A page that anybody may see."""
    return guest_form(refusal_page)(handler)


def guest_form(refused: RefusalHandler) -> Callable[[Handler], Handler]:
    """Like `guest_page`, for a form with a page of its own for who sends it too often."""

    def guest_form_of(handler: Handler) -> Handler:
        return _guarded(_within_limits(handler, refused), PAGE_HEADERS, cookies_count=False)

    return guest_form_of


def capability_page(handler: Handler) -> Handler:
    """A page whose address is the secret that opens it."""
    return _guarded(handler, CAPABILITY_HEADERS, cookies_count=False)


def session_page(handler: Handler) -> Handler:
    """A page that makes or ends sessions, logged in or not."""
    return _guarded(handler, OWNER_HEADERS, cookies_count=True)


def owner_page(handler: OwnerHandler) -> Handler:
    """A page for owners; others are sent to log in first."""

    @wraps(handler)
    async def for_owner(request: web.Request) -> web.StreamResponse:
        owner = await owner_of(request)
        if owner is None:
            return see_other(f"/login?next={quote(request.raw_path, safe='/')}")
        return await handler(request, owner)

    return session_page(for_owner)


def desk_page(handler: DeskHandler) -> Handler:
    """A page below `/{organizer}` for its owners; for everybody else there is nothing."""

    @wraps(handler)
    async def at_desk(request: web.Request, owner: Owner) -> web.StreamResponse:
        access = request.app[SERVICES].access
        organizer = await access.organizer(owner.id, request.match_info["organizer"])
        if isinstance(organizer, Refusal):
            raise not_found()
        organizers = await access.organizers_of(owner.id)
        frame = masthead(owner, organizer=organizer, organizers=organizers, current=request.path)
        slugs = frozenset(each.slug for each in organizers)
        return await handler(request, Desk(owner, organizer, slugs, frame))

    return owner_page(at_desk)


def shown_event(request: web.Request) -> Event:
    """The event in the path; RefusedRequest (not found) if guests may not know of it."""
    return event_named(request.app[SERVICES].catalogue, request.match_info["event_id"])


def own_event(request: web.Request, desk: Desk) -> Event:
    """The event in the path; RefusedRequest (not found) if it isn't this organizer's."""
    event = request.app[SERVICES].catalogue.event(EventId(path_id(request, "event_id")))
    if event is None or event.organizer_id != desk.organizer.id:
        raise not_found()
    return event


def _within_limits(handler: Handler, refused: RefusalHandler) -> Handler:
    """Forms are counted by where they come from, before anybody reads them."""

    @wraps(handler)
    async def within_limits(request: web.Request) -> web.StreamResponse:
        if request.method == hdrs.METH_POST:
            services = request.app[SERVICES]
            refusal = services.request_limits.refusal(
                client_of(request), RequestKind.FORM, services.clock.now()
            )
            if refusal is not None:
                return refused(request, refusal)
        return await handler(request)

    return within_limits


def _guarded(handler: Handler, headers: Mapping[str, str], *, cookies_count: bool) -> Handler:
    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if is_forged(request, cookies_count=cookies_count):
            response: web.StreamResponse = refusal_page(request, _FORGED)
        else:
            response = await handler(request)
        if not response.prepared:
            response.headers.update(headers)
        return response

    return guarded

"""What is on sale, and what one organizer sells: `/` and `/{organizer}`."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import Instant
from ticketd.web.context import SERVICES
from ticketd.web.errors import unmatched
from ticketd.web.pages.cards import Cards, cards_of, listing
from ticketd.web.pages.guards import guest_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render

_LISTED_MAX = 50


class ListView(msgspec.Struct, frozen=True):
    """A list of what is on sale; `organizer` is "" where it is everybody's."""

    organizer: str
    cards: Cards
    pager: Pager


@guest_page
async def show_front(request: web.Request) -> web.StreamResponse:
    """Everybody's events and coupons, a page of each at a time."""
    catalogue, now = request.app[SERVICES].catalogue, request.app[SERVICES].clock.now()
    listed = listing(catalogue, catalogue.on_show(now), catalogue.coupons())
    return await _list(request, listed, now, template="front.html", organizer="")


@guest_page
async def show_organizer(request: web.Request) -> web.StreamResponse:
    """An organizer's events and coupons."""
    catalogue, now = request.app[SERVICES].catalogue, request.app[SERVICES].clock.now()
    organizer = catalogue.organizer(request.match_info["organizer"])
    if organizer is None:
        return await unmatched(request)
    events = (event for event in catalogue.on_show(now) if event.organizer_id == organizer.id)
    sold = catalogue.ticket_types_of_organizer(organizer.id)
    listed = listing(catalogue, events, (each for each in sold if each.profile.event_id is None))
    return await _list(request, listed, now, template="organizer.html", organizer=organizer.name)


async def _list(
    request: web.Request, listed: Sequence[Event | TicketType], now: Instant, *, template: str, organizer: str
) -> web.StreamResponse:
    shown, pager = page_of(request, listed, size=_LISTED_MAX)
    cards = await cards_of(request.app[SERVICES], shown, now)
    return render(request, template, ListView(organizer, cards, pager))

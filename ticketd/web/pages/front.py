"""What is on sale: `/` and `/events/{event_id}`."""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId, Instant, InventoryId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.terms import EventStatus, SaleStatus
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages import words
from ticketd.web.pages.errors import not_found
from ticketd.web.pages.guards import guest_page
from ticketd.web.pages.offers import OfferView, left, offer_view, purchase_path, status
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render
from ticketd.web.pages.words import Moment, moment
from ticketd.web.parsing import path_id

_LISTED_MAX = 50

Offers = Mapping[InventoryId, Offer]


class Card(msgspec.Struct, frozen=True):
    """An event, or a coupon that belongs to none, on the front page."""

    name: str
    path: str
    organizer: str
    price: str
    left: str
    starts: Moment | None = None


class FrontView(msgspec.Struct, frozen=True):
    """The front page."""

    events: Sequence[Card]
    coupons: Sequence[Card]
    pager: Pager


class EventView(msgspec.Struct, frozen=True):
    """An event's page."""

    name: str
    organizer: str
    starts: Moment
    standing: str
    description: str
    ticket_types: Sequence[OfferView]


@guest_page
async def show_front(request: web.Request) -> web.StreamResponse:
    """Events and coupons, a page of each at a time."""
    services = request.app[SERVICES]
    now = services.clock.now()
    listed: list[Event | TicketType] = [*services.catalogue.on_show(now), *services.catalogue.coupons()]
    shown, pager = page_of(request, listed, size=_LISTED_MAX)
    events = [each for each in shown if isinstance(each, Event)]
    coupons = [each for each in shown if isinstance(each, TicketType)]
    sold = [each for event in events for each in services.catalogue.ticket_types_of_event(event.id)]
    offers = await services.router.offers(inventory_of(each.id) for each in [*sold, *coupons])
    view = FrontView(
        [_event_card(services, event, offers, now) for event in events],
        [
            _coupon_card(services, coupon, offers[inventory_of(coupon.id)], now)
            for coupon in coupons
            if inventory_of(coupon.id) in offers
        ],
        pager,
    )
    return render(request, "front.html", view)


@guest_page
async def show_event(request: web.Request) -> web.StreamResponse:
    """One event and its ticket types."""
    services = request.app[SERVICES]
    event = services.catalogue.event(EventId(path_id(request, "event_id")))
    if event is None or event.status is EventStatus.DRAFT:
        return not_found(request)
    now = services.clock.now()
    organizer = services.catalogue.organizer_by_id(event.organizer_id)
    ticket_types = services.catalogue.ticket_types_of_event(event.id)
    offers = await services.router.offers(inventory_of(each.id) for each in ticket_types)
    view = EventView(
        event.name,
        organizer.name,
        moment(event.starts_at, event.timezone),
        _standing(event, now),
        event.description,
        [
            offer_view(
                offers[inventory_of(each.id)], path=purchase_path(organizer.slug, each), event=event, now=now
            )
            for each in ticket_types
            if inventory_of(each.id) in offers
        ],
    )
    return render(request, "event.html", view)


def _standing(event: Event, now: Instant) -> str:
    if event.status is EventStatus.CANCELLED:
        return "This event has been cancelled."
    return "This event is over." if event.over_at <= now else ""


def _event_card(services: Services, event: Event, offers: Offers, now: Instant) -> Card:
    sold = services.catalogue.ticket_types_of_event(event.id)
    of_event = [offers[inventory_of(each.id)] for each in sold if inventory_of(each.id) in offers]
    return Card(
        event.name,
        f"/events/{event.id}",
        services.catalogue.organizer_by_id(event.organizer_id).name,
        _lowest_price(of_event),
        _left_of_all(of_event, now, timezone=event.timezone),
        moment(event.starts_at, event.timezone),
    )


def _coupon_card(services: Services, coupon: TicketType, offer: Offer, now: Instant) -> Card:
    organizer = services.catalogue.organizer_by_id(coupon.profile.organizer_id)
    return Card(
        offer.terms.name,
        purchase_path(organizer.slug, coupon),
        organizer.name,
        words.price(offer.terms.price_cents),
        left(offer, now, timezone=words.UTC_NAME),
    )


def _lowest_price(offers: Sequence[Offer]) -> str:
    prices = {offer.terms.price_cents for offer in offers}
    if not prices:
        return ""
    lowest = words.price(min(prices))
    return lowest if len(prices) == 1 else f"from {lowest}"


def _left_of_all(offers: Sequence[Offer], now: Instant, *, timezone: str) -> str:
    if not offers:
        return "No tickets yet"
    on_sale = [offer for offer in offers if status(offer, now) is SaleStatus.ON_SALE]
    if on_sale:
        return f"{sum(offer.figures.free for offer in on_sale):,} left"
    first = min(offers, key=lambda offer: _SAID_FIRST.index(status(offer, now)))
    return left(first, now, timezone=timezone)


_SAID_FIRST = (SaleStatus.ON_SALE, SaleStatus.NOT_YET, SaleStatus.SOLD_OUT, SaleStatus.ENDED)

"""The public page that sells one ticket type: `/{organizer}/purchase/{code}`."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from ticketd.core.refusals import Refusal
from ticketd.services.sales import LineRequest
from ticketd.services.signed_forms import FormKind
from ticketd.web.context import SERVICES
from ticketd.web.pages.admissions import Turn, WayIn, to_queue, turn, way_in
from ticketd.web.pages.buying import (
    NO_QUANTITY,
    access_code_in,
    in_words,
    key_for,
    quantity_of,
    reservation_path,
    reserve,
)
from ticketd.web.pages.cards import Link, organizer_link
from ticketd.web.pages.fields import FormState
from ticketd.web.pages.guards import guest_page
from ticketd.web.pages.live import Live, live
from ticketd.web.pages.offers import EventLine, OfferView, event_line, offer_view, place
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.seat_purchase import buy_seats, show_seats
from ticketd.web.pages.shop import Shop, shop_at
from ticketd.web.pages.signed_forms import HiddenFields, hidden_fields
from ticketd.web.pages.words import promise
from ticketd.web.parsing import read_form
from ticketd.web.subjects import not_found


class PurchaseView(msgspec.Struct, frozen=True):
    """What is sold, to whom it belongs, and what was wrong with the last try."""

    offer: OfferView
    organizer: Link
    event: EventLine | None
    venue: str
    live: Live | None
    way_in: WayIn | None
    turn: Turn | None
    asks_code: bool
    access_code: str
    hidden: HiddenFields
    key: str
    promise: str
    error: str


@guest_page
async def show_purchase(request: web.Request) -> web.StreamResponse:
    """The ticket type with its dropdown, or its seats, and the button that buys."""
    shop = shop_at(request)
    if shop.ticket_type.is_seated:
        return await show_seats(request, shop)
    return await _page(request, shop, FormState())


@guest_page
async def buy(request: web.Request) -> web.StreamResponse:
    """Reserve, pay at once if there is nothing to pay, and go on to the reservation."""
    shop = shop_at(request)
    if shop.ticket_type.is_seated:
        return await buy_seats(request, shop)
    form = await read_form(request)
    quantity = _quantity_in(form)
    reserved = (
        await reserve(
            request,
            form,
            [LineRequest(shop.ticket_type.id, quantity)],
            event=shop.event,
            access_code=access_code_in(form),
        )
        if quantity
        else NO_QUANTITY
    )
    if isinstance(reserved, Refusal):
        onward = to_queue(request, shop.event, reserved)
        return onward or await _page(request, shop, FormState(form, reserved))
    return see_other(reservation_path(reserved))


def _quantity_in(form: Mapping[str, str]) -> int | None:
    return quantity_of(form.get("quantity", ""))


async def _page(request: web.Request, shop: Shop, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    offer = await services.offers.one(shop.ticket_type)
    if offer is None:
        raise not_found()
    event, now = shop.event, services.clock.now()
    view = PurchaseView(
        offer_view(offer, path=shop.path, event=event, now=now, quantity=_quantity_in(state.values) or 1),
        organizer_link(shop.organizer),
        None if event is None else event_line(event),
        "" if event is None else place(services.catalogue.venue_of(event)),
        live(event),
        way_in(request, event),
        turn(request, event),
        shop.ticket_type.hidden,
        access_code_in(state.values),
        hidden_fields(request, FormKind.BUY, event, state.values),
        key_for(state),
        promise(services.settings.hold_seconds, price_cents=offer.terms.price_cents),
        "" if state.refusal is None else in_words(state.refusal),
    )
    return render(request, "purchase.html", view, refusal=state.refusal)

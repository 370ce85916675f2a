"""The public page that sells one ticket type: `/{organizer}/purchase/{code}`."""

from typing import NamedTuple

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.ids import inventory_of
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.services.checkout import Payment
from ticketd.services.sales import Granted, LineRequest
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages.errors import not_found
from ticketd.web.pages.guards import guest_page
from ticketd.web.pages.offers import EventLine, OfferView, event_line, offer_view, purchase_path
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.words import time_left
from ticketd.web.parsing import read_form
from ticketd.web.problems import sentence

_QUANTITY_MAX = 1000
_KEY_LENGTHS = range(16, 256)
_NO_QUANTITY = invalid("quantity", "Please choose how many.")
_BAD_KEY = invalid("key", "Please press Buy once more.")


class PurchaseView(msgspec.Struct, frozen=True):
    """What is sold, to whom it belongs, and what was wrong with the last try."""

    offer: OfferView
    organizer: str
    event: EventLine | None
    promise: str
    error: str


class _Shop(NamedTuple):
    """What the address stands for."""

    ticket_type: TicketType
    organizer: Organizer
    event: Event | None


@guest_page
async def show_purchase(request: web.Request) -> web.StreamResponse:
    """The ticket type with its dropdown and the button that buys."""
    shop = _shop(request)
    return not_found(request) if shop is None else await _page(request, shop)


@guest_page
async def buy(request: web.Request) -> web.StreamResponse:
    """Reserve, pay at once if there is nothing to pay, and go on to the reservation."""
    shop = _shop(request)
    if shop is None:
        return not_found(request)
    form = await read_form(request)
    services = request.app[SERVICES]
    quantity = _quantity(form.get("quantity", ""))
    key = form.get("key")
    granted = await _reserve(services, shop.ticket_type, quantity, key)
    if isinstance(granted, Refusal):
        fresh = granted is _BAD_KEY or granted.reason is Reason.KEY_REUSED
        return await _page(request, shop, quantity=quantity or 1, key=None if fresh else key, refusal=granted)
    reservation = granted.reservation
    reservation_id = reservation.home.reservation_id
    if reservation.total_cents == 0:
        # Should this be refused, the reservation's own page says how it stands and offers it again.
        await services.checkout.pay(reservation_id, Payment(token=None))
    return see_other(f"/r/{reservation_id}")


async def _reserve(
    services: Services, ticket_type: TicketType, quantity: int, key: str | None
) -> Granted | Refusal:
    if quantity == 0:
        return _NO_QUANTITY
    if key is not None and not (len(key) in _KEY_LENGTHS and key.isascii() and key.isprintable()):
        return _BAD_KEY
    return await services.sales.reserve([LineRequest(ticket_type.id, quantity)], key)


def _shop(request: web.Request) -> _Shop | None:
    catalogue = request.app[SERVICES].catalogue
    ticket_type = catalogue.ticket_type_by_code(request.match_info["code"])
    if ticket_type is None or not catalogue.visible(ticket_type):
        return None
    organizer = catalogue.organizer_by_id(ticket_type.profile.organizer_id)
    if organizer.slug != request.match_info["organizer"]:
        return None
    event_id = ticket_type.profile.event_id
    return _Shop(ticket_type, organizer, None if event_id is None else catalogue.event(event_id))


def _quantity(text: str) -> int:
    """The number asked for; 0 if it is none that anybody may ask for."""
    quantity = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_QUANTITY_MAX)) else 0
    return quantity if quantity <= _QUANTITY_MAX else 0


async def _page(
    request: web.Request,
    shop: _Shop,
    *,
    quantity: int = 1,
    key: str | None = None,
    refusal: Refusal | None = None,
) -> web.StreamResponse:
    services = request.app[SERVICES]
    inventory_id = inventory_of(shop.ticket_type.id)
    offer = (await services.router.offers([inventory_id])).get(inventory_id)
    if offer is None:
        return not_found(request)
    path = purchase_path(shop.organizer.slug, shop.ticket_type)
    view = PurchaseView(
        offer_view(offer, path=path, event=shop.event, now=services.clock.now(), quantity=quantity, key=key),
        shop.organizer.name,
        None if shop.event is None else event_line(shop.event),
        _promise(offer.terms.price_cents, services.settings.hold_seconds),
        "" if refusal is None else _in_words(refusal),
    )
    return render(request, "purchase.html", view, refusal=refusal)


def _promise(price_cents: int, hold_seconds: int) -> str:
    if price_cents == 0:
        return "It costs nothing: you get your tickets at once."
    return f"Your tickets are then kept for you for {time_left(hold_seconds)}, so that you can pay."


def _in_words(refusal: Refusal) -> str:
    match refusal:
        case Refusal(reason=Reason.SOLD_OUT, available=0):
            return "Too late: the last ticket has just been taken."
        case Refusal(reason=Reason.SOLD_OUT, available=1):
            return "Too late: only 1 ticket is left."
        case Refusal(reason=Reason.SOLD_OUT, available=int(available)):
            return f"Too late: only {available} tickets are left."
        case Refusal(reason=Reason.KEY_REUSED):
            return "You have already bought from this page. To buy more, press Buy once more."
        case Refusal(reason=Reason.INVALID):
            return " ".join(error.message for error in refusal.errors)
        case _:
            return sentence(refusal)

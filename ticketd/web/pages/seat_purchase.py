"""The public page of a ticket type that is sold by the seat: the map, and the forms that reserve."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.services.signed_forms import FormKind
from ticketd.web.context import SERVICES
from ticketd.web.pages.admissions import Turn, WayIn, to_queue, turn, way_in
from ticketd.web.pages.buying import (
    QUANTITY_MAX,
    access_code_in,
    in_words,
    key_for,
    reservation_path,
    reserve,
)
from ticketd.web.pages.cards import Link, organizer_link
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.fields import Choice, FormState
from ticketd.web.pages.offers import (
    EventLine,
    OfferView,
    event_line,
    most_at_once,
    offer_view,
    place,
    quantities,
)
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.seat_picker import Picker, picker_of
from ticketd.web.pages.seat_wishes import SEAT_FIELD, SeatWish, line_of, wish_from
from ticketd.web.pages.shop import Shop
from ticketd.web.pages.signed_forms import HiddenFields, hidden_fields
from ticketd.web.pages.words import promise
from ticketd.web.parsing import read_form
from ticketd.web.subjects import not_found

_FIELDS_MAX = QUANTITY_MAX + 10
"""One for each seat that is ticked, and the others."""
_BEST_OFFERED_MAX = 50
_BEST_OFFERED_FIRST = 2


class NamedSeats(msgspec.Struct, frozen=True):
    """The form that names seats by section, row and numbers."""

    sections: Sequence[Choice]
    row: str
    is_open: bool


class SeatsView(msgspec.Struct, frozen=True, kw_only=True):
    """The page."""

    offer: OfferView
    organizer: Link
    event: EventLine | None
    venue: str
    picker: Picker
    named: NamedSeats
    best: Sequence[Choice]
    apart: bool
    field: str
    way_in: WayIn | None
    turn: Turn | None
    asks_code: bool
    access_code: str
    hidden: HiddenFields
    key: str
    promise: str
    error: str


async def show_seats(request: web.Request, shop: Shop) -> web.StreamResponse:
    """The seats, those in the query chosen."""
    wanted = tuple(SeatId(seat) for seat in request.query.getall("seat", ()))
    return await _page(request, shop, SeatWish(seats=wanted), FormState())


async def buy_seats(request: web.Request, shop: Shop) -> web.StreamResponse:
    """Reserve exactly these seats, or the best, and go on to the reservation."""
    form, services = await read_form(request, fields_max=_FIELDS_MAX), request.app[SERVICES]
    offer = await services.offers.one(shop.ticket_type)
    if offer is None or offer.hall is None:
        raise not_found()
    wish = wish_from(form)
    line = line_of(wish, shop.ticket_type.id, offer.hall)
    reserved = (
        line
        if isinstance(line, Refusal)
        else await reserve(request, form, [line], event=shop.event, access_code=access_code_in(form))
    )
    if isinstance(reserved, Refusal):
        onward = to_queue(request, shop.event, reserved)
        return onward or await _page(request, shop, wish, FormState(form, reserved))
    return see_other(reservation_path(reserved))


async def _page(request: web.Request, shop: Shop, wish: SeatWish, state: FormState) -> web.StreamResponse:
    services, refusal = request.app[SERVICES], state.refusal
    offer = await services.offers.one(shop.ticket_type)
    if offer is None:
        raise not_found()
    seats = services.router.seats(offer.inventory_id)
    if seats is None:
        return refusal_page(request, TRY_AGAIN)
    event = shop.event
    refused = () if refusal is None else refusal.taken_seats
    picker = picker_of(request, shop, offer, seats, [seat for seat in wish.seats if seat not in refused])
    most = min(most_at_once(offer, event), _BEST_OFFERED_MAX)
    view = SeatsView(
        offer=offer_view(offer, path=shop.path, event=event, now=services.clock.now()),
        organizer=organizer_link(shop.organizer),
        event=None if event is None else event_line(event),
        venue="" if event is None else place(services.catalogue.venue_of(event)),
        picker=picker,
        named=_named(seats.hall, picker, wish, refusal),
        best=quantities(most, least=1, chosen=wish.best_available or min(_BEST_OFFERED_FIRST, most)),
        apart=not wish.together,
        field=SEAT_FIELD,
        way_in=way_in(request, event),
        turn=turn(request, event),
        asks_code=shop.ticket_type.hidden,
        access_code=access_code_in(state.values),
        hidden=hidden_fields(request, FormKind.BUY, event, state.values),
        key=key_for(state),
        promise=promise(services.settings.hold_seconds, price_cents=offer.terms.price_cents),
        error="" if refusal is None else _in_words(refusal, wish),
    )
    return render(request, "seats.html", view, refusal=refusal)


def _named(hall: Hall, picker: Picker, wish: SeatWish, refusal: Refusal | None) -> NamedSeats:
    shown = wish.section or picker.section
    names = dict.fromkeys(row.section for row in hall.rows)
    choices = tuple(Choice(name, name, chosen=name == shown) for name in names)
    return NamedSeats(choices, wish.row, refusal is not None and bool(wish.row or wish.numbers))


def _in_words(refusal: Refusal, wish: SeatWish) -> str:
    said = in_words(refusal)
    if refusal.reason is Reason.SOLD_OUT and wish.best_available and wish.together and refusal.available:
        return f"{said} There may be some that are apart."
    kept = len(set(wish.seats) - set(refusal.taken_seats))
    if refusal.reason is Reason.SEAT_TAKEN and kept:
        others = "Your other seat is" if kept == 1 else f"Your other {kept:,} seats are"
        return f"{said} {others} still chosen, but not reserved yet."
    return said

"""The public page of a ticket type that is sold by the seat: the map, and the forms that reserve.

A large hall is shown by its sections; `?section=` (and `&part=` of a large one) shows the seats there.
`?seat=` marks seats as chosen, so that they can be carried from one section to the next.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

import aiohttp_jinja2
import msgspec
from aiohttp import web

from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId
from ticketd.core.money import format_cents
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_status import FREE
from ticketd.core.seat_views import SeatView
from ticketd.web.api.presenters import API
from ticketd.web.context import SERVICES
from ticketd.web.pages.buying import QUANTITY_MAX, in_words, key_to_keep, reservation_path, reserve
from ticketd.web.pages.cards import Link, organizer_link
from ticketd.web.pages.errors import not_found, refusal_page
from ticketd.web.pages.fields import Choice
from ticketd.web.pages.offers import (
    EventLine,
    OfferView,
    event_line,
    most_at_once,
    new_key,
    offer_view,
    place,
    quantities,
)
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.seat_drawings import seat_list, seat_map
from ticketd.web.pages.seat_plans import Part, SectionShape, overview_of, parts_of
from ticketd.web.pages.seat_wishes import SEAT_FIELD, SeatWish, line_of, wish_from
from ticketd.web.pages.shop import Shop
from ticketd.web.pages.words import promise
from ticketd.web.parsing import read_form

_FIELDS_MAX = QUANTITY_MAX + 10
"""One for each seat that is ticked, and the others."""
_BEST_OFFERED_MAX = 50
_BEST_OFFERED_FIRST = 2
_OVERLOADED = Refusal(Reason.OVERLOADED)


class SectionLink(msgspec.Struct, frozen=True):
    """A section of a large hall, and what is left of it."""

    shape: SectionShape
    path: str
    count: int
    free: str
    level: str


class PartLink(msgspec.Struct, frozen=True):
    """Some rows of a large section."""

    name: str
    path: str
    current: bool


class Picker(msgspec.Struct, frozen=True, kw_only=True):
    """The seats to choose from: the sections of a large hall, or a map and a list of single seats."""

    section: str
    """"" if there is no way back to an overview."""
    overview_path: str
    overview_view_box: str
    sections: Sequence[SectionLink]
    parts: Sequence[PartLink]
    map: str
    list: str
    elsewhere: Sequence[SeatId]
    """Chosen, but not among those shown."""
    summary: str
    live_path: str
    version: int
    price_cents: int
    most: int


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
    path: str
    picker: Picker
    named: NamedSeats
    best: Sequence[Choice]
    apart: bool
    field: str
    asks_code: bool
    access_code: str
    key: str
    promise: str
    error: str


class _Try(msgspec.Struct, frozen=True):
    """What a guest asked for, and why they didn't get it."""

    wish: SeatWish
    key: str | None = None
    access_code: str = ""
    refusal: Refusal | None = None


async def show_seats(request: web.Request, shop: Shop) -> web.StreamResponse:
    """The seats, those in the query chosen."""
    wanted = tuple(SeatId(seat) for seat in request.query.getall("seat", ()))
    return await _page(request, shop, _Try(SeatWish(seats=wanted)))


async def buy_seats(request: web.Request, shop: Shop) -> web.StreamResponse:
    """Reserve exactly these seats, or the best, and go on to the reservation."""
    form, services = await read_form(request, fields_max=_FIELDS_MAX), request.app[SERVICES]
    offer = await services.offers.one(shop.ticket_type)
    if offer is None or offer.hall is None:
        return not_found(request)
    tried = _Try(wish_from(form), form.get("key"), form.get("access_code", "").strip())
    line = line_of(tried.wish, shop.ticket_type.id, offer.hall)
    reserved = (
        line
        if isinstance(line, Refusal)
        else await reserve(services, [line], key=tried.key, access_code=tried.access_code)
    )
    if isinstance(reserved, Refusal):
        return await _page(request, shop, msgspec.structs.replace(tried, refusal=reserved))
    return see_other(reservation_path(reserved))


async def _page(request: web.Request, shop: Shop, tried: _Try) -> web.StreamResponse:
    services, wish, refusal = request.app[SERVICES], tried.wish, tried.refusal
    offer = await services.offers.one(shop.ticket_type)
    if offer is None:
        return not_found(request)
    seats = services.router.seats(offer.inventory_id)
    if seats is None:
        return refusal_page(request, _OVERLOADED)
    event = shop.event
    picker = _picker(request, shop, offer, seats, tried)
    most = min(most_at_once(offer), _BEST_OFFERED_MAX)
    view = SeatsView(
        offer=offer_view(offer, path=shop.path, event=event, now=services.clock.now()),
        organizer=organizer_link(shop.organizer),
        event=None if event is None else event_line(event),
        venue="" if event is None else place(services.catalogue.venue_of(event)),
        path=shop.path,
        picker=picker,
        named=_named(seats.hall, picker, wish, refusal),
        best=quantities(most, least=1, chosen=wish.best_available or min(_BEST_OFFERED_FIRST, most)),
        apart=not wish.together,
        field=SEAT_FIELD,
        asks_code=shop.ticket_type.hidden,
        access_code=tried.access_code,
        key=key_to_keep(tried.key, refusal) or new_key(),
        promise=promise(services.settings.hold_seconds, price_cents=offer.terms.price_cents),
        error="" if refusal is None else _in_words(refusal, wish),
    )
    return render(request, "seats.html", view, refusal=refusal)


def _picker(request: web.Request, shop: Shop, offer: Offer, view: SeatView, tried: _Try) -> Picker:
    hall, environment = view.hall, aiohttp_jinja2.get_env(request.app)
    parts = parts_of(hall)
    part, chosen = _part(request, parts), _chosen(view, tried)
    here = frozenset(index for index in chosen if part is not None and part.first <= index < part.end)
    seats = [hall.seat_id(index) for index in chosen]
    return Picker(
        section="" if part is None else part.section,
        overview_path=_path(shop.path, seats),
        overview_view_box=overview_of(hall).view_box if part is None else "",
        sections=_section_links(shop.path, view, seats) if part is None else (),
        parts=_part_links(shop.path, parts, part, seats),
        map="" if part is None else seat_map(environment, part, view, here),
        list="" if part is None else seat_list(environment, part, view, here),
        elsewhere=[hall.seat_id(index) for index in chosen if index not in here],
        summary=_summary(seats, offer.terms.price_cents),
        live_path=f"{API}/ticket-types/{shop.ticket_type.id}/seats",
        version=view.version,
        price_cents=offer.terms.price_cents,
        most=most_at_once(offer),
    )


def _part(request: web.Request, parts: Sequence[Part]) -> Part | None:
    """What the query asks for; the whole of a small hall; None for the overview of a large one."""
    if len(parts) == 1:
        return parts[0]
    of_section = [part for part in parts if part.section == request.query.get("section")]
    number = request.query.get("part", "1")
    return next((part for part in of_section if str(part.number) == number), next(iter(of_section), None))


def _chosen(view: SeatView, tried: _Try) -> Sequence[int]:
    """The seats that the guest wants and can still have, by index."""
    refused = () if tried.refusal is None else tried.refusal.taken_seats
    found = {view.hall.find(seat) for seat in tried.wish.seats if seat not in refused}
    return sorted(index for index in found if index is not None and view.statuses[index] == FREE)


def _section_links(path: str, view: SeatView, chosen: Sequence[SeatId]) -> Sequence[SectionLink]:
    return [
        SectionLink(
            shape,
            _path(path, chosen, section=shape.name),
            free := shape.free(view),
            f"{free:,} free" if free else "none free",
            shape.level(free),
        )
        for shape in overview_of(view.hall).sections
    ]


def _part_links(
    path: str, parts: Sequence[Part], shown: Part | None, chosen: Sequence[SeatId]
) -> Sequence[PartLink]:
    if shown is None or not shown.section:
        return ()
    siblings = [part for part in parts if part.section == shown.section]
    return [
        PartLink(
            f"Rows {part.rows[0].name} to {part.rows[-1].name}",
            _path(path, chosen, section=part.section, part=str(part.number)),
            part is shown,
        )
        for part in (siblings if len(siblings) > 1 else ())
    ]


def _path(path: str, chosen: Sequence[SeatId], **query: str) -> str:
    pairs = [*query.items(), *(("seat", seat) for seat in chosen)]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _named(hall: Hall, picker: Picker, wish: SeatWish, refusal: Refusal | None) -> NamedSeats:
    shown = wish.section or picker.section
    names = dict.fromkeys(row.section for row in hall.rows)
    choices = tuple(Choice(name, name, chosen=name == shown) for name in names)
    return NamedSeats(choices, wish.row, refusal is not None and bool(wish.row or wish.numbers))


def _summary(chosen: Sequence[SeatId], price_cents: int) -> str:
    if not chosen:
        return "No seats chosen yet."
    count = "1 seat" if len(chosen) == 1 else f"{len(chosen):,} seats"
    return f"{count}: {', '.join(chosen)}, {format_cents(price_cents * len(chosen))}"


def _in_words(refusal: Refusal, wish: SeatWish) -> str:
    said = in_words(refusal)
    if refusal.reason is Reason.SOLD_OUT and wish.best_available and wish.together and refusal.available:
        return f"{said} There may be some that are apart."
    kept = len(set(wish.seats) - set(refusal.taken_seats))
    if refusal.reason is Reason.SEAT_TAKEN and kept:
        others = "Your other seat is" if kept == 1 else f"Your other {kept:,} seats are"
        return f"{said} {others} still chosen, but not reserved yet."
    return said

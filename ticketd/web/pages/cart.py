"""An event, and one form that buys of all its ticket types at once: `/events/{event_id}`."""

from collections.abc import Mapping, Sequence
from textwrap import shorten

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.terms import EventStatus
from ticketd.services.sales import LineRequest
from ticketd.services.signed_forms import FormKind
from ticketd.web.api.shapes import LINES_MAX
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages.admissions import Turn, WayIn, to_queue, turn, way_in
from ticketd.web.pages.buying import NO_QUANTITY, in_words, key_for, quantity_of, reservation_path, reserve
from ticketd.web.pages.cards import Link, organizer_link
from ticketd.web.pages.fields import FormState
from ticketd.web.pages.guards import guest_page, shown_event
from ticketd.web.pages.live import Live, live
from ticketd.web.pages.offers import OfferView, offer_view, place, purchase_path
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.signed_forms import HiddenFields, hidden_fields
from ticketd.web.pages.words import Moment, moment, promise
from ticketd.web.parsing import read_form

_OTHER_FIELDS_MAX = 100
"""Beside one for each ticket type; some of these may be gone since the form was made."""
_SUMMARY_LENGTH = 160
_TOO_MANY_LINES = invalid("lines", f"At most {LINES_MAX} kinds of tickets can be had at once.")


class EventView(msgspec.Struct, frozen=True):
    """An event's page."""

    name: str
    organizer: Link
    starts: Moment
    venue: str
    standing: str
    description: str
    summary: str
    """For search engines and previews."""
    ticket_types: Sequence[OfferView]
    limit: str
    has_cart: bool
    way_in: WayIn | None
    turn: Turn | None
    live: Live | None
    hidden: HiddenFields
    key: str
    promise: str
    error: str


@guest_page
async def show_event(request: web.Request) -> web.StreamResponse:
    """One event and its ticket types."""
    event = shown_event(request)
    return await _page(request, event, FormState())


@guest_page
async def buy_at_event(request: web.Request) -> web.StreamResponse:
    """Reserve all that was chosen or nothing, and go on to the reservation."""
    event = shown_event(request)
    ticket_types = _in_cart(request.app[SERVICES], event)
    form = await read_form(request, fields_max=len(ticket_types) + _OTHER_FIELDS_MAX)
    wanted = _wanted(form, ticket_types)
    chosen = {ticket_type_id: quantity for ticket_type_id, quantity in wanted.items() if quantity}

    async def once_more(refusal: Refusal) -> web.StreamResponse:
        return await _page(request, event, FormState(form, refusal))

    if not chosen or None in wanted.values():
        return await once_more(NO_QUANTITY)
    if len(chosen) > LINES_MAX:
        return await once_more(_TOO_MANY_LINES)
    lines = [LineRequest(ticket_type_id, quantity) for ticket_type_id, quantity in chosen.items()]
    reserved = await reserve(request, form, lines, event=event)
    if isinstance(reserved, Refusal):
        return to_queue(request, event, reserved) or await once_more(_of_the_only(lines, reserved))
    return see_other(reservation_path(reserved))


def _in_cart(services: Services, event: Event) -> Sequence[TicketType]:
    listed = services.catalogue.listed(services.catalogue.ticket_types_of_event(event.id))
    return [each for each in listed if not each.is_seated]


def _wanted(form: Mapping[str, str], ticket_types: Sequence[TicketType]) -> Mapping[TicketTypeId, int | None]:
    """How many of which; None where that is no number. Fields that name nothing on sale here don't count."""
    return {each.id: _quantity_in(form, each) for each in ticket_types}


def _quantity_in(form: Mapping[str, str], ticket_type: TicketType) -> int | None:
    return quantity_of(form.get(f"quantity-{ticket_type.id}", "0"))


def _of_the_only(lines: Sequence[LineRequest], refusal: Refusal) -> Refusal:
    """The refusal, naming its ticket type where there can be no doubt."""
    if len(lines) > 1 or refusal.ticket_type_id is not None or refusal.reason in _OF_NO_TICKET_TYPE:
        return refusal
    return msgspec.structs.replace(refusal, ticket_type_id=lines[0].ticket_type_id)


_OF_NO_TICKET_TYPE = (Reason.INVALID, Reason.KEY_REUSED, Reason.OVERLOADED)


async def _page(request: web.Request, event: Event, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    catalogue, now = services.catalogue, services.clock.now()
    offers = await services.offers.of(catalogue.listed(catalogue.ticket_types_of_event(event.id)))
    ticket_types = _ticket_types(services, event, offers, state, now)
    starts, venue = moment(event.starts_at, event.timezone), place(catalogue.venue_of(event))
    view = EventView(
        event.name,
        organizer_link(catalogue.organizer_by_id(event.organizer_id)),
        starts,
        venue,
        _standing(event, now),
        event.description,
        _summary(event, starts, venue),
        ticket_types,
        "" if event.max_per_guest is None else f"At most {event.max_per_guest:,} for each guest.",
        any(each.quantities for each in ticket_types),
        way_in(request, event),
        turn(request, event),
        live(event),
        hidden_fields(request, FormKind.BUY, event, state.values),
        key_for(state),
        promise(
            services.settings.hold_seconds,
            price_cents=max((offer.terms.price_cents for offer in offers.values()), default=0),
        ),
        _error(state.refusal, ticket_types),
    )
    return render(request, "event.html", view, refusal=state.refusal)


def _ticket_types(
    services: Services, event: Event, offers: Mapping[TicketTypeId, Offer], state: FormState, now: Instant
) -> Sequence[OfferView]:
    organizer = services.catalogue.organizer_by_id(event.organizer_id)
    at_first = 1 if len(_in_cart(services, event)) == 1 else 0
    refused = None if state.refusal is None else state.refusal.ticket_type_id
    return [
        offer_view(
            offers[each.id],
            path=purchase_path(organizer.slug, each),
            event=event,
            now=now,
            quantity=_quantity_in(state.values, each) or at_first,
            least=0,
            error=in_words(state.refusal) if state.refusal is not None and each.id == refused else "",
        )
        for each in services.catalogue.ticket_types_of_event(event.id)
        if each.id in offers
    ]


def _error(refusal: Refusal | None, ticket_types: Sequence[OfferView]) -> str:
    if refusal is None:
        return ""
    named = next((each.name for each in ticket_types if each.error), None)
    return in_words(refusal) if named is None else f"Nothing was reserved. {named}: {in_words(refusal)}"


def _standing(event: Event, now: Instant) -> str:
    if event.status is EventStatus.CANCELLED:
        return "This event has been cancelled."
    return "This event is over." if event.over_at <= now else ""


def _summary(event: Event, starts: Moment, venue: str) -> str:
    when_and_where = ", ".join(filter(None, (starts.words, venue)))
    return shorten(f"{when_and_where}. {event.description}", _SUMMARY_LENGTH, placeholder="…")

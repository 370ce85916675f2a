"""An organizer's ticket types: `/{organizer}/tickets` and `/{organizer}/tickets/{ticket_type_id}`.

The second has one form address, told apart by `action`: `save` (also when it is missing) or `delete`.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import TicketTypeId, inventory_of
from ticketd.core.money import format_cents
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Refusal
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages import words
from ticketd.web.pages.errors import not_found
from ticketd.web.pages.fields import Field
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.offers import EventLine, event_line, left, purchase_path
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.ticket_forms import change_fields, creation_fields, draft_from, patch_from
from ticketd.web.parsing import path_id, read_form
from ticketd.web.problems import sentence

_LISTED_MAX = 100


class TicketRow(msgspec.Struct, frozen=True):
    """A ticket type in the list."""

    name: str
    path: str
    event: str
    purchased: str
    held: str
    price: str


class TicketsView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[TicketRow]
    pager: Pager
    fields: Sequence[Field]
    error: str


class TicketView(msgspec.Struct, frozen=True):
    """One ticket type in full, with the form that changes it."""

    name: str
    list_path: str
    event: EventLine | None
    standing: str
    figures: Sequence[tuple[str, str]]
    purchase_url: str
    fields: Sequence[Field]
    error: str


@desk_page
async def list_tickets(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The ticket types; `?organizer=` goes on to another organizer's."""
    wanted = request.query.get("organizer", desk.organizer.slug)
    if wanted != desk.organizer.slug and wanted in desk.slugs:
        return see_other(f"/{wanted}/tickets")
    return await _list(request, desk, {}, None)


@desk_page
async def create_ticket(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create a ticket type, and show it in the list."""
    form = await read_form(request)
    draft = draft_from(form)
    if isinstance(draft, Refusal):
        return await _list(request, desk, form, draft)
    management = request.app[SERVICES].management
    offer = await management.create_ticket_type(desk.owner.id, desk.organizer.slug, draft)
    if isinstance(offer, Refusal):
        return await _list(request, desk, form, offer)
    return see_other(f"{desk.path}/tickets", done="created")


@desk_page
async def show_ticket(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One ticket type."""
    ticket_type = _own_ticket_type(request, desk)
    return not_found(request) if ticket_type is None else await _page(request, desk, ticket_type, {}, None)


@desk_page
async def change_ticket(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change a ticket type, or delete it."""
    ticket_type = _own_ticket_type(request, desk)
    if ticket_type is None:
        return not_found(request)
    form = await read_form(request)
    if form.get("action") == "delete":
        return await _delete(request, desk, ticket_type)
    return await _save(request, desk, ticket_type, form)


async def _delete(request: web.Request, desk: Desk, ticket_type: TicketType) -> web.StreamResponse:
    refusal = await request.app[SERVICES].management.delete_ticket_type(desk.owner.id, ticket_type.id)
    if refusal is not None:
        return await _page(request, desk, ticket_type, {}, refusal)
    return see_other(f"{desk.path}/tickets", done="deleted")


async def _save(
    request: web.Request, desk: Desk, ticket_type: TicketType, form: Mapping[str, str]
) -> web.StreamResponse:
    services = request.app[SERVICES]
    patch = patch_from(form, ticket_type.terms, _event_of(services, ticket_type))
    if isinstance(patch, Refusal):
        return await _page(request, desk, ticket_type, form, patch)
    offer = await services.management.change_ticket_type(desk.owner.id, ticket_type.id, patch)
    if isinstance(offer, Refusal):
        return await _page(request, desk, ticket_type, form, offer)
    return see_other(f"{desk.path}/tickets/{ticket_type.id}", done="saved")


async def _list(
    request: web.Request, desk: Desk, form: Mapping[str, str], refusal: Refusal | None
) -> web.StreamResponse:
    services = request.app[SERVICES]
    ticket_types = services.catalogue.ticket_types_of_organizer(desk.organizer.id)
    shown, pager = page_of(request, ticket_types, size=_LISTED_MAX)
    offers = await services.router.offers(inventory_of(each.id) for each in shown)
    events = services.catalogue.events_of_organizer(desk.organizer.id)
    view = TicketsView(
        desk.organizer.name,
        [
            _row(offer, desk, _event_of(services, each))
            for each in shown
            if (offer := offers.get(inventory_of(each.id))) is not None
        ],
        pager,
        creation_fields(events, form, () if refusal is None else refusal.errors),
        "" if refusal is None else sentence(refusal),
    )
    return render(request, "tickets.html", view, refusal=refusal, masthead=desk.masthead)


async def _page(
    request: web.Request,
    desk: Desk,
    ticket_type: TicketType,
    form: Mapping[str, str],
    refusal: Refusal | None,
) -> web.StreamResponse:
    services = request.app[SERVICES]
    inventory_id = inventory_of(ticket_type.id)
    offer = (await services.router.offers([inventory_id])).get(inventory_id)
    if offer is None:
        return not_found(request)
    event = _event_of(services, ticket_type)
    timezone = words.UTC_NAME if event is None else event.timezone
    view = TicketView(
        offer.terms.name,
        f"{desk.path}/tickets",
        None if event is None else event_line(event),
        left(offer, services.clock.now(), timezone=timezone),
        _figures(offer),
        str(request.url.origin()) + purchase_path(desk.organizer.slug, ticket_type),
        change_fields(offer.terms, event, form, () if refusal is None else refusal.errors),
        "" if refusal is None else sentence(refusal),
    )
    return render(request, "ticket.html", view, refusal=refusal, masthead=desk.masthead)


def _own_ticket_type(request: web.Request, desk: Desk) -> TicketType | None:
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    ticket_type = request.app[SERVICES].catalogue.ticket_type(ticket_type_id)
    if ticket_type is None or ticket_type.profile.organizer_id != desk.organizer.id:
        return None
    return ticket_type


def _event_of(services: Services, ticket_type: TicketType) -> Event | None:
    event_id = ticket_type.profile.event_id
    return None if event_id is None else services.catalogue.event(event_id)


def _row(offer: Offer, desk: Desk, event: Event | None) -> TicketRow:
    figures = offer.figures
    return TicketRow(
        offer.terms.name,
        f"{desk.path}/tickets/{offer.inventory_id}",
        "Coupon" if event is None else event.name,
        f"{figures.sold:,} of {figures.capacity:,}",
        f"{figures.held + figures.paying:,}",
        words.price(offer.terms.price_cents),
    )


def _figures(offer: Offer) -> Sequence[tuple[str, str]]:
    figures = offer.figures
    return (
        ("Max purchase count", f"{figures.capacity:,}"),
        ("Purchased", f"{figures.sold:,}"),
        ("Held", f"{figures.held + figures.paying:,}"),
        ("Available", f"{figures.free:,}"),
        ("Price", words.price(offer.terms.price_cents)),
        ("Revenue", format_cents(figures.revenue_cents)),
    )

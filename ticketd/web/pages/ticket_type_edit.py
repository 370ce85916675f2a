"""One of an organizer's ticket types: `/{organizer}/tickets/{ticket_type_id}`.

It has one form address, told apart by `action`: `save` (also when it is missing), `delete`, and those of
the access codes.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import TicketType
from ticketd.core.ids import TicketTypeId
from ticketd.core.money import format_cents
from ticketd.core.outcomes import AccessCodes, Offer
from ticketd.core.refusals import Refusal
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages import access_codes, words
from ticketd.web.pages.access_codes import CodesView, codes_view
from ticketd.web.pages.fields import Field, FormState
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.offers import EventLine, event_line, left, purchase_path
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.section_seats import SectionSeats, section_seats
from ticketd.web.pages.ticket_type_forms import change_fields, patch_from
from ticketd.web.parsing import path_id, read_form
from ticketd.web.subjects import not_found


class TicketTypeView(msgspec.Struct, frozen=True):
    """One ticket type in full, with the forms that change it."""

    name: str
    list_path: str
    event: EventLine | None
    capacity: tuple[str, str] | None
    """The shared one that it draws on: name and path."""
    standing: str
    figures: Sequence[tuple[str, str]]
    sections: Sequence[SectionSeats]
    is_seated: bool
    is_hidden: bool
    purchase_url: str
    fields: Sequence[Field]
    error: str
    codes: CodesView


@desk_page
async def show_ticket_type(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One ticket type."""
    ticket_type = _own_ticket_type(request, desk)
    return await _page(request, desk, ticket_type, FormState())


@desk_page
async def change_ticket_type(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change a ticket type or its access codes, or delete it."""
    ticket_type = _own_ticket_type(request, desk)
    form = await read_form(request)
    action = form.get("action", "save")
    refusal = await _done(request.app[SERVICES], desk, ticket_type, action, form)
    if refusal is not None:
        return await _page(request, desk, ticket_type, FormState(form, refusal))
    if action == "delete":
        return see_other(f"{desk.path}/tickets", done="deleted")
    return see_other(f"{desk.path}/tickets/{ticket_type.id}", done="saved")


async def _done(
    services: Services, desk: Desk, ticket_type: TicketType, action: str, form: Mapping[str, str]
) -> Refusal | None:
    """None once what the form asks for is done."""
    match action:
        case "delete":
            return await services.ticket_types.delete(desk.owner.id, ticket_type.id)
        case access_codes.ADD:
            timezone = _timezone(services, ticket_type)
            made = await access_codes.add_code(services, desk, ticket_type, form, timezone)
            return made if isinstance(made, Refusal) else None
        case access_codes.REMOVE:
            return await services.access_codes.remove(desk.owner.id, ticket_type.id, form.get("code", ""))
        case _:
            return await _save(services, desk, ticket_type, form)


async def _save(
    services: Services, desk: Desk, ticket_type: TicketType, form: Mapping[str, str]
) -> Refusal | None:
    patch = patch_from(form, ticket_type, services.catalogue.event_of(ticket_type))
    if isinstance(patch, Refusal):
        return patch
    offer = await services.ticket_types.change(desk.owner.id, ticket_type.id, patch)
    return offer if isinstance(offer, Refusal) else None


async def _page(
    request: web.Request, desk: Desk, ticket_type: TicketType, state: FormState
) -> web.StreamResponse:
    services = request.app[SERVICES]
    offer = await services.offers.one(ticket_type)
    codes = await services.access_codes.of_ticket_type(desk.owner.id, ticket_type.id)
    if offer is None or isinstance(codes, Refusal):
        raise not_found()
    view = _view(request, desk, ticket_type, offer, codes, state)
    return render(request, "ticket_type.html", view, refusal=state.refusal, masthead=desk.masthead)


def _view(
    request: web.Request,
    desk: Desk,
    ticket_type: TicketType,
    offer: Offer,
    codes: AccessCodes,
    state: FormState,
) -> TicketTypeView:
    services = request.app[SERVICES]
    event, timezone = services.catalogue.event_of(ticket_type), _timezone(services, ticket_type)
    seats = services.router.seats(ticket_type.inventory_id)
    adds_code = state.values.get("action") == access_codes.ADD
    about_codes, about_terms = (state, FormState()) if adds_code else (FormState(), state)
    return TicketTypeView(
        offer.terms.name,
        f"{desk.path}/tickets",
        None if event is None else event_line(event),
        _capacity(services, desk, ticket_type),
        left(offer, services.clock.now(), timezone=timezone),
        _figures(offer),
        () if seats is None else section_seats(seats),
        ticket_type.is_seated,
        offer.hidden,
        str(request.url.origin()) + purchase_path(desk.organizer.slug, ticket_type),
        change_fields(ticket_type, event, about_terms.values, about_terms.errors),
        about_terms.sentence,
        codes_view(codes.codes, timezone, about_codes),
    )


def _own_ticket_type(request: web.Request, desk: Desk) -> TicketType:
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    ticket_type = request.app[SERVICES].catalogue.ticket_type(ticket_type_id)
    if ticket_type is None or ticket_type.profile.organizer_id != desk.organizer.id:
        raise not_found()
    return ticket_type


def _timezone(services: Services, ticket_type: TicketType) -> str:
    event = services.catalogue.event_of(ticket_type)
    return words.UTC_NAME if event is None else event.timezone


def _capacity(services: Services, desk: Desk, ticket_type: TicketType) -> tuple[str, str] | None:
    capacity_id = ticket_type.profile.capacity_id
    capacity = None if capacity_id is None else services.catalogue.capacity(capacity_id)
    return None if capacity is None else (capacity.terms.name, f"{desk.path}/capacities/{capacity.id}")


def _figures(offer: Offer) -> Sequence[tuple[str, str]]:
    figures = offer.figures
    return (
        ("Max purchase count", f"{figures.capacity:,}"),
        ("Purchased", f"{figures.sold:,}"),
        ("Held", f"{figures.in_baskets:,}"),
        ("Available", f"{figures.free:,}"),
        ("Price", words.price(offer.terms.price_cents)),
        ("Revenue", format_cents(figures.revenue_cents)),
    )

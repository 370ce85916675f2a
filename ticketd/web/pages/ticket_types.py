"""An organizer's ticket types: `/{organizer}/tickets`.

`?event_id=` begins the form for a new one with that event, and shows the sections that it could be sold in.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId
from ticketd.core.refusals import Refusal
from ticketd.services.seat_maps.documents import SECTIONS_MAX
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages.fields import Choice, Field, FormState
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.ticket_type_forms import Ground, creation_fields, draft_from
from ticketd.web.pages.ticket_type_rows import TicketTypeRow, ticket_type_rows
from ticketd.web.parsing import FORM_FIELDS_MAX, read_form

_LISTED_MAX = 100


class TicketTypesView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[TicketTypeRow]
    pager: Pager
    fields: Sequence[Field]
    can_be_seated: bool
    """Some event's venue has a seat map, but the form isn't for such an event yet."""
    error: str


@desk_page
async def list_ticket_types(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The ticket types; `?organizer=` goes on to another organizer's."""
    wanted = request.query.get("organizer", desk.organizer.slug)
    if wanted != desk.organizer.slug and wanted in desk.slugs:
        return see_other(f"/{wanted}/tickets")
    return await _list(request, desk, FormState(request.query))


@desk_page
async def create_ticket_type(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create a ticket type, and show it in the list."""
    form = await read_form(request, fields_max=FORM_FIELDS_MAX + SECTIONS_MAX)
    draft = draft_from(form)
    if isinstance(draft, Refusal):
        return await _list(request, desk, FormState(form, draft))
    ticket_types = request.app[SERVICES].ticket_types
    offer = await ticket_types.create(desk.owner.id, desk.organizer.slug, draft)
    if isinstance(offer, Refusal):
        return await _list(request, desk, FormState(form, offer))
    return see_other(f"{desk.path}/tickets", done="created")


async def _list(request: web.Request, desk: Desk, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    shown, pager = page_of(request, _event_by_event(services, desk), size=_LISTED_MAX)
    ground = await _ground(services, desk, state.values.get("event_id", ""))
    view = TicketTypesView(
        desk.organizer.name,
        await ticket_type_rows(services, desk, shown),
        pager,
        creation_fields(ground, state.values, state.errors),
        not ground.sections and any(_has_seat_map(services, event) for event in ground.events),
        state.sentence,
    )
    return render(request, "ticket_types.html", view, refusal=state.refusal, masthead=desk.masthead)


def _event_by_event(services: Services, desk: Desk) -> Sequence[TicketType]:
    """Everything for sale, by event as these follow each other, and coupons last."""
    events = services.catalogue.events_of_organizer(desk.organizer.id)
    ticket_types = services.catalogue.ticket_types_of_organizer(desk.organizer.id)
    places: dict[EventId | None, int] = {event.id: place for place, event in enumerate(events)}
    return sorted(ticket_types, key=lambda each: places.get(each.profile.event_id, len(places)))


async def _ground(services: Services, desk: Desk, event_id: str) -> Ground:
    events = services.catalogue.events_of_organizer(desk.organizer.id)
    event = next((event for event in events if str(event.id) == event_id), None)
    return Ground(
        events,
        services.catalogue.capacities_of_organizer(desk.organizer.id),
        () if event is None else await _sections(services, event),
    )


def _has_seat_map(services: Services, event: Event) -> bool:
    venue = services.catalogue.venue_of(event)
    return venue is not None and venue.seat_map_id is not None


async def _sections(services: Services, event: Event) -> Sequence[Choice]:
    """The sections of the venue, with the ticket type that has seats in them already."""
    venue = services.catalogue.venue_of(event)
    if venue is None or venue.seat_map_id is None:
        return ()
    (measured,) = await services.venues.measured([venue])
    if measured.seat_map is None:
        return ()
    owners = await _section_owners(services, event)
    return [
        Choice(each.name, f"{each.name}: {each.seats:,} seats{owners.get(each.name, '')}")
        for each in measured.seat_map.sections
    ]


async def _section_owners(services: Services, event: Event) -> Mapping[str, str]:
    offers = await services.offers.of(services.catalogue.ticket_types_of_event(event.id))
    return {
        row.section: f", in {offer.terms.name} already"
        for offer in offers.values()
        if offer.hall is not None
        for row in offer.hall.rows
    }

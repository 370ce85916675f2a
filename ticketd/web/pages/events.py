"""An organizer's events: `/{organizer}/events`."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.core.refusals import Refusal
from ticketd.web.context import SERVICES, Services
from ticketd.web.pages.event_forms import draft_from, event_fields
from ticketd.web.pages.fields import Field, FormState
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.words import Moment, moment
from ticketd.web.parsing import read_form

_LISTED_MAX = 100


class EventRow(msgspec.Struct, frozen=True):
    """An event in the list."""

    name: str
    path: str
    starts: Moment
    venue: str
    status: str


class EventsView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[EventRow]
    pager: Pager
    fields: Sequence[Field]
    error: str


@desk_page
async def list_events(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The organizer's events."""
    return _list(request, desk, FormState())


@desk_page
async def create_event(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create an event, and show it in the list."""
    services, form = request.app[SERVICES], await read_form(request)
    draft = draft_from(form, services.catalogue.venues_of_organizer(desk.organizer.id))
    if isinstance(draft, Refusal):
        return _list(request, desk, FormState(form, draft))
    event = await services.events.create(desk.owner.id, desk.organizer.slug, draft)
    if isinstance(event, Refusal):
        return _list(request, desk, FormState(form, event))
    return see_other(f"{desk.path}/events", done="created")


def _list(request: web.Request, desk: Desk, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    events = services.catalogue.events_of_organizer(desk.organizer.id)
    venues = services.catalogue.venues_of_organizer(desk.organizer.id)
    shown, pager = page_of(request, events, size=_LISTED_MAX)
    likely = events[-1].timezone if events and not venues else ""
    view = EventsView(
        desk.organizer.name,
        [_row(services, desk, event) for event in shown],
        pager,
        event_fields(venues, {"timezone": likely} | dict(state.values), state.errors),
        state.sentence,
    )
    return render(request, "events.html", view, refusal=state.refusal, masthead=desk.masthead)


def _row(services: Services, desk: Desk, event: Event) -> EventRow:
    venue = services.catalogue.venue_of(event)
    return EventRow(
        event.name,
        f"{desk.path}/events/{event.id}",
        moment(event.starts_at, event.timezone),
        "" if venue is None else venue.name,
        event.status.value.capitalize(),
    )

"""An organizer's events: `/{organizer}/events` and `/{organizer}/events/{event_id}`.

The second has one form address, told apart by `action`: `save` (also when it is missing) or `delete`.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId
from ticketd.core.refusals import Refusal
from ticketd.core.terms import EventStatus
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import not_found
from ticketd.web.pages.event_forms import draft_from, event_fields, patch_from, values_of
from ticketd.web.pages.fields import Field
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.words import UTC_NAME, Moment, moment
from ticketd.web.parsing import path_id, read_form
from ticketd.web.problems import sentence

_LISTED_MAX = 100


class EventRow(msgspec.Struct, frozen=True):
    """An event in the list."""

    name: str
    path: str
    starts: Moment
    status: str


class EventsView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[EventRow]
    pager: Pager
    fields: Sequence[Field]
    error: str


class EventFormView(msgspec.Struct, frozen=True):
    """One event, with the form that changes it."""

    name: str
    list_path: str
    public_path: str
    fields: Sequence[Field]
    error: str


@desk_page
async def list_events(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The organizer's events."""
    return _list(request, desk, {}, None)


@desk_page
async def create_event(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create an event, and show it in the list."""
    form = await read_form(request)
    draft = draft_from(form)
    if isinstance(draft, Refusal):
        return _list(request, desk, form, draft)
    event = await request.app[SERVICES].management.create_event(desk.owner.id, desk.organizer.slug, draft)
    if isinstance(event, Refusal):
        return _list(request, desk, form, event)
    return see_other(f"{desk.path}/events", done="created")


@desk_page
async def show_event_form(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One event, to be changed."""
    event = _own_event(request, desk)
    return not_found(request) if event is None else _page(request, desk, event, {}, None)


@desk_page
async def change_event(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change an event, or delete it with its ticket types."""
    event = _own_event(request, desk)
    if event is None:
        return not_found(request)
    form = await read_form(request)
    if form.get("action") == "delete":
        return await _delete(request, desk, event)
    return await _save(request, desk, event, form)


async def _delete(request: web.Request, desk: Desk, event: Event) -> web.StreamResponse:
    refusal = await request.app[SERVICES].management.delete_event(desk.owner.id, event.id)
    if refusal is not None:
        return _page(request, desk, event, {}, refusal)
    return see_other(f"{desk.path}/events", done="deleted")


async def _save(
    request: web.Request, desk: Desk, event: Event, form: Mapping[str, str]
) -> web.StreamResponse:
    patch = patch_from(form, event)
    if isinstance(patch, Refusal):
        return _page(request, desk, event, form, patch)
    changed = await request.app[SERVICES].management.change_event(desk.owner.id, event.id, patch)
    if isinstance(changed, Refusal):
        return _page(request, desk, event, form, changed)
    return see_other(f"{desk.path}/events/{event.id}", done="saved")


def _own_event(request: web.Request, desk: Desk) -> Event | None:
    event = request.app[SERVICES].catalogue.event(EventId(path_id(request, "event_id")))
    return None if event is None or event.organizer_id != desk.organizer.id else event


def _list(
    request: web.Request, desk: Desk, form: Mapping[str, str], refusal: Refusal | None
) -> web.StreamResponse:
    events = request.app[SERVICES].catalogue.events_of_organizer(desk.organizer.id)
    shown, pager = page_of(request, events, size=_LISTED_MAX)
    likely = {"timezone": events[-1].timezone if events else UTC_NAME}
    view = EventsView(
        desk.organizer.name,
        [
            EventRow(
                event.name,
                f"{desk.path}/events/{event.id}",
                moment(event.starts_at, event.timezone),
                event.status.value.capitalize(),
            )
            for event in shown
        ],
        pager,
        event_fields(likely | dict(form), () if refusal is None else refusal.errors),
        "" if refusal is None else sentence(refusal),
    )
    return render(request, "events.html", view, refusal=refusal, masthead=desk.masthead)


def _page(
    request: web.Request, desk: Desk, event: Event, form: Mapping[str, str], refusal: Refusal | None
) -> web.StreamResponse:
    errors = () if refusal is None else refusal.errors
    view = EventFormView(
        event.name,
        f"{desk.path}/events",
        "" if event.status is EventStatus.DRAFT else f"/events/{event.id}",
        event_fields(values_of(event) | dict(form), errors),
        "" if refusal is None else sentence(refusal),
    )
    return render(request, "event_edit.html", view, refusal=refusal, masthead=desk.masthead)

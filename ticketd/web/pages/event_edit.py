"""One of an organizer's events: `/{organizer}/events/{event_id}`.

It has one form address, told apart by `action`: `save` (also when it is missing), `duplicate`, `cancel`
or `delete`.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.core.refusals import Refusal
from ticketd.core.terms import EventStatus
from ticketd.services.drafts import EventPatch
from ticketd.web.context import SERVICES
from ticketd.web.pages.defence_forms import defence_fields
from ticketd.web.pages.event_forms import (
    DUPLICATE_STARTS_AT,
    duplicate_fields,
    duplicate_start_from,
    event_fields,
    patch_from,
    values_of,
)
from ticketd.web.pages.fields import Field, FormState
from ticketd.web.pages.guards import Desk, desk_page, own_event
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.ticket_type_rows import TicketTypeRow, ticket_type_rows
from ticketd.web.parsing import read_form

_LISTED_MAX = 100


class EventFormView(msgspec.Struct, frozen=True):
    """One event with its ticket types, and the forms that change it."""

    name: str
    list_path: str
    public_path: str
    new_ticket_path: str
    queue_path: str
    rows: Sequence[TicketTypeRow]
    pager: Pager
    fields: Sequence[Field]
    defence_fields: Sequence[Field]
    duplicate_fields: Sequence[Field]
    is_published: bool
    is_cancelled: bool
    error: str


@desk_page
async def show_event_form(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One event, to be changed."""
    event = own_event(request, desk)
    return await _page(request, desk, event, FormState())


@desk_page
async def change_event(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change an event, copy it to another date, cancel it, or delete it with its ticket types."""
    event = own_event(request, desk)
    form = await read_form(request)
    match form.get("action"):
        case "delete":
            return await _delete(request, desk, event)
        case "cancel":
            cancelled = EventPatch(status=EventStatus.CANCELLED)
            return await _change(request, desk, event, {}, cancelled, done="cancelled")
        case "duplicate":
            return await _duplicate(request, desk, event, form)
        case _:
            venues = request.app[SERVICES].catalogue.venues_of_organizer(desk.organizer.id)
            return await _change(request, desk, event, form, patch_from(form, event, venues))


async def _delete(request: web.Request, desk: Desk, event: Event) -> web.StreamResponse:
    refusal = await request.app[SERVICES].events.delete(desk.owner.id, event.id)
    if refusal is not None:
        return await _page(request, desk, event, FormState(refusal=refusal))
    return see_other(f"{desk.path}/events", done="deleted")


async def _duplicate(
    request: web.Request, desk: Desk, event: Event, form: Mapping[str, str]
) -> web.StreamResponse:
    starts_at = duplicate_start_from(form, event)
    if isinstance(starts_at, Refusal):
        return await _page(request, desk, event, FormState(form, starts_at))
    copy = await request.app[SERVICES].events.duplicate(desk.owner.id, event.id, starts_at)
    if isinstance(copy, Refusal):
        return await _page(request, desk, event, FormState(form, _of_the_copy(copy)))
    return see_other(_path(desk, copy), done="created")


async def _change(
    request: web.Request,
    desk: Desk,
    event: Event,
    form: Mapping[str, str],
    patch: EventPatch | Refusal,
    *,
    done: str = "saved",
) -> web.StreamResponse:
    if isinstance(patch, Refusal):
        return await _page(request, desk, event, FormState(form, patch))
    changed = await request.app[SERVICES].events.change(desk.owner.id, event.id, patch)
    if isinstance(changed, Refusal):
        return await _page(request, desk, event, FormState(form, changed))
    return see_other(_path(desk, event), done=done)


def _of_the_copy(refusal: Refusal) -> Refusal:
    """The refusal with its errors beside the field that asked for a copy."""
    errors = tuple(msgspec.structs.replace(error, field=DUPLICATE_STARTS_AT) for error in refusal.errors)
    return msgspec.structs.replace(refusal, errors=errors)


def _path(desk: Desk, event: Event) -> str:
    return f"{desk.path}/events/{event.id}"


async def _page(request: web.Request, desk: Desk, event: Event, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    venues = services.catalogue.venues_of_organizer(desk.organizer.id)
    shown, pager = page_of(request, services.catalogue.ticket_types_of_event(event.id), size=_LISTED_MAX)
    values = values_of(event) | dict(state.values)
    view = EventFormView(
        event.name,
        f"{desk.path}/events",
        "" if event.status is EventStatus.DRAFT else f"/events/{event.id}",
        f"{desk.path}/tickets?event_id={event.id}#new",
        f"{desk.path}/events/{event.id}/queue",
        await ticket_type_rows(services, desk, shown),
        pager,
        event_fields(venues, values, state.errors),
        defence_fields(values, state.errors),
        duplicate_fields(event, state.values, state.errors),
        event.status is EventStatus.PUBLISHED,
        event.status is EventStatus.CANCELLED,
        state.sentence,
    )
    return render(request, "event_edit.html", view, refusal=state.refusal, masthead=desk.masthead)

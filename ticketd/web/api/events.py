"""Owners' events: make, change, delete."""

from typing import Final

import msgspec
from aiohttp import web
from msgspec import UNSET

from ticketd.core.catalogue import Defences, Event, Organizer
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, invalid
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch
from ticketd.web.api import owner_shapes, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.instants import InstantReader
from ticketd.web.api.presenters import API, created_answer, deleted_answer, own_event_shape, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted, path_id

_new_event: Final = BodyReader(owner_shapes.NewEvent)
_event_change: Final = BodyReader(owner_shapes.EventChange)


@Operation(
    tag="Events",
    body=owner_shapes.NewEvent,
    answers={201: shapes.Event},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def create_event(request: web.Request) -> web.StreamResponse:
    """Make an event."""
    owner_id = await owner_id_of(request)
    body = await _new_event.read(request)
    services = request.app[SERVICES]
    organizer = granted(await services.access.organizer(owner_id, request.match_info["slug"]))
    draft = _event_draft(body, organizer, services.catalogue)
    event = granted(await services.events.create(owner_id, organizer.slug, draft))
    return created_answer(own_event_shape(event, services.catalogue), location=f"{API}/events/{event.id}")


@Operation(
    tag="Events",
    body=owner_shapes.EventChange,
    answers={200: shapes.Event},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def change_event(request: web.Request) -> web.StreamResponse:
    """Change an event; the sale of all its ticket types follows at once."""
    owner_id = await owner_id_of(request)
    event_id = EventId(path_id(request, "event_id"))
    body = await _event_change.read(request)
    services = request.app[SERVICES]
    known = granted(await services.access.event(owner_id, event_id))
    event = granted(await services.events.change(owner_id, event_id, _event_patch(body, known)))
    return private_answer(own_event_shape(event, services.catalogue))


@Operation(
    tag="Events",
    answers={204: None},
    reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
    for_owners=True,
)
async def delete_event(request: web.Request) -> web.StreamResponse:
    """Delete an event and its ticket types; only without anything sold, held or paying."""
    owner_id = await owner_id_of(request)
    event_id = EventId(path_id(request, "event_id"))
    refusal = await request.app[SERVICES].events.delete(owner_id, event_id)
    return deleted_answer(refusal)


def _event_draft(body: owner_shapes.NewEvent, organizer: Organizer, catalogue: Catalogue) -> EventDraft:
    timezone = _timezone(body, organizer, catalogue)
    instants = InstantReader(timezone)
    return EventDraft(
        name=body.name,
        starts_at=instants.read("starts_at", body.starts_at),
        timezone=timezone,
        description=body.description,
        on_sale_at=instants.read_optional("on_sale_at", body.on_sale_at),
        off_sale_at=instants.read_optional("off_sale_at", body.off_sale_at),
        status=body.status,
        venue_id=body.venue_id,
        max_per_guest=body.max_per_guest,
        waiting_room=shapes.switch_of(body.waiting_room),
        defences=_defences(body.defences, Defences()),
    )


def _timezone(body: owner_shapes.NewEvent, organizer: Organizer, catalogue: Catalogue) -> str:
    if body.timezone is not UNSET:
        return body.timezone
    if body.venue_id is None:
        raise RefusedRequest(invalid("timezone", "This field is required, unless there is a venue."))
    venue = catalogue.venue(body.venue_id)
    if venue is None or venue.organizer_id != organizer.id:
        raise RefusedRequest(invalid("venue_id", "The organizer has no such venue."))
    return venue.timezone


def _event_patch(body: owner_shapes.EventChange, event: Event) -> EventPatch:
    instants = InstantReader(event.timezone if body.timezone is UNSET else body.timezone)
    return EventPatch(
        name=body.name,
        starts_at=instants.read_optional("starts_at", body.starts_at),
        timezone=body.timezone,
        description=body.description,
        on_sale_at=instants.read_optional("on_sale_at", body.on_sale_at),
        off_sale_at=instants.read_optional("off_sale_at", body.off_sale_at),
        status=body.status,
        venue_id=body.venue_id,
        max_per_guest=body.max_per_guest,
        waiting_room=UNSET if body.waiting_room is UNSET else shapes.switch_of(body.waiting_room),
        defences=UNSET if body.defences is UNSET else _defences(body.defences, event.defences),
    )


def _defences(wanted: shapes.Defences | owner_shapes.DefencesChange, known: Defences) -> Defences:
    switches = {
        field: shapes.switch_of(value)
        for field in wanted.__struct_fields__
        if (value := getattr(wanted, field)) is not UNSET
    }
    return msgspec.structs.replace(known, **switches)

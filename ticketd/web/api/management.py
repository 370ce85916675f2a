"""Owners' events and ticket types: make, change, delete."""

from typing import Final

import msgspec
from aiohttp import web
from msgspec import UNSET

from ticketd.core.catalogue import Defences, Event, Organizer, TicketType
from ticketd.core.ids import EventId, TicketTypeId
from ticketd.core.money import EUR
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.terms import UNLIMITED, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.management import EventDraft, EventPatch, TicketTypeDraft
from ticketd.web.api import owner_shapes, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation, describes
from ticketd.web.api.instants import InstantReader, timezone_of_event
from ticketd.web.api.presenters import (
    API,
    created_answer,
    own_event_shape,
    own_ticket_type_shape,
    private_answer,
)
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted, path_id
from ticketd.web.problems import problem

_new_event: Final = BodyReader(owner_shapes.NewEvent)
_event_change: Final = BodyReader(owner_shapes.EventChange)
_new_ticket_type: Final = BodyReader(owner_shapes.NewTicketType)
_ticket_type_change: Final = BodyReader(owner_shapes.TicketTypeChange)


# -- events


@describes(
    Operation(
        tag="Events",
        body=owner_shapes.NewEvent,
        answers={201: shapes.Event},
        reasons=(Reason.NOT_FOUND, Reason.INVALID),
        for_owners=True,
    )
)
async def create_event(request: web.Request) -> web.StreamResponse:
    """Make an event."""
    owner_id = await owner_id_of(request)
    body = await _new_event.read(request)
    services = request.app[SERVICES]
    organizer = granted(await services.management.access(owner_id, request.match_info["slug"]))
    draft = _event_draft(body, organizer, services.catalogue)
    event = granted(await services.management.create_event(owner_id, organizer.slug, draft))
    return created_answer(own_event_shape(event, services.catalogue), location=f"{API}/events/{event.id}")


@describes(
    Operation(
        tag="Events",
        body=owner_shapes.EventChange,
        answers={200: shapes.Event},
        reasons=(Reason.NOT_FOUND, Reason.INVALID),
        for_owners=True,
    )
)
async def change_event(request: web.Request) -> web.StreamResponse:
    """Change an event; the sale of all its ticket types follows at once."""
    owner_id = await owner_id_of(request)
    event_id = EventId(path_id(request, "event_id"))
    body = await _event_change.read(request)
    services = request.app[SERVICES]
    known = granted(await services.management.own_event(owner_id, event_id))
    event = granted(await services.management.change_event(owner_id, event_id, _event_patch(body, known)))
    return private_answer(own_event_shape(event, services.catalogue))


@describes(
    Operation(
        tag="Events",
        answers={204: None},
        reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
        for_owners=True,
    )
)
async def delete_event(request: web.Request) -> web.StreamResponse:
    """Delete an event and its ticket types; only without anything sold, held or paying."""
    owner_id = await owner_id_of(request)
    event_id = EventId(path_id(request, "event_id"))
    refusal = await request.app[SERVICES].management.delete_event(owner_id, event_id)
    return web.Response(status=204) if refusal is None else problem(refusal)


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


# -- ticket types


@describes(
    Operation(
        tag="Ticket types",
        body=owner_shapes.NewTicketType,
        answers={201: owner_shapes.OwnTicketType},
        reasons=(Reason.NOT_FOUND, Reason.INVALID, Reason.CURRENCY_ERROR),
        for_owners=True,
    )
)
async def create_ticket_type(request: web.Request) -> web.StreamResponse:
    """Make a ticket type, for an event or (a coupon) for none."""
    owner_id = await owner_id_of(request)
    body = await _new_ticket_type.read(request)
    services = request.app[SERVICES]
    organizer = granted(await services.management.access(owner_id, request.match_info["slug"]))
    draft = _ticket_type_draft(body, organizer, services.catalogue)
    offer = granted(await services.management.create_ticket_type(owner_id, organizer.slug, draft))
    shape = own_ticket_type_shape(offer, services.catalogue)
    return created_answer(shape, location=f"{API}/ticket-types/{shape.id}")


@describes(
    Operation(
        tag="Ticket types",
        body=owner_shapes.TicketTypeChange,
        answers={200: owner_shapes.OwnTicketType},
        reasons=(Reason.NOT_FOUND, Reason.CAPACITY_BELOW_SOLD, Reason.INVALID),
        for_owners=True,
    )
)
async def change_ticket_type(request: web.Request) -> web.StreamResponse:
    """Change a ticket type; reservations made before keep their price."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    body = await _ticket_type_change.read(request)
    services = request.app[SERVICES]
    known = granted(await services.management.own_ticket_type(owner_id, ticket_type_id))
    patch = _terms_patch(body, known, services.catalogue)
    offer = granted(await services.management.change_ticket_type(owner_id, ticket_type_id, patch))
    return private_answer(own_ticket_type_shape(offer, services.catalogue))


@describes(
    Operation(
        tag="Ticket types",
        answers={204: None},
        reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
        for_owners=True,
    )
)
async def delete_ticket_type(request: web.Request) -> web.StreamResponse:
    """Delete a ticket type; only without anything sold, held or paying."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    refusal = await request.app[SERVICES].management.delete_ticket_type(owner_id, ticket_type_id)
    return web.Response(status=204) if refusal is None else problem(refusal)


def _ticket_type_draft(
    body: owner_shapes.NewTicketType, organizer: Organizer, catalogue: Catalogue
) -> TicketTypeDraft:
    event = None if body.event_id is None else catalogue.event(body.event_id)
    if event is not None and event.organizer_id != organizer.id:
        event = None  # not even its time zone is anybody else's business
    instants = InstantReader(None if event is None else event.timezone)
    terms = Terms(
        name=body.name,
        capacity=_capacity(body),
        price_cents=body.price_cents,
        currency=body.currency,
        max_per_reservation=body.max_per_reservation,
        on_sale_at=instants.read_optional("on_sale_at", body.on_sale_at),
        off_sale_at=instants.read_optional("off_sale_at", body.off_sale_at),
        position=body.position,
    )
    return TicketTypeDraft(
        terms,
        body.event_id,
        capacity_id=body.capacity_id,
        sections=body.sections or (),
        seats=body.seats or (),
    )


def _capacity(body: owner_shapes.NewTicketType) -> int:
    """Its own one, or UNLIMITED where something else makes or limits it."""
    sources = {
        "capacity_id": body.capacity_id,
        "sections": body.sections,
        "seats": body.seats,
        "capacity": body.capacity,
    }
    given = [field for field, value in sources.items() if value is not None]
    if not given:
        raise RefusedRequest(invalid("capacity", "This needs a capacity, sections, seats or a capacity_id."))
    if len(given) > 1 and given != ["capacity_id", "capacity"]:
        raise RefusedRequest(invalid(given[1], f"This can't be together with {given[0]}."))
    return UNLIMITED if body.capacity is None else body.capacity


def _terms_patch(
    body: owner_shapes.TicketTypeChange, ticket_type: TicketType, catalogue: Catalogue
) -> TermsPatch:
    event_id = ticket_type.profile.event_id
    if body.event_id not in (UNSET, event_id):
        raise RefusedRequest(invalid("event_id", "A ticket type stays with its event."))
    if body.currency not in (UNSET, EUR):
        raise RefusedRequest(Refusal(Reason.CURRENCY_ERROR))
    instants = InstantReader(timezone_of_event(catalogue, event_id))
    return TermsPatch(
        name=body.name,
        capacity=body.capacity,
        price_cents=body.price_cents,
        max_per_reservation=body.max_per_reservation,
        on_sale_at=instants.read_optional("on_sale_at", body.on_sale_at),
        off_sale_at=instants.read_optional("off_sale_at", body.off_sale_at),
        position=body.position,
    )

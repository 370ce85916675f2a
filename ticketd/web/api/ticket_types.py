"""Owners' ticket types: make, change, delete."""

from typing import Final

from aiohttp import web
from msgspec import UNSET

from ticketd.core.catalogue import Organizer, TicketType
from ticketd.core.ids import TicketTypeId
from ticketd.core.money import EUR
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.terms import UNLIMITED, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.web.api import owner_shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.instants import InstantReader, timezone_of_event
from ticketd.web.api.presenters import (
    API,
    created_answer,
    deleted_answer,
    own_ticket_type_shape,
    private_answer,
)
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted, path_id

_new_ticket_type: Final = BodyReader(owner_shapes.NewTicketType)
_ticket_type_change: Final = BodyReader(owner_shapes.TicketTypeChange)


@Operation(
    tag="Ticket types",
    body=owner_shapes.NewTicketType,
    answers={201: owner_shapes.OwnTicketType},
    reasons=(Reason.NOT_FOUND, Reason.INVALID, Reason.CURRENCY_ERROR),
    for_owners=True,
)
async def create_ticket_type(request: web.Request) -> web.StreamResponse:
    """Make a ticket type, for an event or (a coupon) for none."""
    owner_id = await owner_id_of(request)
    body = await _new_ticket_type.read(request)
    services = request.app[SERVICES]
    organizer = granted(await services.access.organizer(owner_id, request.match_info["slug"]))
    draft = _ticket_type_draft(body, organizer, services.catalogue)
    offer = granted(await services.ticket_types.create(owner_id, organizer.slug, draft))
    shape = own_ticket_type_shape(offer, services.catalogue)
    return created_answer(shape, location=f"{API}/ticket-types/{shape.id}")


@Operation(
    tag="Ticket types",
    body=owner_shapes.TicketTypeChange,
    answers={200: owner_shapes.OwnTicketType},
    reasons=(Reason.NOT_FOUND, Reason.CAPACITY_BELOW_SOLD, Reason.INVALID),
    for_owners=True,
)
async def change_ticket_type(request: web.Request) -> web.StreamResponse:
    """Change a ticket type; reservations made before keep their price."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    body = await _ticket_type_change.read(request)
    services = request.app[SERVICES]
    known = granted(await services.access.ticket_type(owner_id, ticket_type_id))
    patch = _terms_patch(body, known, services.catalogue)
    offer = granted(await services.ticket_types.change(owner_id, ticket_type_id, patch))
    return private_answer(own_ticket_type_shape(offer, services.catalogue))


@Operation(
    tag="Ticket types",
    answers={204: None},
    reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
    for_owners=True,
)
async def delete_ticket_type(request: web.Request) -> web.StreamResponse:
    """Delete a ticket type; only without anything sold, held or paying."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    refusal = await request.app[SERVICES].ticket_types.delete(owner_id, ticket_type_id)
    return deleted_answer(refusal)


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

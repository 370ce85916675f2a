"""What guests can find out: events, ticket types and how many are left."""

from collections.abc import Iterable, Sequence
from typing import Final

from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId, TicketTypeId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventStatus
from ticketd.web.api import paging, shapes
from ticketd.web.api.description import Operation, describes
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import (
    availability_shape,
    event_shape,
    organizer_shape,
    public_answer,
    ticket_type_shape,
)
from ticketd.web.context import SERVICES, Services
from ticketd.web.parsing import RefusedRequest, format_instant, path_id

_EVENTS: Final = Listing[Event](lambda event: (event.starts_at, event.id), kind=tuple[int, int])
_TICKET_TYPES: Final = Listing[TicketType](lambda each: (each.id,), kind=tuple[int])


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.Page[shapes.Event]},
        reasons=(Reason.INVALID,),
        parameters=paging.PARAMETERS,
    )
)
async def list_events(request: web.Request) -> web.StreamResponse:
    """Published events that aren't over, soonest first."""
    services = request.app[SERVICES]
    page = _EVENTS.page(request, services.catalogue.on_show(services.clock.now()))
    shown = tuple(event_shape(event, services.catalogue) for event in page.items)
    return public_answer(shapes.Page(shown, page.next))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.Event},
        reasons=(Reason.NOT_FOUND,),
    )
)
async def get_event(request: web.Request) -> web.StreamResponse:
    """An event and its ticket types."""
    catalogue = request.app[SERVICES].catalogue
    return public_answer(event_shape(_event(request), catalogue))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.EventAvailability},
        reasons=(Reason.NOT_FOUND,),
    )
)
async def get_event_availability(request: web.Request) -> web.StreamResponse:
    """How many are left of each ticket type of an event."""
    services, event = request.app[SERVICES], _event(request)
    offers = await _offers(services, services.catalogue.ticket_types_of_event(event.id))
    now = services.clock.now()
    shown = tuple(availability_shape(offer, now) for offer in offers)
    return public_answer(shapes.EventAvailability(event.id, format_instant(now), shown))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.Organizer},
        reasons=(Reason.NOT_FOUND,),
    )
)
async def get_organizer(request: web.Request) -> web.StreamResponse:
    """An organizer."""
    organizer = request.app[SERVICES].catalogue.organizer(request.match_info["slug"])
    if organizer is None:
        raise _not_found()
    return public_answer(organizer_shape(organizer))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.Page[shapes.TicketType]},
        reasons=(Reason.NOT_FOUND, Reason.INVALID),
        parameters=paging.PARAMETERS,
    )
)
async def list_ticket_types(request: web.Request) -> web.StreamResponse:
    """An organizer's ticket types, those without an event (coupons) included."""
    catalogue = request.app[SERVICES].catalogue
    organizer = catalogue.organizer(request.match_info["slug"])
    if organizer is None:
        raise _not_found()
    visible = [each for each in catalogue.ticket_types_of_organizer(organizer.id) if catalogue.visible(each)]
    page = _TICKET_TYPES.page(request, visible)
    shown = tuple(ticket_type_shape(each, catalogue) for each in page.items)
    return public_answer(shapes.Page(shown, page.next))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.TicketType},
        reasons=(Reason.NOT_FOUND,),
    )
)
async def get_ticket_type(request: web.Request) -> web.StreamResponse:
    """A ticket type."""
    return public_answer(ticket_type_shape(_ticket_type(request), request.app[SERVICES].catalogue))


@describes(
    Operation(
        tag="Offers",
        answers={200: shapes.Availability},
        reasons=(Reason.NOT_FOUND,),
    )
)
async def get_availability(request: web.Request) -> web.StreamResponse:
    """How many are left of a ticket type."""
    services, ticket_type = request.app[SERVICES], _ticket_type(request)
    offers = await _offers(services, [ticket_type])
    if not offers:
        raise _not_found()
    return public_answer(availability_shape(offers[0], services.clock.now()))


def _event(request: web.Request) -> Event:
    event = request.app[SERVICES].catalogue.event(EventId(path_id(request, "event_id")))
    if event is None or event.status is EventStatus.DRAFT:
        raise _not_found()
    return event


def _ticket_type(request: web.Request) -> TicketType:
    catalogue = request.app[SERVICES].catalogue
    ticket_type = catalogue.ticket_type(TicketTypeId(path_id(request, "ticket_type_id")))
    if ticket_type is None or not catalogue.visible(ticket_type):
        raise _not_found()
    return ticket_type


async def _offers(services: Services, ticket_types: Iterable[TicketType]) -> Sequence[Offer]:
    """Their offers in the same order; one deleted at this moment has none."""
    inventories = [inventory_of(each.id) for each in ticket_types]
    at_hand = [services.router.offer(inventory_id) for inventory_id in inventories]
    found = [offer for offer in at_hand if offer is not None]
    if len(found) == len(inventories):
        return found
    offers = await services.router.offers(inventories)
    return [offers[inventory_id] for inventory_id in inventories if inventory_id in offers]


def _not_found() -> RefusedRequest:
    return RefusedRequest(Refusal(Reason.NOT_FOUND))

"""What guests can find out: events, ticket types and how many are left."""

from typing import Final

from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.refusals import Reason
from ticketd.web.answers import Answer
from ticketd.web.api import paging, shapes
from ticketd.web.api.description import Operation
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import event_shape, organizer_shape, public_answer, ticket_type_shape
from ticketd.web.calls import Call, answers_call
from ticketd.web.context import SERVICES
from ticketd.web.subjects import event_named, not_found, ticket_type_named

_EVENTS: Final = Listing[Event](lambda event: (event.starts_at, event.id), kind=tuple[int, int])
_TICKET_TYPES: Final = Listing[TicketType](lambda each: (each.id,), kind=tuple[int])


@Operation(
    tag="Offers",
    answers={200: shapes.Page[shapes.Event]},
    reasons=(Reason.INVALID,),
    parameters=paging.PARAMETERS,
)
async def list_events(request: web.Request) -> web.StreamResponse:
    """Published events that aren't over, soonest first."""
    services = request.app[SERVICES]
    page = _EVENTS.page(request, services.catalogue.on_show(services.clock.now()))
    shown = tuple(event_shape(event, services.catalogue) for event in page.items)
    return public_answer(shapes.Page(shown, page.next))


@Operation(
    tag="Offers",
    answers={200: shapes.Event},
    reasons=(Reason.NOT_FOUND,),
)
@answers_call
async def get_event(call: Call) -> Answer:
    """An event and its ticket types."""
    catalogue = call.services.catalogue
    return public_answer(event_shape(event_named(catalogue, call.subject), catalogue))


@Operation(
    tag="Offers",
    answers={200: shapes.EventAvailability, 304: None},
    reasons=(Reason.NOT_FOUND,),
)
@answers_call
async def get_event_availability(call: Call) -> Answer:
    """How many are left of each ticket type of an event."""
    catalogue = call.services.catalogue
    event = event_named(catalogue, call.subject)
    text = await call.boards.events.read(event.id, catalogue.listed_of_event(event.id))
    return text.answer(call.headers)


@Operation(
    tag="Offers",
    answers={200: shapes.Organizer},
    reasons=(Reason.NOT_FOUND,),
)
async def get_organizer(request: web.Request) -> web.StreamResponse:
    """An organizer."""
    organizer = request.app[SERVICES].catalogue.organizer(request.match_info["slug"])
    if organizer is None:
        raise not_found()
    return public_answer(organizer_shape(organizer))


@Operation(
    tag="Offers",
    answers={200: shapes.Page[shapes.TicketType]},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=paging.PARAMETERS,
)
async def list_ticket_types(request: web.Request) -> web.StreamResponse:
    """An organizer's ticket types, those without an event (coupons) included."""
    catalogue = request.app[SERVICES].catalogue
    organizer = catalogue.organizer(request.match_info["slug"])
    if organizer is None:
        raise not_found()
    listed = catalogue.listed(catalogue.ticket_types_of_organizer(organizer.id))
    page = _TICKET_TYPES.page(request, listed)
    shown = tuple(ticket_type_shape(each, catalogue) for each in page.items)
    return public_answer(shapes.Page(shown, page.next))


@Operation(
    tag="Offers",
    answers={200: shapes.TicketType},
    reasons=(Reason.NOT_FOUND,),
)
@answers_call
async def get_ticket_type(call: Call) -> Answer:
    """A ticket type."""
    catalogue = call.services.catalogue
    return public_answer(ticket_type_shape(ticket_type_named(catalogue, call.subject), catalogue))


@Operation(
    tag="Offers",
    answers={200: shapes.Availability, 304: None},
    reasons=(Reason.NOT_FOUND,),
)
@answers_call
async def get_availability(call: Call) -> Answer:
    """How many are left of a ticket type."""
    ticket_type = ticket_type_named(call.services.catalogue, call.subject)
    text = await call.boards.ticket_types.read(ticket_type.id, [ticket_type])
    return text.answer(call.headers)

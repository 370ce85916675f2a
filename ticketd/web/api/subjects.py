"""What a path is about, if guests may know of it."""

from aiohttp import web

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId, TicketTypeId
from ticketd.core.refusals import Reason, Refusal
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, path_id


def event_of(request: web.Request) -> Event:
    """The event; RefusedRequest (not found) for none, and for a draft."""
    event = request.app[SERVICES].catalogue.shown_event(EventId(path_id(request, "event_id")))
    if event is None:
        raise not_found()
    return event


def ticket_type_of(request: web.Request) -> TicketType:
    """The ticket type; RefusedRequest (not found) for none, and for one of a draft."""
    catalogue = request.app[SERVICES].catalogue
    ticket_type = catalogue.ticket_type(TicketTypeId(path_id(request, "ticket_type_id")))
    if ticket_type is None or not catalogue.visible(ticket_type):
        raise not_found()
    return ticket_type


def not_found() -> RefusedRequest:
    """What is raised where there is nothing for guests."""
    return RefusedRequest(Refusal(Reason.NOT_FOUND))

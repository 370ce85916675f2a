"""What a path is about, if guests may know of it."""

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId, TicketTypeId
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.catalogue import Catalogue
from ticketd.web.parsing import RefusedRequest, id_of


def event_named(catalogue: Catalogue, text: str) -> Event:
    """The event with this number; RefusedRequest (not found) for none, and for a draft."""
    event = catalogue.shown_event(EventId(id_of(text)))
    if event is None:
        raise not_found()
    return event


def ticket_type_named(catalogue: Catalogue, text: str) -> TicketType:
    """The ticket type with this number; RefusedRequest (not found) for none, and for one of a draft."""
    ticket_type = catalogue.ticket_type(TicketTypeId(id_of(text)))
    if ticket_type is None or not catalogue.visible(ticket_type):
        raise not_found()
    return ticket_type


def not_found() -> RefusedRequest:
    """What is raised where there is nothing for guests."""
    return RefusedRequest(Refusal(Reason.NOT_FOUND))

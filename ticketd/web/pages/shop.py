"""What a purchase page's address stands for."""

from typing import NamedTuple

from aiohttp import web

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.web.context import SERVICES
from ticketd.web.pages.offers import purchase_path
from ticketd.web.subjects import not_found


class Shop(NamedTuple):
    """One ticket type, who sells it, and what for."""

    ticket_type: TicketType
    organizer: Organizer
    event: Event | None

    @property
    def path(self) -> str:
        """Its public page."""
        return purchase_path(self.organizer.slug, self.ticket_type)


def shop_at(request: web.Request) -> Shop:
    """The ticket type at `/{organizer}/purchase/{code}`; RefusedRequest (not found) if none is shown."""
    catalogue = request.app[SERVICES].catalogue
    ticket_type = catalogue.ticket_type_by_code(request.match_info["code"])
    if ticket_type is None or not catalogue.visible(ticket_type):
        raise not_found()
    organizer = catalogue.organizer_by_id(ticket_type.profile.organizer_id)
    if organizer.slug != request.match_info["organizer"]:
        raise not_found()
    return Shop(ticket_type, organizer, catalogue.event_of(ticket_type))

"""Every page's address; routes.py takes them in after those of the API."""

from typing import Final

from aiohttp.typedefs import Handler

from ticketd.web.pages.account import (
    create_organizer,
    send_login,
    send_logout,
    show_login,
    show_new_organizer,
)
from ticketd.web.pages.events import change_event, create_event, list_events, show_event_form
from ticketd.web.pages.front import show_event, show_front
from ticketd.web.pages.orders import list_orders
from ticketd.web.pages.purchase import buy, show_purchase
from ticketd.web.pages.reservation import act_on_reservation, show_reservation
from ticketd.web.pages.statistics import show_statistics
from ticketd.web.pages.tickets import change_ticket, create_ticket, list_tickets, show_ticket

_DESK = "/{organizer:[a-z0-9-]{2,64}}"

ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("GET", "/", show_front),
    ("GET", "/events/{event_id}", show_event),
    ("GET", "/r/{reservation_id}", show_reservation),
    ("POST", "/r/{reservation_id}", act_on_reservation),
    ("GET", "/login", show_login),
    ("POST", "/login", send_login),
    ("POST", "/logout", send_logout),
    ("GET", "/organizers/new", show_new_organizer),
    ("POST", "/organizers/new", create_organizer),
    ("GET", f"{_DESK}/purchase/{{code}}", show_purchase),
    ("POST", f"{_DESK}/purchase/{{code}}", buy),
    ("GET", f"{_DESK}/tickets", list_tickets),
    ("POST", f"{_DESK}/tickets", create_ticket),
    ("GET", f"{_DESK}/tickets/{{ticket_type_id}}", show_ticket),
    ("POST", f"{_DESK}/tickets/{{ticket_type_id}}", change_ticket),
    ("GET", f"{_DESK}/events", list_events),
    ("POST", f"{_DESK}/events", create_event),
    ("GET", f"{_DESK}/events/{{event_id}}", show_event_form),
    ("POST", f"{_DESK}/events/{{event_id}}", change_event),
    ("GET", f"{_DESK}/orders", list_orders),
    ("GET", f"{_DESK}/statistics", show_statistics),
]
"""(method, path, handler), the more special paths first."""

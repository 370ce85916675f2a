"""Every page's address; routes.py takes them in after those of the API."""

from typing import Final

from aiohttp.typedefs import Handler

from ticketd.services.slugs import RESERVED_SLUGS
from ticketd.web.pages.account import (
    create_organizer,
    send_login,
    send_logout,
    show_login,
    show_new_organizer,
)
from ticketd.web.pages.capacities import change_capacity, create_capacity, list_capacities, show_capacity
from ticketd.web.pages.cart import buy_at_event, show_event
from ticketd.web.pages.event_edit import change_event, show_event_form
from ticketd.web.pages.events import create_event, list_events
from ticketd.web.pages.front import show_front, show_organizer
from ticketd.web.pages.orders import list_orders
from ticketd.web.pages.purchase import buy, show_purchase
from ticketd.web.pages.queue import join_queue, show_join, show_news, show_queue
from ticketd.web.pages.queue_desk import show_queue_desk, steer_queue
from ticketd.web.pages.reservation import act_on_reservation, show_reservation
from ticketd.web.pages.seat_maps import download_csv, download_json, send_seat_map, show_seat_map_forms
from ticketd.web.pages.statistics import show_statistics
from ticketd.web.pages.ticket_type_edit import change_ticket_type, show_ticket_type
from ticketd.web.pages.ticket_types import create_ticket_type, list_ticket_types
from ticketd.web.pages.venues import change_venue, create_venue, list_venues, show_venue

_DESK = "/{organizer:[a-z0-9-]{2,64}}"
_FRONT = f"/{{organizer:(?!(?:{'|'.join(sorted(RESERVED_SLUGS))})$)[a-z0-9-]{{2,64}}}}"
"""Without the words that can't be a slug: what isn't found there is answered as anywhere else."""

ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("GET", "/", show_front),
    ("GET", "/events/{event_id}", show_event),
    ("POST", "/events/{event_id}", buy_at_event),
    ("GET", "/events/{event_id}/queue.json", show_news),
    ("GET", "/events/{event_id}/queue", show_queue),
    ("POST", "/events/{event_id}/queue", join_queue),
    ("GET", "/events/{event_id}/queue/join", show_join),
    ("GET", "/r/{reservation_id}", show_reservation),
    ("POST", "/r/{reservation_id}", act_on_reservation),
    ("GET", "/login", show_login),
    ("POST", "/login", send_login),
    ("POST", "/logout", send_logout),
    ("GET", "/organizers/new", show_new_organizer),
    ("POST", "/organizers/new", create_organizer),
    ("GET", f"{_DESK}/purchase/{{code}}", show_purchase),
    ("POST", f"{_DESK}/purchase/{{code}}", buy),
    ("GET", f"{_DESK}/tickets", list_ticket_types),
    ("POST", f"{_DESK}/tickets", create_ticket_type),
    ("GET", f"{_DESK}/tickets/{{ticket_type_id}}", show_ticket_type),
    ("POST", f"{_DESK}/tickets/{{ticket_type_id}}", change_ticket_type),
    ("GET", f"{_DESK}/events", list_events),
    ("POST", f"{_DESK}/events", create_event),
    ("GET", f"{_DESK}/events/{{event_id}}", show_event_form),
    ("POST", f"{_DESK}/events/{{event_id}}", change_event),
    ("GET", f"{_DESK}/events/{{event_id}}/queue", show_queue_desk),
    ("POST", f"{_DESK}/events/{{event_id}}/queue", steer_queue),
    ("GET", f"{_DESK}/venues", list_venues),
    ("POST", f"{_DESK}/venues", create_venue),
    ("GET", f"{_DESK}/venues/{{venue_id}}", show_venue),
    ("POST", f"{_DESK}/venues/{{venue_id}}", change_venue),
    ("GET", f"{_DESK}/venues/{{venue_id}}/seat-map", show_seat_map_forms),
    ("POST", f"{_DESK}/venues/{{venue_id}}/seat-map", send_seat_map),
    ("GET", f"{_DESK}/venues/{{venue_id}}/seat-map.json", download_json),
    ("GET", f"{_DESK}/venues/{{venue_id}}/seat-map.csv", download_csv),
    ("GET", f"{_DESK}/capacities", list_capacities),
    ("POST", f"{_DESK}/capacities", create_capacity),
    ("GET", f"{_DESK}/capacities/{{capacity_id}}", show_capacity),
    ("POST", f"{_DESK}/capacities/{{capacity_id}}", change_capacity),
    ("GET", f"{_DESK}/orders", list_orders),
    ("GET", f"{_DESK}/statistics", show_statistics),
    ("GET", _FRONT, show_organizer),
]
"""(method, path, handler), the more special paths first."""

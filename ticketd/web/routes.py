"""Every URL, in one place."""

from typing import Final

from aiohttp import web

from ticketd.web import clients, operations, static
from ticketd.web.api import (
    access_codes,
    capacities,
    documents,
    events,
    offers,
    orders,
    organizers,
    queue,
    reservations,
    seats,
    statistics,
    stream,
    ticket_types,
    venues,
)
from ticketd.web.api.documents import OPENAPI
from ticketd.web.api.openapi import openapi_document
from ticketd.web.api.presenters import API
from ticketd.web.boards import BOARDS, boards_of
from ticketd.web.context import SERVICES, Services
from ticketd.web.errors import answering, unmatched
from ticketd.web.fast_path import FAST_PATH, FastPath
from ticketd.web.pages import queue as queue_page
from ticketd.web.pages import rendering
from ticketd.web.pages.table import ROUTES

API_ROUTES: Final = (
    # guests; what is asked for the most comes first, because routes are tried in this order
    web.get(f"{API}/events/{{event_id}}/availability", offers.get_event_availability),
    web.get(f"{API}/events", offers.list_events),
    web.get(f"{API}/queue", queue.get_place),
    web.get(f"{API}/events/{{event_id}}/queue", queue.get_queue),
    web.post(f"{API}/events/{{event_id}}/queue", queue.join_queue),
    web.get(f"{API}/events/{{event_id}}", offers.get_event),
    web.get(f"{API}/events/{{event_id}}/stream", stream.get_event_stream),
    web.get(f"{API}/organizers/{{slug}}", offers.get_organizer),
    web.get(f"{API}/organizers/{{slug}}/ticket-types", offers.list_ticket_types),
    web.get(f"{API}/ticket-types/{{ticket_type_id}}/availability", offers.get_availability),
    web.get(f"{API}/ticket-types/{{ticket_type_id}}", offers.get_ticket_type),
    web.get(f"{API}/ticket-types/{{ticket_type_id}}/seats", seats.get_seats),
    web.post(f"{API}/reservations", reservations.reserve),
    web.get(f"{API}/reservations/{{reservation_id}}", reservations.get_reservation),
    web.delete(f"{API}/reservations/{{reservation_id}}", reservations.release),
    web.post(f"{API}/reservations/{{reservation_id}}/payment", reservations.pay),
    # owners
    web.get(f"{API}/organizers", organizers.list_organizers),
    web.post(f"{API}/organizers", organizers.create_organizer),
    web.post(f"{API}/organizers/{{slug}}/events", events.create_event),
    web.patch(f"{API}/events/{{event_id}}", events.change_event),
    web.delete(f"{API}/events/{{event_id}}", events.delete_event),
    web.patch(f"{API}/events/{{event_id}}/queue", queue.change_queue),
    web.get(f"{API}/events/{{event_id}}/queue/report", queue.get_queue_report),
    web.post(f"{API}/organizers/{{slug}}/ticket-types", ticket_types.create_ticket_type),
    web.patch(f"{API}/ticket-types/{{ticket_type_id}}", ticket_types.change_ticket_type),
    web.delete(f"{API}/ticket-types/{{ticket_type_id}}", ticket_types.delete_ticket_type),
    web.get(f"{API}/organizers/{{slug}}/venues", venues.list_venues),
    web.post(f"{API}/organizers/{{slug}}/venues", venues.create_venue),
    web.get(f"{API}/venues/{{venue_id}}", venues.get_venue),
    web.patch(f"{API}/venues/{{venue_id}}", venues.change_venue),
    web.put(f"{API}/venues/{{venue_id}}/seat-map", venues.put_seat_map),
    web.delete(f"{API}/venues/{{venue_id}}", venues.delete_venue),
    web.get(f"{API}/organizers/{{slug}}/capacities", capacities.list_capacities),
    web.post(f"{API}/organizers/{{slug}}/capacities", capacities.create_capacity),
    web.patch(f"{API}/capacities/{{capacity_id}}", capacities.change_capacity),
    web.delete(f"{API}/capacities/{{capacity_id}}", capacities.delete_capacity),
    web.get(f"{API}/ticket-types/{{ticket_type_id}}/access-codes", access_codes.list_access_codes),
    web.post(f"{API}/ticket-types/{{ticket_type_id}}/access-codes", access_codes.create_access_code),
    web.delete(
        f"{API}/ticket-types/{{ticket_type_id}}/access-codes/{{code}}", access_codes.delete_access_code
    ),
    web.get(f"{API}/organizers/{{slug}}/reservations", orders.list_orders),
    web.get(f"{API}/statistics", statistics.get_statistics),
    # both
    web.get(f"{API}/openapi.json", documents.get_openapi),
)

OTHER_ROUTES: Final = (
    web.get("/openapi.json", documents.get_openapi),
    web.get("/docs/api", documents.docs_page),
    web.get("/static/{path:.+}", static.get_static),
    web.get("/healthz", operations.healthz),
    web.get("/readyz", operations.readyz),
    web.get("/metrics", operations.metrics),
)

PAGE_ROUTES: Final = tuple(web.route(method, path, handler) for method, path, handler in ROUTES)

UNMATCHED: Final = web.route("*", "/{path:.*}", unmatched)
"""Comes last: every address that no other route has."""


def setup(app: web.Application, services: Services) -> None:
    """Make the application answer at every URL with these services."""
    app[SERVICES] = services
    boards = app[BOARDS] = boards_of(services)
    clients.setup(app, services.settings)
    app[OPENAPI] = openapi_document(API_ROUTES)
    rendering.setup(app)
    queue_page.setup(app)
    static.setup(app)
    seats.setup(app, services)
    stream.setup(app, services, boards)
    app[FAST_PATH] = FastPath(app, API_ROUTES)
    app.add_routes(
        web.RouteDef(route.method, route.path, answering(route.handler), route.kwargs)
        for route in (*API_ROUTES, *OTHER_ROUTES, *PAGE_ROUTES, UNMATCHED)
    )

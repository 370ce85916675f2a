"""What every handler finds in the application."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ticketd.core.stats import RuleTally
from ticketd.metrics import Metrics
from ticketd.ports import Clock, Router
from ticketd.services.access import Access
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.accounts import Accounts
from ticketd.services.capacities import Capacities
from ticketd.services.catalogue import Catalogue
from ticketd.services.checkout import Checkout
from ticketd.services.entrance import Entrance
from ticketd.services.events import Events
from ticketd.services.offers import Offers
from ticketd.services.order_lists import OrderLists
from ticketd.services.organizers import Organizers
from ticketd.services.request_limits import RequestLimits
from ticketd.services.reservations import Reservations
from ticketd.services.sales import Sales
from ticketd.services.signed_forms import SignedForms
from ticketd.services.statistics import Statistics
from ticketd.services.ticket_types import TicketTypes
from ticketd.services.venues import Venues
from ticketd.services.waiting_rooms import WaitingRooms
from ticketd.settings import Settings
from ticketd.storage.sessions import SessionStore

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
"""Everything that must hold before guests are sent here, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The house behind the edge, put together by the composition root."""

    catalogue: Catalogue
    router: Router
    clock: Clock
    offers: Offers
    reservations: Reservations
    sales: Sales
    checkout: Checkout
    access: Access
    organizers: Organizers
    events: Events
    ticket_types: TicketTypes
    order_lists: OrderLists
    venues: Venues
    capacities: Capacities
    access_codes: AccessCodeDesk
    accounts: Accounts
    statistics: Statistics
    sessions: SessionStore
    settings: Settings
    readiness: Readiness
    metrics: Metrics
    request_limits: RequestLimits
    entrance: Entrance
    signed_forms: SignedForms
    waiting_rooms: WaitingRooms
    rules: RuleTally
    """What the rules against bots have refused; every rule counts here."""


SERVICES: Final = web.AppKey("services", Services)

"""Everything that owners use, put together."""

from dataclasses import dataclass

from ticketd.ports import Clock, Router
from ticketd.services.access import Access
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.capacities import Capacities
from ticketd.services.catalogue import Catalogue
from ticketd.services.event_actors import EventActors
from ticketd.services.events import Events
from ticketd.services.openings import Openings
from ticketd.services.order_lists import OrderLists
from ticketd.services.organizers import Organizers
from ticketd.services.ticket_types import TicketTypes
from ticketd.services.venues import Venues
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.orders import OrderStore
from ticketd.storage.venues import VenueStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerServices:
    """Owners' use cases, by what they are about."""

    access: Access
    organizers: Organizers
    events: Events
    ticket_types: TicketTypes
    order_lists: OrderLists
    venues: Venues
    capacities: Capacities
    access_codes: AccessCodeDesk


def owner_services(
    *,
    catalogue: Catalogue,
    store: CatalogueStore,
    venues: VenueStore,
    orders: OrderStore,
    router: Router,
    clock: Clock,
) -> OwnerServices:
    """All of them, with one view of who may act for whom."""
    access = Access(catalogue=catalogue, store=store)
    openings = Openings(catalogue=catalogue, store=store, venues=venues, router=router)
    actors = EventActors(catalogue, store, router)
    return OwnerServices(
        access=access,
        organizers=Organizers(access=access, catalogue=catalogue, store=store),
        events=Events(
            access=access,
            catalogue=catalogue,
            store=store,
            openings=openings,
            actors=actors,
            router=router,
            clock=clock,
        ),
        ticket_types=TicketTypes(
            access=access, catalogue=catalogue, openings=openings, actors=actors, router=router
        ),
        order_lists=OrderLists(access=access, orders=orders),
        venues=Venues(access=access, catalogue=catalogue, store=venues),
        capacities=Capacities(access=access, catalogue=catalogue, store=store, router=router),
        access_codes=AccessCodeDesk(access=access, router=router),
    )

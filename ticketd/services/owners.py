"""Everything that owners use, put together."""

from dataclasses import dataclass

from ticketd.ports import Clock, Router
from ticketd.services.access import Access
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.capacities import Capacities
from ticketd.services.catalogue import Catalogue
from ticketd.services.management import Management
from ticketd.services.openings import Openings
from ticketd.services.venues import Venues
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.orders import OrderStore
from ticketd.storage.venues import VenueStore


@dataclass(frozen=True, slots=True)
class OwnerServices:
    """Owners' use cases, by what they are about."""

    management: Management
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
    return OwnerServices(
        Management(
            access=access,
            catalogue=catalogue,
            store=store,
            orders=orders,
            openings=openings,
            router=router,
            clock=clock,
        ),
        Venues(access=access, catalogue=catalogue, store=venues),
        Capacities(access=access, catalogue=catalogue, store=store, router=router),
        AccessCodeDesk(access=access, router=router),
    )

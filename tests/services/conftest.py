"""The owners' services on a real database, with inventories that decide at once."""

from typing import NamedTuple

import asyncpg
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.router import InstantRouter
from ticketd.core.catalogue import Organizer
from ticketd.core.commands import Confirm, Reserve, StartPayment
from ticketd.core.ids import OwnerId, ReservationId, TicketTypeId, inventory_of, reservation_id
from ticketd.core.outcomes import Offer
from ticketd.core.terms import Terms
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.owners import OwnerServices, owner_services
from ticketd.services.statistics import Statistics
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.orders import OrderStore
from ticketd.storage.venues import VenueStore


class Guests:
    """Takes tickets straight from the inventories."""

    def __init__(self, router: InstantRouter, clock: ManualClock) -> None:
        self._router = router
        self._clock = clock
        self._made = 0

    async def hold(self, ticket_type_id: TicketTypeId, quantity: int = 1) -> ReservationId:
        """Hold some for a quarter of an hour."""
        self._made += 1
        home = inventory_of(ticket_type_id)
        made = reservation_id(home=home, now=self._clock.now(), random=self._made.to_bytes(16))
        await self._router.ask(home, Reserve(made, quantity, hold_seconds=900))
        return made

    async def start_paying(self, ticket_type_id: TicketTypeId, quantity: int = 1) -> ReservationId:
        """Hold some and be about to pay."""
        made = await self.hold(ticket_type_id, quantity)
        await self._router.ask(inventory_of(ticket_type_id), StartPayment(made))
        return made

    async def buy(self, ticket_type_id: TicketTypeId, quantity: int = 1) -> ReservationId:
        """Hold some and pay."""
        made = await self.start_paying(ticket_type_id, quantity)
        await self._router.ask(inventory_of(ticket_type_id), Confirm(made, 1, ()))
        return made


class People(NamedTuple):
    """Two owners who have nothing to do with each other, and the first one's organizer."""

    alice: OwnerId
    bob: OwnerId
    aurora: Organizer


@pytest.fixture
def store(pool: asyncpg.Pool) -> CatalogueStore:
    return CatalogueStore(Database(pool))


@pytest.fixture
def router(clock: ManualClock) -> InstantRouter:
    return InstantRouter(clock)


@pytest.fixture
async def catalogue(store: CatalogueStore, router: InstantRouter) -> Catalogue:
    catalogue = Catalogue(store)
    await catalogue.load()
    router.observer = catalogue.follow
    return catalogue


@pytest.fixture
def owners(
    catalogue: Catalogue,
    store: CatalogueStore,
    router: InstantRouter,
    pool: asyncpg.Pool,
    clock: ManualClock,
) -> OwnerServices:
    database = Database(pool)
    return owner_services(
        catalogue=catalogue,
        store=store,
        venues=VenueStore(database),
        orders=OrderStore(database),
        router=router,
        clock=clock,
    )


@pytest.fixture
def statistics(catalogue: Catalogue, store: CatalogueStore, router: InstantRouter) -> Statistics:
    return Statistics(catalogue=catalogue, store=store, router=router)


@pytest.fixture
def guests(router: InstantRouter, clock: ManualClock) -> Guests:
    return Guests(router, clock)


@pytest.fixture
async def people(pool: asyncpg.Pool, owners: OwnerServices) -> People:
    alice, bob = [
        OwnerId(await pool.fetchval("INSERT INTO owner (email) VALUES ($1) RETURNING id", email))
        for email in ("alice@example.org", "bob@example.org")
    ]
    aurora = await owners.organizers.create(alice, name="Trattoria Aurora", slug="aurora")
    assert isinstance(aurora, Organizer)
    return People(alice, bob, aurora)


@pytest.fixture
async def coupon(owners: OwnerServices, people: People) -> TicketTypeId:
    """Ten dinners of Aurora's at 25 euros."""
    draft = TicketTypeDraft(Terms("Dinner", capacity=10, price_cents=25_00))
    offer = await owners.ticket_types.create(people.alice, "aurora", draft)
    assert isinstance(offer, Offer)
    return ticket_type_of(offer)


def ticket_type_of(offer: Offer) -> TicketTypeId:
    """The ticket type that an offer is about."""
    return offer.ticket_type_id

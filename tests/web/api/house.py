"""The real services over a catalogue and inventories in memory, and the outside's way into them."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any, cast

import msgspec

from tests.fakes.clock import ManualClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.router import InstantRouter
from tests.fakes.waiting_rooms import waiting_rooms
from ticketd.core.catalogue import Event, Organizer, TicketType, Venue
from ticketd.core.facts import AnyFact
from ticketd.core.ids import (
    SECOND,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    OwnerId,
    ReservationId,
    SeatMapId,
    TicketTypeId,
    VenueId,
)
from ticketd.core.outcomes import Offer
from ticketd.core.seat_maps import SeatMap
from ticketd.core.stats import (
    SIZE_BOUNDS,
    Distribution,
    JournalStats,
    PaymentStats,
    RegistryStats,
    RoomStats,
    RuleTally,
)
from ticketd.core.terms import Terms
from ticketd.metrics import Metrics
from ticketd.ports import Journal
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.catalogue import Catalogue
from ticketd.services.charging import Charging, ChargingLimits
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.door import Door
from ticketd.services.drafts import EventDraft, TicketTypeDraft
from ticketd.services.entrance import Entrance
from ticketd.services.guest_limits import GuestLimits
from ticketd.services.offers import Offers
from ticketd.services.owners import owner_services
from ticketd.services.proof_demands import ProofDemands
from ticketd.services.proof_of_work import ProofOfWork
from ticketd.services.request_limits import RequestLimits
from ticketd.services.reservations import Reservations
from ticketd.services.sales import Sales
from ticketd.services.signed_forms import SignedForms
from ticketd.services.statistics import Statistics
from ticketd.settings import Settings
from ticketd.storage.accounts import AccountStore
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.orders import Order, OrderStore, Position
from ticketd.storage.sessions import SessionStore
from ticketd.storage.venues import SeatMapSummary, VenueStore, sections_of
from ticketd.web.context import Services

NO_DATABASE = cast("Database", None)

ANNA = Owner(OwnerId(1), "anna@example.org", "Anna")
BEN = Owner(OwnerId(2), "ben@example.org", "Ben")
TOKENS: Mapping[str, Owner] = {"anna-token": ANNA, "ben-token": BEN}


class MemoryCatalogueStore(CatalogueStore):
    """See `storage.catalogue.CatalogueStore`."""

    def __init__(self) -> None:
        super().__init__(NO_DATABASE)
        self._organizers: dict[str, Organizer] = {}
        self._access: set[tuple[OwnerId, OrganizerId]] = set()
        self._events: dict[EventId, Event] = {}
        self._numbers = count(1)

    async def organizers(self) -> list[Organizer]:
        return list(self._organizers.values())

    async def organizers_of(self, owner_id: OwnerId) -> list[Organizer]:
        mine = [each for each in self._organizers.values() if (owner_id, each.id) in self._access]
        return sorted(mine, key=lambda each: each.name)

    async def may_act_for(self, owner_id: OwnerId, organizer_id: OrganizerId) -> bool:
        return (owner_id, organizer_id) in self._access

    async def insert_organizer(self, owner_id: OwnerId, *, slug: str, name: str) -> Organizer | None:
        if slug in self._organizers:
            return None
        organizer = Organizer(OrganizerId(next(self._numbers)), slug, name)
        self._organizers[slug] = organizer
        self._access.add((owner_id, organizer.id))
        return organizer

    async def venues(self) -> list[Venue]:
        return []

    async def events(self) -> list[Event]:
        return list(self._events.values())

    async def insert_event(self, event: Event) -> Event:
        numbered = msgspec.structs.replace(event, id=EventId(next(self._numbers)))
        self._events[numbered.id] = numbered
        return numbered

    async def update_event(self, event: Event) -> None:
        self._events[event.id] = event

    async def delete_event(self, event_id: EventId) -> None:
        del self._events[event_id]

    async def ticket_types(self) -> list[TicketType]:
        return []

    async def next_ticket_type_id(self) -> TicketTypeId:
        return TicketTypeId(next(self._numbers))


class MemoryVenueStore(VenueStore):
    """See `storage.venues.VenueStore`; knows nothing of events."""

    def __init__(self) -> None:
        super().__init__(NO_DATABASE)
        self._numbers = count(1)
        self._versions: Counter[VenueId] = Counter()
        self._maps: dict[SeatMapId, tuple[SeatMap, SeatMapSummary]] = {}

    async def insert(self, venue: Venue, seat_map: SeatMap | None) -> Venue:
        return await self.update(msgspec.structs.replace(venue, id=VenueId(next(self._numbers))), seat_map)

    async def update(self, venue: Venue, seat_map: SeatMap | None) -> Venue:
        if seat_map is None:
            return venue
        self._versions[venue.id] += 1
        seat_map_id = SeatMapId(next(self._numbers))
        self._maps[seat_map_id] = (seat_map, SeatMapSummary(self._versions[venue.id], sections_of(seat_map)))
        return msgspec.structs.replace(venue, seat_map_id=seat_map_id)

    async def delete(self, venue_id: VenueId) -> bool:
        return True

    async def seat_map(self, seat_map_id: SeatMapId) -> SeatMap:
        return self._maps[seat_map_id][0]

    async def summaries(self, seat_map_ids: Collection[SeatMapId]) -> dict[SeatMapId, SeatMapSummary]:
        return {seat_map_id: self._maps[seat_map_id][1] for seat_map_id in seat_map_ids}


class MemoryAccountStore(AccountStore):
    """See `storage.accounts.AccountStore`; knows TOKENS."""

    def __init__(self) -> None:
        super().__init__(NO_DATABASE)
        self._owners = {hashlib.sha256(token.encode()).digest(): owner for token, owner in TOKENS.items()}

    async def owner_of_token(self, token_hash: bytes) -> Owner | None:
        return self._owners.get(token_hash)


class MemoryOrderStore(OrderStore):
    """See `storage.orders.OrderStore`; shows `all`, whoever's they are."""

    def __init__(self) -> None:
        super().__init__(NO_DATABASE)
        self.all: list[Order] = []
        self.pages_read = 0

    async def page(
        self, organizer_id: OrganizerId, *, after: Position, limit: int, matching: str = ""
    ) -> list[Order]:
        self.pages_read += 1
        found = [each for each in self.all if matching in (each.number, each.email) or not matching]
        ordered = sorted(found, key=lambda each: (-each.created_at, each.number))
        start = (-after.created_at, after.number)
        return [each for each in ordered if (-each.created_at, each.number) > start][:limit]


class History:
    """A journal's memory of an InstantRouter's facts."""

    def __init__(self, router: InstantRouter) -> None:
        self._router = router

    async def history(
        self, reservation_id: ReservationId, inventory_id: InventoryId
    ) -> list[tuple[int, AnyFact]]:
        facts = [fact for place, fact in self._router.facts if place == inventory_id]
        return [
            (seq, fact)
            for seq, fact in enumerate(facts, start=1)
            if getattr(fact, "reservation_id", None) == reservation_id
        ]


class Guests:
    """Keeps nobody's person."""

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        pass


class House:
    """Everything behind the edge, and short ways to fill it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.router = InstantRouter(self.clock)
        self.gateway = FakeGateway()
        self.orders = MemoryOrderStore()
        self.ready: dict[str, bool] = {"database": True, "actors": True}
        store = self._store = MemoryCatalogueStore()
        self.catalogue = Catalogue(store)
        self.router.observer = self.catalogue.follow
        owners = owner_services(
            catalogue=self.catalogue,
            store=store,
            venues=MemoryVenueStore(),
            orders=self.orders,
            router=self.router,
            clock=self.clock,
        )
        self.organizers = owners.organizers
        self.events = owners.events
        self.ticket_types = owners.ticket_types
        self.venues = owners.venues
        self.capacities = owners.capacities
        self.access_codes = owners.access_codes
        self.rules = RuleTally()
        self.waiting_rooms = waiting_rooms(catalogue=self.catalogue, router=self.router, clock=self.clock)
        reservations = Reservations(
            router=self.router,
            journal=cast("Journal", History(self.router)),
            catalogue=self.catalogue,
        )
        sales = Sales(
            router=self.router,
            reservations=reservations,
            catalogue=self.catalogue,
            clock=self.clock,
            door=Door(
                catalogue=self.catalogue,
                rooms=self.waiting_rooms,
                clock=self.clock,
                secret=b"a door",
                rules=self.rules,
            ),
            hold_seconds=900,
            tentative_hold_seconds=10,
            answer_seconds_max=10.0,
        )
        charging = Charging(
            guest_limits=GuestLimits(catalogue=self.catalogue, router=self.router, secret=b"a house secret"),
            router=self.router,
            reservations=reservations,
            guests=Guests(),
            gateway=self.gateway,
            limits=ChargingLimits(),
        )
        self.checkout = Checkout(charging, CheckoutLimits())
        self.services = Services(
            catalogue=self.catalogue,
            router=self.router,
            clock=self.clock,
            offers=Offers(self.router),
            reservations=reservations,
            sales=sales,
            checkout=self.checkout,
            access=owners.access,
            organizers=self.organizers,
            events=self.events,
            ticket_types=self.ticket_types,
            order_lists=owners.order_lists,
            venues=self.venues,
            capacities=self.capacities,
            access_codes=self.access_codes,
            accounts=Accounts(MemoryAccountStore(), clock=self.clock),
            statistics=Statistics(catalogue=self.catalogue, store=store, router=self.router),
            sessions=SessionStore(NO_DATABASE),
            settings=Settings(),
            readiness=self._readiness,
            metrics=_metrics(self.rules),
            request_limits=RequestLimits(per_second=50, burst=2_000, rules=self.rules),
            entrance=Entrance(
                rooms=self.waiting_rooms,
                proof_demands=ProofDemands(
                    proof=ProofOfWork(b"proof"),
                    is_open=self.waiting_rooms.is_open,
                    is_quiet=self.waiting_rooms.is_quiet,
                    rules=self.rules,
                ),
                clock=self.clock,
                rules=self.rules,
            ),
            signed_forms=SignedForms(b"forms", is_open=self.waiting_rooms.is_open, rules=self.rules),
            waiting_rooms=self.waiting_rooms,
            rules=self.rules,
        )

    async def _readiness(self) -> Mapping[str, bool]:
        return self.ready

    async def organizer(self, slug: str = "mario", *, owner: Owner = ANNA) -> Organizer:
        made = await self.organizers.create(owner.id, name=slug.title(), slug=slug)
        assert isinstance(made, Organizer)
        return made

    async def event(self, organizer: Organizer, *, in_days: int = 40, **more: Any) -> Event:
        draft = EventDraft(
            **{
                "name": "Concert",
                "starts_at": Instant(self.clock.now() + in_days * 86_400 * SECOND),
                "timezone": "Europe/Vienna",
                **more,
            }
        )
        if draft.starts_at <= self.clock.now():  # made when it was still to come
            past = await self._store.insert_event(draft.event_of(organizer.id))
            self.catalogue.put_event(past)
            return past
        made = await self.events.create(ANNA.id, organizer.slug, draft)
        assert isinstance(made, Event)
        return made

    async def ticket_type(
        self, organizer: Organizer, *, event: Event | None = None, **terms: Any
    ) -> TicketTypeId:
        draft = TicketTypeDraft(
            Terms(**{"name": "Regular", "capacity": 10, "price_cents": 1250, **terms}),
            None if event is None else event.id,
        )
        offer = await self.ticket_types.create(ANNA.id, organizer.slug, draft)
        assert isinstance(offer, Offer), offer
        return offer.ticket_type_id


def _metrics(rules: RuleTally) -> Metrics:
    sizes = Distribution(SIZE_BOUNDS)
    return Metrics(
        registry=lambda: RegistryStats(
            actors=3,
            mailbox_depth=0,
            mailbox_age_seconds_max=0.0,
            reservations_open=0,
            conservation_broken=0,
            reloads=0,
            refusals={},
            batch_sizes=sizes,
        ),
        journal=lambda: JournalStats(
            undurable_facts=0,
            retries=0,
            in_doubt=0,
            group_rows=sizes,
            commit_seconds=sizes,
        ),
        payments=lambda: PaymentStats(running=0, outcomes={}),
        rooms=lambda: RoomStats(rooms=0, waiting=0, shopping=0, paused=0),
        rules=rules,
    )


def bearer(owner: Owner = ANNA) -> dict[str, str]:
    """The header that an owner's program sends."""
    token = next(token for token, each in TOKENS.items() if each == owner)
    return {"Authorization": f"Bearer {token}"}


def lines(*wanted: tuple[int, int]) -> dict[str, Sequence[dict[str, int]]]:
    """The body that asks for (ticket type, quantity)."""
    return {"lines": [{"ticket_type_id": number, "quantity": quantity} for number, quantity in wanted]}

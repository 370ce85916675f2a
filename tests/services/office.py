"""Sales over real actors and a journal in memory; the catalogue follows what becomes durable."""

from tests.actors.audit import Audit
from tests.actors.house import BALCONY, HOLD_SECONDS, STALLS, VIP, House, codes
from tests.fakes.clock import ManualClock
from tests.fakes.door import OpenDoor
from ticketd.actors.ticket_type import ActorLimits
from ticketd.core import commands as c
from ticketd.core.facts import AnyFact
from ticketd.core.ids import InventoryId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation
from ticketd.core.terms import EventWindow, Profile, Terms
from ticketd.services.catalogue import Catalogue
from ticketd.services.reservations import Reservations
from ticketd.services.sales import Granted, LineRequest, Sales
from ticketd.storage.catalogue import CatalogueStore

TENTATIVE_SECONDS = 10
PLACES = (VIP, STALLS, BALCONY)
KEY = "a-key-of-16-bytes"


class NoStore(CatalogueStore):
    """See `storage.catalogue.CatalogueStore`; these tests put things into the catalogue themselves."""

    def __init__(self) -> None:
        pass


class Office:
    """Sales over a house whose process can die; the catalogue follows what becomes durable."""

    def __init__(self, clock: ManualClock, limits: ActorLimits | None = None) -> None:
        self.clock = clock
        self.house = House(clock, limits)
        self.catalogue = Catalogue(NoStore())
        self._new_sales()

    def _new_sales(self) -> None:
        self.reservations = Reservations(
            router=self.house.registry,
            journal=self.house.journal,
            catalogue=self.catalogue,
        )
        self.sales = Sales(
            router=self.house.registry,
            reservations=self.reservations,
            catalogue=self.catalogue,
            clock=self.clock,
            door=OpenDoor(),
            hold_seconds=HOLD_SECONDS,
            tentative_hold_seconds=TENTATIVE_SECONDS,
            answer_seconds_max=10.0,
        )

    async def open(self, capacity: int = 10, max_per_reservation: int = 10) -> "Office":
        """Three ticket types on sale."""
        await self.house.start()
        for place in PLACES:
            offer = await self.house.open(place, capacity=capacity, max_per_reservation=max_per_reservation)
            self.catalogue.follow(place, offer)
        return self

    async def sell(self, place: InventoryId, profile: Profile, window: EventWindow | None = None) -> None:
        """One more ticket type."""
        offer = await self.house.ask(place, c.Open(profile, Terms("More", 5), window))
        assert isinstance(offer, Offer)
        self.catalogue.follow(place, offer)

    async def restart(self) -> None:
        """Die as after kill -9, and start anew."""
        await self.house.restart()
        self._new_sales()
        await self.sales.clear_strays(self.house.registry.strays())

    def free(self) -> list[int]:
        """How many are durably free, ticket type by ticket type."""
        return [self._audit(place).capacity - self._audit(place).taken for place in PLACES]

    def _audit(self, place: InventoryId) -> Audit:
        return Audit(self.house.database.facts(place))

    def count(self, kind: type[AnyFact]) -> list[int]:
        """How often that has happened, ticket type by ticket type."""
        return [sum(isinstance(fact, kind) for fact in self.house.database.facts(place)) for place in PLACES]

    async def granted(self, *lines: LineRequest, key: str | None = None) -> Reservation:
        """A new reservation."""
        made = await self.sales.reserve(lines, key)
        assert isinstance(made, Granted), made
        assert not made.repeated
        return made.reservation

    async def buy(self, reservation: Reservation) -> None:
        """Pay without asking a gateway: every line, the home line last."""
        for line in reservation.lines:
            await self.house.ask(line.inventory_id, c.StartPayment(line.reservation_id, 1))
        for line in reversed(reservation.lines):
            confirm = c.Confirm(line.reservation_id, 1, codes(line.reservation_id, line.quantity))
            await self.house.ask(line.inventory_id, confirm)


def line(place: InventoryId, quantity: int = 1) -> LineRequest:
    return LineRequest(TicketTypeId(place), quantity)


def cart(quantity: int = 1) -> list[LineRequest]:
    """Some of every ticket type, the home line not first."""
    return [line(place, quantity) for place in (BALCONY, VIP, STALLS)]


def reason(made: Granted | Reservation | Refusal) -> Reason | None:
    return made.reason if isinstance(made, Refusal) else None

"""A registry on a database in memory, whose process can die and start anew."""

import asyncio
from collections.abc import Iterable

import msgspec

from tests.fakes.clock import ManualClock
from tests.fakes.journal import MemoryDatabase, MemoryJournal
from ticketd.actors.registry import Registry
from ticketd.actors.ticket_type import ActorLimits
from ticketd.core.commands import AnyCommand, Confirm, Open, Reserve, StartPayment
from ticketd.core.ids import InventoryId, OrganizerId, ReservationId, TicketCode, reservation_id
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms
from ticketd.settings import Settings

VIP, STALLS, BALCONY = InventoryId(1), InventoryId(2), InventoryId(3)
ORGANIZER = OrganizerId(1)
HOLD_SECONDS = 900
ANSWER_SECONDS_MAX = 20.0


def actor_limits(**changes: float) -> ActorLimits:
    """As a server has them that nobody has set anything for, but for these changes."""
    return msgspec.structs.replace(msgspec.convert(Settings(), ActorLimits, from_attributes=True), **changes)


class House:
    """One process after the other on the same database."""

    def __init__(
        self, clock: ManualClock, limits: ActorLimits | None = None, *, group_facts_max: int = 2048
    ) -> None:
        self.clock = clock
        self._group_facts_max = group_facts_max
        self.limits = limits or actor_limits()
        self.database = MemoryDatabase()
        self.observed: list[tuple[InventoryId, Offer | None]] = []
        """What the observer has heard, in order."""
        self.faults: list[Exception] = []
        self._made = 0
        self._new_process()

    def _new_process(self) -> None:
        self.journal = MemoryJournal(self.database, group_facts_max=self._group_facts_max)
        self.registry = Registry(
            journal=self.journal,
            clock=self.clock,
            limits=self.limits,
            observer=lambda inventory_id, offer: self.observed.append((inventory_id, offer)),
            fatal=self.faults.append,
        )

    async def start(self) -> "House":
        """Recover what the database holds."""
        await self.registry.start()
        return self

    async def restart(self) -> None:
        """Die without a word, as after kill -9, and start anew on what is durable."""
        dead = self.registry
        self._new_process()
        dead.close()
        await self.start()

    def tick(self) -> None:
        """Let every actor notice how late it is."""
        for actor in self.registry._actors.values():
            actor.tick(self.clock.now())

    # -- short ways to say things

    def ask(self, inventory_id: InventoryId, command: AnyCommand) -> asyncio.Future[Outcome]:
        """See `ports.Router.ask`."""
        return self.registry.ask(inventory_id, command)

    async def open(
        self,
        inventory_id: InventoryId = VIP,
        *,
        capacity: int = 10,
        price_cents: int = 5_00,
        max_per_reservation: int = 10,
        window: EventWindow | None = None,
    ) -> Offer:
        """A ticket type on sale."""
        terms = Terms(f"Type {inventory_id}", capacity, price_cents, max_per_reservation=max_per_reservation)
        offer = await self.ask(inventory_id, Open(profile(inventory_id), terms, window))
        assert isinstance(offer, Offer)
        return offer

    def new_id(self, home: InventoryId = VIP) -> ReservationId:
        """A reservation id that nobody has had."""
        self._made += 1
        return reservation_id(home=home, now=self.clock.now(), random=self._made.to_bytes(16))

    def reserve(self, inventory_id: InventoryId = VIP, quantity: int = 1) -> asyncio.Future[Outcome]:
        """Ask for a hold."""
        return self.ask(inventory_id, Reserve(self.new_id(inventory_id), quantity, HOLD_SECONDS))

    async def hold(self, inventory_id: InventoryId = VIP, quantity: int = 1) -> ReservationId:
        """Hold some, durably."""
        line = await self.reserve(inventory_id, quantity)
        assert isinstance(line, Line)
        return line.reservation_id

    async def buy(self, inventory_id: InventoryId = VIP, quantity: int = 1) -> ReservationId:
        """Hold some and pay."""
        held = await self.hold(inventory_id, quantity)
        await self.ask(inventory_id, StartPayment(held))
        await self.ask(inventory_id, Confirm(held, 1, codes(held, quantity)))
        return held


def profile(inventory_id: InventoryId) -> Profile:
    """Who sells this inventory, and under which code."""
    return Profile(ORGANIZER, None, f"00000000-0000-4000-8000-{inventory_id:012d}")


def codes(reservation: ReservationId, quantity: int) -> tuple[TicketCode, ...]:
    """Ticket codes to confirm with."""
    return tuple(TicketCode(f"{reservation}/{number}") for number in range(quantity))


async def turns(count: int = 10) -> None:
    """Let the loop go round that often."""
    for _ in range(count):
        await asyncio.sleep(0)


async def outcomes(replies: Iterable[asyncio.Future[Outcome]]) -> list[Outcome | BaseException]:
    """All answers, faults included; TimeoutError if one stays out."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        return await asyncio.gather(*replies, return_exceptions=True)

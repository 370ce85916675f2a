"""Makes batches as an actor does, and hears from the journal what becomes of them."""

import asyncio
from typing import Final

from tests.fakes.clock import ManualClock
from ticketd.core.changes import changes_of
from ticketd.core.commands import AnyCommand, Confirm, Open, Reserve, StartPayment
from ticketd.core.facts import AnyFact
from ticketd.core.ids import InventoryId, OrganizerId, ReservationId, TicketCode
from ticketd.core.inventory import Inventory
from ticketd.core.terms import Profile, Terms
from ticketd.ports import Batch, Journal

ORGANIZER: Final = OrganizerId(3)
SETTLED_SECONDS_MAX: Final = 20.0


def code_of(inventory_id: int) -> str:
    """A UUID for each."""
    return f"00000000-0000-4000-8000-{inventory_id:012d}"


class Clerk:
    """One inventory, decided upon in memory; `journal` makes it durable. An `Author`."""

    def __init__(self, inventory_id: int = 1, *, capacity: int = 1_000_000) -> None:
        self.inventory = Inventory(InventoryId(inventory_id))
        self.clock = ManualClock()
        self.committed_batches: list[Batch] = []
        self.lost_batches: list[Batch] = []
        self.heard: list[str] = []
        """"committed" or "lost", once for every answer of the journal."""
        self._capacity = capacity
        self._changed = asyncio.Event()
        self._reservations = 0

    # -- making batches

    def opened(self) -> Batch:
        """The batch that opens the inventory."""
        number = int(self.inventory.id)
        profile = Profile(ORGANIZER, None, code_of(number))
        return self.batch(Open(profile, Terms(f"type {number}", self._capacity, price_cents=500), None))

    def reserved(self, count: int = 1) -> Batch:
        """A batch of that many new reservations of one ticket."""
        return self.batch(*(Reserve(self.new_id(), 1, 900) for _ in range(count)))

    def new_id(self) -> ReservationId:
        """The next reservation's id; `last_id` remembers it."""
        self._reservations += 1
        return self.last_id

    @property
    def last_id(self) -> ReservationId:
        """The id of the reservation made last."""
        return ReservationId(f"r-{self.inventory.id}-{self._reservations}")

    def batch(self, *commands: AnyCommand, alone: bool = False, checkpoint: bool = False) -> Batch:
        """What these commands lead to, as an actor hands it over."""
        facts: list[AnyFact] = []
        for command in commands:
            for fact in self.inventory.decide(command, self.clock.now()).facts:
                self.inventory.apply(fact)
                facts.append(fact)
        inventory = self.inventory
        profile = inventory.profile
        assert profile is not None
        changes = changes_of(facts)
        lines = [inventory.lines[reservation_id] for reservation_id in changes.orders]
        return Batch(
            inventory.id,
            inventory.seq - len(facts) + 1,
            facts,
            [inventory.listing(ticket_type_id) for ticket_type_id in changes.ticket_types],
            [line for line in lines if line.attempt],
            profile.organizer_id,
            inventory.snapshot() if checkpoint else None,
            alone,
        )

    # -- hearing what became of them

    def committed(self, batch: Batch) -> None:
        """See `ports.Author.committed`."""
        self.committed_batches.append(batch)
        self._hear("committed")

    def lost(self, batch: Batch) -> None:
        """See `ports.Author.lost`."""
        self.lost_batches.append(batch)
        self._hear("lost")

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        self._changed.set()

    async def settled(self, answers: int) -> list[str]:
        """All answers so far, as soon as there are at least so many."""
        async with asyncio.timeout(SETTLED_SECONDS_MAX):
            while len(self.heard) < answers:
                self._changed.clear()
                await self._changed.wait()
        return self.heard

    async def write(self, journal: Journal, *batches: Batch) -> list[str]:
        """Hand these over and return the answers so far once each has one, and its checkpoint is written."""
        expected = len(self.heard) + len(batches)
        for batch in batches:
            journal.append(batch, self)
        heard = await self.settled(expected)
        await journal.checkpointed()
        return heard

    async def open(self, journal: Journal) -> None:
        """Open the inventory durably."""
        await self.write(journal, self.opened())


def payment(reservation_id: ReservationId, *codes: str) -> tuple[StartPayment, Confirm]:
    """The two commands that pay for a line."""
    return StartPayment(reservation_id), Confirm(reservation_id, 1, tuple(TicketCode(code) for code in codes))

"""One seed's life: a storm over real processes, then calm, and what remains."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any, Final

from tests.simulation.broken import Broken
from tests.simulation.disasters import Disasters
from tests.simulation.faults import Fault
from tests.simulation.front_door import FrontDoor
from tests.simulation.guests import Boss, Guest, Work, change, look, reserve, wants_poison
from tests.simulation.history import Answer, Kind, Unknown
from tests.simulation.ledger import Ledger
from tests.simulation.programme import Programme
from tests.simulation.scene import Scene
from tests.simulation.supervisor import Supervisor
from ticketd.core.ids import Instant
from ticketd.core.outcomes import Offer
from ticketd.core.seat_status import FREE
from ticketd.services.sales import Granted

STORM_SECONDS: Final = (3.0, 12.0)
PAUSE_SECONDS: Final = 0.3
PEOPLE: Final = (2, 6)
RUSH_SHARE: Final = 0.3
"""Of the seeds: many guests in a hurry, so that one turn is decided on top of another."""
RUSH_SECONDS: Final = (0.3, 2.0)
RUSH_PAUSE_SECONDS: Final = 0.02
RUSH_PEOPLE: Final = (8, 16)
LATE_PATIENCES: Final = 4
"""How many times `commit_seconds_max` after the storm everything that was under way has arrived."""
SETTLED_SECONDS_MAX: Final = 400.0
REPEATS_MAX: Final = 8


class World:
    """The scene, the processes and the people; see `guests.Town`."""

    def __init__(self, seed: int, *, show: bool = False) -> None:
        self.scene = Scene(seed, show=show)
        self.random: Random = self.scene.random
        self.rush = self.random.random() < RUSH_SHARE
        self.pause_seconds = RUSH_PAUSE_SECONDS if self.rush else PAUSE_SECONDS
        self.poisonous = self.scene.weather.enabled(Fault.POISON)
        # A claim of what is poisoned would be poisoned as well, and break off the payment.
        self.programme = Programme(self.random, limits_allowed=not self.poisonous)
        self.scene.postgres.events = self.programme.events()
        self.keyless = self.random.random() < 0.15
        self._supervisor = Supervisor(self.scene)
        self._disasters = Disasters(self.scene, self._supervisor)
        self._front_door = FrontDoor(self.scene, self._supervisor)

    # -- what people know of it

    @property
    def stormy(self) -> bool:
        """Whether people still come."""
        return self.scene.stormy

    def now(self) -> Instant:
        """Microseconds since the epoch."""
        return self.scene.now()

    async def call(self, kind: Kind, subject: tuple[Any, ...], work: Work) -> Answer:
        """See `FrontDoor.call`."""
        return await self._front_door.call(kind, subject, work)

    # -- the life

    async def live(self) -> None:
        """Storm and calm; Broken if anything doesn't come to its end."""
        await self._supervisor.until_served()
        await self._open_inventories()
        await self._storm()
        await self._supervisor.until_served()
        await self._ask_again()
        await self._until_settled()
        self._check_offers()
        self._disasters.wake()
        await self._supervisor.until_served()
        await self._supervisor.restart()
        await self._ask_again()
        await self._until_settled()
        self._check_offers()

    def end(self) -> None:
        """Nobody comes back."""
        self._supervisor.end()
        self.scene.loop.end(self._supervisor.processes)

    async def _open_inventories(self) -> None:
        for inventory_id, command in self.programme.openings():
            opened = await change(self, inventory_id, command)
            assert isinstance(opened, Offer), "it opens in calm weather"

    async def _storm(self) -> None:
        scene = self.scene
        scene.stormy, scene.weather.calm = True, False
        scene.postgres.refuses_data = self.poisonous
        seconds = self.random.uniform(*RUSH_SECONDS if self.rush else STORM_SECONDS)
        count = self.random.randint(*RUSH_PEOPLE if self.rush else PEOPLE)
        people = [Guest(self, number).visit() for number in range(count)]
        tasks = [asyncio.create_task(person) for person in (*people, Boss(self).meddle())]
        self._disasters.plan(seconds)
        await asyncio.sleep(seconds)
        scene.stormy, scene.weather.calm = False, True
        scene.note("the storm is over")
        self._disasters.heal()
        await asyncio.gather(*tasks)
        await asyncio.sleep(LATE_PATIENCES * scene.settings.commit_seconds_max)

    async def _ask_again(self) -> None:
        """Guests repeat themselves once more, one after the other, and look at what they have."""
        calls = [call for call in self.scene.history.calls if call.kind is Kind.RESERVE]
        keyed = [call for call in calls if call.subject[1] is not None and not wants_poison(call)]
        for call in self.random.sample(keyed, min(len(keyed), REPEATS_MAX)):
            await self._insist(partial(reserve, self, *call.subject))
        granted = [call.answer.reservation for call in calls if isinstance(call.answer, Granted)]
        for reservation_id in dict.fromkeys(each.home.reservation_id for each in granted):
            await self._insist(partial(look, self, reservation_id))

    async def _insist(self, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> None:
        """Ask until there is an answer: the key of a cart that came to nothing is taken for a while."""
        deadline = self.scene.loop.time() + self.scene.settings.tentative_hold_seconds + 2.0
        while isinstance(answer := await ask(), Unknown):
            if self.scene.loop.time() > deadline:
                raise Broken("in calm weather nobody is left in doubt", answer)
            await asyncio.sleep(0.5)

    async def _until_settled(self) -> None:
        """Wait until nothing is open or under way; Broken if that never comes."""
        deadline = self.scene.loop.time() + SETTLED_SECONDS_MAX
        while unsettled := self._unsettled():
            if self.scene.loop.time() > deadline:
                raise Broken("everything is settled in the end", unsettled)
            await asyncio.sleep(1.0)
        self.scene.note("all is settled")

    def _unsettled(self) -> str:
        """What is still to come; empty when nothing is."""
        payments = self._supervisor.services().checkout.stats().running
        open_lines = self._supervisor.registry().stats().reservations_open
        return f"{payments} payments, {open_lines} open lines" if payments or open_lines else ""

    def _check_offers(self) -> None:
        """What the process that serves shows is what the ledger says."""
        for inventory_id, timeline in Ledger(self.scene.postgres).timelines.items():
            offer = self._supervisor.registry().offer(inventory_id)
            last = timeline.states[-1]
            if offer is not None and (offer.terms, offer.figures.free) != (last.terms, last.free):
                raise Broken("an offer shows what the ledger says", f"{offer} but {last}")
            seats = self._supervisor.registry().seats(inventory_id)
            if seats is not None and last.stock is not None:
                taken = {seats.hall.seat_id(at) for at, status in enumerate(seats.statuses) if status != FREE}
                if taken != last.stock.seats.keys():
                    raise Broken("the seats show what the ledger says", f"{taken} but {last.stock.seats}")

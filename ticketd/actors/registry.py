"""All actors of this process: the `Router` that is a dictionary look-up."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NoReturn

import structlog

from ticketd.actors.ticket_type import ActorLimits, Observer, Tally, TicketTypeActor
from ticketd.core.commands import Command
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import TRY_AGAIN, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.seat_views import SeatView
from ticketd.core.stats import RegistryStats
from ticketd.memory import give_back
from ticketd.ports import Answer, Clock, Journal, StorageUnavailable
from ticketd.tasks import Fatal, for_ever

TICK_SECONDS = 0.25
LOAD_RETRY_SECONDS = 0.5
LOADED_AT_ONCE_MAX = 500
DEPARTED_MAX = 1000
"""When so many actors have left, their memory goes back to the system."""

log = structlog.get_logger(__name__)


class Registry:
    """Brings actors into memory when they are asked, and lets idle ones go."""

    def __init__(
        self,
        *,
        journal: Journal,
        clock: Clock,
        limits: ActorLimits,
        observer: Observer,
        fatal: Fatal,
    ) -> None:
        """`fatal` hears of a fault after which nothing is loaded or given back any more."""
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._observer = observer
        self._fatal = fatal
        self._actors: dict[InventoryId, TicketTypeActor] = {}
        self._to_load: list[TicketTypeActor] = []
        self._load_wanted = asyncio.Event()
        self._loaded = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self._departed = 0
        self._tally = Tally()

    # -- the Router port

    def ask(self, inventory_id: InventoryId, command: Command[Answer]) -> asyncio.Future[Answer | Refusal]:
        """See `ports.Router.ask`."""
        if self._closed:
            reply: asyncio.Future[Answer | Refusal] = asyncio.get_running_loop().create_future()
            reply.set_result(TRY_AGAIN)
            return reply
        actor = self._actors.get(inventory_id)
        if actor is None:
            actor = self._bring_in(inventory_id)
        return actor.ask(command)  # type: ignore[arg-type,return-value]  # what Command says, Inventory keeps

    def line(self, inventory_id: InventoryId, reservation_id: ReservationId) -> Line | None:
        """See `ports.Router.line`."""
        actor = self._actors.get(inventory_id)
        return actor.inventory.lines.get(reservation_id) if actor is not None and actor.loaded else None

    def offer(self, inventory_id: InventoryId) -> Offer | None:
        """See `ports.Router.offer`."""
        actor = self._actors.get(inventory_id)
        if actor is None:
            return None
        actor.last_used_at = self._clock.now()
        return actor.offer

    def waiting_since(self, inventory_id: InventoryId) -> Instant | None:
        """See `ports.Router.waiting_since`."""
        actor = self._actors.get(inventory_id)
        return None if actor is None else actor.mailbox.oldest()

    def seats(self, inventory_id: InventoryId) -> SeatView | None:
        """See `ports.Router.seats`."""
        actor = self._actors.get(inventory_id)
        if actor is None:
            return None
        actor.last_used_at = self._clock.now()
        return actor.seats

    async def offers(self, inventory_ids: Iterable[InventoryId]) -> dict[InventoryId, Offer]:
        """See `ports.Router.offers`."""
        actors = [
            self._actors.get(inventory_id) or self._bring_in(inventory_id) for inventory_id in inventory_ids
        ]
        now = self._clock.now()
        for actor in actors:
            actor.last_used_at = now
        if not all(actor.seen for actor in actors):
            await self._until_seen(actors)
        return {actor.id: actor.offer for actor in actors if actor.offer is not None}

    async def _until_seen(self, actors: Sequence[TicketTypeActor]) -> None:
        try:
            async with asyncio.timeout(self._limits.answer_seconds_max), self._loaded:
                await self._loaded.wait_for(lambda: all(actor.seen for actor in actors))
        except TimeoutError as error:
            raise StorageUnavailable("inventories could not be read in time") from error

    def stats(self) -> RegistryStats:
        """What it counts about itself and its actors."""
        actors = self._actors.values()
        oldest = min((at for actor in actors if (at := actor.mailbox.oldest()) is not None), default=None)
        return RegistryStats(
            actors=len(self._actors),
            mailbox_depth=sum(len(actor.mailbox) for actor in actors),
            mailbox_age_seconds_max=0.0 if oldest is None else (self._clock.now() - oldest) / SECOND,
            reservations_open=sum(len(actor.inventory.lines) for actor in actors),
            conservation_broken=sum(not actor.inventory.conserved() for actor in actors),
            reloads=self._tally.reloads,
            refusals=self._tally.refusals,
            batch_sizes=self._tally.batch_sizes,
        )

    # -- life

    async def start(self, wanted: Iterable[InventoryId] = ()) -> None:
        """Bring back every inventory with open lines, and those wanted, however long it takes; what ran
        out meanwhile is given back."""
        for inventory_id in {*await self._journal.unfinished(), *wanted}:
            self._bring_in(inventory_id)
        while self._to_load:
            await self._load_next()
        self._tasks = [for_ever(work, self._fatal) for work in (self._load_for_ever, self._tick_for_ever)]

    def paying(self) -> list[Line]:
        """Home lines with a payment under way, as the ledger left them."""
        return [
            line
            for actor in self._actors.values()
            for line in actor.inventory.lines.values()
            if line.status is ReservationStatus.PAYING and line.is_home
        ]

    def strays(self) -> list[Line]:
        """Open lines that a cart may have left behind: tentative ones, and those whose home is elsewhere."""
        return [
            line
            for actor in self._actors.values()
            for line in actor.inventory.lines.values()
            if line.tentative or not line.is_home
        ]

    def used_admissions(self) -> list[tuple[str, str]]:
        """The hour's admissions that made a reservation in an inventory in memory, and with which keys."""
        used: dict[str, str] = {}
        for actor in self._actors.values():
            for admission, key in actor.inventory.keys.used_admissions():
                used[admission] = used.get(admission) or key  # of a cart only the home knows the key
        return list(used.items())

    async def drain(self) -> None:
        """Take no more commands; everything accepted becomes durable and is answered; checkpoint all."""
        self._closed = True
        await self._until_quiet()
        for actor in self._actors.values():
            actor.checkpoint()
        await self._until_quiet()
        await self._journal.checkpointed()

    def close(self) -> None:
        """Take no more commands; whoever still waits hears OVERLOADED."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        for actor in self._actors.values():
            actor.give_up()

    async def _until_quiet(self) -> None:
        for actor in list(self._actors.values()):
            await actor.until_quiet()

    # -- bringing in and letting go

    def _bring_in(self, inventory_id: InventoryId) -> TicketTypeActor:
        actor = TicketTypeActor(
            inventory_id,
            journal=self._journal,
            clock=self._clock,
            limits=self._limits,
            observer=self._observer,
            tally=self._tally,
            reload=self._want,
        )
        self._actors[inventory_id] = actor
        self._want(actor)
        return actor

    def _want(self, actor: TicketTypeActor) -> None:
        self._to_load.append(actor)
        self._load_wanted.set()

    async def _load_for_ever(self) -> NoReturn:
        while True:
            await self._load_wanted.wait()
            await self._load_next()

    async def _load_next(self) -> None:
        actors, self._to_load = self._to_load[:LOADED_AT_ONCE_MAX], self._to_load[LOADED_AT_ONCE_MAX:]
        if not self._to_load:
            self._load_wanted.clear()
        inventories = await self._recover([actor.id for actor in actors])
        for actor, inventory in zip(actors, inventories, strict=True):
            actor.start(inventory)
        async with self._loaded:
            self._loaded.notify_all()

    async def _recover(self, inventory_ids: Sequence[InventoryId]) -> Sequence[Inventory]:
        while True:
            try:
                return await self._journal.recover(inventory_ids)
            except StorageUnavailable as error:
                log.warning("inventories not loaded yet", error=str(error), retry_seconds=LOAD_RETRY_SECONDS)
                await asyncio.sleep(LOAD_RETRY_SECONDS)

    async def _tick_for_ever(self) -> NoReturn:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._clock.now()
            for actor in list(self._actors.values()):
                actor.tick(now)
                if actor.is_idle(now) and not actor.checkpoint():
                    del self._actors[actor.id]
                    self._departed += 1
            if self._departed >= DEPARTED_MAX:
                self._departed = 0
                give_back()

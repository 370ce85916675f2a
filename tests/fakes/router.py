"""A router whose inventories decide at once, and for whom everything is durable."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from ticketd.core.changes import changes_of
from ticketd.core.commands import AnyCommand
from ticketd.core.facts import AnyFact
from ticketd.core.ids import Instant, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.core.seat_views import SeatView
from ticketd.ports import Clock

Observer = Callable[[InventoryId, Offer | None], None]


class InstantRouter:
    """See `ports.Router`; nothing is ever in doubt, unless a refusal has been laid in."""

    def __init__(self, clock: Clock, observer: Observer | None = None) -> None:
        self._clock = clock
        self.observer = observer
        self.inventories: dict[InventoryId, Inventory] = {}
        self.commands: list[tuple[InventoryId, AnyCommand]] = []
        """All that was asked, in order."""
        self.facts: list[tuple[InventoryId, AnyFact]] = []
        """All that happened, in order."""
        self._seats: dict[InventoryId, SeatView] = {}
        self._refusals: defaultdict[InventoryId, deque[Refusal]] = defaultdict(deque)

    def refuse_next(self, inventory_id: InventoryId, refusal: Refusal) -> None:
        """Answer the next command for this inventory with this refusal, without doing it."""
        self._refusals[inventory_id].append(refusal)

    def ask(self, inventory_id: InventoryId, command: Any) -> asyncio.Future[Any]:
        """See `ports.Router.ask`."""
        self.commands.append((inventory_id, command))
        reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        refusals = self._refusals[inventory_id]
        reply.set_result(refusals.popleft() if refusals else self._do(inventory_id, command))
        return reply

    def line(self, inventory_id: InventoryId, reservation_id: ReservationId) -> Line | None:
        """See `ports.Router.line`."""
        inventory = self.inventories.get(inventory_id)
        return None if inventory is None else inventory.lines.get(reservation_id)

    def offer(self, inventory_id: InventoryId) -> Offer | None:
        """See `ports.Router.offer`."""
        inventory = self.inventories.get(inventory_id)
        return None if inventory is None else inventory.offer()

    def waiting_since(self, inventory_id: InventoryId) -> Instant | None:
        """See `ports.Router.waiting_since`."""
        return None

    def seats(self, inventory_id: InventoryId) -> SeatView | None:
        """See `ports.Router.seats`."""
        inventory = self.inventories.get(inventory_id)
        if inventory is None or inventory.seating is None:
            return None
        view = self._seats.get(inventory_id)
        if view is None:
            hall = inventory.seating.hall
            view = self._seats[inventory_id] = SeatView(hall, inventory.seating.statuses, inventory.seq)
        view.follow(inventory.seq, inventory.seating.take_changes())
        return view

    async def offers(self, inventory_ids: Iterable[InventoryId]) -> dict[InventoryId, Offer]:
        """See `ports.Router.offers`."""
        offers = {inventory_id: self.offer(inventory_id) for inventory_id in inventory_ids}
        return {inventory_id: offer for inventory_id, offer in offers.items() if offer is not None}

    def _do(self, inventory_id: InventoryId, command: AnyCommand) -> Outcome:
        inventory = self.inventories.setdefault(inventory_id, Inventory(inventory_id))
        decision = inventory.decide(command, self._clock.now())
        for fact in decision.facts:
            inventory.apply(fact)
            assert inventory.conserved()
            self.facts.append((inventory_id, fact))
        if self.observer is not None and changes_of(decision.facts).ticket_types:
            self.observer(inventory_id, inventory.offer())
        return inventory.outcome(decision.answer)

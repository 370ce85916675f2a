"""Events with waiting rooms, on a database in memory that may fail, whose process may die at any moment."""

import asyncio
from typing import Any

import msgspec

from tests.fakes.clock import START, ManualClock
from tests.fakes.router import InstantRouter
from tests.fakes.waiting_rooms import MemoryWaitingRoomStore, Shop, waiting_rooms
from tests.services.office import NoStore
from tests.web.api.house import History
from ticketd.core import commands as c
from ticketd.core.catalogue import Defences, Event
from ticketd.core.ids import SECOND, EventId, Instant, InventoryId, OrganizerId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.core.terms import Profile, Switch, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.door import Door, Visitor
from ticketd.services.reservations import Reservations
from ticketd.services.room_keeper import TICK_SECONDS
from ticketd.services.sales import Granted, LineRequest, Sales
from ticketd.services.standings import Standing
from ticketd.services.waiting_rooms import Joined, WaitingRooms

DAY = 86_400 * SECOND
CONCERT, OPERA = EventId(7), EventId(8)
HOLD_SECONDS = 900
UNDEFENDED = Defences(hold_limits=Switch.OFF)


class BusyRouter(InstantRouter):
    """An InstantRouter that seems to have had a command in its mailboxes for some time."""

    busy_since: Instant | None = None

    def waiting_since(self, inventory_id: InventoryId) -> Instant | None:
        """See `ports.Router.waiting_since`."""
        return self.busy_since


class Lobby:
    """Rooms, the door and sales behind them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.router = BusyRouter(self.clock)
        self.catalogue = Catalogue(NoStore())
        self.router.observer = self.catalogue.follow
        self.store = MemoryWaitingRoomStore()
        self.shop = Shop()
        self._ticket_types = 0
        self._new_process()

    def _new_process(self) -> None:
        self.rooms: WaitingRooms = waiting_rooms(
            catalogue=self.catalogue,
            router=self.router,
            clock=self.clock,
            store=self.store,
            shop=self.shop,
        )
        self.door = Door(
            catalogue=self.catalogue, rooms=self.rooms, clock=self.clock, secret=b"a door", rules=RuleTally()
        )
        self.reservations = Reservations(
            router=self.router,
            journal=History(self.router),  # type: ignore[arg-type]  # it has what sales read
            catalogue=self.catalogue,
        )
        self.sales = Sales(
            router=self.router,
            reservations=self.reservations,
            catalogue=self.catalogue,
            clock=self.clock,
            door=self.door,
            hold_seconds=HOLD_SECONDS,
            tentative_hold_seconds=10,
            answer_seconds_max=10.0,
        )

    async def restart(self, *, cleanly: bool = False) -> None:
        """End, cleanly or as after kill -9, and start anew on what is durable."""
        if cleanly:
            await self.rooms.close()
        self._new_process()
        used: dict[str, str] = {}
        for inventory in self.router.inventories.values():
            for admission, key in inventory.keys.used_admissions():
                used[admission] = used.get(admission) or key  # as `Registry.used_admissions` has it
        await self.rooms.start(used.items())
        await self.stop_ticking()

    async def stop_ticking(self) -> None:
        """Tests move the rooms on themselves."""
        task = self.rooms._task
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # -- what there is

    async def open(
        self,
        event_id: EventId = CONCERT,
        *,
        opens_after: float | None = None,
        capacity: int = 1000,
        **more: Any,
    ) -> Event:
        """An event with one ticket type, and its waiting room switched on."""
        event = self.announce(event_id, opens_after=opens_after, **more)
        await self.sell(event, capacity)
        return event

    def announce(
        self,
        event_id: EventId = CONCERT,
        *,
        opens_after: float | None = None,
        waiting_room: Switch = Switch.ON,
        defences: Defences = UNDEFENDED,
        **more: Any,
    ) -> Event:
        """An event without anything to sell."""
        event = Event(
            event_id,
            OrganizerId(1),
            "Concert",
            "",
            Instant(START + 30 * DAY),
            "Europe/Vienna",
            on_sale_at=None if opens_after is None else self.at(opens_after),
            waiting_room=waiting_room,
            defences=defences,
            **more,
        )
        self.catalogue.put_event(event)
        return event

    async def sell(self, event: Event, capacity: int, **terms: Any) -> TicketTypeId:
        """One more ticket type."""
        self._ticket_types += 1
        inventory_id = InventoryId(self._ticket_types)
        profile = Profile(event.organizer_id, event.id, f"code{inventory_id}")
        await self._ask(inventory_id, c.Open(profile, Terms("Regular", capacity, **terms), event.window()))
        return TicketTypeId(inventory_id)

    async def change(self, event: Event, **changes: Any) -> Event:
        """The event as its owner now wants it."""
        changed = msgspec.structs.replace(event, **changes)
        self.catalogue.put_event(changed)
        for ticket_type in self.catalogue.ticket_types_of_event(event.id):
            await self._ask(ticket_type.inventory_id, c.ChangeEventWindow(changed.window()))
        return changed

    async def resize(self, ticket_type: int, capacity: int) -> None:
        """Another capacity."""
        await self._ask(InventoryId(ticket_type), c.ChangeTerms(TermsPatch(capacity=capacity)))

    async def _ask(self, inventory_id: InventoryId, command: c.AnyCommand) -> None:
        outcome = await self.router.ask(inventory_id, command)
        assert isinstance(outcome, Offer), outcome

    # -- time

    def at(self, seconds: float) -> Instant:
        return Instant(self.clock.now() + round(seconds * SECOND))

    async def wait(self, seconds: float, *, ticking: bool = True) -> None:
        """Let time pass, tick by tick."""
        if not ticking:
            self.clock.advance(seconds)
            return
        for _ in range(round(seconds / TICK_SECONDS)):
            self.clock.advance(TICK_SECONDS)
            await self.rooms.tick()

    # -- guests

    async def join(self, event: Event, count: int = 1) -> list[str]:
        """Their tokens."""
        return [(await self.joined(event)).standing.token for _ in range(count)]

    async def joined(self, event: Event) -> Joined:
        made = await self.rooms.join(event)
        assert isinstance(made, Joined), made
        return made

    def look(self, token: str) -> Standing:
        standing = self.rooms.standing(token)
        assert isinstance(standing, Standing), standing
        return standing

    def statuses(self, tokens: list[str]) -> list[str]:
        return [self.look(token).status.value for token in tokens]

    def admitted(self, tokens: list[str]) -> list[str]:
        return [token for token in tokens if self.look(token).status.value == "admitted"]

    async def reserve(
        self,
        token: str | None,
        *ticket_types: int,
        key: str | None = None,
        network: str = "",
        quantity: int = 1,
    ) -> Granted | Refusal:
        wanted = [LineRequest(TicketTypeId(each), quantity) for each in ticket_types or (1,)]
        return await self.sales.reserve(wanted, key, visitor=Visitor(token, network))

    async def outcome(self, token: str | None, *ticket_types: int, **more: Any) -> str:
        """`granted`, `repeated`, or the reason of the refusal."""
        made = await self.reserve(token, *ticket_types, **more)
        if isinstance(made, Refusal):
            return made.reason.value
        return "repeated" if made.repeated else "granted"


REQUIRED = Reason.ADMISSION_REQUIRED.value

"""The waiting rooms of all events: guests take a number, learn where they stand, and are let in.

One task moves every room on, twice a second. Whatever a guest is told about their place is durable before.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, NoReturn

import structlog

from ticketd.core.catalogue import Event
from ticketd.core.draw import SEED_BYTES
from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.pace import Steering
from ticketd.core.places import Place, Tokens
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RoomStats
from ticketd.core.terms import EventStatus, Switch
from ticketd.core.waiting_room import QueueStatus, RoomRecord, WaitingRoom
from ticketd.ports import Clock, StorageUnavailable
from ticketd.services.catalogue import Catalogue
from ticketd.services.pressure import Pressure
from ticketd.services.room_gauges import Gauges
from ticketd.services.room_keeper import TICK_SECONDS, Room, RoomKeeper
from ticketd.services.standings import Notice, Standing, standing_of
from ticketd.storage.waiting_rooms import StoredRoom, WaitingRoomStore
from ticketd.tasks import Fatal, for_ever, stop

NO_ROOM = Refusal(Reason.NOT_FOUND, "This event has no waiting room now: reserve at once.")

log = structlog.get_logger(__name__)


class Joined(NamedTuple):
    """A guest's place, and whether it is a new one."""

    standing: Standing
    is_new: bool


class WaitingRooms:
    """Brings guests and rooms together."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        store: WaitingRoomStore,
        gauges: Gauges,
        tokens: Tokens,
        clock: Clock,
        pressure: Pressure,
        fatal: Fatal,
    ) -> None:
        """`fatal` hears of a fault after which no room moves on any more."""
        self._catalogue = catalogue
        self._store = store
        self._gauges = gauges
        self._keeper = RoomKeeper(store=store, gauges=gauges, clock=clock)
        self._tokens = tokens
        self._clock = clock
        self._pressure = pressure
        self._fatal = fatal
        self._rooms: dict[EventId, Room] = {}
        self._making: dict[EventId, asyncio.Task[Room | None]] = {}
        self._task: asyncio.Task[None] | None = None

    # -- life

    async def start(self, used_admissions: Iterable[tuple[str, str]] = ()) -> None:
        """Go on where the last process stopped; the admissions used so far are known by their keys."""
        now = self._clock.now()
        for stored in await self._store.all():
            event = self._catalogue.event(stored.event_id)
            if event is not None and event.over_at > now:
                room = self._rooms[event.id] = Room(
                    WaitingRoom(event.id, stored.seed, stored.record, now=now)
                )
                if event.waiting_room is Switch.AUTO and room.core.waiting:
                    self._pressure.goes_on(event.id)
        for used, key in used_admissions:
            event_id, _, number = used.partition(":")
            used_in = self._rooms.get(EventId(int(event_id)))
            if used_in is not None:
                used_in.core.granted(int(number), key)
        for room in self._open_rooms():
            await self._keeper.move(room)
        self._task = for_ever(self._move_for_ever, self._fatal)

    async def close(self) -> None:
        """Write down exactly how many numbers were given out."""
        await stop(self._task)
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        for room in self._rooms.values():
            try:
                await self._keeper.close(room)
            except StorageUnavailable:
                return  # some numbers will be nobody's: see `WaitingRoom.joined`

    # -- guests

    def is_open(self, event: Event) -> bool:
        """Whether guests have to pass its waiting room."""
        return (
            event.waiting_room.is_on(by_itself=event.id in self._pressure)
            and event.status is EventStatus.PUBLISHED
            and self._clock.now() < event.sale_ends_at
        )

    def known(self, event: Event, token: str | None) -> Standing | None:
        """Where the guest with this token stands at this event, if that is still good for something."""
        place, room = self.place_in(event.id, token), self._rooms.get(event.id)
        if token is None or place is None or room is None or not self.is_open(event):
            return None
        where = room.core.where(place.number, place.joined_at, self._clock.now())
        is_over = where.status is QueueStatus.CLOSED or room.core.is_used_up(place.number)
        return None if is_over else self._standing(room, place, token)

    async def join(self, event: Event) -> Joined | Refusal:
        """A place at the end of the queue."""
        if not self.is_open(event):
            return NO_ROOM
        room = await self._room(event.id)
        if room is None:
            return NO_ROOM
        place = await self._new_place(room)
        return Joined(self._standing(room, place, self._tokens.seal(place)), is_new=True)

    def standing(self, token: str) -> Standing | Refusal:
        """Where the guest with this token stands; to ask is to be there."""
        place = self._tokens.open(token)
        room = None if place is None else self._rooms.get(place.event_id)
        if place is None or room is None:
            return Refusal(Reason.NOT_FOUND, "There is no such place in a waiting room.")
        return self._standing(room, place, token)

    async def notice(self, event: Event) -> Notice | Refusal:
        """What everybody may know of an event's waiting room; the same object until it changes."""
        if not self.is_open(event):
            return NO_ROOM
        room = await self._room(event.id)
        return NO_ROOM if room is None or room.notice is None else room.notice

    def place_in(self, event_id: EventId, token: str | None) -> Place | None:
        """The place that a token has at this event."""
        place = None if token is None else self._tokens.open(token)
        return place if place is not None and place.event_id == event_id else None

    def _standing(self, room: Room, place: Place, token: str) -> Standing:
        now, event = self._clock.now(), self._catalogue.event(place.event_id)
        where = room.core.where(place.number, place.joined_at, now)
        if where.status is QueueStatus.ADMITTED and where.until is not None:
            room.core.see(place.number, where.until)
        if (
            event is None
            or self._is_pointless(event, room, where.status)
            or now >= room.stock.ends_at
            or (where.status is QueueStatus.ADMITTED and room.core.is_used_up(place.number))
        ):
            where = where._replace(status=QueueStatus.CLOSED)
        return standing_of(token, place, where, room.core, room.stock, now)

    def _is_pointless(self, event: Event, room: Room, status: QueueStatus) -> bool:
        """Whether there is nothing to get, or no need to wait for it."""
        if event.status is not EventStatus.PUBLISHED or (room.core.draw is not None and room.stock.is_gone):
            return True
        return status is QueueStatus.WAITING and not self.is_open(event)

    async def _new_place(self, room: Room) -> Place:
        while True:
            now = self._clock.now()
            number = room.core.give_number(now, opens_at=room.stock.opens_at)
            if number is not None:
                return Place(room.core.event_id, number, Instant(now - now % SECOND))
            await self._keeper.more_numbers(room)

    # -- reservations

    def asked(self, event: Event) -> None:
        """Somebody wants to reserve something of this event."""
        self._pressure.asked(event.id)

    def feel_pressure(self, turned_away: Callable[[], int]) -> None:
        """Have rooms open by themselves also while this counts on: reservations that were refused unread."""
        self._pressure.turned_away = turned_away

    def waiting_room(self, event_id: EventId) -> WaitingRoom | None:
        """Its waiting room, if there has ever been one."""
        room = self._rooms.get(event_id)
        return None if room is None else room.core

    def is_quiet(self, event: Event) -> bool:
        """Whether the event is on sale and nobody waits: places are no scarce thing then."""
        room = self._rooms.get(event.id)
        return room is not None and room.core.draw is not None and not room.core.waiting

    def lets_walk_in(self, event: Event) -> bool:
        """Whether guests may reserve without a place: the room has opened by itself, and nobody waits."""
        room = self._rooms.get(event.id)
        if event.waiting_room is not Switch.AUTO:
            return False
        return room is None or not (room.core.waiting or room.core.record.steering.paused)

    # -- owners

    async def steer(self, event: Event, change: Callable[[Steering], Steering]) -> Notice | Refusal:
        """Let guests in as its owner wants, from now on."""
        if not self.is_open(event):
            return NO_ROOM
        room = await self._room(event.id)
        if room is None:
            return NO_ROOM
        await self._keeper.steer(room, change)
        assert room.notice is not None, "it has just been published"
        return room.notice

    def room(self, event_id: EventId) -> Room | None:
        """All about an event's room, for its owner."""
        return self._rooms.get(event_id)

    def stats(self) -> RoomStats:
        """What there is in all open rooms together."""
        now, cores = self._clock.now(), [room.core for room in self._open_rooms()]
        return RoomStats(
            rooms=len(cores),
            waiting=sum(core.waiting for core in cores),
            shopping=sum(core.shopping(now) for core in cores),
            paused=sum(core.record.steering.paused for core in cores),
        )

    # -- rooms

    async def _room(self, event_id: EventId) -> Room | None:
        """Ready for guests; None if the event has just been deleted."""
        room = self._rooms.get(event_id)
        if room is not None and room.notice is not None:
            return room
        making = self._making.get(event_id)
        if making is None:
            making = self._making[event_id] = asyncio.create_task(self._make(event_id))
            making.add_done_callback(lambda _: self._making.pop(event_id, None))
        return await asyncio.shield(making)

    async def _make(self, event_id: EventId) -> Room | None:
        room = self._rooms.get(event_id)
        if room is None:
            new = StoredRoom(event_id, secrets.token_bytes(SEED_BYTES), RoomRecord())
            stored = await self._store.insert(new)
            if stored is None:
                return None
            now = self._clock.now()
            room = self._rooms[event_id] = Room(WaitingRoom(event_id, stored.seed, stored.record, now=now))
        await self._keeper.move(room)
        return room

    async def _move_for_ever(self) -> NoReturn:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self.tick()

    async def tick(self) -> None:
        """Move every open room on; due twice a second."""
        self._gauges.read_commits()
        self._pressure.tick(self._waiting)
        for room in self._open_rooms():
            try:
                await self._keeper.move(room)
            except StorageUnavailable as error:
                log.warning("waiting room can't move on", event_id=room.core.event_id, error=str(error))

    def _waiting(self, event_id: EventId) -> int:
        room = self._rooms.get(event_id)
        return 0 if room is None else room.core.waiting

    def _open_rooms(self) -> Sequence[Room]:
        events = {event_id: self._catalogue.event(event_id) for event_id in self._rooms}
        for event_id, event in events.items():
            if event is None:
                del self._rooms[event_id]
        return [
            self._rooms[event.id] for event in events.values() if event is not None and self.is_open(event)
        ]

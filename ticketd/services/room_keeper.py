"""Moving one waiting room on: who is let in next, made durable before anybody hears of it."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from ticketd.core.draw import SEED_BYTES
from ticketd.core.ids import DAWN_OF_TIME, END_OF_TIME, SECOND, Instant
from ticketd.core.pace import Pace, Reading, Steering, is_full
from ticketd.core.waiting_room import RoomRecord, WaitingRoom
from ticketd.ports import Clock
from ticketd.services.answering import hear
from ticketd.services.room_gauges import Gauges, Stock
from ticketd.services.standings import Notice, notice_of
from ticketd.storage.waiting_rooms import StoredRoom, WaitingRoomStore

TICK_SECONDS: Final = 0.5
WALK_INS_MIN: Final = 64
"""While nobody waits, so many more are admitted as they come; twice as many as came since the last tick."""
COUNTS_SECONDS_MIN: Final = 2
"""Everybody hears at most so often how many have joined, if nothing else is new."""


class Room:
    """A waiting room and what it takes to move it on."""

    def __init__(self, core: WaitingRoom) -> None:
        self.core = core
        self.pace = Pace()
        self.stock = Stock(0, 0, 0, 0, None, END_OF_TIME, END_OF_TIME)
        self.reading = Reading(0.0, 0.0, 0, 0)
        self.shopping = 0
        """Guests who were let in and haven't reserved yet; `reading` adds those for whom it is open."""
        self.notice: Notice | None = None
        self.counted_at = DAWN_OF_TIME
        """When everybody last heard how many have joined."""
        self.moved_at: Instant | None = None
        self.joined_before = core.joined
        self.moving = asyncio.Lock()
        """One plan at a time is made, and on its way to the database."""
        self.is_in_doubt = False
        """What is durable may be the plan before this one, or that one: the last write failed."""
        self.extending: asyncio.Task[None] | None = None
        """While numbers are being written down, for all who wait for one."""


class RoomKeeper:
    """Moves rooms on."""

    def __init__(self, *, store: WaitingRoomStore, gauges: Gauges, clock: Clock) -> None:
        self._store = store
        self._gauges = gauges
        self._clock = clock

    async def move(self, room: Room) -> None:
        """Let in whom the shop can take, once that is durable, and tell everybody how things are."""
        room.stock = await self._gauges.stock(room.core.event_id)
        async with room.moving:
            if room.core.may_start_over(self._clock.now(), opens_at=room.stock.opens_at):
                await self._start_over(room)
            await self._write(room, admit=self._admit(room))
        self._publish(room)

    async def _start_over(self, room: Room) -> None:
        """Another draw, with another seed, for this one is known."""
        core, now = room.core, self._clock.now()
        plan = core.plan(admit=0, steering=core.record.steering, now=now)
        record = RoomRecord(numbers_to=plan.numbers_to, steering=plan.steering)
        seed = secrets.token_bytes(SEED_BYTES)
        room.is_in_doubt = True
        await self._store.update(StoredRoom(core.event_id, seed, record))
        room.is_in_doubt = False
        core.start_over(seed, record, now)

    def _admit(self, room: Room) -> int:
        core, now = room.core, self._clock.now()
        ahead_of_time = max(0, core.admitted_to - core.joined)
        room.shopping = core.shopping(now)
        room.reading = Reading(
            self._gauges.mailbox_age_seconds(core.event_id),
            self._gauges.commit_seconds,
            room.shopping + ahead_of_time,
            room.stock.free,
        )
        seconds = TICK_SECONDS if room.moved_at is None else (now - room.moved_at) / SECOND
        steering = core.record.steering
        walk_ins = max(WALK_INS_MIN, 2 * (core.joined - room.joined_before))
        admit = room.pace.admit(
            room.reading, steering, wanted=core.waiting + walk_ins - ahead_of_time, seconds=seconds
        )
        room.moved_at, room.joined_before = now, core.joined
        if ahead_of_time and is_full(room.reading, steering):
            core.retract(now)
        return admit if core.waiting or admit > walk_ins // 2 else 0

    async def _write(
        self, room: Room, *, admit: int = 0, steering: Steering | None = None, is_last: bool = False
    ) -> None:
        """Make the next plan durable and go on from it; the caller holds `room.moving`."""
        core, now = room.core, self._clock.now()
        core.close_draw(now, opens_at=room.stock.opens_at)
        record = core.plan(admit=admit, steering=steering or core.record.steering, now=now, is_last=is_last)
        if record == core.record and not room.is_in_doubt:
            return
        room.is_in_doubt = True
        await self._store.update(StoredRoom(core.event_id, core.seed, record))
        room.is_in_doubt = False
        core.follow(record, self._clock.now())

    def _publish(self, room: Room) -> None:
        now = self._clock.now()
        notice = notice_of(room.core, room.stock, now)
        known = room.notice
        if known is not None and now - room.counted_at < COUNTS_SECONDS_MIN * SECOND:
            notice = msgspec.structs.replace(
                notice,
                joined=max(known.joined, notice.admitted_to),
                admitted_per_minute=known.admitted_per_minute,
            )
        elif notice != known:
            room.counted_at = now
        if notice != known:
            room.notice = notice

    async def steer(self, room: Room, change: Callable[[Steering], Steering]) -> None:
        """Let guests in as its owner wants, from now on."""
        async with room.moving:
            steering = change(room.core.record.steering)
            room.core.retract(self._clock.now())  # whoever comes now is judged by these
            await self._write(room, steering=steering)
        self._publish(room)

    async def more_numbers(self, room: Room) -> None:
        """Return once there are more to give out."""
        if room.extending is None:
            room.extending = asyncio.create_task(self._extend(room))
            room.extending.add_done_callback(hear)
        await asyncio.shield(room.extending)

    async def _extend(self, room: Room) -> None:
        try:
            async with room.moving:
                await self._write(room)
        finally:
            room.extending = None

    async def close(self, room: Room) -> None:
        """Write down exactly how many numbers were given out; no more are."""
        if room.extending is not None:
            await asyncio.gather(room.extending, return_exceptions=True)
        async with room.moving:
            await self._write(room, is_last=True)

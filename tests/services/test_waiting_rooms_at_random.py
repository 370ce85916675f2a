"""Guests, ticks, owners, failing writes and crashes all at once, against what guests are promised."""

import asyncio
import random
from collections.abc import Awaitable, Coroutine
from typing import Any

import msgspec
import pytest

from tests.eventually import SECONDS_MAX
from tests.fakes.waiting_rooms import MemoryWaitingRoomStore
from tests.services.lobby import CONCERT, Lobby
from ticketd.core.ids import Instant
from ticketd.core.pace import Steering
from ticketd.core.refusals import Refusal
from ticketd.ports import StorageUnavailable
from ticketd.services.standings import Standing
from ticketd.services.waiting_rooms import Joined
from ticketd.storage.waiting_rooms import StoredRoom

STEPS = 80


class MoodyStore(MemoryWaitingRoomStore):
    """Takes its time, and sometimes fails before or after the fact."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.mood = 0.0
        """How often it fails."""

    async def update(self, room: StoredRoom) -> None:
        """See `WaitingRoomStore.update`."""
        for _ in range(self._chance.randrange(12)):
            await asyncio.sleep(0)
        self.is_down = self._chance.random() < self.mood
        self.loses_answers = self._chance.random() < self.mood
        await super().update(room)


class Evening:
    """One sale, and what each guest was told."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lobby = Lobby()
        self.store = self.lobby.store = MoodyStore(self.chance)
        self.lobby._new_process()
        self.tokens: dict[int, str] = {}
        self.until: dict[str, Instant] = {}
        self.ahead: dict[str, int] = {}
        self.is_paused = False
        self.steered = 0
        self.used: set[str] = set()

    async def play(self) -> None:
        self.event = await self.lobby.open(
            opens_after=self.chance.choice([-100, 0, 5, 15]), capacity=self.chance.choice([20, 60, 100_000])
        )
        while await self._refused(self.lobby.rooms.join(self.event)):
            pass
        for _ in range(STEPS):
            self.store.mood = self.chance.choice([0, 0, 0, 0.5, 0.9])
            await self._step()
            self.look()

    async def _refused(self, work: Awaitable[object]) -> bool:
        try:
            await work
        except StorageUnavailable:
            return True
        return False

    async def _step(self) -> None:
        count = self.chance.choice([0, 1, 3, 15])
        works = [self._join() for _ in range(count)] + [self._tick()]
        match self.chance.randrange(8):
            case 0:
                works.append(self._steer())
            case 1 | 2:
                works += [self._reserve() for _ in range(3)]
            case 3:
                self.lobby.clock.advance(self.chance.choice([0.2, 2, 20, 200]))
            case 4 if self.chance.random() < 0.5:
                await self._restart()
        await asyncio.gather(*(self._late(work) for work in works))
        self.lobby.clock.advance(0.5)

    async def _late(self, work: Coroutine[Any, Any, None]) -> None:
        for _ in range(self.chance.randrange(8)):
            await asyncio.sleep(0)
        await work

    async def _join(self) -> None:
        try:
            made = await self.lobby.rooms.join(self.event)
        except StorageUnavailable:
            return
        if isinstance(made, Refusal):
            return
        assert isinstance(made, Joined)
        assert made.standing.number not in self.tokens
        self.tokens[made.standing.number] = made.standing.token

    async def _tick(self) -> None:
        is_paused, steered, before = self.is_paused, self.steered, len(self._admitted())
        await self.lobby.rooms.tick()
        if is_paused and steered == self.steered:
            assert len(self._admitted()) <= before

    async def _steer(self) -> None:
        wanted, shoppers_max = self.chance.random() < 0.3, self.chance.choice([None, 2, 20])
        self.steered += 1
        self.is_paused = False  # nothing is promised meanwhile

        def changed(known: Steering) -> Steering:
            return msgspec.structs.replace(known, paused=wanted, shoppers_max=shoppers_max)

        self.is_paused = not await self._refused(self.lobby.rooms.steer(self.event, changed)) and wanted

    async def _reserve(self) -> None:
        admitted = self._admitted()
        if admitted:
            token = self.chance.choice(admitted)
            if await self.lobby.outcome(token) == "granted":
                assert token not in self.used
                self.used.add(token)

    async def _restart(self) -> None:
        self.store.mood = 0.0
        await self.lobby.restart(cleanly=self.chance.random() < 0.5)

    def _standing(self, token: str) -> Standing | None:
        found = self.lobby.rooms.standing(token)
        return found if isinstance(found, Standing) else None

    def _admitted(self) -> list[str]:
        found = [self._standing(token) for token in self.tokens.values()]
        return [each.token for each in found if each is not None and each.status.value == "admitted"]

    def look(self) -> None:
        """Everybody asks where they stand."""
        now = self.lobby.clock.now()
        for token in self.tokens.values():
            standing = self._standing(token)
            assert standing is not None
            if token in self.used:
                assert standing.status.value == "closed"
            elif self.until.get(token, now) > now and self.lobby.rooms.room(CONCERT).stock.unsold:  # type: ignore[union-attr]
                assert standing.status.value == "admitted"
            if standing.status.value == "admitted":
                assert standing.admitted_until is not None
                assert standing.admitted_until >= self.until.get(token, standing.admitted_until)
                self.until[token] = standing.admitted_until
            if standing.ahead is not None:
                assert standing.ahead <= self.ahead.get(token, standing.ahead)
                self.ahead[token] = standing.ahead


@pytest.mark.parametrize("seed", range(6))
async def test_guests_can_rely_on_what_they_are_told(seed: int) -> None:
    evening = Evening(seed)
    async with asyncio.timeout(SECONDS_MAX):
        await evening.play()
    places = [evening.lobby.rooms.waiting_room(CONCERT).place_of(number) for number in evening.tokens]  # type: ignore[union-attr]
    assert len(set(places)) == len(places) > 100 or None in places

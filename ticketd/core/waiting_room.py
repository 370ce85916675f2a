"""An event's waiting room: who is where, and whose turn it is. It keeps no list of those who wait.

Numbers are given out in order of arrival. At the opening those given out so far are drawn: a permutation
makes places of them. Later numbers are places as they are. The *frontier* moves along the places; each move
is a *wave*, and whoever is behind the frontier has been admitted, for a time. So a number and the waves tell
all about a guest.

What guests rely on must be durable first: `plan` says what to write, `follow` takes it in once it is written.
"""

from bisect import bisect_left, bisect_right
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from ticketd.core.draw import Draw
from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.pace import Steering
from ticketd.core.waves import ADMISSION, Use, Wave

PACE_SECONDS: Final = 60
"""The rate of admission that guests are told is measured over this long."""
NUMBERS_AHEAD_MIN: Final = 4
NUMBERS_AHEAD_MAX: Final = 65_536
NUMBERS_AHEAD_SECONDS: Final = 2
"""Numbers are written down ahead: for so long, but at most twice as many as sufficed since the last time."""
REST_SECONDS: Final = 1
"""After so long without anybody coming none are written down ahead: what a crash makes nobody's, guests
still wait for."""

_PACE = PACE_SECONDS * SECOND
_REST = REST_SECONDS * SECOND


class QueueStatus(StrEnum):
    """How a guest stands."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    CLOSED = "closed"
    """It was their turn, and they didn't use it in time; or there is nothing to wait for any more."""


class WaveRecord(NamedTuple):
    """A move of the frontier: up to this place, from then on."""

    upto: int
    at: Instant


class RoomRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is durable of a waiting room."""

    numbers_to: int = 0
    """No number from here on has been given out."""
    drawn: int | None = None
    """How many were in the draw; None before it."""
    first_place: int = 0
    """Where the oldest of the waves begins; who is before it had their turn."""
    waves: tuple[WaveRecord, ...] = ()
    steering: Steering = Steering()


class Whereabouts(NamedTuple):
    """Where a guest is."""

    status: QueueStatus
    place: int | None = None
    """From 0; None before the draw."""
    ahead: int | None = None
    """How many come before them; None before the draw."""
    until: Instant | None = None
    """When the admission ends, for the admitted and for those who were."""


class WaitingRoom:
    """The room of one event."""

    def __init__(self, event_id: EventId, seed: bytes, record: RoomRecord, *, now: Instant) -> None:
        self.event_id = event_id
        self.seed = seed
        self.record = record
        self.joined = record.numbers_to
        """How many numbers have been given out. After a crash some of them were not: they are nobody's."""
        self.draw = None if record.drawn is None else Draw(seed, event_id, record.drawn)
        self._drawn: int | None = None
        """How many had come at the opening, until that is durable."""
        self._numbers_to = record.numbers_to
        """Numbers before this are durable, and will stay so."""
        self._extended = (self.joined, now)
        """How many had come when numbers were last written down, and when that was."""
        self._came_at = now
        """When the last one came."""
        self._is_short = False
        """Somebody came for whom there was no number."""
        self._waves: list[Wave] = []
        self._starts: list[int] = []
        self._follow_waves(record, now)

    # -- coming

    def give_number(self, now: Instant, *, opens_at: Instant) -> int | None:
        """The next number; None if more must be written down first."""
        self._came_at = now
        if self.joined >= self._numbers_to:
            self._is_short = True
            return None
        self.close_draw(now, opens_at=opens_at)
        number = self.joined
        self.joined += 1
        wave = None if self.draw is None else self._wave_of(number)
        if wave is not None:  # it is their turn at once
            wave.seen[number] = Instant(max(wave.at, now) + ADMISSION)
            if self.joined == wave.upto:
                wave.filled_at = now
        return number

    def close_draw(self, now: Instant, *, opens_at: Instant) -> None:
        """From the opening on nobody else is in the draw."""
        if self._drawn is None and self.draw is None and now >= opens_at:
            self._drawn = self.joined

    # -- looking

    def where(self, number: int, joined_at: Instant, now: Instant) -> Whereabouts:
        """Where the guest with this number is."""
        place = self.place_of(number)
        if place is None:
            return Whereabouts(QueueStatus.WAITING)
        if place >= self.admitted_to:
            return Whereabouts(QueueStatus.WAITING, place, place - self.admitted_to)
        wave = self._wave_of(place)
        if wave is None:
            return Whereabouts(QueueStatus.CLOSED, place, 0)
        until = Instant(max(wave.at, joined_at) + ADMISSION)
        status = QueueStatus.ADMITTED if now < until else QueueStatus.CLOSED
        return Whereabouts(status, place, 0, until)

    def place_of(self, number: int) -> int | None:
        """From 0; None before the draw."""
        drawn = self.record.drawn
        if drawn is None or self.draw is None:
            return None
        return self.draw.place_of(number) if number < drawn else number

    @property
    def admitted_to(self) -> int:
        """The frontier: whoever has a place before it has been admitted. It may be ahead of who has come."""
        return self._waves[-1].upto if self._waves else self.record.first_place

    @property
    def waiting(self) -> int:
        """How many have come and not been admitted."""
        return max(0, self.joined - self.admitted_to)

    def shopping(self, now: Instant) -> int:
        """How many of the admitted may still be choosing."""
        return sum([wave.shopping(self.joined, now) for wave in self._waves])

    def admitted_per_second(self, now: Instant) -> float:
        """Over the last minute, or as long as it has been open."""
        recent = bisect_left(self._waves, now - _PACE, key=lambda wave: wave.at)
        if recent == len(self._waves):
            return 0.0
        first = self._waves[recent]
        admitted = min(self.admitted_to, self.joined) - first.start
        return max(0, admitted) / max(1.0, (now - first.at) / SECOND)

    # -- using an admission

    def see(self, number: int, until: Instant) -> None:
        """The guest with this number is here, whose admission is good until then."""
        wave = self._wave_of_number(number)
        if wave is not None:
            wave.seen[number] = until

    def begin_use(self, number: int, key: str) -> None:
        """A request with this admission is under way; `key` is the digest of its idempotency key."""
        wave = self._wave_of_number(number)
        if wave is not None:
            wave.begin_use(number, key)

    def granted(self, number: int, key: str) -> None:
        """A reservation was made with this admission."""
        wave = self._wave_of_number(number)
        if wave is not None:
            wave.granted(number, key)

    def repeated(self, number: int) -> None:
        """The key of a request had made a reservation before: with this admission, if that was in doubt."""
        use = self._use_of(number)
        if use is not None and use.is_in_doubt:
            use.is_granted = True
        self.refused(number)

    def refused(self, number: int) -> None:
        """A request came to nothing: unless another may not have, the admission is free again."""
        self._end_use(number, is_in_doubt=False)

    def left_in_doubt(self, number: int) -> None:
        """A request may have come to something: only a repeat with its key can tell."""
        self._end_use(number, is_in_doubt=True)

    def _end_use(self, number: int, *, is_in_doubt: bool) -> None:
        wave = self._wave_of_number(number)
        if wave is not None:
            wave.end_use(number, is_in_doubt=is_in_doubt)

    def used_with(self, number: int) -> str | None:
        """The key with which an admission is used, "" for none; None if it isn't."""
        use = self._use_of(number)
        return None if use is None else use.key

    def is_used_up(self, number: int) -> bool:
        """Whether a reservation has been made with it."""
        use = self._use_of(number)
        return use is not None and use.is_granted

    def _use_of(self, number: int) -> Use | None:
        wave = self._wave_of_number(number)
        return None if wave is None else wave.used.get(number)

    # -- moving on

    def plan(self, *, admit: int, steering: Steering, now: Instant, is_last: bool = False) -> RoomRecord:
        """What has to be durable next, with so many more admitted; no number is given out after the last.

        Numbers that won't be durable any more are no longer given out from here on.
        """
        numbers_to = self.joined if is_last else self._plan_numbers(now)
        self._numbers_to = min(self._numbers_to, numbers_to)
        waves = [wave for wave in self._waves if not wave.is_over(now)]
        records = [WaveRecord(wave.upto, wave.at) for wave in waves]
        drawn = self.record.drawn if self.draw is not None else self._drawn
        if drawn is not None and admit > 0:
            records.append(WaveRecord(self.admitted_to + admit, now))
        return RoomRecord(
            numbers_to=numbers_to,
            drawn=drawn,
            first_place=waves[0].start if waves else self.admitted_to,
            waves=tuple(records),
            steering=steering,
        )

    def follow(self, record: RoomRecord, now: Instant) -> None:
        """Go on from the last plan, which has just become durable."""
        if record.numbers_to != self.record.numbers_to:
            self._extended = (self.joined, now)
            self._is_short = False
        self._numbers_to = record.numbers_to
        self.record = record
        if self.draw is None and record.drawn is not None:
            self.draw = Draw(self.seed, self.event_id, record.drawn)
        self._follow_waves(record, now)

    def may_start_over(self, now: Instant, *, opens_at: Instant) -> bool:
        """Whether the opening has come to be ahead again before anybody was let in: then the draw is, too."""
        is_drawn = self.draw is not None or self._drawn is not None
        return is_drawn and now < opens_at and min(self.admitted_to, self.joined) == 0

    def start_over(self, seed: bytes, record: RoomRecord, now: Instant) -> None:
        """Go on before a new draw, once that is durable; the numbers given out stay."""
        self.seed, self.draw, self._drawn = seed, None, None
        self.follow(record, now)

    def retract(self, now: Instant) -> None:
        """Admit nobody who hasn't come yet. At once: what is durable may be more generous."""
        while self._waves and self._waves[-1].start >= self.joined:
            self._waves.pop()
            self._starts.pop()
        if self._waves and self._waves[-1].upto > self.joined:
            self._waves[-1].upto = self.joined
            self._waves[-1].filled_at = now

    def _plan_numbers(self, now: Instant) -> int:
        if not self._is_short and now - self._came_at >= _REST:
            return self.joined
        joined, at = self._extended
        used = self.joined - joined
        seconds = max(1, now - at) / SECOND
        enough = min(2 * used, int(NUMBERS_AHEAD_SECONDS * used / seconds))
        ahead = min(NUMBERS_AHEAD_MAX, max(NUMBERS_AHEAD_MIN, enough))
        left = self._numbers_to - self.joined
        return self._numbers_to if left >= ahead // 2 else self.joined + ahead

    def _follow_waves(self, record: RoomRecord, now: Instant) -> None:
        known = {wave.start: wave for wave in self._waves}
        start, waves = record.first_place, []
        for upto, at in record.waves:
            wave = known.get(start) or Wave(start, upto, at)
            if wave.filled_at is None and wave.upto <= self.joined:
                wave.filled_at = now
            waves.append(wave)
            start = upto
        self._waves = waves
        self._starts = [wave.start for wave in waves]

    def _wave_of(self, place: int) -> Wave | None:
        index = bisect_right(self._starts, place) - 1
        wave = self._waves[index] if index >= 0 else None
        return wave if wave is not None and place < wave.upto else None

    def _wave_of_number(self, number: int) -> Wave | None:
        place = self.place_of(number)
        return None if place is None else self._wave_of(place)

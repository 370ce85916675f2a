"""How many guests a waiting room lets in: as many as the shop can take and there are tickets for."""

from typing import Final, NamedTuple

import msgspec

PER_SECOND_MIN: Final = 1.0
PER_SECOND_FIRST: Final = 200.0
PER_SECOND_MAX: Final = 20_000.0
FASTER: Final = 1.25
"""By how much it speeds up after each calm tick in which it was what held guests back."""
SLOWER: Final = 0.5
"""And by how much after each strained one."""
PROBING: Final = 1.02
"""By how much it speeds up from half the pace on that was too much the last time: those who were let in ask
only after having chosen, so that a strain shows late."""

CALM_SECONDS: Final = 0.25
"""Commands and commits that take less show that the shop can take more."""
STRAINED_SECONDS: Final = 1.0
"""Commands or commits that take more show that it is too much."""

GAP_SECONDS_MAX: Final = 2.0
"""After a longer break it doesn't make up for the rest of what it missed."""

SHOPPERS_MAX: Final = 5_000
TICKETS_EACH: Final = 2
"""So many tickets are left for each who is let in; who comes for more takes the chance."""


class Steering(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner has decided about who is let in."""

    paused: bool = False
    shoppers_max: int | None = None
    """How many may be choosing at once; None: SHOPPERS_MAX."""
    admitted_per_minute_max: int | None = None


class Reading(NamedTuple):
    """How the shop does at a tick."""

    mailbox_age_seconds: float
    """How long the oldest command for the event has waited."""
    commit_seconds: float
    """How long groups took to become durable since the last tick, on average."""
    shopping: int
    """Guests who were let in and haven't reserved yet."""
    free: int
    """Tickets that nobody has."""


class Pace:
    """Guests per second: more while the shop is calm, half as many whenever it isn't."""

    def __init__(self) -> None:
        self.per_second = PER_SECOND_FIRST
        self._allowance = 0.0
        """Of guests, parts of one included, that were not let in though they might have been."""
        self._of_minute = 0.0
        self._known_good = PER_SECOND_MAX
        self._is_strained = False

    def admit(self, reading: Reading, steering: Steering, *, wanted: int, seconds: float) -> int:
        """How many of those who want to come in may do so now, `seconds` after the last time."""
        if steering.paused:
            return 0
        seconds = min(seconds, GAP_SECONDS_MAX)
        room = _room(reading, steering)
        self._allowance = min(self._allowance, 1.0) + self.per_second * seconds
        pace = min(int(self._allowance), self._owners_allowance(steering, seconds))
        admitted = max(0, min(pace, room, wanted))
        self._allowance -= admitted
        self._of_minute -= admitted
        self._adapt(reading, held_back=pace < min(room, wanted))
        return admitted

    def _owners_allowance(self, steering: Steering, seconds: float) -> int:
        per_minute = steering.admitted_per_minute_max
        if per_minute is None:
            self._of_minute = 0.0
            return int(PER_SECOND_MAX)
        per_second = per_minute / 60
        self._of_minute = min(max(self._of_minute, 0.0), max(per_second, 1.0)) + per_second * seconds
        return int(self._of_minute)

    def _adapt(self, reading: Reading, *, held_back: bool) -> None:
        slowest = max(reading.mailbox_age_seconds, reading.commit_seconds)
        if slowest > STRAINED_SECONDS:
            if not self._is_strained:
                self._known_good = self.per_second * SLOWER
            self._is_strained = True
            self.per_second = max(PER_SECOND_MIN, self.per_second * SLOWER)
        elif slowest < CALM_SECONDS:
            self._is_strained = False
            faster = FASTER if self.per_second < self._known_good else PROBING
            self.per_second = min(PER_SECOND_MAX, self.per_second * (faster if held_back else 1.0))


def is_full(reading: Reading, steering: Steering) -> bool:
    """Whether more have been let in than should be choosing now."""
    return steering.paused or _room(reading, steering) < 0


def _room(reading: Reading, steering: Steering) -> int:
    shoppers_max = SHOPPERS_MAX if steering.shoppers_max is None else steering.shoppers_max
    for_whom_there_are_tickets = -(-reading.free // TICKETS_EACH)
    return min(shoppers_max, for_whom_there_are_tickets) - reading.shopping

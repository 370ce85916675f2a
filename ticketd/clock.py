"""The time that everything in the program goes by, and the only caller of time functions."""

import time
from collections.abc import Callable

from ticketd.core.ids import Instant

SLEW_PARTS_PER_MILLION = 500
"""How much faster or slower than the monotonic clock it may run to come back to the database's time."""

# Counts on while the machine sleeps, where there is such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_PER_MILLION = 1_000_000
_NANOSECONDS_PER_MICROSECOND = 1_000


def _elapsed_ns() -> int:
    return time.clock_gettime_ns(_CLOCK)


def wall_seconds() -> int:
    """What this machine takes for the time, in seconds since 1970: to be shown, never to decide by."""
    return int(time.time())


class DatabaseClock:
    """The database's time at start, carried on by the monotonic clock; no wall clock moves it."""

    def __init__(self, database_now: Instant, monotonic_ns: Callable[[], int] = _elapsed_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset = database_now - monotonic_ns() // _NANOSECONDS_PER_MICROSECOND
        self._floor = self._corrected_at = database_now

    def now(self) -> Instant:
        """Microseconds since the epoch, never less than before."""
        now = self._monotonic_ns() // _NANOSECONDS_PER_MICROSECOND + self._offset
        if now > self._floor:
            return now  # type: ignore[return-value]  # calling Instant() would cost a quarter of all this
        return self._floor

    def correct(self, database_now: Instant) -> None:
        """Come nearer to the database's time, by no more than the slew since the last correction."""
        self._floor = now = self.now()
        step_max = (now - self._corrected_at) * SLEW_PARTS_PER_MILLION // _PER_MILLION
        self._offset += max(-step_max, min(step_max, database_now - now))
        self._corrected_at = self.now()

"""A clock that stands still until told otherwise."""

from ticketd.core.ids import SECOND, Instant

START = Instant(1_800_000_000 * SECOND)
"""Some day in January 2027."""


class ManualClock:
    """See `ports.Clock`."""

    def __init__(self, now: Instant = START) -> None:
        self._now = now

    def now(self) -> Instant:
        """See `ports.Clock.now`."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now = Instant(self._now + round(seconds * SECOND))

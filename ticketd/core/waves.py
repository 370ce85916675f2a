"""A move of the frontier in a waiting room: who has come of those it admits, and what they made of it."""

from typing import Final

from ticketd.core.ids import SECOND, Instant

ADMISSION_SECONDS: Final = 300
"""How long an admitted guest has for reserving."""
DOOR_SECONDS: Final = 45
"""Whoever hasn't shown up this long after their turn isn't waited for, though they may still come."""

ADMISSION: Final = ADMISSION_SECONDS * SECOND
_DOOR = DOOR_SECONDS * SECOND


class Use:
    """What an admission is used for."""

    __slots__ = ("is_granted", "is_in_doubt", "key", "requests")

    def __init__(self, key: str) -> None:
        self.key = key
        """The idempotency key's digest, "" without one."""
        self.requests = 0
        """Under way now, all with this key."""
        self.is_granted = False
        self.is_in_doubt = False
        """A request ended of which it isn't known what became of it."""


class Wave:
    """Places from `start` up to `upto`, admitted since `at`."""

    __slots__ = ("at", "filled_at", "seen", "start", "upto", "used")

    def __init__(self, start: int, upto: int, at: Instant) -> None:
        self.start = start
        self.upto = upto
        self.at = at
        self.filled_at: Instant | None = None
        """When the last of its places was found to be given out; None while it admits guests as they come."""
        self.seen: dict[int, Instant] = {}
        """Until when their admission is good, by number."""
        self.used: dict[int, Use] = {}

    def is_over(self, now: Instant) -> bool:
        """Whether everybody's time is over."""
        return self.filled_at is not None and now - self.filled_at > ADMISSION

    def shopping(self, joined: int, now: Instant) -> int:
        """How many of it may still be choosing."""
        choosing = sum([until > now and number not in self.used for number, until in self.seen.items()])
        if now - self.at > _DOOR:
            return choosing
        unseen = min(self.upto, joined) - self.start - len(self.seen)
        return choosing + max(0, unseen)

    def begin_use(self, number: int, key: str) -> None:
        """A request with this number's admission is under way."""
        self.used.setdefault(number, Use(key)).requests += 1

    def granted(self, number: int, key: str) -> None:
        """A reservation was made with it."""
        use = self.used.setdefault(number, Use(key))
        use.is_granted = True
        use.requests = max(0, use.requests - 1)

    def end_use(self, number: int, *, is_in_doubt: bool) -> None:
        """A request made no reservation, as far as is known; free again if none has, and none may have."""
        use = self.used.get(number)
        if use is None:
            return
        use.requests -= 1
        use.is_in_doubt = is_in_doubt or (use.is_in_doubt and use.requests > 0)
        if not (use.is_granted or use.is_in_doubt or use.requests > 0):
            del self.used[number]

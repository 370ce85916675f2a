"""An identity's drops and payments and what follows from them, so simple that it is obviously right."""

from typing import NamedTuple

from ticketd.core import habits
from ticketd.core.ids import SECOND


class Network(NamedTuple):
    """One identity's drops in an inventory, and its payments since the first of those that count."""

    drops: tuple[int, ...] = ()
    payments: tuple[int, ...] = ()

    def dropped(self, at: int) -> "Network":
        """With one more drop; when no other counts any more, nothing else does."""
        return Network((*self.drops, at), self.payments) if self.counted(at) else Network((at,))

    def paid(self, at: int) -> "Network":
        """With one more payment, if there is a drop that it could make good."""
        return Network(self.drops, (*self.payments, at)) if self.drops else self

    def counted(self, now: int) -> int:
        """How many drops count at `now`."""
        return _count(self.drops, now)

    def is_slowed(self, now: int) -> bool:
        """Whether its holds are shortened."""
        return self.counted(now) > self._free(now)

    def has_to_wait(self, now: int) -> bool:
        """Whether nothing more is held for it."""
        return self.counted(now) > habits.COOLDOWN_FACTOR * self._free(now)

    def _free(self, now: int) -> int:
        return habits.DROPS_FREE + habits.DROPS_PER_PAYMENT * _count(self.payments, now)


def _count(instants: tuple[int, ...], now: int) -> int:
    return sum(at > now - habits.HABIT_SECONDS * SECOND for at in instants)

"""Who holds and drops: what the last hour's facts say of each identity, and what follows from it.

An identity is a keyed hash of a guest's network: several people may share it. So the limits are far above
what people do, and whoever pays may drop more. A drop is a line that was given back or ran out unpaid, but
for a cart's tentative hold, which its guest never saw.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from ticketd.core.ids import SECOND, Instant
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line

OPEN_HOLDS_MAX = 40
"""Unpaid lines that one identity may have open in an inventory: a hall of residence at the same minute has
fewer, a hoarder wants them all."""
DROPS_FREE = 10
"""Drops in an hour that mean nothing: people change their minds, and their seats."""
DROPS_PER_PAYMENT = 2
"""Drops that each payment makes good: who shares an address with many people shares it with buyers."""
COOLDOWN_FACTOR = 3
"""So many times the drops that mean nothing mean that nothing more is held for a while."""
SHORT_HOLD_DIVISOR = 3
"""Holds of those who drop are so much shorter: what they take is soon back."""
SHORT_HOLD_SECONDS_MIN = 120
"""Enough to pay, for whoever means to."""
HABIT_SECONDS = 3600
"""After this long a drop is forgotten."""
PAYMENTS_COUNTED_MAX = 100
"""More payments make no more drops good, which bounds what has to be known of an identity."""
IDENTITIES_MAX = 10_000
"""Of more, those whose last drop is longest ago are forgotten, which bounds memory and checkpoints."""

DROPS_KEPT_MAX = COOLDOWN_FACTOR * (DROPS_FREE + DROPS_PER_PAYMENT * PAYMENTS_COUNTED_MAX) + 1
"""The newest so many drops tell whether anyone has to wait, and for how long."""

_HOLDS_TOO_MUCH = Refusal(
    Reason.LIMIT_EXCEEDED,
    "Too many reservations from your network are still unpaid: pay for one or give one back first.",
)
_DROPS_TOO_MUCH = Refusal(
    Reason.TOO_MANY_REQUESTS,
    "Too many reservations from your network were given back or ran out unpaid: try again later.",
)


class Habit(msgspec.Struct, frozen=True, gc=False):
    """The last hour of one identity that has dropped something, in the order of time."""

    identity: str
    drops: tuple[Instant, ...]
    payments: tuple[Instant, ...] = ()
    """Since the first of these drops."""

    def dropped(self, at: Instant) -> "Habit":
        """This habit with one more drop."""
        drops = (*_since(_hour_before(at), self.drops), at)[-DROPS_KEPT_MAX:]
        return Habit(self.identity, drops, _since(_hour_before(at), self.payments))

    def paid(self, at: Instant) -> "Habit":
        """This habit with one more payment."""
        payments = (*_since(_hour_before(at), self.payments), at)[-PAYMENTS_COUNTED_MAX:]
        return Habit(self.identity, self.drops, payments)


class Conduct(NamedTuple):
    """How an identity stands at an instant."""

    open_holds: int
    drops: Sequence[Instant] = ()
    """Within the hour."""
    drops_free: int = DROPS_FREE
    """So many of them mean nothing."""

    def refusal(self, now: Instant) -> Refusal | None:
        """Why nothing more is held for it, if nothing is."""
        if self.open_holds >= OPEN_HOLDS_MAX:
            return _HOLDS_TOO_MUCH
        too_many = len(self.drops) - COOLDOWN_FACTOR * self.drops_free
        if too_many <= 0:
            return None
        ends_at = self.drops[too_many - 1] + HABIT_SECONDS * SECOND
        seconds = -((now - ends_at) // SECOND)
        return msgspec.structs.replace(_DROPS_TOO_MUCH, retry_after_seconds=max(1, seconds))

    def hold_seconds(self, seconds: int) -> int:
        """How long it may hold what others may hold for `seconds`."""
        if len(self.drops) <= self.drops_free:
            return seconds
        return min(seconds, max(seconds // SHORT_HOLD_DIVISOR, SHORT_HOLD_SECONDS_MIN))


class Habits:
    """Follows an inventory's lines that have an identity."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._recent: OrderedDict[str, Habit] = OrderedDict()
        """The one whose last drop is longest ago comes first."""

    def says_nothing_of(self, identity: str) -> bool:
        """Whether it may have what anybody may, as nearly all."""
        return identity not in self._recent and self._open.get(identity, 0) < OPEN_HOLDS_MAX

    def conduct(self, identity: str, now: Instant, gone: Sequence[Line] = ()) -> Conduct:
        """How it stands at `now`, once the lines that are `gone` have run out, of whomever they are."""
        own = [line for line in gone if line.identity == identity] if gone else ()
        open_holds = self._open.get(identity, 0) - len(own)
        habit = self._recent.get(identity)
        drops = () if habit is None else _since(_hour_before(now), habit.drops)
        drops += tuple(now for line in own if not line.tentative)
        if not drops:
            return Conduct(open_holds)
        payments = () if habit is None else _since(_hour_before(now), habit.payments)
        return Conduct(open_holds, drops, DROPS_FREE + DROPS_PER_PAYMENT * len(payments))

    def held(self, line: Line) -> None:
        """Take in a line that is open now."""
        self._open[line.identity] = self._open.get(line.identity, 0) + 1

    def paid(self, line: Line, at: Instant) -> None:
        """Take in that an open line is sold."""
        self._close(line.identity)
        if habit := self._recent.get(line.identity):
            self._recent[line.identity] = habit.paid(at)

    def given_back(self, line: Line, at: Instant) -> None:
        """Take in that an open line was given back, or has run out."""
        self._close(line.identity)
        if not line.tentative:
            self._forget_before(_hour_before(at))
            habit = self._recent.get(line.identity) or Habit(line.identity, ())
            self._recent[line.identity] = habit.dropped(at)
            self._recent.move_to_end(line.identity)
            if len(self._recent) > IDENTITIES_MAX:
                self._recent.popitem(last=False)

    def _close(self, identity: str) -> None:
        self._open[identity] -= 1
        if not self._open[identity]:
            del self._open[identity]

    def _forget_before(self, instant: Instant) -> None:
        while self._recent:
            identity, habit = next(iter(self._recent.items()))
            if habit.drops[-1] > instant:
                return
            del self._recent[identity]

    def at_rest(self) -> tuple[Habit, ...]:
        """What open lines don't tell."""
        return tuple(self._recent.values())

    def restore(self, habits: Iterable[Habit]) -> None:
        """Go on from there; open lines are yet to follow."""
        self._recent.update((habit.identity, habit) for habit in habits)


def _hour_before(instant: Instant) -> Instant:
    """What happened then or earlier no longer counts."""
    return Instant(instant - HABIT_SECONDS * SECOND)


def _since(instant: Instant, instants: tuple[Instant, ...]) -> tuple[Instant, ...]:
    return instants[bisect_right(instants, instant) :]

"""How often one network may ask for what changes something, and guess access codes.

Behind one address may be a household, an office or a mobile operator: the bursts leave room for all who come
at the same second, and the rates for what people go on doing. What stays out is a machine that goes on alone.
"""

from collections import OrderedDict
from enum import StrEnum
from typing import Final

from ticketd.core.clients import Client
from ticketd.core.ids import SECOND, Instant
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RuleTally

NETWORKS_MAX: Final = 50_000
"""Remembered in each list, the latest ones; a bucket that nobody takes from is full again before long."""

WIDER_FACTOR: Final = 10
"""A wider network may have so many times what one network may."""

GUESSES_PER_SECOND: Final = 0.5
GUESSES_BURST: Final = 30
"""Wrong access codes: nobody mistypes that often, and a list of likely codes takes days."""

GUESSES_DEBT_SECONDS_MAX: Final = 600
"""Guesses sent all at once are all counted; no network is shut out for longer for that."""


class RequestKind(StrEnum):
    """What is asked for; the value is a part of the rule's name."""

    RESERVATION = "reservations"
    QUEUE = "queue"
    FORM = "forms"


class TokenBuckets:
    """For each of the `keys_max` latest keys a bucket of `burst` tokens, refilled at `per_second`."""

    def __init__(
        self, *, per_second: float, burst: int, keys_max: int = NETWORKS_MAX, debt_seconds_max: float = 0
    ) -> None:
        self._interval = round(SECOND / per_second)
        self._spread = (burst - 1) * self._interval
        self._keys_max = keys_max
        self._full_at_most = self._spread + self._interval + round(debt_seconds_max * SECOND)
        self._full_at: OrderedDict[str, int] = OrderedDict()
        """When the bucket will be full if nobody takes any more: that alone tells what is in it."""

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str, now: Instant) -> int:
        """Microseconds until there is a token; 0 if there is one."""
        return max(0, self._full_at.get(key, now) - now - self._spread)

    def take(self, key: str, now: Instant) -> int:
        """0 if a token was taken; else the microseconds until there is one."""
        full_at = self._full_at.get(key, now)
        if full_at - now > self._spread:
            return full_at - now - self._spread
        self._remember(key, full_at + self._interval if full_at > now else now + self._interval)
        return 0

    def owe(self, key: str, now: Instant) -> None:
        """Take a token, if there is none then one of those to come."""
        full_at = max(self._full_at.get(key, now), now) + self._interval
        self._remember(key, min(full_at, now + self._full_at_most))

    def _remember(self, key: str, full_at: int) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._keys_max:
            self._full_at.popitem(last=False)


class RequestLimits:
    """Counts by network and by wider network, but for those who are exempt."""

    def __init__(self, *, per_second: float, burst: int, rules: RuleTally) -> None:
        self._rules = rules
        self._networks = TokenBuckets(per_second=per_second, burst=burst)
        self._wider = TokenBuckets(per_second=per_second * WIDER_FACTOR, burst=burst * WIDER_FACTOR)
        self._guessing_networks = _guesses(1)
        self._guessing_wider = _guesses(WIDER_FACTOR)

    def refusal(self, client: Client, kind: RequestKind, now: Instant) -> Refusal | None:
        """None, and the request is counted, if the client's networks may ask for this now."""
        if client.is_exempt:
            return None
        # The network first: one that is refused takes nothing from its neighbours.
        if wait := self._networks.take(client.network, now):
            return self._refused(f"{kind}_by_network", wait)
        if wait := self._wider.take(client.wider, now):
            return self._refused(f"{kind}_by_wider_network", wait)
        return None

    def guess_refusal(self, client: Client, now: Instant) -> Refusal | None:
        """None if somebody from there may try an access code now."""
        if client.is_exempt:
            return None
        if wait := self._guessing_networks.wait(client.network, now):
            return self._refused("access_codes_by_network", wait)
        if wait := self._guessing_wider.wait(client.wider, now):
            return self._refused("access_codes_by_wider_network", wait)
        return None

    def guessed_wrong(self, client: Client, now: Instant) -> None:
        """Count an access code that opened nothing."""
        self._guessing_networks.owe(client.network, now)
        self._guessing_wider.owe(client.wider, now)

    def _refused(self, rule: str, wait: int) -> Refusal:
        self._rules[rule] += 1
        return Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=-(-wait // SECOND))


def _guesses(factor: int) -> TokenBuckets:
    return TokenBuckets(
        per_second=GUESSES_PER_SECOND * factor,
        burst=GUESSES_BURST * factor,
        debt_seconds_max=GUESSES_DEBT_SECONDS_MAX,
    )

"""Idempotency keys: the hour's memory of which key made which reservation."""

from collections import OrderedDict

import msgspec

from ticketd.core.facts import AnyFact, Expired, Released, Reserved, Sealed
from ticketd.core.ids import END_OF_TIME, MICROSECONDS, Instant, ReservationId

KEY_SECONDS_MIN = 3600
"""A key is remembered for at least this long after its reservation was made."""


class KeyUse(msgspec.Struct, frozen=True, gc=False):
    """What a key stood for when it was used."""

    reservation_id: ReservationId
    request: str
    seq: int
    at: Instant


class KeyMemory:
    """Follows the facts and knows the keys that still count, oldest first.

    Only a yes is remembered: a cart's tentative hold that ends unsealed takes its key along.
    """

    def __init__(self) -> None:
        self._uses: OrderedDict[str, KeyUse] = OrderedDict()
        self._tentative: dict[ReservationId, str] = {}
        self._forget_at = END_OF_TIME
        """No key's hour is over before this."""

    def find(self, key: str) -> KeyUse | None:
        """The use of this key that a repeat must get, if there is one."""
        return self._uses.get(key)

    def counts_at(self, now: Instant) -> bool:
        """Whether any of these keys still has to be known at `now`."""
        newest = next(reversed(self._uses.values()), None)
        return newest is not None and newest.at >= now - KEY_SECONDS_MIN * MICROSECONDS

    def oldest_seq(self) -> int | None:
        """The ledger must be read again from this fact to know all of these keys."""
        return next(iter(self._uses.values())).seq if self._uses else None

    def follow(self, fact: AnyFact, seq: int) -> None:
        """Take in one fact; any that isn't about keys changes nothing."""
        if isinstance(fact, Reserved):
            if fact.at > self._forget_at:
                self._forget_before(Instant(fact.at - KEY_SECONDS_MIN * MICROSECONDS))
            if fact.key:
                self._remember(fact, seq)
        elif self._tentative and isinstance(fact, Sealed | Released | Expired):
            key = self._tentative.pop(fact.reservation_id, None)
            if key is not None and not isinstance(fact, Sealed):
                self._uses.pop(key, None)

    def _remember(self, fact: Reserved, seq: int) -> None:
        if not self._uses:
            self._forget_at = Instant(fact.at + KEY_SECONDS_MIN * MICROSECONDS)
        self._uses[fact.key] = KeyUse(fact.reservation_id, fact.request, seq, fact.at)
        if fact.parts:
            self._tentative[fact.reservation_id] = fact.key

    def _forget_before(self, instant: Instant) -> None:
        while self._uses:
            key, use = next(iter(self._uses.items()))
            if use.at >= instant:
                self._forget_at = Instant(use.at + KEY_SECONDS_MIN * MICROSECONDS)
                return
            del self._uses[key]

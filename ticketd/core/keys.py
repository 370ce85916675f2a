"""Idempotency keys and admissions: the hour's memory of which one made which reservation."""

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from ticketd.core.facts import AnyFact, Expired, Released, Reserved, Sealed
from ticketd.core.ids import END_OF_TIME, SECOND, Instant, ReservationId

KEY_SECONDS_MIN = 3600
"""A key or an admission is remembered for at least this long after its reservation was made."""


class KeyUse(msgspec.Struct, frozen=True, gc=False):
    """What a key or an admission stood for when it was used."""

    reservation_id: ReservationId
    request: str
    seq: int
    at: Instant


Uses = OrderedDict[str, KeyUse]


class KeyMemory:
    """Follows the facts and knows the keys and admissions that still count, oldest first.

    Only a yes is remembered: a cart's tentative hold that ends unsealed takes along what it was made with.
    """

    def __init__(self) -> None:
        self._keys: Uses = OrderedDict()
        self._admissions: Uses = OrderedDict()
        self._tentative: dict[ReservationId, Reserved] = {}
        self._forget_at = END_OF_TIME
        """Nothing's hour is over before this."""

    def find(self, key: str) -> KeyUse | None:
        """The use of this key that a repeat must get, if there is one."""
        return self._keys.get(key)

    def find_admission(self, admission: str) -> KeyUse | None:
        """What this admission was used for, if it was."""
        return self._admissions.get(admission)

    def used_admissions(self) -> Iterator[tuple[str, str]]:
        """Every admission that still counts as used, and the key it was used with, if any.

        Without those of tentative holds.
        """
        keys = {use.reservation_id: key for key, use in self._keys.items()}
        for admission, use in self._admissions.items():
            if use.reservation_id not in self._tentative:
                yield admission, keys.get(use.reservation_id, "")

    def counts_at(self, now: Instant) -> bool:
        """Whether anything here still has to be known at `now`."""
        hour_ago = now - KEY_SECONDS_MIN * SECOND
        newest = (next(reversed(uses.values()), None) for uses in (self._keys, self._admissions))
        return any(use is not None and use.at >= hour_ago for use in newest)

    def oldest_seq(self) -> int | None:
        """The ledger must be read again from this fact to know all that is known here."""
        oldest = [next(iter(uses.values())).seq for uses in (self._keys, self._admissions) if uses]
        return min(oldest, default=None)

    def follow(self, fact: AnyFact, seq: int) -> None:
        """Take in one fact; any that isn't about keys or admissions changes nothing."""
        if isinstance(fact, Reserved):
            self.follow_reserved(fact, seq)
        elif self._tentative and isinstance(fact, Sealed | Released | Expired):
            held = self._tentative.pop(fact.reservation_id, None)
            if held is not None and not isinstance(fact, Sealed):
                self._keys.pop(held.key, None)
                self._admissions.pop(held.admission, None)

    def follow_reserved(self, fact: Reserved, seq: int) -> None:
        """Take in a fact that reserves, as most do: without asking again what it is."""
        if fact.at > self._forget_at:
            self._forget_before(Instant(fact.at - KEY_SECONDS_MIN * SECOND))
        if fact.key or fact.admission:
            self._remember(fact, seq)

    def _remember(self, fact: Reserved, seq: int) -> None:
        if self._forget_at == END_OF_TIME:
            self._forget_at = Instant(fact.at + KEY_SECONDS_MIN * SECOND)
        use = KeyUse(fact.reservation_id, fact.request, seq, fact.at)
        if fact.key:
            self._keys[fact.key] = use
        if fact.admission:
            self._admissions[fact.admission] = use
        if fact.parts:
            self._tentative[fact.reservation_id] = fact

    def _forget_before(self, instant: Instant) -> None:
        self._forget_at = END_OF_TIME
        for uses in (self._keys, self._admissions):
            while uses:
                name, use = next(iter(uses.items()))
                if use.at >= instant:
                    self._forget_at = min(self._forget_at, Instant(use.at + KEY_SECONDS_MIN * SECOND))
                    break
                del uses[name]

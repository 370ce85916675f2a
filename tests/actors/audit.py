"""What the ledger alone says about the promises, whoever wrote it."""

from collections.abc import Sequence

from ticketd.core.facts import (
    OWN,
    AccessCodeRemoved,
    AccessCodeSet,
    AnyFact,
    Confirmed,
    Deleted,
    EventWindowChanged,
    Expired,
    Opened,
    PaymentFailed,
    PaymentStarted,
    Released,
    Reserved,
    Sealed,
    TermsChanged,
)
from ticketd.core.ids import ReservationId

_NEXT = {
    Sealed: ({"held"}, "held"),
    PaymentStarted: ({"held"}, "paying"),
    PaymentFailed: ({"paying"}, "held"),
    Confirmed: ({"paying"}, "paid"),
    Released: ({"held"}, "released"),
    Expired: ({"held"}, "expired"),
}


class Audit:
    """Follows one inventory's ledger with pencil and paper; an AssertionError is a broken promise."""

    def __init__(self, facts: Sequence[AnyFact]) -> None:
        self.capacity = 0
        self.status: dict[ReservationId, str] = {}
        self.quantity: dict[ReservationId, int] = {}
        self.free_ever = {0}
        """How many were free after each fact."""
        for fact in facts:
            self._follow(fact)
            free = self.capacity - self.taken
            assert free >= 0, f"oversold by {-free}"
            self.free_ever.add(free)

    @property
    def taken(self) -> int:
        """How many are held, paying or paid."""
        return sum(self.count(status) for status in ("held", "paying", "paid"))

    def count(self, status: str) -> int:
        """How many stand so."""
        return sum(self.quantity[each] for each, now in self.status.items() if now == status)

    def _follow(self, fact: AnyFact) -> None:
        match fact:
            case Opened() | TermsChanged():
                if fact.ticket_type_id == OWN:
                    self.capacity = fact.terms.capacity
            case EventWindowChanged() | AccessCodeSet() | AccessCodeRemoved():
                pass
            case Deleted():
                assert fact.ticket_type_id != OWN or self.taken == 0, "deleted what somebody has"
            case Reserved():
                known = self.status.get(fact.reservation_id)
                anew = bool(fact.guest) and known in ("released", "expired")
                assert known is None or anew, "the same reservation was made twice"
                self.status[fact.reservation_id] = "held"
                self.quantity[fact.reservation_id] = fact.quantity
            case _:
                before, after = _NEXT[type(fact)]
                assert self.status[fact.reservation_id] in before, f"{type(fact).__name__} out of turn"
                self.status[fact.reservation_id] = after

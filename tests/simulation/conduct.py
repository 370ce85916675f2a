"""Who has used which admission, and what each identity holds and has dropped, followed fact by fact."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.core.networks import Network
from tests.simulation.broken import Broken
from ticketd.core import facts as f
from ticketd.core import habits
from ticketd.core.ids import Instant, ReservationId
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.door import Visitor


class Conduct(NamedTuple):
    """What one inventory knows of its visitors after some fact."""

    admissions: Mapping[str, ReservationId]
    """Those in use, and for what."""
    open_holds: Mapping[str, int]
    networks: Mapping[str, Network]


class Observer:
    """Follows one inventory."""

    def __init__(self) -> None:
        self.conduct = Conduct({}, {}, {})
        self._held: dict[ReservationId, f.Reserved] = {}
        """Open lines of those who came with an admission or an identity."""
        self._tentative: set[ReservationId] = set()

    def follow(self, fact: f.AnyFact) -> None:
        """Take in the next fact."""
        if isinstance(fact, f.Reserved) and (fact.admission or fact.identity):
            self._held[fact.reservation_id] = fact
            if fact.parts:
                self._tentative.add(fact.reservation_id)
            if fact.admission:
                self._use(fact.admission, fact.reservation_id)
            self._open(fact.identity, 1)
        elif isinstance(fact, f.Sealed):
            self._tentative.discard(fact.reservation_id)
        elif isinstance(fact, f.CLOSING) and (held := self._held.pop(fact.reservation_id, None)):
            self._open(held.identity, -1)
            self._end(fact, held)

    def _end(self, fact: f.Confirmed | f.Released | f.Expired, held: f.Reserved) -> None:
        if fact.reservation_id in self._tentative:
            self._tentative.remove(fact.reservation_id)
            left = {name: use for name, use in self.conduct.admissions.items() if use != fact.reservation_id}
            self.conduct = self.conduct._replace(admissions=left)
        elif held.identity:
            known = self.conduct.networks.get(held.identity, Network())
            known = known.paid(fact.at) if isinstance(fact, f.Confirmed) else known.dropped(fact.at)
            networks = {**self.conduct.networks, held.identity: known}
            self.conduct = self.conduct._replace(networks=networks)

    def _use(self, admission: str, reservation_id: ReservationId) -> None:
        self.conduct = self.conduct._replace(
            admissions={**self.conduct.admissions, admission: reservation_id}
        )

    def _open(self, identity: str, lines: int) -> None:
        if identity:
            known = self.conduct.open_holds
            self.conduct = self.conduct._replace(
                open_holds={**known, identity: known.get(identity, 0) + lines}
            )


def check_visitor(before: Conduct, fact: f.Reserved) -> None:
    """Broken if its visitor should have been refused."""
    if fact.admission in before.admissions:
        raise Broken("an admission makes one reservation", f"{before.admissions[fact.admission]}, {fact}")
    if before.open_holds.get(fact.identity, 0) >= habits.OPEN_HOLDS_MAX:
        raise Broken("no identity has more unpaid lines than the limit", str(fact))
    if before.networks.get(fact.identity, Network()).has_to_wait(fact.at):
        raise Broken("who drops again and again has to wait", f"{before.networks[fact.identity]}: {fact}")


def refuses_visitor(
    conduct: Conduct, refusal: Refusal, visitor: Visitor, at: tuple[Instant, Instant]
) -> bool:
    """Whether the inventory, so informed, says just this no to this visitor."""
    match refusal.reason:
        case Reason.ADMISSION_REQUIRED:
            return visitor.queue_token in conduct.admissions
        case Reason.LIMIT_EXCEEDED:
            return (
                refusal.max_per_reservation is None
                and conduct.open_holds.get(visitor.network, 0) >= habits.OPEN_HOLDS_MAX
            )
        case Reason.TOO_MANY_REQUESTS:
            network = conduct.networks.get(visitor.network, Network())
            return (refusal.retry_after_seconds or 0) > 0 and any(map(network.has_to_wait, at))
        case _:
            return False

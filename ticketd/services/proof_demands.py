"""Who has to prove some work before they get a place in an event's waiting room, and how much."""

from collections.abc import Callable

from ticketd.core.catalogue import Event
from ticketd.core.clients import Client
from ticketd.core.ids import EventId, Instant
from ticketd.core.refusals import Challenge, Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.services.difficulty import cost_of_place
from ticketd.services.joins import JoinRates, NetworkTally
from ticketd.services.proof_of_work import ProofFlaw, ProofOfWork, Solution

JOINS_PER_SECOND_FREE = 50
"""Up to so many, an open room asks nobody for proof …"""
PLACES_FREE = 20
"""… but those networks that have had more places than this."""
UNPROVEN_PLACES_MAX = 3
"""So many places of a network may go to guests who wait in place of computing, if their browsers can't."""


class ProofDemands:
    """Asks for proof where that is switched on, by itself only under pressure."""

    def __init__(
        self,
        *,
        proof: ProofOfWork,
        is_open: Callable[[Event], bool],
        rules: RuleTally,
        is_quiet: Callable[[Event], bool] = lambda event: False,
    ) -> None:
        """`is_quiet`: an event is on sale, and nobody waits."""
        self._proof = proof
        self._is_open = is_open
        self._rules = rules
        self._is_quiet = is_quiet
        self._rates = JoinRates()
        self._places = NetworkTally()
        self._wider_places = NetworkTally()
        self._unproven = NetworkTally()

    def demand(self, event: Event, client: Client, now: Instant) -> Challenge | None:
        """What this client has to solve before it gets a place; None if it needn't."""
        return self._challenge(event, client, now) if self._asks(event, client, now) else None

    def refusal(
        self,
        event: Event,
        client: Client,
        solution: Solution | None,
        now: Instant,
        *,
        has_waited: bool = False,
    ) -> Refusal | None:
        """PROOF_REQUIRED with a new challenge, or None: the client may join, and its solution is used up.

        `has_waited`: it came with a form of ours that it had for as long as those wait who can't compute.
        """
        if not self._asks(event, client, now):
            return None
        flaw = self._flaw(event, client, solution, now)
        if flaw is None:
            return None
        if solution is None and has_waited and self._may_be_unproven(event.id, client):
            self._unproven.add(event.id, client.network)
            return None
        self._rules[flaw] += 1
        return Refusal(Reason.PROOF_REQUIRED, _DETAILS[flaw], challenge=self._challenge(event, client, now))

    def joined(self, event: Event, client: Client, now: Instant) -> None:
        """Take note of a place that was given out."""
        self._rates.add(event.id, now)
        if client.counts:
            self._places.add(event.id, client.network)
            self._wider_places.add(event.id, client.wider)

    def wider_places(self, event_id: EventId, client: Client) -> int:
        """How many places the client's wider network has had in this event."""
        return self._wider_places.count(event_id, client.wider)

    def _asks(self, event: Event, client: Client, now: Instant) -> bool:
        return not client.is_desk and event.defences.proof_of_work.is_on(
            by_itself=not client.is_exempt and self._is_open(event) and self._is_pressed(event, client, now)
        )

    def _is_pressed(self, event: Event, client: Client, now: Instant) -> bool:
        if self._rates.per_second(event.id, now) > JOINS_PER_SECOND_FREE:
            return True
        has_many = self._places.count(event.id, client.network) > PLACES_FREE
        return has_many and not self._is_quiet(event)

    def _flaw(
        self, event: Event, client: Client, solution: Solution | None, now: Instant
    ) -> ProofFlaw | None:
        if solution is None:
            return ProofFlaw.MISSING
        # What the whole event's pressure adds isn't asked again, nor the last doubling: both may have come up
        # while an honest guest was computing.
        cost_min = self._cost(event.id, client, joins_per_second=0.0) // 2
        return self._proof.use(solution, event_id=event.id, cost_min=cost_min, now=now)

    def _may_be_unproven(self, event_id: EventId, client: Client) -> bool:
        return client.is_exempt or self._unproven.count(event_id, client.network) < UNPROVEN_PLACES_MAX

    def _challenge(self, event: Event, client: Client, now: Instant) -> Challenge:
        rate = self._rates.per_second(event.id, now)
        return self._proof.challenge(event.id, self._cost(event.id, client, joins_per_second=rate), now)

    def _cost(self, event_id: EventId, client: Client, *, joins_per_second: float) -> int:
        return cost_of_place(
            joins_per_second=joins_per_second,
            places=self._places.count(event_id, client.network),
            wider_places=self._wider_places.count(event_id, client.wider),
        )


_DETAILS = {
    ProofFlaw.MISSING: None,
    ProofFlaw.WRONG: "This solution isn't right. Please solve this challenge and send it along with"
    " the solution.",
    ProofFlaw.STALE: "The challenge is out of date. Please solve this one and send it along with"
    " the solution.",
    ProofFlaw.REPLAYED: "This solution was used before. Please solve this challenge for another place.",
}

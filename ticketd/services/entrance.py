"""Taking a place in a waiting room: for people, one each."""

from typing import Final, NamedTuple

from ticketd.core.catalogue import Event
from ticketd.core.clients import Client
from ticketd.core.refusals import Challenge, Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.core.terms import Switch
from ticketd.ports import Clock
from ticketd.services.proof_demands import ProofDemands
from ticketd.services.proof_of_work import Solution
from ticketd.services.waiting_rooms import NO_ROOM, Joined, WaitingRooms


class Crowd(NamedTuple):
    """How many places neighbouring addresses may have together."""

    places: int
    """So many at least …"""
    share: float
    """… and of a large crowd this share: no provider's block has half a hall."""

    def places_max(self, joined: int) -> int:
        """When so many places were given out in all."""
        return max(self.places, int(joined * self.share))


LENIENT: Final = Crowd(50, 0.01)
"""Where the limit is on by itself: an office or a dormitory gets in."""
STRICT: Final = Crowd(30, 0.01)
"""Where it is switched on, after the draw; …"""
STRICT_IN_DRAW: Final = Crowd(3, 0.003)
"""… and in it: the draw is for households, and whoever has rented a network comes after it."""
EARLY_RETRY_SECONDS: Final = 10
FULL_RETRY_SECONDS: Final = 60
CROWDED_RULE: Final = "places_by_wider_network"


class Entrance:
    """Lets guests into waiting rooms."""

    def __init__(
        self,
        *,
        rooms: WaitingRooms,
        proof_demands: ProofDemands,
        clock: Clock,
        rules: RuleTally,
    ) -> None:
        self._rooms = rooms
        self._proof_demands = proof_demands
        self._clock = clock
        self._rules = rules

    def demand(self, event: Event, client: Client) -> Challenge | None:
        """What this client will have to solve before it gets a place, as things are."""
        return self._proof_demands.demand(event, client, self._clock.now())

    async def join(
        self,
        event: Event,
        client: Client,
        token: str | None,
        solution: Solution | None,
        *,
        has_waited: bool = False,
    ) -> Joined | Refusal:
        """A place, once the client has proved what it has to; who has a good one keeps it.

        `has_waited`: see `ProofDemands.refusal`.
        """
        known = self._rooms.known(event, token)
        if known is not None:
            return Joined(known, is_new=False)
        if not self._rooms.is_open(event):
            return NO_ROOM
        now = self._clock.now()
        refusal = self._crowd_refusal(event, client) or self._proof_demands.refusal(
            event, client, solution, now, has_waited=has_waited
        )
        if refusal is not None:
            return refusal
        self._proof_demands.joined(event, client, now)
        return await self._rooms.join(event)

    def _crowd_refusal(self, event: Event, client: Client) -> Refusal | None:
        limits = event.defences.address_limits
        if not client.counts or limits is Switch.OFF:
            return None
        if self._rooms.is_quiet(event):
            return None
        room = self._rooms.waiting_room(event.id)
        joined = 0 if room is None else room.joined
        is_early = limits is Switch.ON and (room is None or room.draw is None)
        crowd = STRICT_IN_DRAW if is_early else STRICT if limits is Switch.ON else LENIENT
        if self._proof_demands.wider_places(event.id, client) < crowd.places_max(joined):
            return None
        self._rules[CROWDED_RULE] += 1
        return Refusal(
            Reason.TOO_MANY_REQUESTS,
            "Many places were taken from your network already. Please try again "
            + ("when the sale has opened." if is_early else "a little later."),
            retry_after_seconds=EARLY_RETRY_SECONDS if is_early else FULL_RETRY_SECONDS,
        )

"""Taking a place: kept by who has one, and not by one network for all."""

import asyncio
from ipaddress import IPv4Address

import pytest

from tests.services.lobby import Lobby
from ticketd.core.catalogue import Defences, Event
from ticketd.core.clients import Client, client_at
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.core.terms import Switch
from ticketd.services.entrance import (
    CROWDED_RULE,
    EARLY_RETRY_SECONDS,
    FULL_RETRY_SECONDS,
    LENIENT,
    STRICT,
    STRICT_IN_DRAW,
    Entrance,
)
from ticketd.services.proof_demands import ProofDemands
from ticketd.services.proof_of_work import ProofOfWork
from ticketd.services.waiting_rooms import NO_ROOM, Joined

NO_PROOF = Defences(proof_of_work=Switch.OFF)


def client(host: int, *, block: int = 0, is_exempt: bool = False) -> Client:
    address = f"198.51.{block}.{host}"
    return Client(address, address, f"198.51.{block}.0/24", is_exempt=is_exempt)


class Foyer(Lobby):
    """A lobby with an entrance."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = RuleTally()
        proof_demands = ProofDemands(
            proof=ProofOfWork(b"proof"),
            is_open=self.rooms.is_open,
            is_quiet=self.rooms.is_quiet,
            rules=self.rules,
        )
        self.entrance = Entrance(
            rooms=self.rooms,
            proof_demands=proof_demands,
            clock=self.clock,
            rules=self.rules,
        )

    async def come(self, event: Event, who: Client, token: str | None = None) -> Joined | Refusal:
        return await self.entrance.join(event, who, token, None)

    async def crowd(self, event: Event, who: Client, count: int) -> list[bool]:
        return [isinstance(await self.come(event, who), Joined) for _ in range(count)]


@pytest.fixture
def foyer() -> Foyer:
    return Foyer()


async def test_a_new_guest_gets_a_place_and_keeps_it(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=10)
    made = await foyer.come(event, client(1))
    assert isinstance(made, Joined)
    assert made.is_new
    again = await foyer.come(event, client(2), made.standing.token)
    assert again == Joined(made.standing, is_new=False)


@pytest.mark.parametrize("token", ["", "nonsense", "A" * 43])
async def test_who_shows_something_else_gets_a_place_like_anybody(foyer: Foyer, token: str) -> None:
    event = await foyer.open(opens_after=10)
    made = await foyer.come(event, client(1), token)
    assert isinstance(made, Joined)
    assert made.is_new


async def test_without_an_open_room_there_is_nothing_to_join(foyer: Foyer) -> None:
    event = await foyer.open(waiting_room=Switch.AUTO)
    assert await foyer.come(event, client(1)) is NO_ROOM


async def test_one_wider_network_gets_so_many_places_and_no_more(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    made = [await foyer.crowd(event, client(host), 1) for host in range(LENIENT.places)]
    assert made == [[True]] * LENIENT.places
    refused = await foyer.come(event, client(250))
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.TOO_MANY_REQUESTS
    assert refused.retry_after_seconds == FULL_RETRY_SECONDS
    assert foyer.rules == {CROWDED_RULE: 1}
    assert await foyer.crowd(event, client(1, block=1), 1) == [True]


async def test_where_the_limit_is_switched_on_few_of_a_network_are_in_the_draw_and_some_more_after_it(
    foyer: Foyer,
) -> None:
    strict = Defences(proof_of_work=Switch.OFF, address_limits=Switch.ON)
    event = await foyer.open(opens_after=10, capacity=2, defences=strict)
    made = await foyer.crowd(event, client(1), STRICT.places)
    assert sum(made) == STRICT_IN_DRAW.places
    early = await foyer.come(event, client(1))
    assert isinstance(early, Refusal)
    assert early.retry_after_seconds == EARLY_RETRY_SECONDS
    await foyer.wait(11)
    assert sum(await foyer.crowd(event, client(1), STRICT.places)) == STRICT.places - STRICT_IN_DRAW.places
    refused = await foyer.come(event, client(1))
    assert isinstance(refused, Refusal)
    assert refused.retry_after_seconds == FULL_RETRY_SECONDS


async def test_while_nobody_waits_places_are_not_scarce(foyer: Foyer) -> None:
    event = await foyer.open(defences=Defences())
    for _ in range(2 * LENIENT.places):
        assert isinstance(await foyer.come(event, client(1)), Joined)
        await foyer.wait(0.5)


async def test_this_machine_says_nothing_about_who_comes(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    here = client_at(IPv4Address("127.0.0.1"))
    assert all(await foyer.crowd(event, here, 2 * LENIENT.places))


async def test_of_a_large_crowd_a_network_may_have_its_share(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    await foyer.crowd(event, client(1), LENIENT.places)
    await foyer.join(event, 10_000)
    more = await foyer.crowd(event, client(1), 200)
    share = LENIENT.share * (10_000 + 2 * LENIENT.places)
    assert LENIENT.places + sum(more) == int(share)


async def test_many_at_the_same_moment_from_one_network_are_counted_as_well(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    made = await asyncio.gather(*(foyer.come(event, client(1)) for _ in range(300)))
    assert sum(isinstance(each, Joined) for each in made) == LENIENT.places


@pytest.mark.parametrize(("limits", "is_desk"), [(Switch.OFF, False), (Switch.AUTO, True), (Switch.ON, True)])
async def test_neither_desks_nor_events_without_limits_count(
    foyer: Foyer, limits: Switch, *, is_desk: bool
) -> None:
    defences = Defences(proof_of_work=Switch.OFF, address_limits=limits)
    event = await foyer.open(opens_after=1000, defences=defences)
    assert all(await foyer.crowd(event, client(1, is_exempt=is_desk), 2 * LENIENT.places))


async def test_a_desk_gets_in_however_many_come_from_around_it(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    await foyer.crowd(event, client(1), LENIENT.places)
    assert await foyer.crowd(event, client(2), 1) == [False]
    assert await foyer.crowd(event, client(2, is_exempt=True), 1) == [True]


async def test_with_limits_by_address_lifted_nobody_is_counted() -> None:
    foyer = Foyer()
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    assert all(await foyer.crowd(event, client(1, is_exempt=True), 2 * LENIENT.places))


async def test_who_has_a_place_needs_no_proof_and_is_not_counted(foyer: Foyer) -> None:
    event = await foyer.open(opens_after=1000, defences=NO_PROOF)
    (token,) = await foyer.join(event)
    strict = await foyer.change(event, defences=Defences(proof_of_work=Switch.ON))
    asked = await foyer.come(strict, client(1))
    assert isinstance(asked, Refusal)
    assert asked.reason is Reason.PROOF_REQUIRED
    for _ in range(2 * LENIENT.places):
        assert isinstance(await foyer.come(strict, client(1), token), Joined)
    assert foyer.rules == {"proof_missing": 1}

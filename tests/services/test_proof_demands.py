"""Who is asked for proof of work, for how much, and what else opens the door."""

import msgspec
import pytest

from bench.proof import solve
from tests.fakes.clock import ManualClock
from tests.services.defended import defended
from ticketd.core.catalogue import Defences, Event
from ticketd.core.clients import Client
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.core.terms import Switch
from ticketd.services import difficulty
from ticketd.services.difficulty import COST_AT_REST, cost_of_place
from ticketd.services.proof_demands import (
    JOINS_PER_SECOND_FREE,
    PLACES_FREE,
    UNPROVEN_PLACES_MAX,
    ProofDemands,
)
from ticketd.services.proof_of_work import ProofOfWork, Solution, solution_from


def client(host: int, *, is_desk: bool = False, is_exempt: bool = False) -> Client:
    address = f"198.51.{host // 250}.{host % 250}"
    return Client(address, address, f"198.51.{host // 250}.0/24", is_desk, is_exempt=is_exempt or is_desk)


HOME, OFFICE = client(1), client(2)


def event_with(proof_of_work: Switch, event_id: int = 7) -> Event:
    return defended(Defences(proof_of_work=proof_of_work), event_id)


AUTO, ON, OFF = (event_with(each) for each in (Switch.AUTO, Switch.ON, Switch.OFF))


class Door:
    """What is demanded at the door of rooms that are open, and its clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.open_rooms = {AUTO}
        self.rules = RuleTally()
        self.demands = ProofDemands(
            proof=ProofOfWork(b"proof"),
            is_open=self.open_rooms.__contains__,
            rules=self.rules,
        )

    def asks(self, event: Event, who: Client) -> bool:
        return self.demands.demand(event, who, self.clock.now()) is not None

    def cost(self, event: Event, who: Client) -> int:
        challenge = self.demands.demand(event, who, self.clock.now())
        assert challenge is not None
        return challenge.maxnumber

    def join(self, event: Event, *clients: Client, seconds_between: float = 1.0) -> None:
        for each in clients:
            self.demands.joined(event, each, self.clock.now())
            self.clock.advance(seconds_between)

    def refusal(
        self, event: Event, who: Client, solution: Solution | None = None, *, has_waited: bool = False
    ) -> Refusal | None:
        return self.demands.refusal(event, who, solution, self.clock.now(), has_waited=has_waited)

    def solution(self, event: Event, who: Client) -> Solution:
        challenge = self.demands.demand(event, who, self.clock.now())
        assert challenge is not None
        solution = solution_from(challenge, solve(challenge))
        assert solution is not None
        return solution


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a hundredth as hard."""
    monkeypatch.setattr(difficulty, "COST_AT_REST", COST_AT_REST // 100)


@pytest.fixture
def door() -> Door:
    return Door()


def test_the_switch_decides_whether_anybody_is_asked(door: Door) -> None:
    assert door.asks(ON, HOME)
    assert not door.asks(OFF, HOME)
    door.join(OFF, *[HOME] * 100, seconds_between=0)
    assert not door.asks(OFF, HOME)


def test_by_itself_it_begins_when_many_join_and_ends_when_they_do_not(door: Door) -> None:
    assert not door.asks(AUTO, HOME)
    crowd = [client(number) for number in range(10, 610)]
    door.join(AUTO, *crowd, seconds_between=0.5 / JOINS_PER_SECOND_FREE)
    assert door.asks(AUTO, HOME)
    door.clock.advance(30)
    assert not door.asks(AUTO, HOME)


def test_by_itself_it_asks_networks_that_have_many_places(door: Door) -> None:
    door.join(AUTO, *[HOME] * PLACES_FREE)
    assert not door.asks(AUTO, HOME)
    door.join(AUTO, HOME)
    assert door.asks(AUTO, HOME)
    assert not door.asks(AUTO, OFFICE)


def test_by_itself_it_asks_nobody_while_the_room_is_closed(door: Door) -> None:
    door.join(AUTO, *[HOME] * 100, seconds_between=0)
    assert door.asks(AUTO, HOME)
    door.open_rooms.clear()
    assert not door.asks(AUTO, HOME)


def test_the_places_of_one_event_count_for_no_other(door: Door) -> None:
    another = event_with(Switch.AUTO, 8)
    door.open_rooms.add(another)
    door.join(AUTO, *[HOME] * 100, seconds_between=0)
    assert not door.asks(another, HOME)


def test_the_houses_own_desks_are_never_asked(door: Door) -> None:
    desk = client(1, is_desk=True)
    door.join(ON, *[desk] * 100, seconds_between=0)
    assert not door.asks(ON, desk)
    assert door.cost(ON, HOME) == cost_of_place(joins_per_second=20, places=0, wider_places=0)


def test_who_brings_no_proof_gets_a_challenge_and_who_solves_it_gets_in_once(door: Door) -> None:
    refusal = door.refusal(ON, HOME)
    assert refusal is not None
    assert refusal.reason is Reason.PROOF_REQUIRED
    assert refusal.challenge is not None
    solution = solution_from(refusal.challenge, solve(refusal.challenge))
    assert door.refusal(ON, HOME, solution) is None
    replayed = door.refusal(ON, HOME, solution)
    assert replayed is not None
    assert replayed.challenge is not None
    assert replayed.challenge != refusal.challenge
    assert door.rules == {"proof_missing": 1, "proof_replayed": 1}


def test_what_is_wrong_or_out_of_date_is_counted_as_such(door: Door) -> None:
    solution = door.solution(ON, HOME)
    assert door.refusal(ON, HOME, msgspec.structs.replace(solution, number=10**9)) is not None
    door.clock.advance(3600)
    assert door.refusal(ON, HOME, solution) is not None
    assert door.rules == {"proof_wrong": 1, "proof_stale": 1}


def test_who_need_not_prove_anything_may_send_anything(door: Door) -> None:
    solution = msgspec.structs.replace(door.solution(ON, HOME), number=0, signature="")
    assert door.refusal(OFF, HOME, solution) is None
    assert not door.rules


def test_challenges_solved_in_advance_do_not_buy_a_farm_its_places_at_the_first_ones_price(
    door: Door,
) -> None:
    cheap = [door.solution(ON, HOME) for _ in range(60)]
    got = 0
    for solution in cheap:
        if door.refusal(ON, HOME, solution) is None:
            got += 1
            door.join(ON, HOME, seconds_between=0)
    assert got == 2 * difficulty.PLACES_PER_DOUBLING
    assert door.rules == {"proof_stale": 60 - got}


def test_a_challenge_stays_good_for_one_doubling_and_whatever_the_pressure(door: Door) -> None:
    solution = door.solution(ON, HOME)
    door.join(ON, *[HOME] * difficulty.PLACES_PER_DOUBLING, seconds_between=0)
    door.join(ON, *(client(number) for number in range(300, 5300)), seconds_between=0.0001)
    assert door.cost(ON, HOME) > 2 * solution_cost(solution)
    assert door.refusal(ON, HOME, solution) is None


def solution_cost(solution: Solution) -> int:
    return int(solution.salt.partition("cost=")[2].partition("&")[0])


def test_changing_the_address_within_a_block_makes_it_no_cheaper_for_long(door: Door) -> None:
    at_rest = door.cost(ON, client(0))
    for number in range(difficulty.WIDER_PLACES_PER_DOUBLING):
        door.join(ON, client(number), seconds_between=10)
    assert door.cost(ON, client(240)) == 2 * at_rest
    assert door.cost(ON, client(260)) == at_rest


def test_some_of_a_network_may_wait_in_place_of_computing(door: Door) -> None:
    waited = [door.refusal(ON, HOME, has_waited=True) for _ in range(UNPROVEN_PLACES_MAX + 1)]
    assert [each is None for each in waited] == [True] * UNPROVEN_PLACES_MAX + [False]
    assert door.refusal(ON, OFFICE, has_waited=True) is None
    assert door.refusal(event_with(Switch.ON, 8), HOME, has_waited=True) is None


def test_waiting_excuses_no_wrong_solution(door: Door) -> None:
    wrong = msgspec.structs.replace(door.solution(ON, HOME), number=10**9)
    assert door.refusal(ON, HOME, wrong, has_waited=True) is not None


def test_with_limits_by_address_lifted_networks_count_for_nothing() -> None:
    door, anybody = Door(), client(1, is_exempt=True)
    door.join(AUTO, *[anybody] * 100)
    assert not door.asks(AUTO, anybody)
    assert all(door.refusal(ON, anybody, has_waited=True) is None for _ in range(100))

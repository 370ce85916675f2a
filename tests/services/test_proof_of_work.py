"""Challenges, and what passes for a solution."""

import base64
from collections.abc import Callable

import msgspec
import pytest

from bench.proof import solve
from tests.fakes.clock import START, ManualClock
from ticketd.core.ids import EventId
from ticketd.core.refusals import Challenge
from ticketd.services.proof_of_work import (
    CHALLENGE_SECONDS,
    ProofFlaw,
    ProofOfWork,
    Solution,
    solution_from,
)

EVENT, ANOTHER_EVENT = EventId(7), EventId(8)
COST = 200
SECRET = b"a key of the house"

MADE_BY_ALTCHA = (
    "eyJhbGdvcml0aG0iOiAiU0hBLTI1NiIsICJjaGFsbGVuZ2UiOiAiZmM4Zjg4YjQ2M2JlYjdkYWZlZDcxZDM5NDQxMjc1ZDJmMjZmYjU4"
    "ZjU3ZDRjNDViODA4NmE2MzM5YmI1YTBkYyIsICJudW1iZXIiOiA0MTcsICJzYWx0IjogIjAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNj"
    "ZGRlZWZmMDAxMTIyMzM/ZXhwaXJlcz0xODAwMDAwMzAwJmV2ZW50PTcmY29zdD0xMDAwJnNlcmlhbD0wJiIsICJzaWduYXR1cmUiOiAi"
    "NjFiYmYzODc4MjU2Y2QxZGUxZDczYjVkZTFlYzYxMzQ2NTUxMjUwYWM1ZGFkYTI2NWIyMGRjYzkxNjRmYzg2YiJ9"
)
"""Challenge, number and payload as the library `altcha` 2.3.0 (`altcha.v1`) makes them with this secret."""


@pytest.fixture
def proof() -> ProofOfWork:
    return ProofOfWork(SECRET)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def solved(challenge: Challenge) -> Solution:
    solution = solution_from(challenge, solve(challenge))
    assert solution is not None
    return solution


def use(proof: ProofOfWork, solution: Solution, *, cost_min: int = 0) -> ProofFlaw | None:
    return proof.use(solution, event_id=EVENT, cost_min=cost_min, now=START)


def test_a_solution_is_right_once(proof: ProofOfWork) -> None:
    solution = solved(proof.challenge(EVENT, COST, START))
    assert [use(proof, solution) for _ in range(3)] == [None, ProofFlaw.REPLAYED, ProofFlaw.REPLAYED]


def test_each_challenge_is_another_one(proof: ProofOfWork) -> None:
    challenges = [proof.challenge(EVENT, COST, START) for _ in range(100)]
    assert len({each.salt for each in challenges}) == len({each.challenge for each in challenges}) == 100
    assert [use(proof, solved(each)) for each in challenges] == [None] * 100


def test_the_number_can_be_any_up_to_the_maximum_and_no_other(proof: ProofOfWork) -> None:
    assert {solve(proof.challenge(EVENT, 3, START)) for _ in range(200)} == {0, 1, 2, 3}


def test_a_number_that_does_not_fit_is_wrong_and_the_right_one_still_works(proof: ProofOfWork) -> None:
    solution = solved(proof.challenge(EVENT, COST, START))
    for number in (solution.number - 1, solution.number + 1, -1, 10**5000):
        assert use(proof, msgspec.structs.replace(solution, number=number)) is ProofFlaw.WRONG
    assert use(proof, solution) is None


def test_a_challenge_for_another_event_is_wrong_here(proof: ProofOfWork) -> None:
    assert use(proof, solved(proof.challenge(ANOTHER_EVENT, COST, START))) is ProofFlaw.WRONG


def test_a_challenge_that_another_key_signed_is_wrong(proof: ProofOfWork) -> None:
    proof.challenge(EVENT, COST, START)
    forger = ProofOfWork(b"another key")
    assert use(proof, solved(forger.challenge(EVENT, COST, START))) is ProofFlaw.WRONG


Forgery = Callable[[Solution], Solution]


def _salt(old: str, new: str) -> Forgery:
    return lambda solution: msgspec.structs.replace(solution, salt=solution.salt.replace(old, new))


@pytest.mark.parametrize(
    "forge",
    [
        _salt("event=7", "event=8"),
        _salt("expires=1800000300", "expires=1900000300"),
        _salt("cost=200", "cost=900"),
        _salt("serial=0", "serial=1"),
        _salt("&serial", "&more=1&serial"),
        _salt("?", "??"),
        lambda solution: msgspec.structs.replace(solution, salt=solution.salt + "\n"),
        lambda solution: msgspec.structs.replace(solution, salt=""),
        lambda solution: msgspec.structs.replace(solution, salt="é" * 40),
        lambda solution: msgspec.structs.replace(solution, challenge="0" * 64),
        lambda solution: msgspec.structs.replace(solution, signature="0" * 64),
        lambda solution: msgspec.structs.replace(solution, signature="é"),
        lambda solution: msgspec.structs.replace(solution, signature=solution.signature.upper() + "Z"),
        lambda solution: msgspec.structs.replace(solution, algorithm="SHA-1"),
    ],
)
def test_nothing_of_a_challenge_can_be_changed(proof: ProofOfWork, forge: Forgery) -> None:
    solution = solved(proof.challenge(EVENT, COST, START))
    assert use(proof, forge(solution)) is ProofFlaw.WRONG
    assert use(proof, solution) is None


def test_digits_of_the_salt_do_not_pass_for_digits_of_the_number(proof: ProofOfWork) -> None:
    """CVE-2025-68113: the concatenation stays the same, and with it hash and signature."""
    challenge = next(
        each for each in (proof.challenge(EVENT, COST, START) for _ in range(1000)) if solve(each) >= 10
    )
    solution = solved(challenge)
    digits = str(solution.number)
    spliced = msgspec.structs.replace(solution, salt=f"{solution.salt}{digits[0]}", number=int(digits[1:]))
    shortened = msgspec.structs.replace(
        solution, salt=solution.salt.removesuffix("&"), number=solution.number
    )
    assert use(proof, spliced) is use(proof, shortened) is ProofFlaw.WRONG


def test_a_changed_maxnumber_makes_nothing_easier(proof: ProofOfWork) -> None:
    challenge = proof.challenge(EVENT, COST, START)
    easier = solution_from(msgspec.structs.replace(challenge, maxnumber=1), solve(challenge))
    assert easier is not None
    assert use(proof, easier, cost_min=COST + 1) is ProofFlaw.STALE
    assert use(proof, easier, cost_min=COST) is None


def test_a_challenge_runs_out(proof: ProofOfWork, clock: ManualClock) -> None:
    early, late = (solved(proof.challenge(EVENT, COST, START)) for _ in range(2))
    clock.advance(CHALLENGE_SECONDS - 0.001)
    assert proof.use(early, event_id=EVENT, cost_min=0, now=clock.now()) is None
    clock.advance(0.001)
    assert proof.use(late, event_id=EVENT, cost_min=0, now=clock.now()) is ProofFlaw.STALE


def test_what_the_library_of_altcha_makes_is_understood(proof: ProofOfWork) -> None:
    proof.challenge(EVENT, COST, START)  # serial 0 is handed out
    solution = solution_from(None, MADE_BY_ALTCHA)
    assert solution is not None
    assert solution.number == 417
    assert use(proof, solution) is None


def test_challenge_and_number_or_both_in_one_say_the_same(proof: ProofOfWork) -> None:
    challenge = proof.challenge(EVENT, COST, START)
    number = solve(challenge)
    payload = msgspec.json.encode(
        {**msgspec.to_builtins(challenge), "number": number, "took": 12, "maxnumber": None}
    )
    ways = (
        solution_from(challenge, number),
        solution_from(challenge, str(number)),
        solution_from(None, base64.b64encode(payload).decode()),
        solution_from(challenge, base64.b64encode(payload).decode()),
    )
    assert len(set(ways)) == 1
    assert ways[0] is not None


@pytest.mark.parametrize(
    "text",
    ["", "é", "=", "bm90IGpzb24=", base64.b64encode(b'{"number": "1"}').decode(), "A" * 10_000, "1" * 5000],
)
def test_what_is_no_solution_is_none(text: str) -> None:
    assert solution_from(None, text) is None


def test_nothing_long_is_looked_at(proof: ProofOfWork) -> None:
    challenge = proof.challenge(EVENT, COST, START)
    payload = msgspec.json.encode(solved(challenge))
    assert solution_from(None, base64.b64encode(payload).decode()) is not None
    assert solution_from(None, base64.b64encode(payload + b" " * 1000).decode()) is None
    assert solution_from(challenge, "1" * 5000) is None


def test_a_number_without_its_challenge_and_a_challenge_without_number_are_no_solution(
    proof: ProofOfWork,
) -> None:
    assert solution_from(None, 5) is None
    assert solution_from(None, "5") is None
    assert solution_from(proof.challenge(EVENT, COST, START), None) is None

"""What a proof of work costs: the guest to find, and the server to ask for and to check."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeVar

from bench.table import show
from ticketd.core.ids import EventId, Instant
from ticketd.core.refusals import Challenge
from ticketd.services.difficulty import COST_AT_REST, COST_MAX
from ticketd.services.proof_of_work import ALGORITHM, ProofOfWork, solution_from

PROOFS: Final = 100_000
HASHES: Final = 1_000_000
Result = TypeVar("Result")

_EVENT = EventId(1)
_NOW = Instant(1_800_000_000_000_000)


def solve(challenge: Challenge) -> int:
    """The number, found as a program without scruples finds it: on one core, by OpenSSL."""
    start = sha256(challenge.salt.encode())
    for number in range(challenge.maxnumber + 1):
        tried = start.copy()
        tried.update(b"%d" % number)
        if tried.hexdigest() == challenge.challenge:
            return number
    raise AssertionError("a challenge has its number")


def measure_proof() -> None:
    """Print it."""
    proof = ProofOfWork(b"a key of this measurement")
    asked, challenges = _timed(lambda: [proof.challenge(_EVENT, 9, _NOW) for _ in range(PROOFS)])
    solved = [solution_from(each, solve(each)) for each in challenges]
    solutions = [each for each in solved if each is not None]
    checked, flaws = _timed(
        lambda: [proof.use(each, event_id=_EVENT, cost_min=0, now=_NOW) for each in solutions]
    )
    assert set(flaws) == {None}
    tried, _ = _timed(lambda: solve(_hardest(challenges[0].salt)))
    rows = [
        ("server: a challenge", f"{asked / PROOFS * 1e6:.1f} µs"),
        ("server: a solution", f"{checked / PROOFS * 1e6:.1f} µs"),
        ("Python client: a number", f"{tried / HASHES * 1e6:.2f} µs"),
        ("Python client: a place at rest", f"{tried / HASHES * COST_AT_REST / 2 * 1e3:.0f} ms"),
        ("Python client: the dearest place", f"{tried / HASHES * COST_MAX / 2:.1f} s"),
    ]
    show("Proof of work, one core", ("", "CPU"), rows)


def _hardest(salt: str) -> Challenge:
    """One whose number is the last to be tried."""
    last = HASHES - 1
    return Challenge(ALGORITHM, sha256(f"{salt}{last}".encode()).hexdigest(), last, salt, "")


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    before = time.process_time()
    result = work()
    return time.process_time() - before, result

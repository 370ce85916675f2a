"""Machines that compute proofs of work no faster than theirs could.

The proofs are really solved, but they are made SCALE times smaller for the server that is measured, and a
machine takes SCALE times as long for each number as it would: what it costs in the end is the same.
"""

import asyncio
from typing import Final

import msgspec

from bench.proof import solve
from ticketd.core.refusals import Challenge
from ticketd.services.difficulty import COST_AT_REST, COST_MAX

SCALE: Final = 1000
SMALL_PROOFS: Final = {
    "services.difficulty.COST_AT_REST": COST_AT_REST // SCALE,
    "services.difficulty.COST_MAX": COST_MAX // SCALE,
}
"""The constants of a server that asks for such proofs."""

PHONE_HASHES_PER_SECOND: Final = 0.5e6
CORE_HASHES_PER_SECOND: Final = 5e6


class Devices:
    """So many cores that are as fast as that."""

    def __init__(self, *, cores: int, hashes_per_second: float) -> None:
        self._cores = asyncio.Semaphore(cores)
        self._seconds_each = SCALE / hashes_per_second
        self.seconds = 0.0
        """Of a core, spent on proofs so far."""

    async def solution_to(self, challenge: Challenge) -> bytes:
        """The body that has it, once a core has had the time to find it."""
        async with self._cores:
            number = solve(challenge)
            seconds = (number + 1) * self._seconds_each
            await asyncio.sleep(seconds)
        self.seconds += seconds
        return msgspec.json.encode({"challenge": challenge, "solution": number})


def phone() -> Devices:
    """What a person has."""
    return Devices(cores=1, hashes_per_second=PHONE_HASHES_PER_SECOND)

"""Every safeguard switched off in turn: whatever isn't noticed then is a hole in the simulation."""

from typing import Final, NamedTuple

from tests.simulation.life import live
from tests.simulation.mutation import Mutation
from tests.simulation.mutations_of_core import OF_CORE
from tests.simulation.mutations_of_services import OF_SERVICES
from tests.simulation.mutations_of_stock import OF_STOCK
from tests.simulation.mutations_of_storage import OF_STORAGE
from tests.simulation.mutations_of_visitors import OF_VISITORS

MUTATIONS: Final[dict[str, Mutation]] = {
    each.name: each for each in (*OF_STORAGE, *OF_CORE, *OF_STOCK, *OF_SERVICES, *OF_VISITORS)
}
SEEDS_MAX: Final = 2_000
"""A safeguard whose absence isn't noticed by then is missed; most are noticed within ten, all within 300."""


class Verdict(NamedTuple):
    """How the absence of a safeguard was noticed."""

    name: str
    promise: str | None
    """The check that noticed; None if none did."""
    seed: int
    """The first that did."""

    def __str__(self) -> str:
        return f"{self.name:65} │ {self.promise or 'NOT CAUGHT':60} │ {self.seed:4}"


def attack(name: str) -> Verdict:
    """Live one seed after the other without this safeguard until something breaks."""
    with MUTATIONS[name].off():
        for seed in range(SEEDS_MAX):
            broken = live(seed).broken
            if broken is not None:
                return Verdict(name, broken.promise, seed)
    return Verdict(name, None, SEEDS_MAX)

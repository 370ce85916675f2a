"""Two thousand lives in bad weather, and every safeguard shown to matter."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.pool import AsyncResult, Pool

import pytest

from tests.conftest import Report
from tests.simulation.crew import Block, Lived, blocks, crew, live_block
from tests.simulation.life import live
from tests.simulation.mutations import MUTATIONS, Verdict, attack
from tests.simulation.report import summary

SEEDS = 2_000
BLOCKS = blocks(0, SEEDS)
REPLAYED = range(20)
_DIGESTS = """
from tests.simulation.life import live
for seed in {seeds}:
    print(live(seed).digest)
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with crew() as started:
        yield started


@pytest.fixture(scope="module")
def lived(pool: Pool, report: Report) -> Iterator[dict[Block, AsyncResult[Lived]]]:
    """Every block, under way."""
    started_at = time.monotonic()
    results = {block: pool.apply_async(live_block, (block,)) for block in BLOCKS}
    yield results
    figures: Counter[str] = Counter()
    for result in results.values():
        figures += result.get().figures
    report(f"{summary(figures)} ({time.monotonic() - started_at:.0f} s)")


@pytest.fixture(scope="module")
def verdicts(pool: Pool, report: Report) -> Iterator[dict[str, AsyncResult[Verdict]]]:
    """Every safeguard's absence, under way."""
    results = {name: pool.apply_async(attack, (name,)) for name in MUTATIONS}
    yield results
    for result in results.values():
        report(f"simulation: {result.get()}")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"from_{block.first}")
def test_every_promise_is_kept_in_any_weather(block: Block, lived: dict[Block, AsyncResult[Lived]]) -> None:
    failure = lived[block].get().failure
    assert failure is None, failure


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_absence_of_a_safeguard_is_noticed(name: str, verdicts: dict[str, AsyncResult[Verdict]]) -> None:
    verdict = verdicts[name].get()
    assert verdict.promise is not None, f"not noticed within {verdict.seed} seeds: {name}"


def test_no_two_seeds_live_the_same_life() -> None:
    assert len({live(seed).digest for seed in REPLAYED}) == len(REPLAYED)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_lives_the_same_life_in_any_process_and_after_any_other(hash_seed: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", _DIGESTS.format(seeds=list(reversed(REPLAYED)))],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert list(reversed(printed.split())) == [live(seed).digest for seed in REPLAYED]

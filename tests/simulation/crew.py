"""Two processes that share the seeds out."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from typing import Final, NamedTuple

from tests.simulation.life import live

PROCESSES: Final = 2
BLOCK: Final = 50
"""Seeds that one process lives at a time."""


class Block(NamedTuple):
    """Some seeds in a row."""

    first: int
    seeds: int


class Lived(NamedTuple):
    """What became of a block, up to its first failure."""

    block: Block
    figures: Counter[str]
    failure: str | None


def blocks(first: int, count: int) -> list[Block]:
    """So many seeds, in blocks."""
    last = first + count
    return [Block(start, min(BLOCK, last - start)) for start in range(first, last, BLOCK)]


def live_block(block: Block) -> Lived:
    """Live the block's seeds; a failure says how to see it again."""
    figures: Counter[str] = Counter()
    for seed in range(block.first, block.first + block.seeds):
        outcome = live(seed)
        figures += outcome.figures
        if outcome.broken is not None:
            return Lived(block, figures, f"{outcome.broken}\nreplay: {replay_command(seed)}")
    return Lived(block, figures, None)


def replay_command(seed: int) -> str:
    """Shows this seed's life."""
    return f"python -m tests.simulation --seed {seed}"


@contextmanager
def crew() -> Iterator[Pool]:
    """Fresh processes: they share nothing with this one, whatever runs in it."""
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        yield pool

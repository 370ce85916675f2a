"""What a waiting guest costs: a token opened, its place found, and a whole waiting room drawn."""

import os
import random
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from bench.costs import MICRO
from bench.processes import resident_mib
from bench.rounds import in_turns, median
from bench.table import show
from ticketd.core.draw import SEED_BYTES, Draw
from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.places import SECRET_BYTES_MIN, Place, Tokens

EVENT = EventId(7)
JOINED_AT = Instant(1_800_000_000 * SECOND)
SECRET, SEED = random.randbytes(SECRET_BYTES_MIN), random.randbytes(SEED_BYTES)
TOKENS_OF_A_MEASUREMENT = 100_000
MILLI = 1_000


class Check(NamedTuple):
    """CPU of one token."""

    us: float


class Drawn(NamedTuple):
    """CPU of a waiting room in which everybody has a token and then a place, and what stays in memory."""

    seal_ms: float
    draw_ms: float
    places_ms: float
    grown_mib: float
    """Of the process, from before the first token until after the last place."""


def measure_tokens(*, rounds: int, guests: int) -> None:
    """Measure the whole room first, while the process is small, then tokens of each kind turn by turn."""
    _show_rooms(guests, [_room(guests) for _ in range(rounds)])
    samples = in_turns(_checks(guests), rounds=rounds)
    show(
        f"a token, CPU time; {guests} in the draw, {TOKENS_OF_A_MEASUREMENT} tokens a measurement,"
        f" {rounds} rounds",
        ("", "median µs", "best µs"),
        [[name, f"{median(checks).us:.2f}", f"{min(checks).us:.2f}"] for name, checks in samples.items()],
    )


def _room(guests: int) -> Drawn:
    """Each token is dropped when made: guests keep them, the server doesn't."""
    tokens, before = Tokens(SECRET), resident_mib(os.getpid())
    began = time.process_time()
    for number in range(guests):
        tokens.seal(Place(EVENT, number, JOINED_AT))
    sealed = time.process_time()
    draw = Draw(SEED, EVENT, guests)
    drawn = time.process_time()
    for number in range(guests):
        draw.place_of(number)
    ended = time.process_time()
    return Drawn(
        (sealed - began) * MILLI,
        (drawn - sealed) * MILLI,
        (ended - drawn) * MILLI,
        resident_mib(os.getpid()) - before,
    )


def _show_rooms(guests: int, rooms: Sequence[Drawn]) -> None:
    room = median(rooms)
    shuffled = partial(random.Random(SEED).sample, range(guests), guests)
    show(
        f"a waiting room of {guests} in one process, CPU time; medians of {len(rooms)} rounds",
        ("", ""),
        [
            ["a token for each", f"{room.seal_ms:.0f} ms"],
            ["the draw", f"{room.draw_ms:.2f} ms"],
            ["the place of each", f"{room.places_ms:.0f} ms"],
            ["memory of the draw", f"{_kib(lambda: Draw(SEED, EVENT, guests)):.0f} KiB"],
            ["memory of a shuffled list in its stead", f"{_kib(shuffled):.0f} KiB"],
            ["the process has grown by", f"{max(room.grown_mib for room in rooms):.1f} MiB"],
        ],
    )


def _kib(make: Callable[[], object]) -> float:
    tracemalloc.start()
    made = make()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return size / 1024


def _checks(guests: int) -> dict[str, Callable[[], Check]]:
    tokens, draw = Tokens(SECRET), Draw(SEED, EVENT, guests)
    numbers = random.choices(range(guests), k=TOKENS_OF_A_MEASUREMENT)
    sealed = [tokens.seal(Place(EVENT, number, JOINED_AT)) for number in numbers]
    elsewhere = Tokens(SECRET[::-1])
    forged = [elsewhere.seal(Place(EVENT, number, JOINED_AT)) for number in numbers]
    return {
        "opened, and its place drawn": partial(_check, tokens, draw, sealed),
        "forged": partial(_check, tokens, draw, forged),
        "no token at all": partial(_check, tokens, draw, [text[:-1] for text in sealed]),
    }


def _check(tokens: Tokens, draw: Draw, texts: Sequence[str]) -> Check:
    began = time.process_time()
    for text in texts:
        place = tokens.open(text)
        if place is not None:
            draw.place_of(place.number)
    return Check((time.process_time() - began) / len(texts) * MICRO)

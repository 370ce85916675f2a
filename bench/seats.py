"""How fast a stadium's seats are found and held, and how little room it takes: one core, no event loop."""

import gc
import secrets
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple

from bench.costs import MICRO
from bench.rounds import in_turns, median
from bench.table import show
from ticketd.core.commands import Reserve
from ticketd.core.facts import Opened
from ticketd.core.hall import Hall
from ticketd.core.ids import (
    RANDOM_BYTES,
    SECOND,
    Instant,
    InventoryId,
    OrganizerId,
    SeatId,
    reservation_id,
)
from ticketd.core.inventory import Inventory
from ticketd.core.seating import Seating
from ticketd.core.terms import Profile, Terms
from ticketd.server import COLLECTOR_THRESHOLDS
from ticketd.services.seat_maps.houses import stadium

HOME = InventoryId(1)
NOW = Instant(1_800_000_000 * SECOND)
HOLD_SECONDS = 900
RELEASED_ONE_IN = 10
KILO, MILLI = 1000, 1000

Work = Callable[[], int]
"""Does it all, and says how many requests that were."""


class Pace(NamedTuple):
    """Requests that found seats and held them."""

    per_second: float


def measure_seats(*, rounds: int) -> None:
    """Measure each kind of request turn by turn and print best and median, then what the hall takes."""
    hall = Hall.of(stadium())
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)  # as the server does
    works = {
        "best 2": partial(_best, hall, (2,)),
        "best 1, 2, 3, 4 in turns": partial(_best, hall, (1, 2, 3, 4)),
        f"best 2, one in {RELEASED_ONE_IN} released": partial(_best, hall, (2,), releasing=True),
        "1 named seat": partial(_named, hall, 1),
        "4 named seats": partial(_named, hall, 4),
        "reserve the best 2: decided and applied": partial(_reserve_best, hall),
        "reserve 1 named seat: decided and applied": partial(_reserve_named, hall),
    }
    samples = in_turns({name: partial(_pace, prepare) for name, prepare in works.items()}, rounds=rounds)
    show(
        f"{len(hall)} seats found and held, from empty to full, on one core, CPU time; {rounds} rounds",
        ("", "median/s", "best/s", "µs"),
        [
            [
                name,
                f"{median(paces).per_second:.0f}",
                f"{max(paces).per_second:.0f}",
                f"{MICRO / median(paces).per_second:.2f}",
            ]
            for name, paces in samples.items()
        ],
    )
    show(f"what a hall of {len(hall)} seats takes", ("", ""), _sizes(hall))


def _pace(prepare: Callable[[], Work]) -> Pace:
    work = prepare()
    gc.collect()
    began = time.process_time()
    requests = work()
    return Pace(requests / (time.process_time() - began))


def _best(hall: Hall, counts: Sequence[int], *, releasing: bool = False) -> Work:
    seating = Seating(hall)

    def work() -> int:
        """Until one of the counts isn't to be had any more."""
        requests = 0
        for count in cycle(counts):
            seats = seating.best(count, together=True)
            if seats is None:
                break
            seating.hold(seats)
            if releasing and requests % RELEASED_ONE_IN == 0:
                seating.release(seats)
            seating.take_changes()
            requests += 1
        return requests

    return work


def _named(hall: Hall, count: int) -> Work:
    seating = Seating(hall)
    requests = list(_all_seats(hall, count))

    def work() -> int:
        for seats in requests:
            assert not seating.taken(seats)
            seating.hold(seats)
        return len(requests)

    return work


def _reserve_best(hall: Hall) -> Work:
    return partial(_run, _inventory(hall), [_reserve(2, ()) for _ in range(len(hall) // 3)])


def _reserve_named(hall: Hall) -> Work:
    return partial(_run, _inventory(hall), [_reserve(1, seats) for seats in _all_seats(hall, 1)])


def _inventory(hall: Hall) -> Inventory:
    inventory = Inventory(HOME)
    terms = Terms("Stands", capacity=hall.sellable, price_cents=1500)
    inventory.apply(Opened(NOW, Profile(OrganizerId(1), None, ""), terms, hall=hall.encode()))
    return inventory


def _run(inventory: Inventory, commands: Sequence[Reserve]) -> int:
    for command in commands:
        for fact in inventory.decide(command, NOW).facts:
            inventory.apply(fact)
    assert inventory.conserved()
    return inventory.seq - 1


def _reserve(quantity: int, seats: tuple[SeatId, ...]) -> Reserve:
    made = reservation_id(home=HOME, now=NOW, random=secrets.token_bytes(RANDOM_BYTES))
    return Reserve(made, quantity, HOLD_SECONDS, seats=seats)


def _all_seats(hall: Hall, count: int) -> Iterator[tuple[SeatId, ...]]:
    for first in range(0, len(hall), count):
        yield tuple(map(hall.seat_id, range(first, first + count)))


def _sizes(hall: Hall) -> list[list[str]]:
    encoded = hall.encode()
    began = time.process_time()
    Hall.decode(encoded)
    decoding = time.process_time() - began
    tracemalloc.start()
    seating = Seating(Hall.decode(encoded))
    at_rest, _ = tracemalloc.get_traced_memory()
    for count in cycle(range(1, 11)):
        seats = seating.best(count, together=False)
        if seats is None:
            break
        seating.hold(seats)
        seating.take_changes()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return [
        ["bytes of memory a seat, hall and seating", f"{at_rest / len(hall):.0f}"],
        ["the same at most, the best 1 to 10 found in turns", f"{peak / len(hall):.0f}"],
        ["kB in the ledger", f"{len(encoded) / KILO:.1f}"],
        ["ms to decode", f"{decoding * MILLI:.0f}"],
    ]

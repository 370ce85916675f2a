"""Actors, journal and Postgres without HTTP: durable reservations over how many guests ask at once."""

import asyncio
import os
import time
from collections.abc import Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple

import click

from bench.apart import apart
from bench.costs import MICRO
from bench.guests import Guests
from bench.house import Stall, in_house
from bench.places import scratch
from bench.processes import family_cpu_seconds, postgres_of
from bench.rounds import in_turns, medians, percentile
from bench.table import show
from ticketd.settings import Settings
from ticketd.web.context import Services

MIXES = {"reserve": 0, "reserve, 2 of 10 paid": 2}
"""How many of ten guests also pay: StartPayment and Confirm, each with a row of the orders' projection."""

WARM_UP_SECONDS = 0.5
MAILBOX_LENGTH_MIN = 20_000


class Flow(NamedTuple):
    """What so many guests at once made durable."""

    reservations_per_second: float
    facts_per_second: float
    p50_ms: float
    """From a reservation's command to its durable answer."""
    process_cpu_us: float
    """A reservation, with what is paid of it."""
    postgres_cpu_us: float
    facts_per_group: float


class _Reading(NamedTuple):
    at: float
    process_cpu_seconds: float
    postgres_cpu_seconds: float
    facts: float
    groups: float


def measure_engine(*, rounds: int, seconds: float, in_flight: Sequence[int]) -> None:
    """Measure turn by turn, each time in a new process on a new database, and print the medians."""
    flows = in_turns(
        {
            (mix, guests): partial(_flow, guests, paid, seconds)
            for mix, paid in MIXES.items()
            for guests in in_flight
        },
        rounds=rounds,
    )
    measured = medians(flows)
    show(
        "actors, journal and Postgres without HTTP or payment gateway, one ticket type, a key with each"
        f" reservation, ids made in passing; medians of {rounds} rounds of {seconds:g} s",
        ("", "in flight", "reservations/s", "facts/s", "p50 ms", "process µs", "Postgres µs", "facts/group"),
        [
            [
                mix,
                str(guests),
                f"{flow.reservations_per_second:.0f}",
                f"{flow.facts_per_second:.0f}",
                f"{flow.p50_ms:.2f}",
                f"{flow.process_cpu_us:.1f}",
                f"{flow.postgres_cpu_us:.1f}",
                f"{flow.facts_per_group:.0f}",
            ]
            for (mix, guests), flow in measured.items()
        ],
    )
    for mix in MIXES:
        pace, guests = max(
            (flow.reservations_per_second, guests) for (of, guests), flow in measured.items() if of == mix
        )
        click.echo(f"{mix}: at its best {pace:.0f}/s, with {guests} in flight")


def _flow(guests: int, paid: int, seconds: float) -> Flow:
    with scratch() as place:
        settings = Settings(data_dir=place / "data", mailbox_length_max=max(MAILBOX_LENGTH_MIN, guests))
        measure = partial(_measure, guests=guests, paid=paid, seconds=seconds)
        return apart(partial(in_house, settings, measure))


async def _measure(services: Services, *, guests: int, paid: int, seconds: float) -> Flow:
    stall = await Stall.open(services)
    crowd = Guests(services, await stall.put_on_sale(), with_keys=True)
    latencies: list[float] = []
    pays = cycle(number < paid for number in range(10))
    leaving = asyncio.Event()

    async def guest() -> None:
        while not leaving.is_set():
            began = time.perf_counter()
            held = await crowd.hold()
            latencies.append(time.perf_counter() - began)
            if next(pays):
                await crowd.pay(held)

    tasks = [asyncio.create_task(guest()) for _ in range(guests)]
    await asyncio.sleep(WARM_UP_SECONDS)
    first, answered = _read(services), len(latencies)
    await asyncio.sleep(seconds)
    last, measured = _read(services), sorted(latencies[answered:])
    leaving.set()
    await asyncio.gather(*tasks)
    took = last.at - first.at
    return Flow(
        len(measured) / took,
        (last.facts - first.facts) / took,
        percentile(measured, 0.5) * 1000,
        (last.process_cpu_seconds - first.process_cpu_seconds) / len(measured) * MICRO,
        (last.postgres_cpu_seconds - first.postgres_cpu_seconds) / len(measured) * MICRO,
        (last.facts - first.facts) / (last.groups - first.groups),
    )


def _read(services: Services) -> _Reading:
    postgres = postgres_of(os.getpid())
    assert postgres is not None, "it is a child of this process"
    registry = services.metrics.registry
    return _Reading(
        time.perf_counter(),
        time.process_time(),
        family_cpu_seconds(postgres),
        registry.get_sample_value("ticketd_group_rows_sum") or 0.0,
        registry.get_sample_value("ticketd_group_rows_count") or 0.0,
    )

"""What a durable reservation costs beside a bare HTTP request and beside servers without actors."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

import click

from bench import costs, load
from bench.costs import Cost, cost_of
from bench.places import scratch
from bench.rounds import in_turns, medians
from bench.subjects import Subject, bare_handler, peer, ticketd
from bench.table import show

FLOOR, OURS = "a bare aiohttp handler", "b ticketd"
CONDITIONAL, LOCKING = "c conditional UPDATE", "d SELECT FOR UPDATE"

CONDITIONAL_POOL_SIZE, LOCKING_POOL_SIZE = 5, 2
"""With these they are at their best here: more connections only queue for the same row."""


def measure_reserve(
    *, rounds: int, seconds: float, connections: int, keys: bool, pool_size: int | None
) -> None:
    """Measure the subjects turn by turn and print the medians."""
    with scratch() as place, ExitStack() as stack:
        subjects = {
            FLOOR: stack.enter_context(bare_handler()),
            OURS: stack.enter_context(ticketd(place / "ticketd")),
            CONDITIONAL: stack.enter_context(
                peer(
                    "conditional_update",
                    CONDITIONAL,
                    place / "c",
                    pool_size=pool_size or CONDITIONAL_POOL_SIZE,
                )
            ),
            LOCKING: stack.enter_context(
                peer("select_for_update", LOCKING, place / "d", pool_size=pool_size or LOCKING_POOL_SIZE)
            ),
        }

        def reserve(subject: Subject, seconds: float) -> Cost:
            return cost_of(
                subject,
                lambda: load.post(
                    subject.url, [subject.body], connections=connections, seconds=seconds, with_keys=keys
                ),
            )

        for subject in subjects.values():  # warm up: connections, code paths, the first pages of the tables
            reserve(subject, 1)
        samples = in_turns(
            {name: partial(reserve, subject, seconds) for name, subject in subjects.items()}, rounds=rounds
        )
    show(
        f"{connections} connections of {load.client_name()} on one hot ticket type,"
        f" {'with' if keys else 'without'} idempotency keys,"
        f" medians of {rounds} rounds of {seconds:g} s",
        ("", *costs.HEADS),
        costs.rows(medians(samples)),
    )
    _compare(medians(samples))


def _compare(measured: Mapping[str, Cost]) -> None:
    floor, ours = measured[FLOOR], measured[OURS]
    click.echo(
        f"CPU of a durable reservation: {ours.server_cpu_us / floor.server_cpu_us:.2f}× the bare handler,"
        f" {ours.cpu_us / floor.server_cpu_us:.2f}× with Postgres' share"
    )
    for name in (CONDITIONAL, LOCKING):
        theirs = measured[name]
        click.echo(
            f"b beside {name}: {ours.requests_per_second / theirs.requests_per_second:.2f}× its throughput,"
            f" {theirs.cpu_us / ours.cpu_us:.2f}× less CPU"
        )

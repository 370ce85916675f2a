"""What a durable reservation costs beside a bare HTTP request."""

import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import click

from bench import load
from bench.subjects import Subject, bare_handler, ticketd

MICRO = 1_000_000


class Sample(NamedTuple):
    """One measurement of one subject."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float
    """Of the server process, a request."""
    postgres_cpu_us: float
    """Of all its Postgres processes, a request."""


def measure_reserve(*, rounds: int, seconds: int, connections: int) -> None:
    """Measure the subjects turn by turn and print the medians."""
    with tempfile.TemporaryDirectory(prefix="ticketd-bench-") as directory, ExitStack() as stack:
        Path(directory).chmod(0o755)
        subjects = [
            stack.enter_context(bare_handler()),
            stack.enter_context(ticketd(Path(directory) / "data")),
        ]
        for subject in subjects:  # warm up: connections, code paths, the first pages of the ledger
            load.run(subject.url, subject.body, connections=connections, seconds=1)
        samples: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
        for number in range(1, rounds + 1):
            for subject in subjects:
                samples[subject.name].append(_measure(subject, connections, seconds))
            click.echo(f"round {number} of {rounds}", err=True)
    _report(samples, rounds=rounds, seconds=seconds, connections=connections)


def _measure(subject: Subject, connections: int, seconds: int) -> Sample:
    server, postgres = subject.server_cpu_seconds(), subject.postgres_cpu_seconds()
    seen = load.run(subject.url, subject.body, connections=connections, seconds=seconds)
    if seen.errors or not seen.requests:
        raise SystemExit(f"{subject.name}: {seen.errors} of {seen.requests} answers were errors")
    return Sample(
        seen.requests / seen.seconds,
        seen.p50_ms,
        seen.p99_ms,
        (subject.server_cpu_seconds() - server) / seen.requests * MICRO,
        (subject.postgres_cpu_seconds() - postgres) / seen.requests * MICRO,
    )


def _report(samples: dict[str, list[Sample]], *, rounds: int, seconds: int, connections: int) -> None:
    click.echo(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()};"
        f" {connections} connections of {load.client_name()}, medians of {rounds} rounds of {seconds} s\n"
    )
    click.echo(f"{'':24}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'server µs':>11}{'Postgres µs':>13}")
    medians = {name: _median(measured) for name, measured in samples.items()}
    for name, m in medians.items():
        click.echo(
            f"{name:24}{m.requests_per_second:12.0f}{m.p50_ms:9.2f}{m.p99_ms:9.2f}"
            f"{m.server_cpu_us:11.1f}{m.postgres_cpu_us:13.1f}"
        )
    floor, ours = medians.values()
    alone = ours.server_cpu_us / floor.server_cpu_us
    together = (ours.server_cpu_us + ours.postgres_cpu_us) / floor.server_cpu_us
    click.echo(
        f"\nCPU of a durable reservation: {alone:.2f}× the bare handler, {together:.2f}× with Postgres' share"
    )


def _median(measured: Sequence[Sample]) -> Sample:
    return Sample(*(statistics.median(column) for column in zip(*measured, strict=True)))

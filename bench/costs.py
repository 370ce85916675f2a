"""What an answered request costs: CPU of the server and of its Postgres, beside what the client saw."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from bench.load import Load
from bench.subjects import Subject

MICRO = 1_000_000
HEADS = ("requests/s", "p50 ms", "p99 ms", "server µs", "Postgres µs")


class Cost(NamedTuple):
    """One measurement of one subject."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float
    """Of the server process, a request."""
    postgres_cpu_us: float
    """Of all its Postgres processes, a request."""

    @property
    def cpu_us(self) -> float:
        """Of both, a request."""
        return self.server_cpu_us + self.postgres_cpu_us


def cost_of(subject: Subject, load: Callable[[], Load]) -> Cost:
    """What this load costs this subject; it ends the program if any answer was an error."""
    server, postgres = subject.server_cpu_seconds(), subject.postgres_cpu_seconds()
    seen = load()
    if seen.errors or not seen.requests:
        raise SystemExit(f"{subject.name}: {seen.errors} of {seen.requests} answers were errors")
    return Cost(
        seen.requests / seen.seconds,
        seen.p50_ms,
        seen.p99_ms,
        (subject.server_cpu_seconds() - server) / seen.requests * MICRO,
        (subject.postgres_cpu_seconds() - postgres) / seen.requests * MICRO,
    )


def rows(costs: Mapping[str, Cost]) -> list[list[str]]:
    """Lines of a table with HEADS, the names first."""
    return [
        [
            name,
            f"{cost.requests_per_second:.0f}",
            f"{cost.p50_ms:.2f}",
            f"{cost.p99_ms:.2f}",
            f"{cost.server_cpu_us:.1f}",
            f"{cost.postgres_cpu_us:.1f}",
        ]
        for name, cost in costs.items()
    ]

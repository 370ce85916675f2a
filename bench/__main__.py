"""`python -m bench`: the benchmarks by name."""

import click

from bench.availability import measure_availability
from bench.core import measure_core
from bench.engine import measure_engine
from bench.hall_sale import measure_hall_sale
from bench.journey import measure_journey
from bench.latency import measure_latency
from bench.recovery import measure_recovery
from bench.reserve import measure_reserve
from bench.seats import measure_seats
from bench.spread import measure_spread

_rounds = click.option(
    "--rounds", default=7, show_default=True, help="interleaved rounds; medians are printed"
)
_seconds = click.option("--seconds", default=4.0, show_default=True, help="length of one measurement")
_connections = click.option(
    "--connections", default=64, show_default=True, help="keep-alive connections, closed loop"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure ticketd against its peers, on this machine, in one run."""


@bench.command()
@_rounds
@_seconds
@_connections
@click.option("--keys", is_flag=True, help="send an Idempotency-Key with each request")
@click.option("--pool-size", type=int, help="database connections of each SQL peer [default: its best]")
def reserve(rounds: int, seconds: float, connections: int, keys: bool, pool_size: int | None) -> None:
    """One hot ticket type: a bare handler, this server, a conditional UPDATE, SELECT … FOR UPDATE."""
    measure_reserve(rounds=rounds, seconds=seconds, connections=connections, keys=keys, pool_size=pool_size)


@bench.command()
@_rounds
@click.option("--reservations", default=100_000, show_default=True, help="reservations of one measurement")
def core(rounds: int, reservations: int) -> None:
    """Decide and apply, find seats and hold them: the pure core on one core."""
    measure_core(rounds=rounds, reservations=reservations)
    measure_seats(rounds=rounds)


@bench.command()
@_rounds
@click.option("--seconds", default=2.0, show_default=True, help="length of one measurement")
@click.option(
    "--in-flight",
    default=(1, 8, 64, 256, 1024, 4096, 8192),
    show_default=True,
    multiple=True,
    help="guests at once",
)
def engine(rounds: int, seconds: float, in_flight: tuple[int, ...]) -> None:
    """Actors, journal and Postgres without HTTP: the curve over how many are in flight."""
    measure_engine(rounds=rounds, seconds=seconds, in_flight=in_flight)


@bench.command()
@_rounds
@click.option(
    "--sold", default=(10_000, 100_000, 1_000_000), show_default=True, multiple=True, help="paid reservations"
)
@click.option("--held", default=100_000, show_default=True, help="open holds")
def recovery(rounds: int, sold: tuple[int, ...], held: int) -> None:
    """From kill -9 to ready, over what was sold."""
    measure_recovery(rounds=rounds, sold=sold, held=held)


@bench.command()
@_rounds
@_seconds
@_connections
@click.option("--ticket-types", default=10_000, show_default=True, help="how many share the load")
@click.option(
    "--times-used", default=2, show_default=True, help="how often all come into memory and leave it"
)
def spread(rounds: int, seconds: float, connections: int, ticket_types: int, times_used: int) -> None:
    """Many ticket types beside one hot one, and the memory of idle ones."""
    measure_spread(
        rounds=rounds,
        seconds=seconds,
        connections=connections,
        ticket_types=ticket_types,
        times_used=times_used,
    )


@bench.command()
@_rounds
@_seconds
@_connections
def journey(rounds: int, seconds: float, connections: int) -> None:
    """Hold, pay, tickets beside a reservation alone."""
    measure_journey(rounds=rounds, seconds=seconds, connections=connections)


@bench.command()
@_rounds
@click.option("--seconds", default=10.0, show_default=True, help="length of one measurement")
@click.option("--connections", default=500, show_default=True, help="keep-alive connections, open loop")
@click.option(
    "--share", "shares", default=(50, 80), show_default=True, multiple=True, help="percent of ticketd's peak"
)
def latency(rounds: int, seconds: float, connections: int, shares: tuple[int, ...]) -> None:
    """Open loop: p50, p99, p99.9 at a constant rate, beside the bare handler."""
    measure_latency(rounds=rounds, seconds=seconds, connections=connections, shares=shares)


@bench.command()
@_rounds
@_seconds
@_connections
def seats(rounds: int, seconds: float, connections: int) -> None:
    """Named seats and the best available by HTTP, beside as many tickets without a seat."""
    measure_hall_sale(rounds=rounds, seconds=seconds, connections=connections)


@bench.command()
@_rounds
@_seconds
@_connections
def availability(rounds: int, seconds: float, connections: int) -> None:
    """An event's availability beside a bare handler that answers with as many bytes."""
    measure_availability(rounds=rounds, seconds=seconds, connections=connections)


if __name__ == "__main__":
    bench()

"""`python -m bench`: the benchmarks by name."""

import click

from bench.availability import measure_availability
from bench.bots import bots
from bench.core import measure_core
from bench.engine import measure_engine
from bench.hall_sale import measure_hall_sale
from bench.journey import measure_journey
from bench.latency import measure_latency
from bench.onsale import onsale
from bench.overload import measure_overload
from bench.proof import measure_proof
from bench.recovery import measure_recovery
from bench.reserve import measure_reserve
from bench.seats import measure_seats
from bench.spread import measure_spread
from bench.tokens import measure_tokens
from bench.viewers import measure_viewers

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
@click.option("--seconds", default=60.0, show_default=True, help="length of the flood")
@click.option("--times", default=10.0, show_default=True, help="how many times the peak is asked for")
@click.option("--connections", default=9000, show_default=True, help="keep-alive connections, open loop")
@click.option("--payments", default=300, show_default=True, help="of tickets held before, in the meantime")
def overload(seconds: float, times: float, connections: int, payments: int) -> None:
    """Far more than the server can take: what it grants, how soon, and whether held tickets get paid."""
    measure_overload(seconds=seconds, times=times, connections=connections, payments=payments)


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


@bench.command()
@click.option("--rounds", default=3, show_default=True, help="medians are printed")
@_seconds
@_connections
@click.option("--viewers", default=5000, show_default=True, help="who watch the event")
@click.option("--rate", default=50.0, show_default=True, help="reservations a second that they see")
def viewers(rounds: int, seconds: float, connections: int, viewers: int, rate: float) -> None:
    """Thousands watch an event while it sells: what they cost, and how soon they see a change."""
    measure_viewers(viewers=viewers, rate=rate, rounds=rounds, seconds=seconds, connections=connections)


@bench.command()
def proof() -> None:
    """Proof of work: what it costs the server to ask and to check, and a client to find."""
    measure_proof()


@bench.command()
@_rounds
@click.option("--guests", default=500_000, show_default=True, help="in the waiting room")
def tokens(rounds: int, guests: int) -> None:
    """A waiting room of half a million: their tokens, the draw, and what a look at one token costs."""
    measure_tokens(rounds=rounds, guests=guests)


bench.add_command(bots)
bench.add_command(onsale)


if __name__ == "__main__":
    bench()

"""`python -m bench`: the benchmarks by name."""

import click

from bench.reserve import measure_reserve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure ticketd against its peers, on this machine, in one run."""


@bench.command()
@click.option("--rounds", default=7, show_default=True, help="interleaved rounds; medians are printed")
@click.option("--seconds", default=4, show_default=True, help="length of one measurement")
@click.option("--connections", default=64, show_default=True, help="keep-alive connections, closed loop")
def reserve(rounds: int, seconds: int, connections: int) -> None:
    """One hot ticket type: a bare aiohttp handler, and this server over HTTP with fsync on."""
    measure_reserve(rounds=rounds, seconds=seconds, connections=connections)


bench()

"""How long guests wait when they come at a constant rate, whatever the server does."""

from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from bench import load
from bench.client import request
from bench.open_loop import arrive
from bench.places import scratch
from bench.rounds import in_turns, median, medians, percentile
from bench.subjects import Subject, bare_handler, ticketd
from bench.table import show

PEAK_ROUNDS = 3
PEAK_CONNECTIONS = 64


class Waits(NamedTuple):
    """From the instant at which a request was due to its answer."""

    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float


class Peak(NamedTuple):
    """What a closed loop gets out of a server."""

    requests_per_second: float


def measure_latency(*, rounds: int, seconds: float, connections: int, shares: tuple[int, ...]) -> None:
    """Find ticketd's peak, then measure it and the bare handler turn by turn at shares of that rate."""
    with scratch() as place, ExitStack() as stack:
        bare = stack.enter_context(bare_handler())
        ours = stack.enter_context(ticketd(place / "data"))
        for subject in (bare, ours):  # warm up
            _peak(subject, 1)
        peak = median(
            in_turns({"": partial(_peak, ours, seconds)}, rounds=PEAK_ROUNDS)[""]
        ).requests_per_second
        waits = medians(
            in_turns(
                {
                    (share, subject.name): partial(_waits, subject, peak * share / 100, seconds, connections)
                    for share in shares
                    for subject in (bare, ours)
                },
                rounds=rounds,
            )
        )
    show(
        f"open loop: requests come at a constant rate and wait from the instant they are due;"
        f" ticketd's closed-loop peak {peak:.0f}/s ({PEAK_CONNECTIONS} connections of {load.client_name()}),"
        f" here {connections}; medians of {rounds} rounds of {seconds:g} s",
        ("", "requests/s", "of the peak", "p50 ms", "p99 ms", "p99.9 ms", "max ms"),
        [
            [name, f"{peak * share / 100:.0f}", f"{share} %", *(f"{figure:.2f}" for figure in measured)]
            for (share, name), measured in waits.items()
        ],
    )


def _peak(subject: Subject, seconds: float) -> Peak:
    seen = load.post(subject.url, [subject.body], connections=PEAK_CONNECTIONS, seconds=seconds)
    return Peak(seen.requests / seen.seconds)


def _waits(subject: Subject, rate: float, seconds: float, connections: int) -> Waits:
    wanted = request("POST", subject.url, subject.body)
    waits = arrive(subject.base_url, wanted, rate=rate, seconds=seconds, connections=connections)
    ordered = sorted(waits)
    p50, p99, p999 = (percentile(ordered, share) * 1000 for share in (0.5, 0.99, 0.999))
    return Waits(p50, p99, p999, ordered[-1] * 1000)

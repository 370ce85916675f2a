"""What it costs that thousands watch an event while it sells, and how soon they see a change."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import uvloop

from bench import load
from bench.audience import Seen, audience
from bench.client import connected, request
from bench.costs import MICRO, Cost, cost_of
from bench.places import scratch
from bench.processes import resident_mib
from bench.rounds import in_turns, median, percentile
from bench.subjects import Subject, owner_token, put_event_on_sale, request_body, ticketd
from bench.table import show

TICKET_TYPES: Final = ("Regular", "Premium", "VIP")


class Watched(NamedTuple):
    """What one round measured."""

    messages_per_second: float
    """To all viewers together."""
    message_cpu_us: float
    viewer_cpu_us_per_second: float
    p50_ms: float
    """From the answer to who made a change, which is durable then, to each viewer who sees it."""
    p99_ms: float
    alone_cpu_us: float
    """Of the server, a reservation, as fast as they go while nobody watches."""
    alone_per_second: float
    watched_cpu_us: float
    """The same while all watch: with what their messages cost."""
    watched_per_second: float


class Show(NamedTuple):
    """An event on sale that is watched."""

    server: Subject
    event_id: int
    wanted: bytes
    """A request for one ticket of the first type."""
    connections: int

    @property
    def stream(self) -> str:
        """Where it is watched."""
        return f"{self.server.base_url}/api/v1/events/{self.event_id}/stream"

    def reserve(self, seconds: float) -> Cost:
        """As many reservations as the server takes."""
        post = partial(
            load.post, self.server.url, [self.wanted], connections=self.connections, seconds=seconds
        )
        return cost_of(self.server, post)

    async def sell(self, rate: float, seconds: float) -> "Sold":
        """Reservations one by one at a constant rate."""
        changes: dict[int, float] = {}
        async with connected(self.server.base_url, 1) as (connection,):
            held = (await connection.ask(request("GET", self._availability))).json()["ticket_types"][0][
                "held"
            ]
            wanted, cpu, begin = (
                request("POST", self.server.url, self.wanted),
                self._cpu(),
                time.perf_counter(),
            )
            for number in range(int(rate * seconds)):
                await asyncio.sleep(begin + number / rate - time.perf_counter())
                if (await connection.ask(wanted)).status != 201:
                    raise SystemExit("a reservation was refused")
                changes[held + number + 1] = time.perf_counter()
        return Sold(changes, begin, time.perf_counter(), self._cpu() - cpu)

    @property
    def _availability(self) -> str:
        return f"{self.server.base_url}/api/v1/events/{self.event_id}/availability"

    def _cpu(self) -> float:
        return self.server.server_cpu_seconds()


class Sold(NamedTuple):
    """What was sold one by one."""

    changes: dict[int, float]
    """When so many were held."""
    begin: float
    end: float
    cpu_seconds: float
    """Of the server."""

    @property
    def cpu_share(self) -> float:
        """Of one core."""
        return self.cpu_seconds / (self.end - self.begin)


def measure_viewers(*, viewers: int, rate: float, rounds: int, seconds: float, connections: int) -> None:
    """Measure with and without viewers in each round, and print the medians."""
    with scratch() as place, ticketd(place / "data") as server:
        token = owner_token(place / "data", "stage@example.org")
        event_id, ticket_types = uvloop.run(put_event_on_sale(server.base_url, token, TICKET_TYPES))
        watched = Show(server, event_id, request_body(ticket_types[0]), connections)
        viewer_kib = _memory(watched, viewers)
        watched.reserve(1)  # warm up
        measure = partial(_measure, watched, viewers=viewers, rate=rate, seconds=seconds)
        measured = median(in_turns({"": measure}, rounds=rounds)[""])
    show(
        f"{viewers} viewers of one event with {len(TICKET_TYPES)} ticket types, {rate:g} reservations/s;"
        f" then as many as {connections} connections of {load.client_name()} make;"
        f" medians of {rounds} rounds of {seconds:g} s",
        ("", "median"),
        [
            ["messages delivered/s", f"{measured.messages_per_second:.0f}"],
            ["server µs a message", f"{measured.message_cpu_us:.1f}"],
            ["server µs a viewer and second", f"{measured.viewer_cpu_us_per_second:.1f}"],
            ["server KiB a viewer, once, on a fresh server", f"{viewer_kib:.1f}"],
            ["change to sight, p50 ms", f"{measured.p50_ms:.0f}"],
            ["change to sight, p99 ms", f"{measured.p99_ms:.0f}"],
            ["server µs a reservation, nobody watches", f"{measured.alone_cpu_us:.1f}"],
            ["reservations/s, nobody watches", f"{measured.alone_per_second:.0f}"],
            ["server µs a reservation, watched, messages included", f"{measured.watched_cpu_us:.1f}"],
            ["reservations/s, watched", f"{measured.watched_per_second:.0f}"],
        ],
    )


def _memory(watched: Show, viewers: int) -> float:
    """KiB of the server for each viewer."""
    empty_mib = resident_mib(watched.server.pid)
    with audience(watched.stream, viewers) as seated:
        full_mib = resident_mib(watched.server.pid)
        seated.leave()
    return (full_mib - empty_mib) * 1024 / viewers


def _measure(watched: Show, *, viewers: int, rate: float, seconds: float) -> Watched:
    alone, quiet = watched.reserve(seconds), uvloop.run(watched.sell(rate, seconds))
    with audience(watched.stream, viewers) as seated:
        sold = uvloop.run(watched.sell(rate, seconds))
        crowded = watched.reserve(seconds)
        seen = seated.leave()
    messages = sum(sold.begin <= at <= sold.end for at in seen.at)
    waits = sorted(waits_for(sold, seen))
    if not waits:
        raise SystemExit("the viewers saw nothing")
    p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
    cpu = (sold.cpu_share - quiet.cpu_share) * MICRO
    messages_per_second = messages / (sold.end - sold.begin)
    return Watched(
        messages_per_second,
        cpu / messages_per_second,
        cpu / viewers,
        p50,
        p99,
        alone.server_cpu_us,
        alone.requests_per_second,
        crowded.server_cpu_us,
        crowded.requests_per_second,
    )


def waits_for(sold: Sold, seen: Seen) -> Iterator[float]:
    """Seconds that each viewer waited for each of these changes; they see several at once."""
    for at, before, held in zip(*seen, strict=True):
        for change in range(before + 1, held + 1):
            if change in sold.changes:
                yield at - sold.changes[change]

"""What reading an event's availability costs beside a bare HTTP request for as many bytes."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, NamedTuple

import click
import uvloop

from bench import costs, load
from bench.client import connected, request
from bench.costs import Cost, cost_of
from bench.places import scratch
from bench.rounds import in_turns, medians
from bench.subjects import Subject, owner_token, put_event_on_sale, running, ticketd
from bench.table import show

FLOOR, WHOLE, COMPRESSED, KNOWN = "a bare aiohttp handler", "ticketd", "ticketd, gzip", "ticketd, 304"
TICKET_TYPES: Final = ("Regular", "Premium", "VIP")


class _Read(NamedTuple):
    """A request that a server is measured by."""

    server: Subject
    url: str
    headers: Mapping[str, str]


def measure_availability(*, rounds: int, seconds: float, connections: int) -> None:
    """Measure the servers turn by turn and print the medians."""
    with scratch() as place, ExitStack() as stack:
        ours = stack.enter_context(ticketd(place / "data"))
        token = owner_token(place / "data", "event@example.org")
        event_id, _ = uvloop.run(put_event_on_sale(ours.base_url, token, TICKET_TYPES))
        path = f"/api/v1/events/{event_id}/availability"
        body = uvloop.run(_read(ours.base_url + path))
        floor = stack.enter_context(_bare_handler(body))
        url = ours.base_url + path
        reads = {
            FLOOR: _Read(floor, floor.base_url + path, {}),
            WHOLE: _Read(ours, url, {}),
            COMPRESSED: _Read(ours, url, {"Accept-Encoding": "gzip"}),
            KNOWN: _Read(ours, url, {"If-None-Match": "*"}),
        }

        def read(wanted: _Read, seconds: float) -> Cost:
            ask = partial(load.get, wanted.url, wanted.headers, connections=connections, seconds=seconds)
            return cost_of(wanted.server, ask)

        for wanted in reads.values():  # warm up
            read(wanted, 1)
        measured = medians(
            in_turns({name: partial(read, wanted, seconds) for name, wanted in reads.items()}, rounds=rounds)
        )
    show(
        f"GET of an event's availability, {len(TICKET_TYPES)} ticket types, {len(body)} bytes;"
        f" {connections} connections of {load.client_name()}, medians of {rounds} rounds of {seconds:g} s",
        ("", *costs.HEADS),
        costs.rows(measured),
    )
    for name in (WHOLE, COMPRESSED, KNOWN):
        ratio = measured[name].server_cpu_us / measured[FLOOR].server_cpu_us
        click.echo(f"{name}: {ratio:.2f}× the CPU of {FLOOR}")


async def _read(url: str) -> bytes:
    async with connected(url, 1) as (connection,):
        return (await connection.ask(request("GET", url))).body


@contextmanager
def _bare_handler(body: bytes) -> Iterator[Subject]:
    command = [sys.executable, "-m", "bench.bare_get", body.decode()]
    with running(command) as (process, url):
        yield Subject(FLOOR, process.pid, url)

"""Many ticket types evenly loaded beside one hot one, and the memory of those that nobody asks for."""

import asyncio
import time
import urllib.request
from collections.abc import Sequence
from functools import partial

import click
import uvloop

from bench import costs, load
from bench.client import Connection, connected, request
from bench.costs import Cost, cost_of
from bench.places import scratch
from bench.processes import resident_mib
from bench.rounds import in_turns, medians
from bench.subjects import Subject, request_body, ticketd
from bench.table import show

HOT, SPREAD = "one hot ticket type", "spread evenly"
IDLE_SECONDS, HOLD_SECONDS = 2, 5
"""In the memory part, so that ticket types leave it soon after they were used."""

PASSIVATION_SECONDS_MAX = 120.0
POLL_SECONDS = 0.5


def measure_spread(
    *, rounds: int, seconds: float, connections: int, ticket_types: int, times_used: int
) -> None:
    """Measure throughput turn by turn, then memory on a server of its own."""
    _measure_throughput(rounds, seconds, connections, ticket_types)
    _measure_memory(connections, ticket_types, times_used)


def _measure_throughput(rounds: int, seconds: float, connections: int, ticket_types: int) -> None:
    with scratch() as place, ticketd(place / "data", ticket_types=ticket_types) as server:
        loads = {HOT: [server.body], SPREAD: [request_body(each) for each in server.ticket_types]}

        def reserve(bodies: Sequence[bytes]) -> Cost:
            post = partial(load.post, server.url, bodies, connections=connections, seconds=seconds)
            return cost_of(server, post)

        for bodies in loads.values():  # warm up
            reserve(bodies)
        measured = medians(
            in_turns({name: partial(reserve, bodies) for name, bodies in loads.items()}, rounds=rounds)
        )
    show(
        f"{ticket_types} ticket types, {connections} connections of {load.client_name()},"
        f" medians of {rounds} rounds of {seconds:g} s",
        ("", *costs.HEADS),
        costs.rows(measured),
    )
    share = measured[SPREAD].requests_per_second / measured[HOT].requests_per_second
    click.echo(f"spread over {ticket_types}: {share:.0%} of the throughput of one hot ticket type")


def _measure_memory(connections: int, ticket_types: int, times_used: int) -> None:
    settings = {"idle_seconds": str(IDLE_SECONDS), "hold_seconds": str(HOLD_SECONDS)}
    with scratch() as place, ticketd(place / "data", ticket_types=ticket_types, **settings) as server:
        rows = [_memory("created", server)]
        for time_used in range(1, times_used + 1):
            uvloop.run(_use_each(server, connections))
            rows.append(_memory(f"each used, time {time_used}", server))
            _wait_until_passive(server)
            rows.append(_memory("nobody there any more", server))
    show(
        f"{ticket_types} ticket types; holds of {HOLD_SECONDS} s, idle ones leave after {IDLE_SECONDS} s",
        ("", "actors in memory", "resident MiB"),
        rows,
    )


async def _use_each(server: Subject, connections: int) -> None:
    """One reservation of every ticket type."""
    wanted = iter(server.ticket_types)

    async def reserve(connection: Connection) -> None:
        for ticket_type in wanted:
            answer = await connection.ask(request("POST", server.url, request_body(ticket_type)))
            if answer.status != 201:
                raise SystemExit(f"ticket type {ticket_type}: {answer}")

    async with connected(server.base_url, connections) as guests:
        await asyncio.gather(*map(reserve, guests))


def _wait_until_passive(server: Subject) -> None:
    deadline = time.monotonic() + PASSIVATION_SECONDS_MAX
    while _actors(server) > 0:
        if time.monotonic() > deadline:
            raise SystemExit(f"{_actors(server)} actors didn't leave in {PASSIVATION_SECONDS_MAX:g} s")
        time.sleep(POLL_SECONDS)


def _memory(moment: str, server: Subject) -> list[str]:
    return [moment, str(_actors(server)), f"{resident_mib(server.pid):.0f}"]


def _actors(server: Subject) -> int:
    with urllib.request.urlopen(f"{server.base_url}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("ticketd_actors "):
                return int(float(line.split()[1]))
    raise SystemExit("/metrics doesn't say how many actors there are")

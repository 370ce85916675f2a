"""What seats cost by HTTP beside as many tickets without: the same server, a stadium of 60,000 seats."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import click
import uvloop

from bench import costs, load
from bench.client import connected
from bench.costs import Cost, cost_of
from bench.places import scratch
from bench.rounds import in_turns, medians
from bench.subjects import Subject, owner_token, post, request_body, ticketd
from bench.table import show
from ticketd.core.seat_maps import ids_of
from ticketd.services.seat_maps.files import seat_map_to_json
from ticketd.services.seat_maps.houses import stadium

QUANTITY, NAMED, BEST = "2 tickets", "2 named seats", "the best 2 together"
TICKETS = 2
HOLD_SECONDS = 2
"""Seats are free again before their next turn, and the hall is never full."""


class _Hall(NamedTuple):
    """A ticket type of all seats of the stadium."""

    ticket_type: int
    seats: Sequence[str]


def measure_hall_sale(*, rounds: int, seconds: float, connections: int) -> None:
    """Measure the three ways to reserve turn by turn and print the medians."""
    with (
        scratch() as place,
        ticketd(place / "data", hold_seconds=str(HOLD_SECONDS), answer_seconds_max="60") as server,
    ):
        hall = uvloop.run(_put_stadium_on_sale(server, owner_token(place / "data", "seats@example.org")))
        ways = {
            QUANTITY: [request_body(server.ticket_types[0], quantity=TICKETS)],
            NAMED: [
                _body(hall.ticket_type, seats=hall.seats[n : n + TICKETS])
                for n in range(0, len(hall.seats), TICKETS)
            ],
            BEST: [_body(hall.ticket_type, best_available=TICKETS)],
        }

        def reserve(bodies: Sequence[bytes], seconds: float) -> Cost:
            ask = partial(load.post, server.url, bodies, connections=connections, seconds=seconds)
            return cost_of(server, ask)

        for bodies in ways.values():  # warm up
            reserve(bodies, 1)
        measured = medians(
            in_turns({name: partial(reserve, way, seconds) for name, way in ways.items()}, rounds=rounds)
        )
    show(
        f"{connections} connections of {load.client_name()}, {TICKETS} tickets a reservation,"
        f" held for {HOLD_SECONDS} s, {len(hall.seats)} seats; medians of {rounds} rounds of {seconds:g} s",
        ("", *costs.HEADS),
        costs.rows(measured),
    )
    quantity = measured[QUANTITY]
    for name in (NAMED, BEST):
        cost = measured[name]
        click.echo(
            f"{name}: {cost.server_cpu_us / quantity.server_cpu_us:.2f}× the server CPU of {QUANTITY},"
            f" {cost.cpu_us / quantity.cpu_us:.2f}× with Postgres' share"
        )


def _body(ticket_type: int, **line: object) -> bytes:
    return json.dumps({"lines": [{"ticket_type_id": ticket_type, **line}]}).encode()


async def _put_stadium_on_sale(server: Subject, token: str) -> _Hall:
    seat_map = stadium()
    api = f"{server.base_url}/api/v1/organizers"
    async with connected(server.base_url, 1) as (connection,):

        async def ask(url: str, body: dict[str, Any]) -> Any:
            return await post(connection, url, token, body)

        await ask(api, {"name": "Stadium", "slug": "stadium"})
        plan = json.loads(seat_map_to_json(seat_map))
        venue = await ask(f"{api}/stadium/venues", {"name": "Stadium", "timezone": "UTC", "seat_map": plan})
        event = await ask(
            f"{api}/stadium/events",
            {"name": "Final", "starts_at": "2100-01-01T20:00", "timezone": "UTC", "venue_id": venue["id"]},
        )
        sections = [section.name for section in seat_map.sections]
        ticket_type = await ask(
            f"{api}/stadium/ticket-types",
            {"name": "Seats", "price_cents": 1500, "event_id": event["id"], "sections": sections},
        )
    return _Hall(ticket_type["id"], list(ids_of(seat_map)))

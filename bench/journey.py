"""What a whole journey (hold, pay, tickets) costs beside a reservation alone and a bare HTTP request."""

from functools import partial

import click
import msgspec

from bench import costs, load
from bench.client import Connection, request
from bench.costs import Cost, cost_of
from bench.places import scratch
from bench.rounds import in_turns, medians
from bench.subjects import Subject, bare_handler, ticketd
from bench.table import show

FLOOR = "a bare aiohttp handler"
HOLD = "hold"
PAY = "hold, pay"
PAY_WITH_ADDRESS = "hold, pay with name and e-mail"
LOOK = "hold, pay, look"

TOKEN = {"token": "tok_visa"}
ADDRESS = {"email": "guest@example.org", "name": "A Guest"}


class _Reservation(msgspec.Struct):
    id: str
    status: str
    tickets: list[msgspec.Raw]


_decode = msgspec.json.Decoder(_Reservation).decode


def measure_journey(*, rounds: int, seconds: float, connections: int) -> None:
    """Measure each way turn by turn, all with the same client, and print the medians."""
    with scratch() as place, ticketd(place / "data") as server, bare_handler() as bare:
        ways = {
            FLOOR: (bare, _hold(bare)),
            HOLD: (server, _hold(server)),
            PAY: (server, _pay(server, TOKEN, look=False)),
            PAY_WITH_ADDRESS: (server, _pay(server, TOKEN | ADDRESS, look=False)),
            LOOK: (server, _pay(server, TOKEN, look=True)),
        }

        def go(subject: Subject, script: load.Script) -> Cost:
            play = partial(load.play, subject.base_url, script, connections=connections, seconds=seconds)
            return cost_of(subject, play)

        for way in ways.values():  # warm up
            go(*way)
        measured = medians(in_turns({name: partial(go, *way) for name, way in ways.items()}, rounds=rounds))
    show(
        f"{connections} guests at once on one ticket type, the sandbox's payments,"
        f" medians of {rounds} rounds of {seconds:g} s; the answer to a payment holds the tickets",
        ("", "journeys/s", *costs.HEADS[1:]),
        costs.rows(measured),
    )
    floor, hold = measured[FLOOR], measured[HOLD]
    for name, journey in measured.items():
        click.echo(
            f"{name}: {journey.server_cpu_us / hold.server_cpu_us:.2f}× the server CPU of a reservation,"
            f" {journey.cpu_us / hold.cpu_us:.2f}× with Postgres' share;"
            f" {journey.server_cpu_us / floor.server_cpu_us:.2f}× that of a bare request"
        )


def _hold(server: Subject) -> load.Script:
    wanted = request("POST", server.url, server.body)

    async def script(connection: Connection) -> bool:
        return (await connection.ask(wanted)).status == 201

    return script


def _pay(server: Subject, payment: dict[str, str], *, look: bool) -> load.Script:
    wanted = request("POST", server.url, server.body)
    body = msgspec.json.encode(payment)

    async def script(connection: Connection) -> bool:
        held = _decode((await connection.ask(wanted)).body)
        url = f"{server.url}/{held.id}"
        paid = await connection.ask(request("POST", f"{url}/payment", body))
        seen = await connection.ask(request("GET", url)) if look else paid
        reservation = _decode(seen.body)
        return paid.status == 200 and reservation.status == "paid" and len(reservation.tickets) == 1

    return script

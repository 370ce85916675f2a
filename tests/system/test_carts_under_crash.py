"""Carts of seats, standing room and shares of a pool, and kill -9 in the middle: all or nothing, and soon."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import (
    assert_balanced,
    assert_conserved,
    assert_nothing_lost,
    assert_nothing_made_up,
    ledger,
    rows,
)
from tests.system.client import Client
from tests.system.conftest import MakeServer
from tests.system.crowd import Crowd, Journey
from tests.system.promoter import Promoter, seats_of
from tests.system.server import Server

GUESTS = 48
TENTATIVE_SECONDS = 3
LIMIT = 1000
HALL = {
    "Stalls": {str(row): 50 for row in range(1, 61)},
    "Balcony": {str(row): 50 for row in range(1, 61)},
}
HOT_SEATS = seats_of({"Stalls": {"1": 50}})
SEATS = seats_of({"Stalls": HALL["Stalls"]})
_OPEN = ("held", "paying", "paid")

_CART_LINES = """
WITH line AS (
    SELECT inventory_id, body::json ->> 'reservation_id' AS reservation_id,
           max(body::json ->> 'parts') AS parts,
           (array_agg(body::json ->> 'type' ORDER BY fact_seq DESC))[1] AS last_fact
    FROM ledger WHERE body::json ->> 'reservation_id' IS NOT NULL
    GROUP BY 1, 2 HAVING max(body::json ->> 'parts') IS NOT NULL AND max(body::json ->> 'guest') IS NULL
)
"""
_TENTATIVE = f"{_CART_LINES} SELECT * FROM line WHERE last_fact = 'Reserved'"
_TORN = f"""
{_CART_LINES} SELECT reservation_id FROM line GROUP BY 1
HAVING count(*) FILTER (WHERE last_fact NOT IN ('Released', 'Expired'))
       NOT IN (0, max(json_array_length(parts::json)))
"""


class Sale(NamedTuple):
    """An evening with a limit for each guest, and a hall that another one's ticket types share."""

    stalls: int
    balcony: int
    standing: int
    regular: int
    student: int


def open_sale(server: Server) -> Sale:
    with closing(Promoter(server)) as promoter:
        evening = promoter.announce(promoter.build(HALL), max_per_guest=LIMIT)
        gala, pool = promoter.announce(), promoter.pool(100_000)
        return Sale(
            promoter.offer(evening, sections=["Stalls"]),
            promoter.offer(evening, sections=["Balcony"]),
            promoter.offer(evening, capacity=100_000),
            promoter.offer(gala, capacity_id=pool),
            promoter.offer(gala, capacity_id=pool, capacity=50_000, price_cents=700),
        )


class CartCrowd(Crowd):
    """Guests who want some of everything, and who give their e-mail address."""

    noes = Crowd.noes | {"seat_taken"}

    def __init__(self, server: Server, sale: Sale, *, patient: bool = True) -> None:
        super().__init__(server, sale, threads=GUESTS, patient=patient)
        self._wishes: dict[int, Callable[[random.Random], dict[str, object]]] = {
            sale.stalls: lambda chance: {"seats": _some_seats(chance)},
            sale.balcony: lambda chance: {
                "best_available": chance.randint(1, 4),
                "together": chance.random() < 0.5,
            },
            sale.standing: lambda chance: {"quantity": chance.randint(1, 3)},
            sale.regular: lambda chance: {"quantity": chance.randint(1, 3)},
            sale.student: lambda chance: {"quantity": chance.randint(1, 2)},
        }

    def _request(self, chance: random.Random) -> dict[str, object]:
        wanted = chance.sample([*self._wishes], chance.randint(1, len(self._wishes)))
        return {"lines": [{"ticket_type_id": each, **self._wishes[each](chance)} for each in wanted]}

    def _payment(self, journey: Journey) -> dict[str, object]:
        return {"token": "tok", "email": f"{journey.key}@example.org"}


def _some_seats(chance: random.Random) -> list[str]:
    return chance.sample(HOT_SEATS if chance.random() < 0.2 else SEATS, chance.randint(1, 3))


@pytest.mark.storm
def test_a_kill_leaves_whole_carts_or_none_and_blocks_nothing_for_long(
    make_server: MakeServer, soak: bool, report: Report
) -> None:
    server = make_server(tentative_hold_seconds=str(TENTATIVE_SECONDS))
    server.start()
    sale = open_sale(server)
    chance = random.Random(7)
    kills = 30 if soak else 3
    with CartCrowd(server, sale) as crowd:
        for _ in range(kills):
            crowd.wait_for_answers(chance.randint(60, 300))
            server.kill()
            server.start()
        crowd.wait_for_answers(100)
    left_at = time.monotonic()
    assert crowd.surprises == []
    assert_nothing_made_up(server, crowd.journeys)
    given_back_after = time.monotonic() - left_at
    assert_nothing_lost(server, crowd.journeys)
    told = [journey.acknowledged for journey in crowd.journeys if journey.acknowledged]
    assert_carts_are_whole(server, sale, told)
    for ticket_type in (sale.stalls, sale.balcony):
        assert_seats_agree(server, ticket_type, told)
    for ticket_type in sale:
        assert_availability_agrees(server, ticket_type, told)
    assert_claims_agree(server, sale, told)
    assert_balanced(server, sale[:3])
    assert_conserved(server)
    known = {each["id"] for each in told}
    given_back = {line.reservation_id for line in ledger(server)} - known
    report(
        f"carts and kill -9: {kills} times under {GUESTS} guests, {len(told)} reservations acknowledged,"
        f" 0 lost or torn; {len(given_back)} came to nothing, all given back {given_back_after:.1f} s after"
        " the last guest had gone"
    )


@pytest.mark.storm
def test_carts_that_nobody_comes_back_for_are_whole_or_gone_soon_after_a_kill(
    make_server: MakeServer, soak: bool
) -> None:
    """What no guest was told may be held, as any reservation, but nothing is left half made."""
    server = make_server(tentative_hold_seconds=str(TENTATIVE_SECONDS))
    server.start()
    sale = open_sale(server)
    chance = random.Random(11)
    for _ in range(10 if soak else 2):
        with CartCrowd(server, sale, patient=False) as crowd:
            crowd.wait_for_answers(chance.randint(20, 100))
            server.kill()
        server.start()
        wait_until(lambda: rows(server, _TENTATIVE) == [])
        assert rows(server, _TORN) == []
        told = [
            journey.acknowledged for journey in crowd.journeys if journey.is_told and journey.acknowledged
        ]
        assert_nothing_lost(server, [journey for journey in crowd.journeys if journey.is_told])
        assert {each["id"] for each in told} <= {line.reservation_id for line in ledger(server)}


def assert_carts_are_whole(server: Server, sale: Sale, told: Sequence[Any]) -> None:
    """In the ledger every reservation stands in all its inventories as its guest was told, or in none."""
    found: defaultdict[str, dict[int, str]] = defaultdict(dict)
    pool = _inventory(server, sale.regular)
    for line in ledger(server):
        if line.status in _OPEN and line.inventory_id in {*sale[:3], pool}:
            found[line.reservation_id][line.inventory_id] = line.status
    shares = {sale.regular: pool, sale.student: pool}
    assert found == {
        each["id"]: {
            shares.get(line["ticket_type_id"], line["ticket_type_id"]): each["status"]
            for line in each["lines"]
        }
        for each in told
        if each["status"] in _OPEN
    }


def assert_seats_agree(server: Server, ticket_type: int, told: Sequence[Any]) -> None:
    """Guests, ledger and readers say the same of every seat."""
    of_guests = {
        seat: "sold" if each["status"] == "paid" else "held"
        for each, line in _lines_of(ticket_type, told)
        for seat in line["seats"]
    }
    of_ledger = {
        seat: "sold" if line.status == "paid" else "held"
        for line in ledger(server)
        if line.inventory_id == ticket_type and line.status in _OPEN
        for seat in line.seats
    }
    with closing(Client(server)) as reader:
        seats = reader.seats(ticket_type)["seats"]
    shown = {seat["id"]: seat["status"] for seat in seats if seat["status"] != "free"}
    assert of_guests == of_ledger == shown


def assert_availability_agrees(server: Server, ticket_type: int, told: Sequence[Any]) -> None:
    """What is shown as held and sold is what guests hold and have paid."""
    counts = Counter[str]()
    for each, line in _lines_of(ticket_type, told):
        counts[each["status"]] += line["quantity"]
    with closing(Client(server)) as reader:
        shown = reader.availability(ticket_type)
    assert (shown["held"], shown["sold"]) == (counts["held"], counts["paid"])


def assert_claims_agree(server: Server, sale: Sale, told: Sequence[Any]) -> None:
    """What counts for the guests' limits is what they have paid of the limited evening."""
    paid = Counter[str]()
    for ticket_type in sale[:3]:
        for each, line in _lines_of(ticket_type, told):
            if each["status"] == "paid":
                paid[each["id"]] += line["quantity"]
    limits = {row["guests_id"] for row in rows(server, "SELECT guests_id FROM event")}
    claims = [line for line in ledger(server) if line.inventory_id in limits and line.status in _OPEN]
    assert {line.reservation_id: line.quantity for line in claims} == paid


def _lines_of(ticket_type: int, told: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The open reservations with a line of this ticket type, and that line."""
    for each in told:
        for line in each["lines"]:
            if each["status"] in _OPEN and line["ticket_type_id"] == ticket_type:
                yield each, line


def _inventory(server: Server, ticket_type: int) -> int:
    (row,) = rows(server, f"SELECT capacity_id FROM ticket_type WHERE id = {ticket_type}")
    return int(row["capacity_id"])

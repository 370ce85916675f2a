"""Carts of seats, standing room and shares of a pool, limited per guest; and what holds for them."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, NamedTuple, Self

from tests.system.audit import (
    assert_balanced,
    assert_conserved,
    assert_nothing_lost,
    assert_nothing_made_up,
    ledger,
    rows,
)
from tests.system.client import Client, Unanswered
from tests.system.crowd import Crowd, Journey
from tests.system.promoter import Promoter, seats_of
from tests.system.server import Server

GUESTS = 48
LIMIT = 1000
HALL = {
    "Stalls": {str(row): 50 for row in range(1, 61)},
    "Balcony": {str(row): 50 for row in range(1, 61)},
}
HOT_SEATS = seats_of({"Stalls": {"1": 50}})
SEATS = seats_of({"Stalls": HALL["Stalls"]})
_OPEN = ("held", "paying", "paid")


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


class Watcher:
    """Keeps the seats before them, and asks for what has changed, whatever happens to the server."""

    def __init__(self, server: Server, ticket_type: int) -> None:
        self._client = Client(server)
        self._ticket_type = ticket_type
        self._seats: dict[str, Any] = {}
        self._version: int | None = None
        self._leaving = threading.Event()
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._watching = self._thread.submit(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._watching.result()
        self._thread.shutdown()

    def _watch(self) -> None:
        while not self._leaving.is_set():
            with suppress(Unanswered):
                self.look()

    def look(self) -> dict[str, Any]:
        """All seats, as far as they have been told of."""
        path = f"/ticket-types/{self._ticket_type}/seats"
        answer = self._client.ask("GET", path if self._version is None else f"{path}?since={self._version}")
        self._client.close()
        if answer.status != 503:
            assert answer.body["version"] >= (self._version or 0)
            self._seats |= {seat["id"]: seat for seat in answer.body["seats"]}
            self._version = answer.body["version"]
        return self._seats


def assert_all_agree(server: Server, sale: Sale, crowd: Crowd, watcher: Watcher) -> None:
    """Guests, the only ones, were served honestly; they, the ledger and the readers say the same."""
    assert crowd.surprises == []
    assert_nothing_made_up(server, crowd.journeys)
    assert_nothing_lost(server, crowd.journeys)
    told = [journey.acknowledged for journey in crowd.journeys if journey.acknowledged]
    assert_carts_are_whole(server, sale, told)
    for ticket_type in (sale.stalls, sale.balcony):
        assert_seats_agree(server, ticket_type, told)
    assert watcher.look() == {seat["id"]: seat for seat in seats_shown(server, sale.stalls)}
    for ticket_type in sale:
        assert_availability_agrees(server, ticket_type, told)
    assert_claims_agree(server, sale, told)
    assert_balanced(server, sale[:3])
    assert_conserved(server)


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
    shown = {
        seat["id"]: seat["status"] for seat in seats_shown(server, ticket_type) if seat["status"] != "free"
    }
    assert of_guests == of_ledger == shown


def seats_shown(server: Server, ticket_type: int) -> Sequence[Any]:
    with closing(Client(server)) as reader:
        seats: Sequence[Any] = reader.seats(ticket_type)["seats"]
    return seats


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

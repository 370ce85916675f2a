"""What must be true of a server's books, whatever has happened to it."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
from prometheus_client.parser import text_string_to_metric_families

from tests.embedded.processes import wait_until
from tests.system.client import Client
from tests.system.crowd import Crowd, Journey
from tests.system.server import Server

_GAPS = """
SELECT inventory_id FROM ledger GROUP BY inventory_id HAVING min(fact_seq) <> 1 OR max(fact_seq) <> count(*)
"""
_LINES = """
SELECT inventory_id, body::json ->> 'reservation_id' AS reservation_id,
       (array_agg((body::json ->> 'quantity')::int ORDER BY fact_seq DESC)
           FILTER (WHERE body::json ->> 'type' = 'Reserved'))[1] AS quantity,
       (array_agg(body::json ->> 'seats' ORDER BY fact_seq DESC)
           FILTER (WHERE body::json ->> 'type' = 'Reserved'))[1] AS seats,
       (array_agg(body::json ->> 'type' ORDER BY fact_seq DESC))[1] AS last_fact
FROM ledger WHERE body::json ->> 'reservation_id' IS NOT NULL GROUP BY 1, 2
"""
_ORDERS = """
SELECT coalesce(capacity_id, ticket_type_id) AS inventory_id, reservation_id, sum(quantity)
FROM order_line JOIN ticket_type ON id = ticket_type_id WHERE status = 'paid' GROUP BY 1, 2
"""
_CHARGED = "SELECT attempt_id FROM sandbox_attempt WHERE verdict = 'charged'"
_GUEST_LIMITS = "SELECT id FROM ticket_type WHERE kind = 'guests'"

_STATUS = {
    "Reserved": "held",
    "Sealed": "held",
    "PaymentFailed": "held",
    "PaymentStarted": "paying",
    "Confirmed": "paid",
    "Released": "released",
    "Expired": "expired",
}


class Entry(NamedTuple):
    """One line of a reservation."""

    inventory_id: int
    reservation_id: str
    quantity: int
    status: str
    seats: tuple[str, ...] = ()


def assert_sold_honestly(server: Server, crowd: Crowd, ticket_types: Sequence[int]) -> None:
    """Every request of this crowd, the only one, was answered, and none wrongly; and all that follows."""
    assert crowd.surprises == []
    assert crowd.unanswered == 0
    assert_nothing_lost(server, crowd.journeys)
    assert_nothing_made_up(server, crowd.journeys)
    assert_balanced(server, ticket_types)
    assert_conserved(server)


def assert_nothing_lost(server: Server, journeys: Iterable[Journey]) -> None:
    """Every reservation stands as its guest was told last, to the letter."""
    client = Client(server)
    for journey in journeys:
        if journey.acknowledged is not None:
            assert client.look(journey.acknowledged["id"]) == (200, journey.acknowledged)
    client.close()


def assert_balanced(server: Server, ticket_types: Sequence[int]) -> None:
    """Ledger, orders, gateway and API tell the same; nothing is left `paying`."""
    assert rows(server, _GAPS) == []
    lines = ledger(server)
    limits = {row["id"] for row in rows(server, _GUEST_LIMITS)}
    paid = [line for line in lines if line.status == "paid" and line.inventory_id not in limits]
    assert [line for line in lines if line.status == "paying"] == []
    assert sorted(tuple(row) for row in rows(server, _ORDERS)) == sorted(line[:3] for line in paid)
    assert charges(server) == dict.fromkeys((line.reservation_id for line in paid), 1)
    for ticket_type in ticket_types:
        _assert_shown(server, ticket_type, [line for line in lines if line.inventory_id == ticket_type])


def assert_nothing_made_up(server: Server, journeys: Iterable[Journey]) -> None:
    """Nobody holds or has paid what no guest knows of."""
    known = {journey.acknowledged["id"] for journey in journeys if journey.acknowledged}
    wait_until(lambda: _taken(server) <= known)


def _taken(server: Server) -> set[str]:
    return {line.reservation_id for line in ledger(server) if line.status in ("held", "paying", "paid")}


def _assert_shown(server: Server, ticket_type: int, lines: Sequence[Entry]) -> None:
    client = Client(server)
    shown = client.availability(ticket_type)
    client.close()
    quantities: Counter[str] = Counter()
    for line in lines:
        quantities[line.status] += line.quantity
    assert (shown["held"], shown["sold"]) == (quantities["held"], quantities["paid"])
    assert shown["capacity"] == shown["available"] + shown["held"] + shown["sold"]
    assert shown["available"] >= 0


def assert_conserved(server: Server) -> None:
    """`/metrics` is well-formed, and no inventory's counts fail to add up."""
    assert sample(server, "ticketd_conservation_broken", default=1) == 0


def sample(server: Server, name: str, *, default: float = 0, **labels: str) -> float:
    """What `/metrics` says of one thing; the default if it doesn't name it."""
    client = Client(server)
    status, text = client.fetch("GET", "/metrics")
    client.close()
    assert status == 200
    families = text_string_to_metric_families(text.decode())
    found = {(each.name, *each.labels.items()): each.value for family in families for each in family.samples}
    return found.get((name, *labels.items()), default)


def ledger(server: Server) -> list[Entry]:
    """All lines of all reservations, by what the ledger says alone."""
    return [
        Entry(
            row["inventory_id"],
            row["reservation_id"],
            row["quantity"],
            _STATUS[row["last_fact"]],
            tuple(json.loads(row["seats"] or "[]")),
        )
        for row in rows(server, _LINES)
    ]


def charges(server: Server) -> dict[str, int]:
    """How often each reservation was charged."""
    return dict(Counter(row["attempt_id"].rpartition("-")[0] for row in rows(server, _CHARGED)))


def rows(server: Server, sql: str) -> list[Any]:
    """What the server's database answers."""

    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(server.dsn)
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())

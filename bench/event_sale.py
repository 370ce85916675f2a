"""An event whose sale is about to open, on a server of its own."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop

from bench.client import Connection, connected, request
from bench.subjects import Subject, environment, owner_token, post, running, serving

NAME: Final = "ticketd"
SLUG: Final = "on-sale"
STARTS_AT: Final = "2100-01-01T20:00"
PRICE_CENTS: Final = 4500
UNDEFENDED: Final = {"proof_of_work": False, "address_limits": False, "hold_limits": False}
"""For a bench's own crowd: one machine can't compute for all of it, and has but one address."""


class EventSale(NamedTuple):
    """What is sold, where, and from when."""

    server: Subject
    token: str
    """Of its owner."""
    event_id: int
    ticket_type_id: int
    purchase_path: str
    opens_at: float
    """As `time.time` counts."""

    @property
    def api(self) -> str:
        """Where its API begins."""
        return f"{self.server.base_url}/api/v1"

    @property
    def queue_url(self) -> str:
        """Its waiting room."""
        return f"{self.api}/events/{self.event_id}/queue"

    @property
    def purchase_url(self) -> str:
        """The page that sells its tickets."""
        return f"{self.server.base_url}{self.purchase_path}"

    async def read(self, connection: Connection, path: str) -> Any:
        """What its owner sees there, below the API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await connection.ask(request("GET", f"{self.api}{path}", headers=headers))
        if answer.status != 200:
            raise SystemExit(f"GET {path} was answered with {answer}")
        return answer.json()


class Terms(NamedTuple):
    """How an event is sold."""

    tickets: int
    max_per_reservation: int
    opens_after: float
    """Seconds from when everything is prepared."""
    waiting_room: bool
    defences: Mapping[str, bool | str]


@contextmanager
def event_sale(
    data_dir: Path,
    terms: Terms,
    settings: Mapping[str, str],
    command: Callable[[Path], list[str]] = serving,
) -> Iterator[EventSale]:
    """A sale that opens soon, on a server with these settings, started by this command."""
    with running(command(data_dir), environment(settings)) as (process, url):
        server = Subject(NAME, process.pid, url)
        yield uvloop.run(_put_on_sale(server, owner_token(data_dir), terms))


async def _put_on_sale(server: Subject, token: str, terms: Terms) -> EventSale:
    organizers = f"{server.base_url}/api/v1/organizers"
    async with connected(server.base_url, 1) as (connection,):
        await post(connection, organizers, token, {"name": "On sale", "slug": SLUG})
        opens_at = time.time() + terms.opens_after
        event = {
            "name": "Final",
            "starts_at": STARTS_AT,
            "timezone": "UTC",
            "on_sale_at": datetime.fromtimestamp(opens_at, UTC).isoformat(),
            "waiting_room": terms.waiting_room,
            "defences": dict(terms.defences),
        }
        event_id = (await post(connection, f"{organizers}/{SLUG}/events", token, event))["id"]
        ticket_type = {
            "name": "General Admission",
            "capacity": terms.tickets,
            "price_cents": PRICE_CENTS,
            "event_id": event_id,
            "max_per_reservation": terms.max_per_reservation,
        }
        made = await post(connection, f"{organizers}/{SLUG}/ticket-types", token, ticket_type)
    return EventSale(server, token, event_id, made["id"], made["purchase_url"], opens_at)


def reservation_of(sale: EventSale, quantity: int, headers: Mapping[str, str]) -> bytes:
    """A request for so many tickets."""
    lines = {"lines": [{"ticket_type_id": sale.ticket_type_id, "quantity": quantity}]}
    return request("POST", sale.server.url, json.dumps(lines).encode(), headers)

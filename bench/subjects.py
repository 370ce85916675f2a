"""The servers that are measured, each a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from bench.client import Connection, connected, request
from bench.processes import cpu_seconds, family_cpu_seconds, postgres_of

LISTENING = "listening on "
EMAIL = "bench@example.org"
CAPACITY = 10_000_000
CREATED_AT_ONCE = 64


class Subject(NamedTuple):
    """A running server and the requests that it is measured by."""

    name: str
    pid: int
    base_url: str
    ticket_types: tuple[int, ...] = (1,)

    @property
    def url(self) -> str:
        """Where reservations are asked for."""
        return f"{self.base_url}/api/v1/reservations"

    @property
    def body(self) -> bytes:
        """A request for one of the first ticket type."""
        return request_body(self.ticket_types[0])

    def server_cpu_seconds(self) -> float:
        """CPU that the server process has used so far."""
        return cpu_seconds(self.pid)

    def postgres_cpu_seconds(self) -> float:
        """CPU that its Postgres, all processes together, has used so far."""
        postgres = postgres_of(self.pid)
        return 0.0 if postgres is None else family_cpu_seconds(postgres)


def request_body(ticket_type_id: int, *, quantity: int = 1) -> bytes:
    """So many of that ticket type."""
    return json.dumps({"lines": [{"ticket_type_id": ticket_type_id, "quantity": quantity}]}).encode()


@contextmanager
def bare_handler() -> Iterator[Subject]:
    """The bare aiohttp handler."""
    with running([sys.executable, "-m", "bench.bare"]) as (process, url):
        yield Subject("bare aiohttp handler", process.pid, url)


@contextmanager
def peer(module: str, name: str, data_dir: Path, *, pool_size: int) -> Iterator[Subject]:
    """A server of bench/peers with an embedded Postgres of its own."""
    command = [sys.executable, "-m", f"bench.peers.{module}", str(data_dir), str(pool_size)]
    with running(command) as (process, url):
        yield Subject(name, process.pid, url)


@contextmanager
def ticketd(data_dir: Path, *, ticket_types: int = 1, **settings: str) -> Iterator[Subject]:
    """This server with its embedded Postgres and ticket types on sale, nothing switched off."""
    with running(serving(data_dir), environment(settings)) as (process, url):
        token = owner_token(data_dir)
        ids = uvloop.run(_put_on_sale(url, token, ticket_types))
        yield Subject("ticketd", process.pid, url, ids)


def serving(data_dir: Path) -> list[str]:
    """The command that serves these data on any free port."""
    return [sys.executable, "-m", "ticketd", "serve", "--port", "0", "--data-dir", str(data_dir)]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """These settings, and no limits for each client address: there is only one here."""
    return {"TICKETD_RATE_LIMIT": "off"} | {
        f"TICKETD_{name.upper()}": text for name, text in settings.items()
    }


def owner_token(data_dir: Path, email: str = EMAIL) -> str:
    """A token for the API of a new owner."""
    command = [sys.executable, "-m", "ticketd"]
    data = ["--data-dir", str(data_dir)]
    subprocess.run(
        [*command, "owner", "add", email, "--password-stdin", *data],
        input=uuid.uuid4().hex.encode(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return subprocess.check_output([*command, "token", "add", email, *data], text=True).split()[-1]


async def _put_on_sale(url: str, token: str, count: int) -> tuple[int, ...]:
    """The ids of so many new ticket types of one new organizer."""
    ids: list[int] = []
    numbers = iter(range(1, count + 1))

    async def create(connection: Connection) -> None:
        for number in numbers:
            terms = {"name": f"Block {number}", "capacity": CAPACITY, "price_cents": 1500}
            made = await post(connection, f"{url}/api/v1/organizers/bench/ticket-types", token, terms)
            ids.append(made["id"])

    async with connected(url, min(count, CREATED_AT_ONCE)) as connections:
        await post(connections[0], f"{url}/api/v1/organizers", token, {"name": "Bench", "slug": "bench"})
        await asyncio.gather(*map(create, connections))
    return tuple(sorted(ids))


async def put_event_on_sale(url: str, token: str, names: Sequence[str]) -> tuple[int, tuple[int, ...]]:
    """The ids of a new event and of its ticket types, by name."""
    api = f"{url}/api/v1/organizers"
    event = {"name": "Final", "starts_at": "2100-01-01T20:00", "timezone": "UTC"}
    async with connected(url, 1) as (connection,):
        await post(connection, api, token, {"name": "Stage", "slug": "stage"})
        event_id = (await post(connection, f"{api}/stage/events", token, event))["id"]
        ids: list[int] = []
        for name in names:
            terms = {"name": name, "capacity": CAPACITY, "price_cents": 1500, "event_id": event_id}
            ids.append((await post(connection, f"{api}/stage/ticket-types", token, terms))["id"])
    return event_id, tuple(ids)


async def post(connection: Connection, url: str, token: str, body: Mapping[str, object]) -> Any:
    """What was made of this body, in an owner's name."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = await connection.ask(request("POST", url, json.dumps(body).encode(), headers))
    if answer.status != 201:
        raise SystemExit(f"POST {url} was answered with {answer}")
    return answer.json()


@contextmanager
def running(
    command: list[str], variables: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that listens, and its URL; stopped in the end if it still runs."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(variables or {})}
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(LISTENING):
                yield process, line.removeprefix(LISTENING).strip()
                break
        else:
            raise SystemExit(f"{' '.join(command)} ended with {process.wait()} before it listened")
    finally:
        process.terminate()
        process.wait(30)

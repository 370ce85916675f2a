"""The servers that are measured, each a process of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.processes import cpu_seconds, family_cpu_seconds, postgres_of

LISTENING = "listening on "
EMAIL = "bench@example.org"
CAPACITY = 10_000_000


class Subject(NamedTuple):
    """A running server and the request that it is measured by."""

    name: str
    pid: int
    url: str
    body: bytes

    def server_cpu_seconds(self) -> float:
        """CPU that the server process has used so far."""
        return cpu_seconds(self.pid)

    def postgres_cpu_seconds(self) -> float:
        """CPU that its Postgres, all processes together, has used so far."""
        postgres = postgres_of(self.pid)
        return 0.0 if postgres is None else family_cpu_seconds(postgres)


def request_body(ticket_type_id: int) -> bytes:
    """One of that ticket type."""
    return json.dumps({"lines": [{"ticket_type_id": ticket_type_id, "quantity": 1}]}).encode()


@contextmanager
def bare_handler() -> Iterator[Subject]:
    """The bare aiohttp handler."""
    with _running([sys.executable, "-m", "bench.bare"]) as (pid, url):
        yield Subject("bare aiohttp handler", pid, f"{url}/api/v1/reservations", request_body(1))


@contextmanager
def ticketd(data_dir: Path) -> Iterator[Subject]:
    """This server with its embedded Postgres, one hot ticket type on sale, nothing switched off."""
    command = [sys.executable, "-m", "ticketd"]
    data = ["--data-dir", str(data_dir)]
    with _running([*command, "serve", "--port", "0", *data], TICKETD_RATE_LIMIT="off") as (pid, url):
        subprocess.run(
            [*command, "owner", "add", EMAIL, "--password-stdin", *data],
            input=b"bench-password\n",
            check=True,
            stdout=subprocess.DEVNULL,
        )
        token = subprocess.check_output([*command, "token", "add", EMAIL, *data], text=True).split()[-1]
        ticket_type_id = _put_on_sale(url, token)
        yield Subject("ticketd", pid, f"{url}/api/v1/reservations", request_body(ticket_type_id))


def _put_on_sale(url: str, token: str) -> int:
    _post(f"{url}/api/v1/organizers", token, {"name": "Bench", "slug": "bench"})
    terms = {"name": "General Admission", "capacity": CAPACITY, "price_cents": 1500}
    created = _post(f"{url}/api/v1/organizers/bench/ticket-types", token, terms)
    return int(str(created["id"]))


def _post(url: str, token: str, body: dict[str, object]) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, object] = json.load(response)
        return answer


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[tuple[int, str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(LISTENING):
                yield process.pid, line.removeprefix(LISTENING).strip()
                break
        else:
            raise SystemExit(f"{' '.join(command)} ended with {process.wait()} before it listened")
    finally:
        process.terminate()
        process.wait(30)

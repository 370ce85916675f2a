"""More connections than the server takes on: an immediate no, and those inside are served."""

import asyncio
import json
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from statistics import median

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced, assert_nothing_lost, sample
from tests.system.client import BoxOffice
from tests.system.crowd import Crowd
from tests.system.memory import assert_flat, watched
from tests.system.server import Server

INSIDE, AT_THE_DOOR = 16, 80
WISH = b"GET /api/v1/events HTTP/1.1\r\nHost: here\r\n\r\n"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
PROBE_SECONDS = 0.2
REFUSED_SECONDS_MAX = 1.0
"""At once means: a no doesn't wait for a place to become free."""


@pytest.mark.storm
def test_when_all_connections_are_taken_others_are_refused_at_once_and_those_inside_are_served(
    server: Server, soak: bool, report: Report
) -> None:
    seconds = 60.0 if soak else 3.0
    server.kill()
    server.start(connections_max=str(INSIDE))
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=1_000_000) for _ in range(3)]
    with Crowd(server, ticket_types, threads=INSIDE) as crowd:
        crowd.wait_for_answers(100)
        wait_until(lambda: sample(server, "ticketd_connections") > INSIDE)  # this one included
        answered = crowd.answered
        crush = asyncio.run(push(server, seconds))
        answered = crowd.answered - answered
    assert crush.others == []
    assert crowd.surprises == []
    assert (crowd.put_off, crowd.unanswered) == (0, 0)
    assert answered > 0
    assert sample(server, "ticketd_connections_refused_total") >= crush.refused
    assert median(crush.seconds) < REFUSED_SECONDS_MAX
    assert_flat(crush.memory, answered=answered)
    assert_nothing_lost(server, crowd.journeys)
    assert_balanced(server, ticket_types)
    report(
        f"full of connections: {AT_THE_DOOR} guests at the door of {INSIDE} for {seconds:.0f} s,"
        f" {crush.refused} times refused with 503, half of these within {median(crush.seconds):.3f} s;"
        f" {answered} requests of those inside answered, {crowd.put_off} with 503;"
        f" {crush.probes} probes came through;"
        f" memory {crush.memory[0]} kB before, {max(crush.memory)} kB at most"
    )


@dataclass
class Crush:
    """What those have seen who came to a door behind which there was no room."""

    refused: int = 0
    seconds: list[float] = field(default_factory=list)
    """How long each refusal took, the connection included."""
    probes: int = 0
    others: list[bytes] = field(default_factory=list)
    """Any answer that should have been another."""
    memory: list[int] = field(default_factory=list)


async def push(server: Server, seconds: float) -> Crush:
    """Guests who come again as soon as they are refused, and every now and then a probe."""
    crush = Crush()
    deadline = time.monotonic() + seconds

    async def come_again() -> None:
        while time.monotonic() < deadline:
            began = time.monotonic()
            answer = await answer_to(server, WISH)
            if is_refusal(answer):
                crush.refused += 1
                crush.seconds.append(time.monotonic() - began)
            else:
                crush.others.append(answer)

    async def probe() -> None:
        while time.monotonic() < deadline:
            answer = await answer_to(server, PROBE)
            if answer.startswith(b"HTTP/1.1 200 "):
                crush.probes += 1
            else:
                crush.others.append(answer)
            await asyncio.sleep(PROBE_SECONDS)

    async with watched(server) as crush.memory:
        await asyncio.gather(probe(), *(come_again() for _ in range(AT_THE_DOOR)))
    return crush


async def answer_to(server: Server, request: bytes) -> bytes:
    """All that comes on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def is_refusal(answer: bytes) -> bool:
    """Whether it is as complete as any other 503."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return (
        head.startswith(b"HTTP/1.1 503 ")
        and b"\r\nRetry-After: " in head
        and json.loads(body)["code"] == "overloaded"
    )

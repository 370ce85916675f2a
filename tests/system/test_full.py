"""More requests than an inventory can take: an immediate no, steady memory, and payments go through."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median
from typing import NamedTuple

import asyncpg
import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced
from tests.system.client import BoxOffice, Client
from tests.system.flood import Flood
from tests.system.memory import assert_flat, watched
from tests.system.server import Server

SLOW_DISK = ("ALTER SYSTEM SET commit_delay = 4000", "ALTER SYSTEM SET commit_siblings = 0")
FEW_AT_A_TIME = {
    "mailbox_length_max": "20",
    "batch_size_max": "1",
    "undurable_commands_max": "1",
    "hold_seconds": "2",  # so that there is something to sell, however long it goes on
}
TIMES_CAPACITY = 5
WARM_UP_SECONDS = 3.0
PAID_SHARE_MIN = 0.99
REFUSED_SECONDS_MAX = 1.0
"""At once means: a no doesn't wait for its turn, as it does when it waits for `answer_seconds_max`."""


class Storm(NamedTuple):
    """What was seen when far too much was asked of a server."""

    capacity: float
    """Reservations per second that it grants."""
    flood: Flood
    memory: list[int]
    """In kB, from before the flood on."""
    payments: list[int]
    """The answers to payments in the meantime, none of which was repeated."""


@pytest.mark.storm
def test_at_five_times_its_capacity_an_inventory_refuses_at_once_and_payments_go_through(
    server: Server, soak: bool, report: Report
) -> None:
    seconds, payments = (60.0, 600) if soak else (5.0, 50)
    asyncio.run(slow_down_commits(server))
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=1_000_000)
        held = [box_office.reserve(ticket_type).body["id"] for _ in range(payments)]
    server.kill()
    server.start(**FEW_AT_A_TIME)
    storm = asyncio.run(overload(server, ticket_type, held, seconds))
    paid = storm.payments.count(200)
    assert set(storm.flood.statuses) == {201, 503}
    assert storm.flood.without_retry_after == 0
    assert storm.flood.unsent == 0
    assert median(storm.flood.refused_after) < REFUSED_SECONDS_MAX
    assert_flat(storm.memory)
    assert paid >= PAID_SHARE_MIN * payments
    with closing(Client(server)) as guest:
        wait_until(lambda: guest.availability(ticket_type)["held"] == 0)
    assert_balanced(server, [ticket_type])
    report(
        f"full mailbox: {TIMES_CAPACITY} × {storm.capacity:.0f} requests/s for {seconds:.0f} s,"
        f" {storm.flood}; {paid} of {payments} payments went through;"
        f" memory {storm.memory[0]} kB before, {max(storm.memory)} kB at most"
    )


async def overload(server: Server, ticket_type: int, held: Sequence[str], seconds: float) -> Storm:
    """Ask for far more than there is room for, and pay for what was held before."""
    flood = Flood(server, ticket_type)
    capacity = await flood.one_after_the_other(16, WARM_UP_SECONDS)
    async with watched(server) as memory:
        paying = asyncio.create_task(asyncio.to_thread(pay, server, held, seconds / len(held)))
        await flood.at_pace(TIMES_CAPACITY * capacity, seconds)
        payments = await paying
    flood.leave()
    return Storm(capacity, flood, memory, payments)


async def slow_down_commits(server: Server) -> None:
    """To a pace of which the machine can easily produce five times as much."""
    connection = await asyncpg.connect(server.dsn, user="postgres")
    for statement in (*SLOW_DISK, "SELECT pg_reload_conf()"):
        await connection.execute(statement)
    await connection.close()


def pay(server: Server, held: Sequence[str], pause_seconds: float) -> list[int]:
    """The answers to payments at a steady pace, none of them repeated."""
    statuses = []
    with closing(Client(server)) as guest:
        for each in held:
            statuses.append(guest.pay(each).status)
            time.sleep(pause_seconds)
    return statuses

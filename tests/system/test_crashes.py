"""kill -9 under load: whatever was acknowledged is still there, and nothing else."""

import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from statistics import median

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import (
    assert_balanced,
    assert_conserved,
    assert_nothing_lost,
    assert_nothing_made_up,
    charges,
    sample,
)
from tests.system.client import BoxOffice, Client, Unanswered, at_once
from tests.system.crowd import Crowd, sell
from tests.system.server import Server

GUESTS = 64
READY_SECONDS_MAX = 3.0
"""Asserted by the long run only, which has the machine for itself."""

PAYMENTS, PAYERS = 64, 16
KILLS_UNTIL_HIT_MAX = 10


def kill_server(server: Server) -> None:
    server.kill()
    server.start()


def kill_postgres(server: Server) -> None:
    server.kill_postgres()


def kill_both(server: Server) -> None:
    server.kill_postgres()
    kill_server(server)


@pytest.mark.storm
@pytest.mark.parametrize(
    ("kill", "kills", "sold"),
    [(kill_server, 100, 50_000), (kill_postgres, 20, 1_000), (kill_both, 20, 1_000)],
    ids=["server", "postgres", "both"],
)
def test_what_was_acknowledged_outlives_a_kill_under_load(
    server: Server, kill: Callable[[Server], None], kills: int, sold: int, soak: bool, report: Report
) -> None:
    if not soak:
        kills, sold = 2, 160
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=1_000_000) for _ in range(3)]
    sales = sell(server, ticket_types[0], sold)
    chance = random.Random(7)
    ready_after = []
    with Crowd(server, ticket_types, threads=GUESTS) as crowd:
        for _ in range(kills):
            crowd.wait_for_answers(chance.randint(100, 400))
            killed_at = time.monotonic()
            kill(server)
            wait_until_ready(server)
            ready_after.append(time.monotonic() - killed_at)
        crowd.wait_for_answers(100)
    assert crowd.surprises == []
    journeys = sales + crowd.journeys
    assert_nothing_lost(server, journeys)
    assert_nothing_made_up(server, journeys)
    assert_balanced(server, ticket_types)
    assert_conserved(server)
    acknowledged = sum(journey.acknowledged is not None for journey in crowd.journeys)
    report(
        f"kill -9 of {kill.__name__.removeprefix('kill_')}: {kills} times under {GUESTS} guests,"
        f" {sold} sold before, {acknowledged} reservations acknowledged meanwhile, 0 lost;"
        f" ready again within {max(ready_after):.2f} s (median {median(ready_after):.2f} s)"
    )
    if soak and kill is kill_server:
        assert max(ready_after) <= READY_SECONDS_MAX


def wait_until_ready(server: Server) -> None:
    with closing(Client(server)) as guest:
        wait_until(guest.is_ready)


def test_an_idle_server_is_ready_again_after_its_postgres_was_killed(server: Server) -> None:
    with closing(Client(server)) as guest:
        server.kill_postgres()
        wait_until(lambda: not guest.is_ready())
        wait_until(guest.is_ready)


def test_a_crash_between_charge_and_commit_ends_in_tickets_or_in_no_charge(server: Server) -> None:
    """Killed while many pay, until a start had to settle what was charged and not confirmed."""
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=100_000)
    chance = random.Random(7)
    settled = 0.0
    for _ in range(KILLS_UNTIL_HIT_MAX):
        with closing(Client(server)) as guest:
            reserved = [guest.reserve(ticket_type).body["id"] for _ in range(PAYMENTS)]
        told_paid = pay_and_kill(server, reserved, charged=chance.randint(1, PAYMENTS // 2))
        server.start()
        settled += settled_as_paid(server)
        with closing(Client(server)) as guest:
            found = {reservation: guest.look(reservation).body for reservation in reserved}
        paid = {reservation for reservation in reserved if found[reservation]["status"] == "paid"}
        assert told_paid <= paid
        assert {found[reservation]["status"] for reservation in reserved} <= {"paid", "held"}
        assert all(len(found[reservation]["tickets"]) == (reservation in paid) for reservation in reserved)
        assert set(charges(server)) & set(reserved) == paid
        assert_balanced(server, [ticket_type])
        assert_conserved(server)
        if settled:
            return
    pytest.fail("no kill has hit between a charge and its commit")


def pay_and_kill(server: Server, reserved: list[str], *, charged: int) -> set[str]:
    """The reservations whose guests were told that they have paid, before the server was killed."""
    before = len(charges(server))

    def kill(_: Client) -> set[str]:
        wait_until(lambda: len(charges(server)) >= before + charged)
        server.kill()
        return set()

    def pay(share: list[str], guest: Client) -> set[str]:
        paid: set[str] = set()
        with suppress(Unanswered):  # the kill
            for reservation in share:
                if guest.pay(reservation).status == 200:
                    paid.add(reservation)
        return paid

    works: list[Callable[[Client], set[str]]] = [kill]
    works += [partial(pay, reserved[n::PAYERS]) for n in range(PAYERS)]
    return set().union(*at_once(server, works))


def settled_as_paid(server: Server) -> float:
    """How many payments ended well since the start, though nobody has asked for one."""
    return sample(server, "ticketd_payments_total", outcome="paid")

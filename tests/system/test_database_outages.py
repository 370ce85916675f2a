"""Postgres stands still under load: guests are put off honestly, can look around, and then go on buying."""

import time
from collections import Counter
from contextlib import closing
from typing import NamedTuple

import pytest

from tests.conftest import Report
from tests.system.audit import assert_sold_honestly
from tests.system.client import BoxOffice, Client
from tests.system.conftest import MakeServer
from tests.system.crowd import Crowd
from tests.system.memory import assert_flat
from tests.system.server import Server
from ticketd.actors.registry import TICK_SECONDS

GUESTS = 32
ANSWERS_BEFORE, ANSWERS_AFTER = 1000, 100
SCHEDULING_SECONDS_MAX = 0.5
WARM_UP_SECONDS = 1.0


class Pace(NamedTuple):
    """How long things take: as in production, or a small part of it."""

    commit_seconds_max: float
    answer_seconds_max: float
    outage_seconds: float


@pytest.fixture
def pace(soak: bool) -> Pace:
    return Pace(10.0, 10.0, 20.0) if soak else Pace(0.7, 0.7, 3.0)


@pytest.mark.storm
def test_sales_stop_honestly_while_postgres_stands_still_and_go_on_by_themselves(
    make_server: MakeServer, pace: Pace, report: Report
) -> None:
    server = make_server(
        commit_seconds_max=str(pace.commit_seconds_max),
        answer_seconds_max=str(pace.answer_seconds_max),
        tentative_hold_seconds="2",
    )
    server.start()
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
        shown = looked_at_by_guests(box_office, ticket_types)
    with Crowd(server, ticket_types, threads=GUESTS) as crowd:
        crowd.wait_for_answers(ANSWERS_BEFORE)
        look_around(server, shown, until=time.monotonic() + WARM_UP_SECONDS)
        kilobytes = [server.resident_kilobytes]
        with server.postgres_paused():
            seen = look_around(server, shown, until=time.monotonic() + pace.outage_seconds)
            kilobytes.append(server.resident_kilobytes)
        crowd.wait_for_answers(ANSWERS_AFTER)
    kilobytes.append(server.resident_kilobytes)
    assert set(seen) == {(path, 200) for path in shown} | {("/healthz", 200), ("/readyz", 503)}
    assert crowd.put_off > 0
    assert crowd.longest_seconds < pace.answer_seconds_max + TICK_SECONDS + SCHEDULING_SECONDS_MAX
    assert_flat(kilobytes)
    assert_sold_honestly(server, crowd, ticket_types)
    report(
        f"Postgres stopped for {pace.outage_seconds:.0f} s under {GUESTS} guests:"
        f" {crowd.put_off} answers 503, longest answer {crowd.longest_seconds:.2f} s,"
        f" {seen.total()} pages and availabilities read meanwhile;"
        f" RSS before, during, after: {', '.join(f'{each // 1024} MB' for each in kilobytes)}"
    )


def looked_at_by_guests(box_office: BoxOffice, ticket_types: list[int]) -> list[str]:
    """What is shown from memory: the front page, and what each ticket type has."""
    paths = ["/"]
    for ticket_type in ticket_types:
        found = box_office.ask("GET", f"/ticket-types/{ticket_type}").body
        paths += [f"/api/v1/ticket-types/{ticket_type}/availability", found["purchase_url"]]
    return paths


def look_around(server: Server, paths: list[str], *, until: float) -> Counter[tuple[str, int]]:
    """How often which path was answered with which status, and how ready it is at the end."""
    seen: Counter[tuple[str, int]] = Counter()
    with closing(Client(server)) as guest:
        while time.monotonic() < until:
            for path in (*paths, "/healthz"):
                seen[path, guest.fetch("GET", path)[0]] += 1
        seen["/readyz", guest.fetch("GET", "/readyz")[0]] += 1
    return seen

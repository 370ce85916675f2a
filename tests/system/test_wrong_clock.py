"""The wall clock of server and database jumps by an hour: nothing runs out, begins or ends by it."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import asyncpg
import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.fakes.wrong_clock import WrongClock, postgres_with
from tests.system.audit import assert_balanced, assert_conserved, rows
from tests.system.client import BoxOffice, Client
from tests.system.conftest import EMAIL, PASSWORD, Furnished, MakeServer, copy_of
from tests.system.server import Server

HOUR = 3600
HOLD_SECONDS = 2
EARLY_SECONDS_MAX = 0.01  # the server's clock may be slewed by half a thousandth
LATE_SECONDS_MAX = 2.0
"""Here a time is the criterion: a hold ends when it should, within a tick and what a busy machine adds."""

HALF_AN_HOUR = timedelta(minutes=30)
WALL_CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds"
LEASE = "SELECT inc, lease_until FROM node WHERE NOT fenced"


@pytest.fixture
def clock(place: Path) -> WrongClock:
    return WrongClock(place)


@pytest.fixture
def server(clock: WrongClock, make_server: MakeServer, furnished: Furnished, place: Path) -> Iterator[Server]:
    """A running server; it and its Postgres go by this clock."""
    with postgres_with(clock, copy_of(furnished, place) / "postgres") as url:
        server = make_server(lease_seconds="1", hold_seconds=str(HOLD_SECONDS))
        server.database_url, server.variables = url, clock.environment
        wait_until(lambda: is_up(server))
        server.start()
        yield server
        server.end()


def is_up(server: Server) -> bool:
    """Whether its database answers."""
    try:
        return bool(rows(server, "SELECT 1"))
    except (OSError, asyncpg.PostgresError):
        return False


class Windows(NamedTuple):
    """Ticket types whose sale begins or ends half an hour from now, or did half an hour ago."""

    begins: int
    ends: int
    has_begun: int
    has_ended: int


@pytest.mark.storm
def test_jumps_of_the_wall_clock_change_nothing_for_guests_and_owners(
    server: Server, clock: WrongClock, soak: bool, report: Report
) -> None:
    jumps = [HOUR, -HOUR] * (10 if soak else 1)
    late = []
    with closing(BoxOffice(server)) as guest:
        ticket_type = guest.open(capacity=1_000)
        windows = open_windows(guest)
        browser = Browser(server)
        repeated = guest.reserve(ticket_type, key="the key of before")
        for jump in jumps:
            begun = Held(guest, ticket_type)
            leap(server, clock, jump)
            assert_windows(guest, windows)
            assert browser.is_logged_in()
            assert guest.reserve(ticket_type, key="the key of before").body["id"] == repeated.body["id"]
            assert guest.pay(guest.reserve(ticket_type).body["id"]).status == 200
            late += [begun.seconds_late(), Held(guest, ticket_type).seconds_late()]
            wait_for_renewals(server)
    assert min(late) >= -EARLY_SECONDS_MAX
    assert max(late) <= LATE_SECONDS_MAX
    assert server.runs
    assert_balanced(server, [ticket_type])
    assert_conserved(server)
    report(
        f"wall clock: {len(jumps)} jumps by an hour; of {len(late)} holds none ran out early,"
        f" the latest {max(late):.2f} s late; no sale began or ended by it"
    )


class Held:
    """A reservation, and when it was made by the clock of the test."""

    def __init__(self, guest: Client, ticket_type: int) -> None:
        self._guest = guest
        self._asked_at = time.monotonic()
        self._reservation = guest.reserve(ticket_type).body["id"]

    def seconds_late(self) -> float:
        """How long after its time it ran out; less than 0 is too early."""
        wait_until(lambda: self._guest.look(self._reservation).body["status"] == "expired")
        return time.monotonic() - self._asked_at - HOLD_SECONDS


def leap(server: Server, clock: WrongClock, seconds: int) -> None:
    """The clock goes wrong by so much, also for the database."""
    clock.set_wrong_by(seconds)
    assert abs(rows(server, WALL_CLOCK)[0]["seconds"] - time.time() - seconds) < HOUR / 2


def wait_for_renewals(server: Server) -> None:
    """Returns when the same incarnation has renewed its lease twice."""
    ((incarnation, _),) = rows(server, LEASE)
    for _ in range(2):
        before = rows(server, LEASE)
        wait_until(lambda: rows(server, LEASE) != before)  # noqa: B023 - called at once
    assert [row["inc"] for row in rows(server, LEASE)] == [incarnation]


def open_windows(box_office: BoxOffice) -> Windows:
    soon, before = datetime.now(UTC) + HALF_AN_HOUR, datetime.now(UTC) - HALF_AN_HOUR
    return Windows(
        begins=box_office.open(capacity=100, on_sale_at=soon.isoformat()),
        ends=box_office.open(capacity=100, off_sale_at=soon.isoformat()),
        has_begun=box_office.open(capacity=100, on_sale_at=before.isoformat()),
        has_ended=box_office.open(capacity=100, off_sale_at=before.isoformat()),
    )


def assert_windows(guest: Client, windows: Windows) -> None:
    """They are open or closed as half an hour ago."""
    assert guest.reserve(windows.begins).code == "not_on_sale"
    assert guest.reserve(windows.ends).status == 201
    assert guest.reserve(windows.has_begun).status == 201
    assert guest.reserve(windows.has_ended).code == "not_on_sale"


class Browser:
    """An owner who has logged in."""

    def __init__(self, server: Server) -> None:
        self._root = f"http://127.0.0.1:{server.port}"
        self._opener = build_opener(HTTPCookieProcessor())
        form = urlencode({"email": EMAIL, "password": PASSWORD}).encode()
        self._opener.open(f"{self._root}/login", form).close()

    def is_logged_in(self) -> bool:
        """Whether a page for owners is shown, and not the one to log in."""
        address = f"{self._root}/box-office/tickets"
        with self._opener.open(address) as page:
            return bool(page.url == address)

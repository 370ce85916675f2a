"""The disk with the data is full: guests are put off honestly, and sales go on as soon as there is space."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Report
from tests.embedded.processes import query, wait_until
from tests.fakes.small_disk import CannotMount, SmallDisk, mounted
from tests.system.audit import assert_sold_honestly
from tests.system.client import BoxOffice
from tests.system.conftest import Furnished, MakeServer, copy_into, copy_of
from tests.system.crowd import Crowd
from tests.system.server import Server
from ticketd.storage.outages import OUTAGES

MEGABYTES = 200
TIMES_IN_SOAK = 10
POSTGRES_GONE = '"embedded_postgres_gone"'


@pytest.fixture
def disk(place: Path) -> Iterator[SmallDisk]:
    try:
        with mounted(place / "disk", megabytes=MEGABYTES) as disk:
            yield disk
    except CannotMount as error:
        pytest.skip(f"a small disk can't be mounted here; that takes root and CAP_SYS_ADMIN: {error}")


@pytest.fixture
def server(disk: SmallDisk, make_server: MakeServer) -> Server:
    """It has no data directory yet."""
    return make_server(answer_seconds_max="0.7", tentative_hold_seconds="1")


def start_on(data_dir: Path, server: Server) -> list[int]:
    """The ticket types on sale at the server, whose data are there from now on."""
    server.data_dir = data_dir
    server.start()
    with closing(BoxOffice(server)) as box_office:
        return [box_office.open(capacity=100_000) for _ in range(3)]


@pytest.mark.storm
def test_a_full_disk_stops_sales_honestly_until_there_is_space(
    disk: SmallDisk, furnished: Furnished, server: Server, soak: bool, report: Report
) -> None:
    ticket_types = start_on(copy_of(furnished, disk.path), server)  # its log as well
    times = TIMES_IN_SOAK if soak else 1
    crowd = sell_on_a_full_disk(disk, server, ticket_types, times, lambda: True)
    report(
        f"disk full {times} times under load: {len(crowd.journeys)} guests, {crowd.put_off} answers 503,"
        f" {crowd.pending} with an open payment, longest answer {crowd.longest_seconds:.2f} s, nothing lost"
    )


def sell_on_a_full_disk(
    disk: SmallDisk, server: Server, ticket_types: list[int], times: int, bad_enough: Callable[[], bool]
) -> Crowd:
    """The guests who bought before, during and after; each time it is full until it is bad enough."""
    put_off = 20 if times == 1 else 100
    with Crowd(server, ticket_types) as crowd:
        for _ in range(times):
            crowd.wait_for_answers(100)
            enough = crowd.put_off + crowd.pending + put_off
            with disk.clearing():
                wait_until(bad_enough)
                wait_until(partial(put_off_on_full, disk, crowd, enough))
        crowd.wait_for_answers(100)
    assert server.runs
    assert_sold_honestly(server, crowd, ticket_types)
    return crowd


def put_off_on_full(disk: SmallDisk, crowd: Crowd, answers: int) -> bool:
    """Whether so many guests have been put off; keeps the disk full."""
    disk.fill()
    return crowd.put_off + crowd.pending >= answers


@pytest.mark.storm
def test_a_postgres_without_space_for_its_log_comes_back_by_itself(
    disk: SmallDisk, furnished: Furnished, server: Server, soak: bool, report: Report
) -> None:
    """It panics, and then panics again or doesn't even start, until there is space."""
    copy_into(disk.path, furnished)
    ticket_types = start_on(disk.path, server)
    times = TIMES_IN_SOAK if soak else 1
    crowd = sell_on_a_full_disk(disk, server, ticket_types, times, partial(is_without_log, server, disk))
    report(
        f"Postgres ended by a full disk {times} times, {server.log.count(POSTGRES_GONE)} starts failed:"
        f" {len(crowd.journeys)} guests, {crowd.put_off} answers 503,"
        f" longest answer {crowd.longest_seconds:.2f} s, nothing lost"
    )


def is_without_log(server: Server, disk: SmallDisk) -> bool:
    """Whether Postgres is down; takes all space, and what its write-ahead log has set aside."""
    disk.fill()
    superuser = server.dsn.replace("//ticketd@", "//postgres@")
    with suppress(*OUTAGES):
        query(superuser, "SELECT pg_switch_wal()")
        return False
    with suppress(*OUTAGES):
        query(superuser, "SELECT 1")
        return False
    return True

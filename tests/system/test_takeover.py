"""A paused server is superseded, and can do no harm when it wakes up."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import closing

import asyncpg
import pytest

from tests.conftest import on_database
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced, assert_conserved, assert_nothing_lost, ledger, rows
from tests.system.client import BoxOffice, Client
from tests.system.conftest import MakeServer, add_owner
from tests.system.crowd import Crowd
from tests.system.server import Server

LEASE_SECONDS = "1"
COMMITS_OF_THE_FENCED = "SELECT inc, group_seq FROM node WHERE fenced ORDER BY inc"
SUPERSEDED = "ticketd: Another process has taken over this database."


@pytest.fixture
def given_database(server_url: str) -> Iterator[str]:
    """A database of the test's own on a server that no ticketd started."""
    name = f"takeover_{uuid.uuid4().hex}"
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    yield on_database(server_url, name)
    asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def test_a_second_server_takes_over_from_a_paused_one_with_its_embedded_database(
    make_server: MakeServer,
) -> None:
    first = make_server(lease_seconds=LEASE_SECONDS)
    take_over(first, make_server(beside=first, lease_seconds=LEASE_SECONDS))


def test_a_second_server_takes_over_from_a_paused_one_on_a_given_database(
    given_database: str, make_server: MakeServer
) -> None:
    first = make_server(lease_seconds=LEASE_SECONDS)
    first.database_url, first.token = given_database, add_owner("--database-url", given_database)
    take_over(first, make_server(beside=first, lease_seconds=LEASE_SECONDS))


def take_over(first: Server, second: Server) -> None:
    first.start()
    with closing(BoxOffice(first)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
    with Crowd(first, ticket_types, patient=False) as crowd:
        crowd.wait_for_answers(200)
        first.pause()
        second.start()
        commits = rows(second, COMMITS_OF_THE_FENCED)
        first.resume()
    assert first.exit_code() == 3
    assert first.log.splitlines().count(SUPERSEDED) == 1
    with closing(Client(second)) as guest:
        wait_until(guest.is_ready)
    # The sandbox's file may have been locked by the paused process, so that not all was settled at start.
    wait_until(lambda: all(line.status != "paying" for line in ledger(second)))
    assert rows(second, COMMITS_OF_THE_FENCED) == commits
    assert crowd.surprises == []
    told = [journey for journey in crowd.journeys if not journey.refused and not journey.unanswered]
    assert_nothing_lost(second, told)
    assert_balanced(second, ticket_types)
    assert_conserved(second)
    with closing(Client(second)) as guest:
        assert guest.reserve(ticket_types[0]).status == 201

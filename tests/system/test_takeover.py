"""A paused server is superseded, and can do no harm when it wakes up."""

from contextlib import closing

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced, assert_conserved, assert_nothing_lost, ledger, rows
from tests.system.client import BoxOffice, Client
from tests.system.conftest import MakeServer, add_owner
from tests.system.crowd import Crowd, Journey
from tests.system.server import Server

LEASE_SECONDS = "1"
COMMITS_OF_THE_FENCED = "SELECT inc, group_seq FROM node WHERE fenced ORDER BY inc"
SUPERSEDED = "ticketd: Another process has taken over this database."


@pytest.fixture
def takeovers(soak: bool) -> int:
    """How often a server is taken over from, each time by the next."""
    return 10 if soak else 1


@pytest.mark.storm
def test_a_second_server_takes_over_from_a_paused_one_with_its_embedded_database(
    make_server: MakeServer, takeovers: int, report: Report
) -> None:
    told = take_over(make_server(lease_seconds=LEASE_SECONDS), make_server, takeovers)
    report(f"take-overs of an embedded database: {told}")


@pytest.mark.storm
def test_a_second_server_takes_over_from_a_paused_one_on_a_given_database(
    given_database: str, make_server: MakeServer, takeovers: int, report: Report
) -> None:
    first = make_server(lease_seconds=LEASE_SECONDS)
    first.database_url, first.token = given_database, add_owner("--database-url", given_database)
    report(f"take-overs of a given database: {take_over(first, make_server, takeovers)}")


def take_over(first: Server, make_server: MakeServer, times: int) -> str:
    """What has been seen, in one line."""
    first.start()
    with closing(BoxOffice(first)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
    journeys: list[Journey] = []
    for _ in range(times):
        second = make_server(beside=first, lease_seconds=LEASE_SECONDS)
        journeys += take_over_once(first, second, ticket_types)
        assert_nothing_lost(second, [journey for journey in journeys if journey.is_told])
        first = second
    acknowledged = sum(journey.acknowledged is not None for journey in journeys)
    refused = sum(journey.refused for journey in journeys)
    cut_off = sum(journey.unanswered for journey in journeys)
    return (
        f"{times} times, {acknowledged} reservations acknowledged and none of them lost; {refused} guests"
        f" heard 503 and {cut_off} no answer; no server that was taken over from committed anything"
    )


def take_over_once(first: Server, second: Server, ticket_types: list[int]) -> list[Journey]:
    """What the guests of the first have seen."""
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
    # What isn't settled within the time of an answer is settled while others are served already.
    wait_until(lambda: all(line.status != "paying" for line in ledger(second)))
    assert rows(second, COMMITS_OF_THE_FENCED) == commits
    assert crowd.surprises == []
    assert_balanced(second, ticket_types)
    assert_conserved(second)
    with closing(Client(second)) as guest:
        assert guest.release(guest.reserve(ticket_types[0]).body["id"]).status == 200
    return crowd.journeys

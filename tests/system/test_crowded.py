"""More reservations at a time than the server takes on, slow clients and spoofed addresses."""

import asyncio
import http.client
import json
from contextlib import closing

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced, sample
from tests.system.client import BoxOffice, Client, reservation_of
from tests.system.server import Server
from tests.system.test_full import overload

IN_PROGRESS_MAX = 4


@pytest.mark.storm
def test_beyond_the_bound_reservations_are_refused_unread_and_payments_go_through(
    server: Server, soak: bool, report: Report
) -> None:
    seconds, payments = (60.0, 600) if soak else (4.0, 40)
    server.kill()
    server.start(reservations_in_progress_max=str(IN_PROGRESS_MAX))
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=1_000_000)
        held = [box_office.reserve(ticket_type).body["id"] for _ in range(payments)]
    storm = asyncio.run(overload(server, ticket_type, held, seconds))
    assert set(storm.flood.statuses) == {201, 503}
    assert storm.flood.without_retry_after == 0
    assert sample(server, "ticketd_reservations_turned_away_total") > 0.9 * storm.flood.statuses[503]
    assert storm.payments.count(200) == payments
    assert storm.memory[-1] < 2 * storm.memory[0]
    wait_until(lambda: sample(server, "ticketd_reservations_in_progress") == 0)
    assert_balanced(server, [ticket_type])
    report(
        f"crowded: {IN_PROGRESS_MAX} reservations at a time, {storm.flood};"
        f" {storm.payments.count(200)} of {payments} payments went through"
    )


def test_one_network_is_told_to_wait_and_no_header_helps_it(server: Server) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=100)
    server.kill()
    server.start(rate_limit="on", address_burst="3", address_requests_per_second="0.01")
    with closing(Client(server)) as guest:
        statuses = [guest.reserve(ticket_type).status for _ in range(5)]
        assert statuses == [201, 201, 201, 429, 429]
        assert int(guest.retry_after or 0) > 10
    assert forwarded(server, ticket_type, "198.51.100.7") == 429
    assert sample(server, "ticketd_rule_refusals_total", rule="reservations_by_network") == 3


def test_behind_a_trusted_proxy_each_guest_is_counted_for_themselves_and_a_desk_is_not(
    server: Server,
) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=100)
    server.kill()
    server.start(
        rate_limit="on",
        address_burst="1",
        address_requests_per_second="0.01",
        trusted_proxies="127.0.0.0/8",
        desk_networks="192.0.2.0/24",
    )
    assert [forwarded(server, ticket_type, "198.51.100.7") for _ in range(2)] == [201, 429]
    assert forwarded(server, ticket_type, "198.51.100.7, 203.0.113.9") == 201
    assert [forwarded(server, ticket_type, "192.0.2.8") for _ in range(5)] == [201] * 5


def forwarded(server: Server, ticket_type: int, forwarded_for: str) -> int:
    """The status that a reservation has for whom the header names."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": forwarded_for}
        body = json.dumps(reservation_of(ticket_type, 1))
        connection.request("POST", "/api/v1/reservations", body, headers)
        return connection.getresponse().status


def test_slow_senders_are_cut_and_those_who_have_been_served_may_stay(server: Server) -> None:
    server.kill()
    server.start(head_seconds_max="0.3")
    with closing(Client(server)) as guest:
        assert guest.is_ready()
        asyncio.run(drip(server, 50))
        wait_until(lambda: guest.is_ready() and sample(server, "ticketd_slow_senders_cut_total") >= 50)


async def drip(server: Server, guests: int) -> None:
    """Guests who send the beginning of a request, and are hung up on."""

    async def begin() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: ")
        try:
            return await reader.read()
        finally:
            writer.close()

    async with asyncio.timeout(20):
        assert await asyncio.gather(*(begin() for _ in range(guests))) == [b""] * guests

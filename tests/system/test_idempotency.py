"""One key, one reservation; one reservation, one charge."""

import uuid
from collections import Counter
from contextlib import closing

import pytest

from tests.system.audit import charges
from tests.system.client import Answer, BoxOffice, Client, at_once
from tests.system.server import Server

AT_ONCE = 20


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def test_one_key_from_many_threads_makes_one_reservation(
    shared_server: Server, box_office: BoxOffice, key: str
) -> None:
    ticket_type = box_office.open(capacity=100)
    answers = at_once(shared_server, [lambda guest: guest.reserve(ticket_type, 2, key=key)] * AT_ONCE)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert box_office.availability(ticket_type)["held"] == 2


def test_one_key_for_a_cart_from_many_threads_makes_one_reservation(
    shared_server: Server, box_office: BoxOffice, key: str
) -> None:
    ticket_types = [box_office.open(capacity=100) for _ in range(3)]
    body = {"lines": [{"ticket_type_id": each, "quantity": 2} for each in ticket_types]}

    def reserve(guest: Client) -> Answer:
        return guest.ask("POST", "/reservations", body, key=key)

    answers = at_once(shared_server, [reserve] * AT_ONCE)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert [box_office.availability(each)["held"] for each in ticket_types] == [2, 2, 2]


def test_another_body_with_the_same_key_is_refused(box_office: BoxOffice, key: str) -> None:
    ticket_type = box_office.open(capacity=100)
    assert box_office.reserve(ticket_type, 2, key=key).status == 201
    other = box_office.reserve(ticket_type, 3, key=key)
    assert (other.status, other.code) == (422, "key_reused")


def test_a_refusal_leaves_the_key_free(box_office: BoxOffice, key: str) -> None:
    ticket_type = box_office.open(capacity=1)
    in_the_way = box_office.reserve(ticket_type).body["id"]
    assert box_office.reserve(ticket_type, key=key).code == "sold_out"
    box_office.release(in_the_way)
    assert box_office.reserve(ticket_type, key=key).status == 201


def test_a_key_outlives_a_killed_server(server: Server, key: str) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=100)
        first = box_office.reserve(ticket_type, key=key)
    server.kill()
    server.start()
    with closing(Client(server)) as guest:
        assert guest.reserve(ticket_type, key=key) == (200, first.body)
        assert guest.reserve(ticket_type, 2, key=key).code == "key_reused"
        assert guest.availability(ticket_type)["held"] == 1


def test_one_reservation_paid_from_many_threads_is_charged_once(
    shared_server: Server, box_office: BoxOffice
) -> None:
    ticket_type = box_office.open(capacity=100)
    reservation = box_office.reserve(ticket_type, 2).body["id"]
    answers = at_once(shared_server, [lambda guest: guest.pay(reservation)] * AT_ONCE)
    assert {answer.status for answer in answers} <= {200, 202}
    paid = box_office.pay(reservation)
    assert (paid.status, len(paid.body["tickets"])) == (200, 2)
    assert all(answer.body == paid.body for answer in answers if answer.status == 200)
    assert charges(shared_server)[reservation] == 1

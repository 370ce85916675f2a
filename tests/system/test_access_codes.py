"""Ticket types that only a code opens: hidden from others, and sold as far as it is good for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.embedded.processes import wait_until
from tests.system.client import Answer, Client, at_once
from tests.system.promoter import Promoter
from tests.system.server import Server

THREADS = 24


class Presale(NamedTuple):
    """An evening with a ticket type that is hidden."""

    event: int
    members: int
    regular: int


@pytest.fixture
def presale(promoter: Promoter) -> Presale:
    return open_presale(promoter)


def open_presale(promoter: Promoter) -> Presale:
    event = promoter.announce()
    members = promoter.offer(event, name="Members", capacity=100)
    promoter.let_in(members, "MEMBER-2031")
    return Presale(event, members, promoter.offer(event, capacity=100))


def reserve(guest: Client, ticket_type: int, quantity: int = 1, **code: Any) -> Answer:
    return guest.want({"ticket_type_id": ticket_type, "quantity": quantity}, **code)


def test_without_the_code_it_is_neither_listed_nor_sold(shared_server: Server) -> None:
    promoter = Promoter(shared_server, "presale")
    presale = open_presale(promoter)
    with_codes, without = presale.members, presale.regular
    listed = promoter.ask("GET", f"/organizers/{promoter.organizer}/ticket-types").body["items"]
    shown = promoter.ask("GET", f"/events/{presale.event}").body["ticket_types"]
    left = promoter.ask("GET", f"/events/{presale.event}/availability").body["ticket_types"]
    for some in (listed, shown, left):
        ids = {each["id"] for each in some}
        assert without in ids
        assert with_codes not in ids
    wrong: list[dict[str, Any]] = [
        {},
        {"access_code": ""},
        {"access_code": "member-2031"},
        {"access_code": "MEMBER-203"},
        {"access_code": "MEMBER-2031 X"},
        {"access_code": "' OR 1=1 --"},
    ]
    for code in wrong:
        refused = reserve(promoter, with_codes, **code)
        assert (refused.status, refused.code) == (403, "forbidden"), (code, refused)
    assert "Members" not in promoter.fetch("GET", f"/events/{presale.event}")[1].decode()
    assert reserve(promoter, with_codes, access_code="MEMBER-2031").status == 201
    promoter.close()


@pytest.mark.parametrize("code", [1, None, True, ["MEMBER-2031"], "x" * 65, "a\tb"])
def test_what_is_no_code_at_all_is_refused_as_such(
    promoter: Promoter, presale: Presale, code: object
) -> None:
    refused = reserve(promoter, presale.members, access_code=code)
    assert (refused.status, [error["field"] for error in refused.body["errors"]]) == (422, ["access_code"])


def test_a_code_opens_its_own_ticket_type_only(promoter: Promoter, presale: Presale) -> None:
    other = promoter.offer(presale.event, capacity=10)
    promoter.let_in(other, "FRIENDS")
    assert reserve(promoter, presale.members, access_code="FRIENDS").code == "forbidden"
    cart = [{"ticket_type_id": each, "quantity": 1} for each in presale[1:]]
    assert promoter.want(*cart, access_code="FRIENDS").code == "forbidden"
    assert promoter.want(*cart).code == "forbidden"
    assert promoter.want(*cart, access_code="MEMBER-2031").status == 201
    wait_until(lambda: promoter.availability(presale.regular)["available"] == 99)


def test_a_race_gets_no_more_than_a_code_is_good_for(
    shared_server: Server, promoter: Promoter, presale: Presale
) -> None:
    promoter.let_in(presale.members, "TEN", capacity=10)
    answers = at_once(
        shared_server,
        [partial(reserve, ticket_type=presale.members, quantity=1, access_code="TEN")] * THREADS,
    )
    assert Counter((answer.status, answer.code) for answer in answers) == {
        (201, ""): 10,
        (409, "sold_out"): THREADS - 10,
    }
    assert {answer.body["available"] for answer in answers if answer.status == 409} == {0}
    granted = [answer.body["id"] for answer in answers if answer.status == 201]
    assert promoter.pay(granted[0]).status == promoter.release(granted[1]).status == 200
    assert reserve(promoter, presale.members, 2, access_code="TEN").body["available"] == 1
    assert reserve(promoter, presale.members, access_code="TEN").status == 201
    assert reserve(promoter, presale.members, 5, access_code="MEMBER-2031").status == 201
    assert _codes(promoter, presale)["TEN"]["used"] == 10


def test_a_code_runs_out(promoter: Promoter, presale: Presale) -> None:
    until = datetime.now(UTC) + timedelta(seconds=1)
    promoter.let_in(presale.members, "EARLY", until=until.isoformat())
    first = reserve(promoter, presale.members, access_code="EARLY")
    wait_until(lambda: reserve(promoter, presale.members, access_code="EARLY").code == "not_on_sale")
    assert datetime.now(UTC) > until - timedelta(seconds=0.5)
    if first.status == 201:
        assert promoter.pay(first.body["id"]).status == 200
    assert reserve(promoter, presale.members, access_code="MEMBER-2031").status == 201


def test_a_code_that_was_taken_back_opens_nothing(promoter: Promoter, presale: Presale) -> None:
    promoter.let_in(presale.members, "GONE")
    held = reserve(promoter, presale.members, 2, access_code="GONE")
    codes = f"/ticket-types/{presale.members}/access-codes"
    assert promoter.ask("DELETE", f"{codes}/GONE").status == 204
    assert promoter.ask("DELETE", f"{codes}/GONE").status == 404
    assert reserve(promoter, presale.members, access_code="GONE").code == "forbidden"
    assert promoter.pay(held.body["id"]).status == 200
    assert _codes(promoter, presale).keys() == {"MEMBER-2031"}


def test_a_changed_code_counts_what_it_has_opened_before(promoter: Promoter, presale: Presale) -> None:
    assert reserve(promoter, presale.members, 3, access_code="MEMBER-2031").status == 201
    promoter.let_in(presale.members, "MEMBER-2031", capacity=4)
    assert reserve(promoter, presale.members, 2, access_code="MEMBER-2031").body["available"] == 1
    promoter.let_in(presale.members, "MEMBER-2031", capacity=2)
    assert reserve(promoter, presale.members, access_code="MEMBER-2031").body["available"] == 0
    code = _codes(promoter, presale)["MEMBER-2031"]
    assert (code["capacity"], code["used"]) == (2, 3)


def test_codes_open_seats_and_shares_of_a_pool_too(promoter: Promoter) -> None:
    seated = promoter.furnish({"Stalls": {"A": 10}})
    pooled = promoter.offer(capacity_id=promoter.pool(10))
    for ticket_type in (seated, pooled):
        promoter.let_in(ticket_type, "OPEN", capacity=2)
    seats = {"ticket_type_id": seated, "seats": ["Stalls-A-1", "Stalls-A-2"]}
    shares = {"ticket_type_id": pooled, "quantity": 2}
    for line in (seats, shares):
        assert promoter.want(line).code == "forbidden"
        assert promoter.want(line, access_code="OPEN").status == 201
    best = {"ticket_type_id": seated, "best_available": 1}
    for line in (best, {**shares, "quantity": 1}):
        refused = promoter.want(line, access_code="OPEN")
        assert (refused.code, refused.body["available"]) == ("sold_out", 0)


def test_a_key_is_for_the_same_code_only(promoter: Promoter, presale: Presale) -> None:
    line, key = {"ticket_type_id": presale.members, "quantity": 1}, "a-secret-of-the-guest's"
    first = promoter.want(line, key=key, access_code="MEMBER-2031")
    again = promoter.want(line, key=key, access_code="MEMBER-2031")
    assert (first.status, again.status, again.body) == (201, 200, first.body)
    assert promoter.want(line, key=key, access_code="OTHER").code == "key_reused"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "ab"}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"code": "with space"}, "code"),
        ({"code": "GOOD", "capacity": -1}, "capacity"),
        ({"code": "GOOD", "capacity": "1"}, "capacity"),
        ({"code": "GOOD", "until": "2031-03-30T02:30"}, "until"),
        ({"code": "GOOD", "until": "2031-10-26T02:30"}, "until"),
        ({"code": "GOOD", "until": "soon"}, "until"),
    ],
)
def test_a_code_that_cannot_be_is_refused(
    promoter: Promoter, presale: Presale, body: dict[str, object], field: str
) -> None:
    refused = promoter.ask("POST", f"/ticket-types/{presale.members}/access-codes", body)
    assert (refused.status, [error["field"] for error in refused.body["errors"]]) == (422, [field])
    assert _codes(promoter, presale).keys() == {"MEMBER-2031"}


def _codes(promoter: Promoter, presale: Presale) -> dict[str, dict[str, int]]:
    items = promoter.ask("GET", f"/ticket-types/{presale.members}/access-codes").body["items"]
    return {each["code"]: each for each in items}

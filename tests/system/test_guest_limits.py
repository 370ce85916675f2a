"""At most four tickets a guest and event, however the e-mail address is written and whatever runs at once."""

from collections import Counter
from functools import partial
from typing import NamedTuple

import pytest

from tests.system.audit import charges
from tests.system.client import Answer, Client, at_once
from tests.system.promoter import Promoter
from tests.system.server import Server

LIMIT = 4
SPELLINGS = ("ada@example.org", "ADA@Example.ORG", "ada+opera@example.org", "Ada+1+2@example.org")
"""One guest's."""


class Evening(NamedTuple):
    """An event with a limit."""

    event: int
    stalls: int
    standing: int


@pytest.fixture
def evening(promoter: Promoter) -> Evening:
    event = promoter.announce(promoter.build({"Stalls": {"A": 40}}), max_per_guest=LIMIT)
    return Evening(event, promoter.offer(event, sections=["Stalls"]), promoter.offer(event, capacity=100))


def reserve(guest: Client, evening: Evening, *, seats: int = 0, standing: int = 0) -> str:
    """A reservation's id."""
    wanted = (
        {"ticket_type_id": evening.stalls, "best_available": seats},
        {"ticket_type_id": evening.standing, "quantity": standing},
    )
    reserved = guest.want(*(line for line in wanted if 0 not in line.values()))
    assert reserved.status == 201, reserved
    return str(reserved.body["id"])


def assert_over_the_limit(refused: Answer) -> None:
    assert (refused.status, refused.code) == (409, "limit_exceeded"), refused
    assert refused.body["max_per_guest"] == LIMIT


def test_a_guest_is_known_by_every_spelling_and_the_limit_counts_all_orders(
    shared_server: Server, promoter: Promoter, evening: Evening
) -> None:
    orders: list[dict[str, int]] = [{"standing": 1}, {"seats": 1}, {"standing": 1, "seats": 1}]
    for spelling, order in zip(SPELLINGS, orders, strict=False):
        paid = promoter.pay(reserve(promoter, evening, **order), email=spelling)
        assert (paid.status, paid.body["status"]) == (200, "paid")
    one_more = reserve(promoter, evening, standing=1)
    for spelling in SPELLINGS:
        assert_over_the_limit(promoter.pay(one_more, email=spelling))
    assert promoter.look(one_more).body["status"] == "held"
    assert one_more not in charges(shared_server)
    assert promoter.pay(one_more, email="grace@example.org").body["status"] == "paid"
    assert charges(shared_server)[one_more] == 1


def test_a_cart_beyond_the_limit_is_refused_whole_and_uncharged(
    shared_server: Server, promoter: Promoter, evening: Evening
) -> None:
    cart = reserve(promoter, evening, seats=3, standing=2)
    assert_over_the_limit(promoter.pay(cart, email=SPELLINGS[0]))
    assert cart not in charges(shared_server)
    assert promoter.look(cart).body["status"] == "held"
    assert promoter.release(cart).body["status"] == "released"
    assert promoter.pay(reserve(promoter, evening, seats=2, standing=2), email=SPELLINGS[0]).status == 200


def test_no_race_passes_the_limit(shared_server: Server, promoter: Promoter, evening: Evening) -> None:
    for _ in range(3):
        event = promoter.announce(max_per_guest=LIMIT)
        ticket_type = promoter.offer(event, capacity=100)
        quantities = [1, 2, 3] * 4
        reserved = [promoter.reserve(ticket_type, quantity).body["id"] for quantity in quantities]
        answers = at_once(
            shared_server,
            [
                partial(Client.pay, reservation_id=each, email=SPELLINGS[n % len(SPELLINGS)])
                for n, each in enumerate(reserved)
            ],
        )
        paid = [each for each, answer in zip(reserved, answers, strict=True) if answer.status == 200]
        for answer in answers:
            if answer.status != 200:
                assert_over_the_limit(answer)
        bought = sum(n for each, n in zip(reserved, quantities, strict=True) if each in paid)
        assert LIMIT - 2 <= bought <= LIMIT
        assert {*charges(shared_server)} & {*reserved} == {*paid}
        statuses = Counter(promoter.look(each).body["status"] for each in reserved)
        assert statuses == {"paid": len(paid), "held": len(reserved) - len(paid)}


def test_one_reservation_is_charged_once_whoever_pays_at_the_same_time(
    shared_server: Server, promoter: Promoter, evening: Evening
) -> None:
    reservation = reserve(promoter, evening, seats=2, standing=2)
    guests = [f"guest{number}@example.org" for number in range(8)]
    answers = at_once(
        shared_server,
        [partial(Client.pay, reservation_id=reservation, email=guest) for guest in guests],
    )
    assert {answer.status for answer in answers} <= {200, 202, 409}
    assert promoter.pay(reservation, email=guests[0]).body["status"] == "paid"
    assert charges(shared_server)[reservation] == 1
    bought = [guest for guest in guests if _is_at_the_limit(promoter, evening, guest)]
    assert len(bought) == 1


def _is_at_the_limit(promoter: Promoter, evening: Evening, guest: str) -> bool:
    """Whether one ticket more is refused."""
    return promoter.pay(reserve(promoter, evening, standing=1), email=guest).code == "limit_exceeded"


@pytest.mark.parametrize("token", ["card_error", "payment_error"])
def test_what_was_not_charged_does_not_count(promoter: Promoter, evening: Evening, token: str) -> None:
    failed = reserve(promoter, evening, seats=1, standing=3)
    assert promoter.pay(failed, token, email=SPELLINGS[0]).code == token
    other = reserve(promoter, evening, standing=4)
    assert promoter.pay(other, email=SPELLINGS[1]).status == 200
    assert_over_the_limit(promoter.pay(failed, email=SPELLINGS[2]))
    assert promoter.pay(failed, email="grace@example.org").status == 200


def test_a_cart_that_one_evening_refuses_takes_nothing_of_the_other_s_limit(promoter: Promoter) -> None:
    first, second = (promoter.offer(promoter.announce(max_per_guest=LIMIT), capacity=20) for _ in range(2))
    assert promoter.pay(promoter.reserve(second, 1).body["id"], email=SPELLINGS[0]).status == 200
    both = promoter.want(*({"ticket_type_id": each, "quantity": 4} for each in (first, second)))
    assert_over_the_limit(promoter.pay(both.body["id"], email=SPELLINGS[1]))
    assert promoter.pay(promoter.reserve(first, 4).body["id"], email=SPELLINGS[2]).status == 200


def test_a_payment_that_failed_can_be_tried_again(promoter: Promoter, evening: Evening) -> None:
    reservation = reserve(promoter, evening, seats=2, standing=2)
    for _ in range(3):
        assert promoter.pay(reservation, "card_error", email=SPELLINGS[0]).code == "card_error"
    assert promoter.pay(reservation, email=SPELLINGS[1]).status == 200


def test_free_tickets_count_too(promoter: Promoter) -> None:
    ticket_type = promoter.offer(promoter.announce(max_per_guest=LIMIT), capacity=10, price_cents=0)
    first, second = (promoter.reserve(ticket_type, quantity).body["id"] for quantity in (4, 1))
    assert promoter.ask("POST", f"/reservations/{first}/payment", {"email": SPELLINGS[0]}).status == 200
    assert_over_the_limit(promoter.ask("POST", f"/reservations/{second}/payment", {"email": SPELLINGS[1]}))


@pytest.mark.parametrize("email", ["", "   ", "ada", "ada@", "@example.org", "a b@example.org", " ada@x.org"])
def test_without_an_address_nothing_is_paid(
    shared_server: Server, promoter: Promoter, evening: Evening, email: str
) -> None:
    reservation = reserve(promoter, evening, standing=1)
    refused = promoter.pay(reservation, email=email)
    assert (refused.status, refused.code) == (422, "invalid"), refused
    assert [error["field"] for error in refused.body["errors"]] == ["email"]
    assert reservation not in charges(shared_server)
    assert promoter.pay(reservation, email="ada@example.org").status == 200


def test_the_limit_is_an_evening_s_own_and_can_be_changed(promoter: Promoter, evening: Evening) -> None:
    assert promoter.pay(reserve(promoter, evening, standing=4), email=SPELLINGS[0]).status == 200
    next_evening = promoter.offer(promoter.announce(max_per_guest=LIMIT), capacity=10)
    assert promoter.pay(promoter.reserve(next_evening, 4).body["id"], email=SPELLINGS[0]).status == 200
    reservation = reserve(promoter, evening, standing=2)
    event = f"/events/{evening.event}"
    assert promoter.ask("PATCH", event, {"max_per_guest": 5}).body["max_per_guest"] == 5
    refused = promoter.pay(reservation, email=SPELLINGS[0])
    assert (refused.code, refused.body["max_per_guest"]) == ("limit_exceeded", 5)
    assert promoter.ask("PATCH", event, {"max_per_guest": 6}).status == 200
    assert promoter.pay(reservation, email=SPELLINGS[0]).status == 200
    assert promoter.ask("PATCH", event, {"max_per_guest": None}).body["max_per_guest"] is None
    assert promoter.pay(reserve(promoter, evening, standing=1)).status == 200
    assert promoter.ask("PATCH", event, {"max_per_guest": 1}).status == 200
    assert promoter.pay(reserve(promoter, evening, standing=1), email=SPELLINGS[0]).code == "limit_exceeded"


@pytest.mark.parametrize("limit", [0, -1, 1001, 1.5, "4", True])
def test_a_limit_that_makes_no_sense_is_refused(promoter: Promoter, evening: Evening, limit: object) -> None:
    refused = promoter.ask("PATCH", f"/events/{evening.event}", {"max_per_guest": limit})
    assert (refused.status, [error["field"] for error in refused.body["errors"]]) == (422, ["max_per_guest"])
    assert promoter.ask("GET", f"/events/{evening.event}").body["max_per_guest"] == LIMIT

"""What guests may not ask for: each a clear no that names the field or the seat, and nothing half done."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.system.client import Client
from tests.system.promoter import Promoter
from tests.system.server import Server

HALL = {"Stalls": {"A": 10, "B": 10}, "Balcony": {"A": 6}}


class House(NamedTuple):
    """Two evenings in one venue."""

    stalls: int
    balcony: int
    standing: int
    other_evening: int
    """The stalls again."""


@pytest.fixture
def house(promoter: Promoter) -> House:
    venue = promoter.build(HALL)
    event, other = promoter.announce(venue), promoter.announce(venue)
    return House(
        stalls=promoter.offer(event, sections=["Stalls"]),
        balcony=promoter.offer(event, sections=["Balcony"]),
        standing=promoter.offer(event, capacity=10),
        other_evening=promoter.offer(other, sections=["Stalls"]),
    )


@pytest.fixture
def guest(shared_server: Server) -> Iterator[Client]:
    guest = Client(shared_server)
    yield guest
    guest.close()


STALLS, BALCONY, STANDING = "stalls", "balcony", "standing"


@pytest.mark.parametrize(
    ("where", "wish", "field", "named"),
    [
        (STALLS, {"seats": ["Stalls-A-1", "Balcony-A-1"]}, "lines[0].seats", "Balcony-A-1"),
        (STALLS, {"seats": ["Stalls-A-1", "Stalls-A-11"]}, "lines[0].seats", "Stalls-A-11"),
        (STALLS, {"seats": ["stalls-a-1"]}, "lines[0].seats", "stalls-a-1"),
        (STALLS, {"seats": ["Stalls-A-01"]}, "lines[0].seats", "Stalls-A-01"),
        (STALLS, {"seats": ["Stalls-A-1 "]}, "lines[0].seats", "Stalls-A-1 "),
        (STALLS, {"seats": ["Stalls-A"]}, "lines[0].seats", "Stalls-A"),
        (STALLS, {"seats": [""]}, "lines[0].seats", ""),
        (STALLS, {"seats": ["Stalls-A-1", "Stalls-A-2", "Stalls-A-1"]}, "lines[0].seats[2]", ""),
        (STALLS, {"seats": []}, "lines[0].seats", ""),
        (STALLS, {"seats": "Stalls-A-1"}, "lines[0].seats", ""),
        (STALLS, {"seats": [1]}, "lines[0].seats[0]", ""),
        (STALLS, {"seats": [None]}, "lines[0].seats[0]", ""),
        (STALLS, {"seats": ["x" * 201]}, "lines[0].seats[0]", ""),
        (STALLS, {"seats": ["Stalls\n-A-1"]}, "lines[0].seats[0]", ""),
        (STALLS, {"seats": [f"Stalls-A-{n}" for n in range(1_001)]}, "lines[0].seats", ""),
        (STALLS, {"best_available": 0}, "lines[0].best_available", ""),
        (STALLS, {"best_available": -1}, "lines[0].best_available", ""),
        (STALLS, {"best_available": 1001}, "lines[0].best_available", ""),
        (STALLS, {"best_available": 10**30}, "lines[0].best_available", ""),
        (STALLS, {"best_available": 1.5}, "lines[0].best_available", ""),
        (STALLS, {"best_available": "x"}, "lines[0].best_available", ""),
        (STALLS, {"best_available": True}, "lines[0].best_available", ""),
        (STALLS, {"best_available": 2, "together": "yes"}, "lines[0].together", ""),
        (STALLS, {"quantity": 1, "seats": ["Stalls-A-1"]}, "lines[0].quantity", ""),
        (STALLS, {"best_available": 1, "seats": ["Stalls-A-1"]}, "lines[0].quantity", ""),
        (STALLS, {"quantity": 2}, "lines[0].quantity", ""),
        (STALLS, {}, "lines[0].quantity", ""),
        (STANDING, {"seats": ["Stalls-A-1"]}, "lines[0].seats", ""),
        (STANDING, {"best_available": 2}, "lines[0].best_available", ""),
    ],
)
def test_an_impossible_wish_is_refused_and_names_the_field(
    house: House, guest: Client, where: str, wish: dict[str, object], field: str, named: str
) -> None:
    ticket_type = getattr(house, where)
    refused = guest.want({"ticket_type_id": ticket_type, **wish})
    assert (refused.status, refused.code) == (422, "invalid"), refused
    (error,) = refused.body["errors"]
    assert error["field"] == field
    assert named in error["message"]
    assert _taken(guest, house) == 0


def test_a_wish_for_a_thousand_seats_that_are_not_there_is_refused_in_few_words(
    promoter: Promoter, guest: Client
) -> None:
    ticket_type = promoter.furnish(HALL, max_per_reservation=1000)
    refused = guest.want_seats(ticket_type, *(f"Nowhere-{n:0>40}-1" for n in range(1000)))
    assert refused.status == 422
    assert len(str(refused.body)) < 2000
    assert "Nowhere" in refused.body["errors"][0]["message"]


def test_a_wish_for_ten_thousand_seats_is_too_large_to_be_read(house: House, guest: Client) -> None:
    refused = guest.want_seats(house.stalls, *(f"Stalls-A-{number}" for number in range(10_000)))
    assert (refused.status, refused.code) == (413, "too_large")
    assert _taken(guest, house) == 0


def test_more_seats_than_one_reservation_may_have_are_refused(house: House, guest: Client) -> None:
    seats = [f"Stalls-{row}-{number}" for row in "AB" for number in range(1, 7)]
    for refused in (guest.want_seats(house.stalls, *seats), guest.want_best(house.stalls, 11)):
        assert (refused.status, refused.code, refused.body["max_per_reservation"]) == (
            409,
            "limit_exceeded",
            10,
        )
    assert _taken(guest, house) == 0


def test_a_refusal_says_which_seats_are_gone_and_takes_none_of_the_others(
    house: House, guest: Client
) -> None:
    assert guest.want_seats(house.stalls, "Stalls-A-2", "Stalls-A-3").status == 201
    refused = guest.want_seats(house.stalls, "Stalls-A-1", "Stalls-A-2", "Stalls-A-3", "Stalls-A-4")
    assert (refused.status, refused.code) == (409, "seat_taken")
    assert refused.body["taken_seats"] == ["Stalls-A-2", "Stalls-A-3"]
    assert _taken(guest, house) == 2
    assert guest.want_seats(house.stalls, "Stalls-A-1", "Stalls-A-4").status == 201


def test_a_seat_is_sold_once_an_evening_and_again_the_next(house: House, guest: Client) -> None:
    for ticket_type in (house.stalls, house.other_evening):
        reserved = guest.want_seats(ticket_type, "Stalls-A-1")
        paid = guest.pay(reserved.body["id"])
        assert [ticket["seat"] for ticket in paid.body["tickets"]] == ["Stalls-A-1"]
    assert guest.want_seats(house.stalls, "Stalls-A-1").body["taken_seats"] == ["Stalls-A-1"]


def test_a_cart_of_which_one_line_is_impossible_takes_nothing(house: House, guest: Client) -> None:
    standing = {"ticket_type_id": house.standing, "quantity": 2}
    assert guest.want_seats(house.balcony, "Balcony-A-1").status == 201
    impossible: list[tuple[dict[str, object], int, str]] = [
        ({"ticket_type_id": house.balcony, "seats": ["Balcony-A-2", "Balcony-A-1"]}, 409, "seat_taken"),
        ({"ticket_type_id": house.balcony, "seats": ["Balcony-A-9"]}, 422, "invalid"),
        ({"ticket_type_id": house.balcony, "best_available": 6}, 409, "sold_out"),
        ({"ticket_type_id": house.balcony, "best_available": 11}, 409, "limit_exceeded"),
        ({"ticket_type_id": 10**9, "seats": ["Balcony-A-2"]}, 404, "not_found"),
    ]
    for line, status, code in impossible:
        for lines in ((standing, line), (line, standing)):
            refused = guest.want(*lines)
            assert (refused.status, refused.code) == (status, code)
            assert refused.body.get("ticket_type_id", line["ticket_type_id"]) == line["ticket_type_id"]
            if code == "invalid":
                assert refused.body["errors"][0]["field"] == f"lines[{lines.index(line)}].seats"
    assert guest.reserve(house.standing, 10).status == 201  # all that there is, at once
    assert guest.want_seats(house.balcony, *(f"Balcony-A-{number}" for number in range(2, 7))).status == 201


def test_a_key_gives_the_same_seats_again_and_no_others(house: House, guest: Client) -> None:
    key = "a-secret-of-the-guest's"
    first = guest.want_seats(house.stalls, "Stalls-A-1", "Stalls-A-2", key=key)
    again = guest.want_seats(house.stalls, "Stalls-A-1", "Stalls-A-2", key=key)
    assert (first.status, again.status, again.body) == (201, 200, first.body)
    assert guest.want_seats(house.stalls, "Stalls-A-3", key=key).code == "key_reused"
    assert guest.want({"ticket_type_id": house.stalls, "best_available": 2}, key=key).code == "key_reused"
    assert _taken(guest, house) == 2


def test_released_and_expired_seats_can_be_had_again(house: House, guest: Client) -> None:
    reserved = guest.want_best(house.balcony, 6)
    assert guest.want_best(house.balcony, 1).code == "sold_out"
    assert guest.release(reserved.body["id"]).status == 200
    again = guest.want_best(house.balcony, 6)
    assert again.body["lines"][0]["seats"] == reserved.body["lines"][0]["seats"]


def test_seats_that_need_not_be_together_may_be_apart(house: House, guest: Client) -> None:
    assert guest.want_seats(house.balcony, "Balcony-A-2", "Balcony-A-5").status == 201
    together = guest.want_best(house.balcony, 3)
    assert (together.code, together.body["available"]) == ("sold_out", 4)
    apart = guest.want_best(house.balcony, 4, together=False)
    assert apart.body["lines"][0]["seats"] == [f"Balcony-A-{number}" for number in (1, 3, 4, 6)]
    more = guest.want_best(house.balcony, 1, together=False)
    assert (more.code, more.body["available"]) == ("sold_out", 0)


def test_a_reservation_shows_its_seats_and_what_they_cost(house: House, guest: Client) -> None:
    reserved = guest.want(
        {"ticket_type_id": house.stalls, "seats": ["Stalls-B-2", "Stalls-B-1"]},
        {"ticket_type_id": house.standing, "quantity": 2},
    )
    by_type: dict[int, Any] = {line["ticket_type_id"]: line for line in reserved.body["lines"]}
    assert sorted(by_type[house.stalls]["seats"]) == ["Stalls-B-1", "Stalls-B-2"]
    assert (by_type[house.stalls]["quantity"], by_type[house.standing]["seats"]) == (2, [])
    assert reserved.body["total_cents"] == 4000
    paid = guest.pay(reserved.body["id"])
    tickets = [(ticket["ticket_type_id"], ticket["seat"]) for ticket in paid.body["tickets"]]
    assert sorted(tickets, key=str) == sorted(
        [
            (house.stalls, "Stalls-B-1"),
            (house.stalls, "Stalls-B-2"),
            (house.standing, None),
            (house.standing, None),
        ],
        key=str,
    )


def test_names_that_look_like_markup_stay_text_on_every_page(shared_server: Server) -> None:
    promoter = Promoter(shared_server, "markup")
    nasty = "</script><nasty>\"'&{{7*7}}"
    evening = promoter.announce(promoter.build({nasty: {nasty: 2}}), name=nasty, description=nasty)
    ticket_type = promoter.offer(evening, name=nasty, sections=[nasty])
    held = promoter.want_best(ticket_type, 1)
    assert held.body["lines"][0]["seats"] == [f"{nasty}-{nasty}-1"]
    purchase = promoter.ask("GET", f"/ticket-types/{ticket_type}").body["purchase_url"]
    paid = promoter.pay(held.body["id"])
    for path in (f"/{promoter.organizer}", f"/events/{evening}", purchase, f"/r/{paid.body['id']}"):
        status, page = promoter.fetch("GET", path)
        assert status == 200
        assert b"<nasty" not in page
        assert b"&lt;nasty&gt;" in page, path
        assert b"{{7*7}}" in page
    promoter.close()


def _taken(guest: Client, house: House) -> int:
    return sum(_shown(guest, house).values())


def _shown(guest: Client, house: House) -> dict[str, int]:
    """How many are held or sold of each; what doesn't add up fails."""
    taken = {}
    for name, ticket_type in house._asdict().items():
        shown = guest.availability(ticket_type)
        assert shown["capacity"] == shown["available"] + shown["held"] + shown["sold"]
        taken[name] = shown["held"] + shown["sold"]
    return taken

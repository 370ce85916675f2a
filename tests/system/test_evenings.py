"""A promoter's way through the API: a venue, its seats, many evenings; and what can't be."""

import csv
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from tests.system.client import Answer, Client, at_once
from tests.system.promoter import EVENING, TIMEZONE, Promoter, fields, seat_map_of, send_csv, venue_of
from tests.system.server import Server

HALL = {"Stalls": {"A": 10, "B": 10}, "Balcony": {"A": 6}}
NEW_HALL = {"Stalls": {"A": 8, "B": 10, "C": 12}, "Gallery": {"A": 6}}
NEW_YEARS_EVE = "2031-12-31T19:30"
GAP, FOLD = "2031-03-30T02:30", "2031-10-26T02:30"
"""In Berlin: a time that the clocks skip, and one that comes twice."""


def ids(answer: Any) -> list[str]:
    return [seat["id"] for seat in answer["seats"]]


# -- the straight way


def test_what_is_sold_stays_as_it_was_when_the_hall_is_rebuilt(promoter: Promoter) -> None:
    venue = promoter.build(HALL)
    evening = promoter.announce(venue)
    stalls = promoter.offer(evening, sections=["Stalls"], price_cents=4500)
    balcony = promoter.offer(evening, seats=["Balcony-A-2", "Balcony-A-1"], name="Balcony", price_cents=2800)
    assert (ids(promoter.seats(stalls)), ids(promoter.seats(balcony))) == (
        [f"Stalls-{row}-{number}" for row in "AB" for number in range(1, 11)],
        ["Balcony-A-1", "Balcony-A-2"],
    )
    sold = promoter.want(
        {"ticket_type_id": stalls, "seats": ["Stalls-A-9", "Stalls-A-10"]},
        {"ticket_type_id": balcony, "best_available": 1},
    )
    assert promoter.pay(sold.body["id"]).body["total_cents"] == 2 * 4500 + 2800
    before = [promoter.seats(each) for each in (stalls, balcony)]

    rebuilt = promoter.ask("PUT", f"/venues/{venue}/seat-map", seat_map_of(NEW_HALL))
    assert (rebuilt.status, rebuilt.body["seat_map"]["version"]) == (200, 2), rebuilt
    assert [promoter.seats(each) for each in (stalls, balcony)] == before
    assert promoter.want_seats(stalls, "Stalls-A-8").status == 201
    assert promoter.want_seats(stalls, "Stalls-C-1").status == 422
    assert promoter.want_seats(stalls, "Stalls-A-10").body["taken_seats"] == ["Stalls-A-10"]

    next_evening = promoter.announce(venue)
    refused = promoter.try_to_make(
        "ticket-types", {"name": "Balcony", "event_id": next_evening, "sections": ["Balcony"]}
    )
    assert fields(refused) == ["sections[0]"]
    new_stalls = promoter.offer(next_evening, sections=["Stalls"])
    assert promoter.availability(new_stalls)["capacity"] == 30
    assert promoter.want_seats(new_stalls, "Stalls-C-12").status == 201


def test_nothing_that_was_sold_can_be_deleted(promoter: Promoter) -> None:
    venue = promoter.build(HALL)
    evening, idle = promoter.announce(venue), promoter.announce(venue)
    stalls, balcony = (promoter.offer(evening, sections=[each]) for each in HALL)
    held = promoter.want_seats(stalls, "Stalls-A-1")
    assert promoter.delete(stalls).code == "has_sales"
    assert promoter.ask("DELETE", f"/events/{evening}").code == "has_sales"
    assert promoter.availability(balcony)["available"] == 6
    assert promoter.ask("DELETE", f"/venues/{venue}").status == 409
    assert promoter.ask("DELETE", f"/events/{idle}").status == 204
    assert promoter.ask("DELETE", f"/venues/{venue}").status == 409
    promoter.release(held.body["id"])
    assert promoter.delete(stalls).status == 204
    assert promoter.ask("GET", f"/ticket-types/{stalls}/seats").status == 404
    assert promoter.want_seats(stalls, "Stalls-A-1").code == "not_found"
    assert promoter.ask("DELETE", f"/events/{evening}").status == 204
    assert promoter.ask("DELETE", f"/venues/{venue}").status == 204
    assert promoter.ask("GET", f"/venues/{venue}").status == 404


def test_the_seats_of_a_deleted_ticket_type_can_be_sold_as_another(promoter: Promoter) -> None:
    evening = promoter.announce(promoter.build(HALL))
    first = promoter.offer(evening, sections=["Stalls"])
    assert promoter.delete(first).status == 204
    again = promoter.offer(evening, sections=["Stalls", "Balcony"])
    assert promoter.availability(again)["available"] == 26


def test_a_map_comes_back_as_it_can_be_sent_again(promoter: Promoter) -> None:
    venue = promoter.build(HALL)
    shown = promoter.ask("GET", f"/venues/{venue}").body
    other = promoter.make("venues", venue_of(shown["seat_map"]))["id"]
    assert promoter.ask("GET", f"/venues/{other}").body["seat_map"] == shown["seat_map"]


def test_a_map_from_a_spreadsheet_is_sold_from(promoter: Promoter) -> None:
    venue = promoter.build(HALL)
    put = send_csv(promoter, venue, ["Parterre", "A", "1"], ["Parterre", "A", "2"], ["Loge", "1", "1"])
    assert put.status == 200, put
    ticket_type = promoter.offer(promoter.announce(venue), sections=["Loge", "Parterre"])
    assert sorted(ids(promoter.seats(ticket_type))) == ["Loge-1-1", "Parterre-A-1", "Parterre-A-2"]


def test_a_cancelled_evening_sells_no_seats(promoter: Promoter) -> None:
    evening = promoter.announce(promoter.build(HALL))
    stalls = promoter.offer(evening, sections=["Stalls"])
    held = promoter.want_seats(stalls, "Stalls-A-1")
    assert promoter.ask("PATCH", f"/events/{evening}", {"status": "cancelled"}).status == 200
    assert promoter.want_seats(stalls, "Stalls-A-2").status in (404, 409)
    assert promoter.pay(held.body["id"]).code == "not_on_sale"


def test_figures_and_orders_tell_what_was_sold_of_everything(promoter: Promoter) -> None:
    pool = promoter.pool(10)
    evening = promoter.announce(promoter.build(HALL))
    stalls = promoter.offer(evening, sections=["Stalls"], price_cents=4500)
    regular = promoter.offer(evening, name="Standing", capacity_id=pool)
    student = promoter.offer(evening, name="Student", capacity_id=pool, capacity=2, price_cents=700)
    members = promoter.offer(evening, name="Members", sections=["Balcony"])
    promoter.let_in(members, "MEMBERS")
    cart = promoter.want(
        {"ticket_type_id": stalls, "seats": ["Stalls-A-2", "Stalls-A-1"]},
        {"ticket_type_id": regular, "quantity": 3},
        {"ticket_type_id": student, "quantity": 1},
    )
    assert promoter.pay(cart.body["id"], email="ada@example.org").status == 200
    promoter.want({"ticket_type_id": members, "best_available": 2}, access_code="MEMBERS")

    told = promoter.ask("GET", f"/statistics?event_id={evening}").body
    (event,) = told["events"]
    rows = {
        row["ticket_type_id"]: (row["capacity"], row["held"], row["sold"], row["revenue_cents"])
        for row in event["ticket_types"]
    }
    assert rows == {
        stalls: (20, 0, 2, 9000),
        regular: (10, 0, 3, 3000),
        student: (2, 0, 1, 700),
        members: (6, 2, 0, 0),
    }
    assert (event["held"], event["sold"], event["revenue_cents"]) == (2, 6, 12_700)

    order = promoter.ask("GET", f"/organizers/{promoter.organizer}/reservations?limit=1").body["items"][0]
    assert order["number"] == cart.body["number"]
    lines = {line["ticket_type_id"]: (line["quantity"], line["seats"]) for line in order["lines"]}
    assert lines == {
        stalls: (2, ["Stalls-A-2", "Stalls-A-1"]),
        regular: (3, []),
        student: (1, []),
    }
    _, sheet = promoter.fetch("GET", f"/api/v1/organizers/{promoter.organizer}/reservations?format=csv")
    in_sheet = [
        line for line in csv.DictReader(sheet.decode().splitlines()) if line["number"] == order["number"]
    ]
    assert sorted(line["seats"] for line in in_sheet) == ["", "", "Stalls-A-2, Stalls-A-1"]


# -- what can't be


def test_no_seat_belongs_to_two_ticket_types_of_an_evening(promoter: Promoter) -> None:
    evening = promoter.announce(promoter.build(HALL))
    promoter.offer(evening, seats=["Stalls-B-3"])
    for body, field in (
        ({"sections": ["Balcony", "Stalls"]}, "sections[1]"),
        ({"seats": ["Stalls-A-1", "Stalls-B-3"]}, "seats[1]"),
    ):
        refused = promoter.try_to_make("ticket-types", {"name": "Again", "event_id": evening, **body})
        assert fields(refused) == [field]
        assert "Stalls-B-3" in refused.body["errors"][0]["message"]


def test_of_two_ticket_types_made_at_once_for_the_same_seats_one_is_refused(
    shared_server: Server, promoter: Promoter
) -> None:
    for _ in range(5):
        evening = promoter.announce(promoter.build(HALL))
        works = [partial(_offer_stalls, Promoter(shared_server), evening) for _ in range(4)]
        answers = at_once(shared_server, works)
        assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]


def _offer_stalls(owner: Promoter, evening: int, _: Client) -> Answer:
    body = {"name": "Stalls", "event_id": evening, "sections": ["Stalls"]}
    answer = owner.try_to_make("ticket-types", body)
    owner.close()
    return answer


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "capacity"),
        ({"capacity": 5, "sections": ["Stalls"]}, "capacity"),
        ({"capacity": 5, "seats": ["Stalls-A-1"]}, "capacity"),
        ({"sections": ["Stalls"], "seats": ["Balcony-A-1"]}, "seats"),
        ({"sections": ["Circle"]}, "sections[0]"),
        ({"sections": ["Stalls", "Circle"]}, "sections[1]"),
        ({"sections": ["Stalls", "Stalls"]}, "sections[1]"),
        ({"sections": []}, "sections"),
        ({"sections": "Stalls"}, "sections"),
        ({"seats": []}, "seats"),
        ({"seats": ["Stalls-A-1", "Stalls-A-11"]}, "seats[1]"),
        ({"seats": ["Stalls-A-1", "Stalls-A-1"]}, "seats[1]"),
        ({"sections": ["Stalls"], "event_id": None}, "event_id"),
        ({"capacity_id": 10**9}, "capacity_id"),
        ({"capacity": 5, "position": -1}, "position"),
        ({"capacity": 5, "on_sale_at": "2031-04-02T10:00", "off_sale_at": "2031-04-01T10:00"}, "off_sale_at"),
        ({"capacity": 5, "on_sale_at": GAP}, "on_sale_at"),
        ({"capacity": 5, "off_sale_at": FOLD}, "off_sale_at"),
    ],
)
def test_a_ticket_type_that_cannot_be_is_refused(
    promoter: Promoter, body: Mapping[str, object], field: str
) -> None:
    evening = promoter.announce(promoter.build(HALL))
    refused = promoter.try_to_make("ticket-types", {"name": "Regular", "event_id": evening, **body})
    assert fields(refused) == [field]
    assert promoter.ask("GET", f"/events/{evening}").body["ticket_types"] == []


def test_seats_need_an_evening_in_a_venue_with_a_map(promoter: Promoter) -> None:
    without_map = promoter.make("venues", {"name": "Field", "timezone": TIMEZONE})["id"]
    for evening in (promoter.announce(), promoter.announce(without_map)):
        body = {"name": "Regular", "event_id": evening, "sections": ["Stalls"]}
        assert fields(promoter.try_to_make("ticket-types", body)) == ["event_id"]


def test_another_s_venue_and_hall_are_out_of_reach(shared_server: Server, promoter: Promoter) -> None:
    other = Promoter(shared_server, "another-promoter")
    venue, pool = other.build(HALL), other.pool(10)
    body = {"name": "Evening", "starts_at": EVENING, "timezone": TIMEZONE, "venue_id": venue}
    assert fields(promoter.try_to_make("events", body)) == ["venue_id"]
    assert fields(promoter.try_to_make("ticket-types", {"name": "Regular", "capacity_id": pool})) == [
        "capacity_id"
    ]
    nobody = Client(shared_server)
    for path in (f"/venues/{venue}", f"/ticket-types/{other.offer(capacity=1)}/access-codes"):
        assert nobody.ask("GET", path).status == 401
    other.close()
    nobody.close()


def test_the_number_of_seats_is_not_changed_by_hand(promoter: Promoter) -> None:
    ticket_type = promoter.furnish(HALL)
    assert fields(promoter.change(ticket_type, capacity=27)) == ["capacity"]
    assert promoter.change(ticket_type, price_cents=1).body["capacity"] == 26


@pytest.mark.parametrize("field", ["starts_at", "on_sale_at", "off_sale_at"])
@pytest.mark.parametrize("local", [GAP, FOLD, "2031-02-30T10:00", "2031-05-01", "tomorrow", "", 5])
def test_times_that_are_not_or_come_twice_are_refused(promoter: Promoter, field: str, local: object) -> None:
    body = {"name": "Evening", "starts_at": NEW_YEARS_EVE, "timezone": TIMEZONE, field: local}
    assert fields(promoter.try_to_make("events", body)) == [field]
    evening = promoter.announce(starts_at=NEW_YEARS_EVE)
    assert fields(promoter.ask("PATCH", f"/events/{evening}", {field: local})) == [field]
    if local in (GAP, FOLD):
        assert promoter.ask("PATCH", f"/events/{evening}", {field: f"{local}:00+01:00"}).status == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": "2020-01-01T20:00"}, "starts_at"),
        ({"starts_at": "1969-12-31T20:00"}, "starts_at"),
        ({"on_sale_at": "2031-04-02T10:00", "off_sale_at": "2031-04-01T10:00"}, "off_sale_at"),
        ({"on_sale_at": "2031-04-02T10:00", "off_sale_at": "2031-04-02T10:00"}, "off_sale_at"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"venue_id": 10**9}, "venue_id"),
        ({"name": ""}, "name"),
        ({"status": "sold_out"}, "status"),
    ],
)
def test_an_evening_that_cannot_be_is_refused(
    promoter: Promoter, change: Mapping[str, object], field: str
) -> None:
    body = {"name": "Evening", "starts_at": EVENING, "timezone": TIMEZONE, **change}
    assert fields(promoter.try_to_make("events", body)) == [field]
    evening = f"/events/{promoter.announce()}"
    before = promoter.ask("GET", evening)
    assert fields(promoter.ask("PATCH", evening, change)) == [field]
    assert promoter.ask("GET", evening) == before

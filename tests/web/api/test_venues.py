"""Venues, seat maps and what is sold by the seat, as an owner's program sees them."""

import asyncio
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.api.conftest import Client
from tests.web.api.house import BEN, House, bearer
from tests.web.api.test_owners import EVENT, made, send
from tests.web.problem_answers import expect_problem
from ticketd.web.parsing import BODY_BYTES_MAX, HALL_BYTES_MAX

SEAT_MAP = {
    "sections": [
        {"name": "Stalls", "rows": [{"name": "A", "seats": 4}, {"name": "B", "seats": 4}]},
        {"name": "Balcony", "rows": [{"name": "A", "seats": ["1", "2"]}]},
    ]
}
VENUE = {"name": "Playhouse", "address": "1 Main Street", "timezone": "Europe/Vienna"}
CSV = "section,row,seat\r\nPit,A,1\r\nPit,A,2\r\n"


@pytest.fixture
async def venue(client: Client, house: House) -> dict[str, Any]:
    await house.organizer()
    return await made(client, "/organizers/mario/venues", **VENUE, seat_map=SEAT_MAP)


@pytest.fixture
async def event(client: Client, venue: dict[str, Any]) -> dict[str, Any]:
    hamlet = {"name": "Hamlet", "starts_at": "2027-05-01T19:30", "venue_id": venue["id"]}
    return await made(client, "/organizers/mario/events", **hamlet)


async def test_a_venue_is_made_with_a_map(client: Client, venue: dict[str, Any]) -> None:
    sections = [{"name": "Stalls", "rows": 2, "seats": 8}, {"name": "Balcony", "rows": 1, "seats": 2}]
    assert venue == {
        **VENUE,
        "id": venue["id"],
        "seat_map": {"version": 1, "seats": 10, "sections": sections},
    }


async def test_a_venue_needs_no_map(client: Client, house: House) -> None:
    await house.organizer()
    response = await send(client, "POST", "/organizers/mario/venues", name="Meadow", timezone="UTC")
    body = await response.json()
    assert (response.status, response.headers["Location"]) == (201, f"/api/v1/venues/{body['id']}")
    assert body["seat_map"] is None
    whole = await (await send(client, "GET", f"/venues/{body['id']}")).json()
    assert (whole["seat_map_version"], whole["seat_map"]) == (None, None)


async def test_venues_are_listed_by_name(client: Client, venue: dict[str, Any]) -> None:
    other = await made(client, "/organizers/mario/venues", name="Arena", timezone="UTC")
    body = await (await send(client, "GET", "/organizers/mario/venues")).json()
    assert body == {"items": [other, venue], "next": None}


async def test_the_whole_map_can_be_fetched_and_sent_back(client: Client, venue: dict[str, Any]) -> None:
    path = f"/venues/{venue['id']}"
    whole = await (await send(client, "GET", path)).json()
    assert whole["seat_map_version"] == 1
    assert [section["name"] for section in whole["seat_map"]["sections"]] == ["Stalls", "Balcony"]
    changed = await (await send(client, "PATCH", path, seat_map=whole["seat_map"])).json()
    assert changed["seat_map"] == {**venue["seat_map"], "version": 2}
    again = await (await send(client, "GET", path)).json()
    assert again["seat_map"] == whole["seat_map"]


async def test_a_venue_changes_only_where_told(client: Client, venue: dict[str, Any]) -> None:
    response = await send(client, "PATCH", f"/venues/{venue['id']}", name="Opera")
    assert (response.status, await response.json()) == (200, {**venue, "name": "Opera"})


async def test_a_map_comes_as_csv_or_json(client: Client, venue: dict[str, Any]) -> None:
    path = f"/venues/{venue['id']}/seat-map"
    response = await client.put(
        f"/api/v1{path}", data=CSV, headers={**bearer(), "Content-Type": "text/csv; charset=utf-8"}
    )
    body = await response.json()
    assert (response.status, body["seat_map"]["version"], body["seat_map"]["seats"]) == (200, 2, 2)
    body = await (await send(client, "PUT", path, **SEAT_MAP)).json()
    assert (body["seat_map"]["version"], body["seat_map"]["seats"]) == (3, 10)


@pytest.mark.parametrize(
    ("content_type", "data", "status", "code"),
    [
        ("text/csv", b"\xff", 400, "malformed"),
        ("text/csv; charset=latin-1", CSV.encode(), 415, "unsupported_media_type"),
        ("application/xml", b"<a/>", 415, "unsupported_media_type"),
        ("application/json", b"{", 400, "malformed"),
    ],
)
async def test_a_map_in_no_known_form_is_refused(
    client: Client, venue: dict[str, Any], content_type: str, data: bytes, status: int, code: str
) -> None:
    response = await client.put(
        f"/api/v1/venues/{venue['id']}/seat-map",
        data=data,
        headers={**bearer(), "Content-Type": content_type},
    )
    await expect_problem(response, status, code)


async def test_what_is_wrong_with_a_map_is_named(client: Client, venue: dict[str, Any]) -> None:
    twice = {"sections": [{"name": "Stalls", "rows": [{"name": "A", "seats": ["1", "1"]}]}]}
    response = await send(client, "POST", "/organizers/mario/venues", **VENUE, seat_map=twice)
    body = await expect_problem(response, 422, "invalid")
    assert body["errors"][0]["field"].startswith("seat_map.sections[0].rows[0].seats[1]")
    response = await send(client, "PUT", f"/venues/{venue['id']}/seat-map", **twice)
    body = await expect_problem(response, 422, "invalid")
    assert body["errors"][0]["field"].startswith("sections[0].rows[0].seats[1]")
    response = await client.put(
        f"/api/v1/venues/{venue['id']}/seat-map",
        data=CSV + "Pit,A,2\r\n",
        headers={**bearer(), "Content-Type": "text/csv"},
    )
    body = await expect_problem(response, 422, "invalid")
    assert body["errors"][0]["field"].startswith("line 4")
    assert (await (await send(client, "GET", f"/venues/{venue['id']}")).json())["seat_map_version"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"timezone": "Mars"}, "timezone"),
        ({"address": "a\0b"}, "address"),
        ({"address": "x" * 501}, "address"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_venue_that_cant_be_names_the_field(
    client: Client, house: House, change: dict[str, Any], field: str
) -> None:
    await house.organizer()
    response = await send(client, "POST", "/organizers/mario/venues", **{**VENUE, **change})
    body = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in body["errors"]] == [field]


async def test_a_map_may_be_much_larger_than_other_bodies(client: Client, venue: dict[str, Any]) -> None:
    rows = [
        {"name": f"R{n}", "seats": [{"name": str(s), "x": s, "y": n} for s in range(100)]} for n in range(50)
    ]
    body = json.dumps({"sections": [{"name": "Field", "rows": rows}]}).encode()
    assert len(body) > BODY_BYTES_MAX
    headers = {**bearer(), "Content-Type": "application/json"}
    response = await client.put(
        f"/api/v1/venues/{venue['id']}/seat-map", data=io.BytesIO(body), headers=headers
    )
    assert (response.status, (await response.json())["seat_map"]["seats"]) == (200, 5000)
    response = await client.put(
        f"/api/v1/venues/{venue['id']}/seat-map",
        data=io.BytesIO(b" " * (HALL_BYTES_MAX + 1)),
        headers=headers,
    )
    await expect_problem(response, 413, "too_large")


async def test_an_event_shows_its_venue_and_takes_its_time_zone(
    client: Client, venue: dict[str, Any], event: dict[str, Any]
) -> None:
    assert (event["timezone"], event["starts_at"]) == ("Europe/Vienna", "2027-05-01T17:30:00.000000Z")
    assert event["venue"] == {"name": "Playhouse", "address": "1 Main Street"}
    await send(client, "PATCH", f"/venues/{venue['id']}", name="Opera")
    shown = await (await client.get(f"/api/v1/events/{event['id']}")).json()
    assert (shown["venue"]["name"], shown["venue_id"]) == ("Opera", venue["id"])


async def test_an_event_needs_a_time_zone_or_a_venue_of_its_organizer(client: Client, house: House) -> None:
    await house.organizer()
    await house.organizer("bens", owner=BEN)
    bens = await client.post("/api/v1/organizers/bens/venues", json=VENUE, headers=bearer(BEN))
    bens_id = (await bens.json())["id"]
    timeless = {"name": "Hamlet", "starts_at": "2027-05-01T19:30"}
    for more, field in (
        ({}, "timezone"),
        ({"venue_id": bens_id}, "venue_id"),
        ({"venue_id": 999}, "venue_id"),
    ):
        body = await expect_problem(
            await send(client, "POST", "/organizers/mario/events", **timeless, **more), 422, "invalid"
        )
        assert [error["field"] for error in body["errors"]] == [field]


@pytest.mark.parametrize("starts_at", ["2027-01-15T08:00Z", "2026-05-01T19:30"])
async def test_an_event_in_the_past_is_refused(client: Client, house: House, starts_at: str) -> None:
    await house.organizer()
    event = await made(client, "/organizers/mario/events", **EVENT)
    for response in (
        await send(client, "POST", "/organizers/mario/events", **{**EVENT, "starts_at": starts_at}),
        await send(client, "PATCH", f"/events/{event['id']}", starts_at=starts_at),
    ):
        body = await expect_problem(response, 422, "invalid")
        assert [error["field"] for error in body["errors"]] == ["starts_at"]


async def test_a_venue_goes_when_no_event_is_left(client: Client, venue: dict[str, Any]) -> None:
    assert (await send(client, "DELETE", f"/venues/{venue['id']}")).status == 204
    await expect_problem(await send(client, "GET", f"/venues/{venue['id']}"), 404, "not_found")


async def test_another_owners_venue_is_not_found(client: Client, venue: dict[str, Any]) -> None:
    path = f"/api/v1/venues/{venue['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "Mine"}),
        ("PUT", f"{path}/seat-map", SEAT_MAP),
        ("DELETE", path, None),
        ("GET", "/api/v1/organizers/mario/venues", None),
        ("POST", "/api/v1/organizers/mario/venues", VENUE),
    ):
        response = await client.request(method, where, json=body, headers=bearer(BEN))
        await expect_problem(response, 404, "not_found")


# -- what is sold by the seat


async def test_a_seated_ticket_type_is_made_of_sections(client: Client, event: dict[str, Any]) -> None:
    stalls = {"name": "Stalls", "event_id": event["id"], "sections": ["Stalls"], "price_cents": 4500}
    ticket_type = await made(client, "/organizers/mario/ticket-types", **stalls)
    assert (ticket_type["seated"], ticket_type["capacity"], ticket_type["available"]) == (True, 8, 8)
    assert (ticket_type["capacity_id"], ticket_type["hidden"]) == (None, False)
    shown = await (await client.get(f"/api/v1/ticket-types/{ticket_type['id']}")).json()
    assert shown["seated"] is True


async def test_or_of_single_seats(client: Client, event: dict[str, Any]) -> None:
    boxes = {"name": "Boxes", "event_id": event["id"], "seats": ["Balcony-A-1", "Stalls-B-4"]}
    assert (await made(client, "/organizers/mario/ticket-types", **boxes))["capacity"] == 2


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "capacity"),
        ({"capacity": 5, "sections": ["Stalls"]}, "capacity"),
        ({"sections": ["Stalls"], "seats": ["Stalls-A-1"]}, "seats"),
        ({"capacity_id": 1, "seats": ["Stalls-A-1"]}, "seats"),
        ({"sections": []}, "sections"),
        ({"seats": []}, "seats"),
        ({"sections": ["Stalls", "Pit"]}, "sections[1]"),
        ({"seats": ["Stalls-A-1", "Stalls-A-9"]}, "seats[1]"),
        ({"seats": ["a\0b"]}, "seats[0]"),
        ({"capacity_id": 999}, "capacity_id"),
        ({"capacity": 5, "position": 1001}, "position"),
    ],
)
async def test_what_makes_up_a_ticket_type_is_said_once_and_exists(
    client: Client, event: dict[str, Any], members: dict[str, Any], field: str
) -> None:
    body = {"name": "Regular", "event_id": event["id"], **members}
    response = await send(client, "POST", "/organizers/mario/ticket-types", **body)
    problem = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]


# -- nonsense

DEADLINE_SECONDS = 10.0
ODDLY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = st.sampled_from(["A", "B", "1", " 1 ", "", "-", "\0", "é", "x" * 41]) | st.none() | st.integers()
NUMBERS = st.sampled_from([-1, 0, 1, 3, 501, 2**64, 0.5, 1e300, None, "1"])
SEATS = st.fixed_dictionaries({"name": NAMES}, optional={"x": NUMBERS, "blocked": st.booleans()})
ROWS = st.fixed_dictionaries(
    {"name": NAMES, "seats": NUMBERS | st.lists(NAMES | SEATS, max_size=4)},
    optional={"aisles_after": st.lists(NUMBERS, max_size=2)},
)
SECTIONS = st.fixed_dictionaries(
    {"name": NAMES, "rows": st.lists(ROWS, max_size=3)},
    optional={"x": NUMBERS, "y": NUMBERS, "focus": st.lists(NUMBERS, max_size=3)},
)
SEAT_MAPS = st.fixed_dictionaries({"sections": st.lists(SECTIONS, max_size=3)})
SALES = st.fixed_dictionaries(
    {"name": st.just("Odd")},
    optional={
        "sections": st.lists(st.sampled_from(["Stalls", "Balcony", "", "\0", "-"]), max_size=3),
        "seats": st.lists(st.sampled_from(["Stalls-A-1", "Stalls-A-2", "--", "-", ""]), max_size=3),
        "capacity": NUMBERS,
        "capacity_id": NUMBERS,
        "event_id": NUMBERS,
        "position": NUMBERS,
    },
)


async def test_no_map_and_no_choice_of_seats_breaks_anything(
    client: Client, venue: dict[str, Any], event: dict[str, Any]
) -> None:
    loop = asyncio.get_running_loop()

    async def send_oddly(method: str, path: str, body: dict[str, Any]) -> None:
        response = await send(client, method, path, **body)
        text = await response.text()
        assert response.status < 500, text
        if response.status >= 400:
            assert json.loads(text)["code"]

    def answer(method: str, path: str, body: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(send_oddly(method, path, body), loop).result(DEADLINE_SECONDS)

    @ODDLY
    @given(body=SEAT_MAPS)
    def fuzz_maps(body: dict[str, Any]) -> None:
        answer("PUT", f"/venues/{venue['id']}/seat-map", body)

    @ODDLY
    @given(body=SALES)
    def fuzz_sales(body: dict[str, Any]) -> None:
        answer("POST", "/organizers/mario/ticket-types", {"event_id": event["id"], **body})

    await asyncio.to_thread(fuzz_sales)
    await asyncio.to_thread(fuzz_maps)

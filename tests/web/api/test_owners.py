"""What an owner's program can do, and what it can't."""

import asyncio
import csv
import io
from typing import Any

import pytest
from aiohttp import ClientResponse
from structlog.testing import capture_logs

from tests.eventually import eventually
from tests.web.api.conftest import Client
from tests.web.api.house import BEN, House, bearer, lines
from tests.web.problem_answers import expect_problem
from ticketd.core.ids import Instant, ReservationId, TicketTypeId
from ticketd.core.reservations import ReservationStatus
from ticketd.storage.orders import Order, OrderLine

EVENT = {"name": "Concert", "starts_at": "2027-05-01T19:30", "timezone": "Europe/Vienna"}


async def send(client: Client, method: str, path: str, **body: Any) -> ClientResponse:
    return await client.request(method, f"/api/v1{path}", json=body, headers=bearer())


async def made(client: Client, path: str, **body: Any) -> dict[str, Any]:
    response = await send(client, "POST", path, **body)
    assert response.status == 201, await response.text()
    shown: dict[str, Any] = await response.json()
    return shown


OWNERS_CALLS = [
    ("GET", "/organizers"),
    ("POST", "/organizers"),
    ("POST", "/organizers/mario/events"),
    ("PATCH", "/events/1"),
    ("DELETE", "/events/1"),
    ("POST", "/organizers/mario/ticket-types"),
    ("PATCH", "/ticket-types/1"),
    ("DELETE", "/ticket-types/1"),
    ("GET", "/organizers/mario/venues"),
    ("POST", "/organizers/mario/venues"),
    ("GET", "/venues/1"),
    ("PATCH", "/venues/1"),
    ("PUT", "/venues/1/seat-map"),
    ("DELETE", "/venues/1"),
    ("GET", "/organizers/mario/capacities"),
    ("POST", "/organizers/mario/capacities"),
    ("PATCH", "/capacities/1"),
    ("DELETE", "/capacities/1"),
    ("GET", "/ticket-types/1/access-codes"),
    ("POST", "/ticket-types/1/access-codes"),
    ("DELETE", "/ticket-types/1/access-codes/SECRET"),
    ("GET", "/organizers/mario/reservations"),
    ("GET", "/statistics"),
]


@pytest.mark.parametrize(("method", "path"), OWNERS_CALLS)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer nope", "Basic anna-token", "anna-token"]
)
async def test_without_a_token_that_counts_nothing_is_told(
    client: Client, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await client.request(method, f"/api/v1{path}", json={}, headers=headers)
    await expect_problem(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_organizers_are_made_and_listed(client: Client) -> None:
    response = await send(client, "POST", "/organizers", name="Mario's")
    assert (response.status, response.headers["Location"]) == (201, "/api/v1/organizers/mario-s")
    await made(client, "/organizers", name="Aldo", slug="aldo-1")
    body = await (await send(client, "GET", "/organizers")).json()
    assert body == {
        "items": [{"slug": "aldo-1", "name": "Aldo"}, {"slug": "mario-s", "name": "Mario's"}],
        "next": None,
    }


async def test_a_slug_can_be_taken_reserved_or_no_slug_at_all(client: Client, house: House) -> None:
    await house.organizer("mario", owner=BEN)
    await expect_problem(await send(client, "POST", "/organizers", name="M", slug="mario"), 409, "slug_taken")
    for slug in ("api", "Mario", "m", "a/b", ""):
        body = await expect_problem(
            await send(client, "POST", "/organizers", name="M", slug=slug), 422, "invalid"
        )
        assert body["errors"][0]["field"] == "slug"


async def test_an_event_is_made_in_its_local_time(client: Client, house: House) -> None:
    await house.organizer()
    response = await send(
        client, "POST", "/organizers/mario/events", **EVENT, off_sale_at="2027-05-01T12:00:00+05:00"
    )
    body = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == f"/api/v1/events/{body['id']}"
    assert body["starts_at"] == "2027-05-01T17:30:00.000000Z"
    assert body["off_sale_at"] == "2027-05-01T07:00:00.000000Z"
    assert (body["status"], body["venue"], body["ticket_types"]) == ("published", None, [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": "2027-05-01"}, "starts_at"),
        ({"starts_at": "2027-03-28T02:30"}, "starts_at"),  # skipped in spring
        ({"starts_at": "2027-10-31T02:30"}, "starts_at"),  # twice in autumn
        ({"starts_at": 1800000000}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"on_sale_at": "soon"}, "on_sale_at"),
        ({"timezone": "Europe"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"name": "a\0b"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"description": "a\0b"}, "description"),
        ({"description": "x" * 10_001}, "description"),
        ({"status": "secret"}, "status"),
        ({"colour": "red"}, "colour"),
        ({"on_sale_at": "2027-05-02T00:00", "off_sale_at": "2027-05-01T00:00"}, "off_sale_at"),
    ],
)
async def test_an_event_that_cant_be_names_the_field(
    client: Client, house: House, change: dict[str, Any], field: str
) -> None:
    await house.organizer()
    response = await send(client, "POST", "/organizers/mario/events", **{**EVENT, **change})
    body = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in body["errors"]] == [field]


async def test_an_event_changes_only_where_told(client: Client, house: House) -> None:
    await house.organizer()
    event = await made(client, "/organizers/mario/events", **EVENT, on_sale_at="2027-01-01T00:00Z")
    response = await send(client, "PATCH", f"/events/{event['id']}", starts_at="2027-05-02T19:30")
    changed = await response.json()
    assert (response.status, changed["starts_at"]) == (200, "2027-05-02T17:30:00.000000Z")
    cleared = await (await send(client, "PATCH", f"/events/{event['id']}", on_sale_at=None)).json()
    assert changed == {**event, "starts_at": changed["starts_at"]}
    assert cleared == {**changed, "on_sale_at": None}


async def test_a_changed_time_zone_reads_the_times_sent_with_it(client: Client, house: House) -> None:
    await house.organizer()
    event = await made(client, "/organizers/mario/events", **EVENT)
    change = {"timezone": "America/New_York", "starts_at": "2027-05-01T19:30"}
    body = await (await send(client, "PATCH", f"/events/{event['id']}", **change)).json()
    assert body["starts_at"] == "2027-05-01T23:30:00.000000Z"


async def test_an_event_is_deleted_with_what_it_sells_unless_anything_is_held(
    client: Client, house: House
) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    regular = await house.ticket_type(organizer, event=event)
    reservation = await (await client.post("/api/v1/reservations", json=lines((regular, 1)))).json()
    body = await expect_problem(await send(client, "DELETE", f"/events/{event.id}"), 409, "has_sales")
    assert (body["held"], body["sold"]) == (1, 0)
    await client.delete(f"/api/v1/reservations/{reservation['id']}")
    response = await send(client, "DELETE", f"/events/{event.id}")
    assert (response.status, await response.read()) == (204, b"")
    await expect_problem(await client.get(f"/api/v1/ticket-types/{regular}"), 404, "not_found")


async def test_a_ticket_type_is_made_with_its_figures(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    response = await send(
        client,
        "POST",
        "/organizers/mario/ticket-types",
        name="VIP",
        capacity=5,
        price_cents=9900,
        event_id=event.id,
        on_sale_at="2027-05-01T12:00",
    )
    body = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == f"/api/v1/ticket-types/{body['id']}"
    assert body["on_sale_at"] == "2027-05-01T10:00:00.000000Z"
    assert (body["event_id"], body["max_per_reservation"]) == (event.id, 10)
    figures = ("capacity", "available", "held", "sold", "revenue_cents")
    assert [body[each] for each in figures] == [5, 5, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity": 0}, "capacity"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": True}, "capacity"),
        ({"capacity": "5"}, "capacity"),
        ({"capacity": 5.0}, "capacity"),
        ({"capacity": 2**63}, "capacity"),
        ({"capacity": 10**30}, "capacity"),
        ({"price_cents": -1}, "price_cents"),
        ({"price_cents": 10_000_001}, "price_cents"),
        ({"max_per_reservation": 0}, "max_per_reservation"),
        ({"max_per_reservation": 1001}, "max_per_reservation"),
        ({"event_id": 0}, "event_id"),
        ({"event_id": "1"}, "event_id"),
        ({"name": None}, "name"),
        ({"on_sale_at": "2027-05-01T12:00"}, "on_sale_at"),  # a coupon has no time zone
        ({"code": "x"}, "code"),
    ],
)
async def test_a_ticket_type_that_cant_be_names_the_field(
    client: Client, house: House, change: dict[str, Any], field: str
) -> None:
    await house.organizer()
    body = {"name": "VIP", "capacity": 5, **change}
    response = await send(client, "POST", "/organizers/mario/ticket-types", **body)
    answer = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in answer["errors"]] == [field]


async def test_only_euros_can_be_asked_for(client: Client, house: House) -> None:
    await house.organizer()
    path = "/organizers/mario/ticket-types"
    response = await send(client, "POST", path, name="VIP", capacity=5, currency="USD")
    await expect_problem(response, 422, "currency_error")


async def test_a_capacity_below_what_is_taken_is_refused_with_the_figures(
    client: Client, house: House
) -> None:
    regular = await house.ticket_type(await house.organizer())
    await client.post("/api/v1/reservations", json=lines((regular, 3)))
    response = await send(client, "PATCH", f"/ticket-types/{regular}", capacity=2)
    body = await expect_problem(response, 409, "capacity_below_sold")
    assert (body["held"], body["sold"]) == (3, 0)
    changed = await send(client, "PATCH", f"/ticket-types/{regular}", capacity=3, name="Last ones")
    shown = await changed.json()
    assert (changed.status, shown["capacity"], shown["available"]) == (200, 3, 0)
    assert (shown["name"], shown["price_cents"]) == ("Last ones", 1250)


async def test_a_ticket_type_keeps_its_event_and_currency(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    regular = await house.ticket_type(organizer, event=event)
    path = f"/ticket-types/{regular}"
    same = await send(client, "PATCH", path, event_id=event.id, currency="EUR", name="Still the same")
    assert (same.status, (await same.json())["name"]) == (200, "Still the same")
    for other in (None, event.id + 1):
        refused = await expect_problem(await send(client, "PATCH", path, event_id=other), 422, "invalid")
        assert [error["field"] for error in refused["errors"]] == ["event_id"]
    await expect_problem(await send(client, "PATCH", path, currency="USD"), 422, "currency_error")


async def test_a_ticket_type_is_deleted_unless_anything_of_it_is_held(client: Client, house: House) -> None:
    organizer = await house.organizer()
    taken, unsold = await house.ticket_type(organizer), await house.ticket_type(organizer)
    await client.post("/api/v1/reservations", json=lines((taken, 1)))
    await expect_problem(await send(client, "DELETE", f"/ticket-types/{taken}"), 409, "has_sales")
    assert (await send(client, "DELETE", f"/ticket-types/{unsold}")).status == 204
    await expect_problem(await send(client, "DELETE", f"/ticket-types/{unsold}"), 404, "not_found")


async def test_another_owners_things_are_not_found(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    regular = await house.ticket_type(organizer, event=event)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/organizers/mario/events", EVENT),
        ("PATCH", f"/events/{event.id}", {"name": "Mine"}),
        ("DELETE", f"/events/{event.id}", {}),
        ("POST", "/organizers/mario/ticket-types", {"name": "VIP", "capacity": 5}),
        ("PATCH", f"/events/{event.id}", {"on_sale_at": "2027-03-28T02:30"}),
        ("PATCH", f"/ticket-types/{regular}", {"name": "Mine"}),
        ("PATCH", f"/ticket-types/{regular}", {"event_id": event.id + 1}),
        ("PATCH", f"/ticket-types/{regular}", {"on_sale_at": "2027-03-28T02:30"}),
        ("DELETE", f"/ticket-types/{regular}", {}),
        ("GET", "/organizers/mario/reservations", {}),
        ("GET", "/organizers/mario/reservations?format=csv", {}),
        ("GET", "/statistics?organizer=mario", {}),
        ("GET", f"/statistics?event_id={event.id}", {}),
    ]
    for method, path, body in calls:
        response = await client.request(method, f"/api/v1{path}", json=body, headers=bearer(BEN))
        await expect_problem(response, 404, "not_found")


async def test_another_owners_event_lends_nobody_its_time_zone(client: Client, house: House) -> None:
    event = await house.event(await house.organizer())
    await house.organizer("luigi", owner=BEN)
    for event_id in (event.id, event.id + 1):
        body = {"name": "VIP", "capacity": 5, "event_id": event_id, "on_sale_at": "2027-06-01T12:00"}
        response = await client.post("/api/v1/organizers/luigi/ticket-types", json=body, headers=bearer(BEN))
        refused = await expect_problem(response, 422, "invalid")
        assert [error["field"] for error in refused["errors"]] == ["on_sale_at"]


def order(number: int, **changes: Any) -> Order:
    members = {
        "reservation_id": ReservationId("secret"),
        "number": f"7-{number}",
        "status": ReservationStatus.PAID,
        "created_at": Instant(1_800_000_000_000_000 + number),
        "lines": (OrderLine(TicketTypeId(7), "Regular", 2, 1250),),
        "total_cents": 2500,
        "email": "guest@example.org",
        "name": "Guest",
    }
    return Order(**{**members, **changes})


async def test_orders_are_listed_newest_first_with_their_guests(client: Client, house: House) -> None:
    await house.organizer()
    house.orders.all = [order(1), order(2), order(3)]
    first = await (await send(client, "GET", "/organizers/mario/reservations?limit=2")).json()
    assert first["items"][0] == {
        "number": "7-3",
        "status": "paid",
        "created_at": "2027-01-15T08:00:00.000003Z",
        "lines": [
            {
                "ticket_type_id": 7,
                "name": "Regular",
                "event_id": None,
                "event_name": "",
                "quantity": 2,
                "seats": [],
                "unit_price_cents": 1250,
            }
        ],
        "total_cents": 2500,
        "currency": "EUR",
        "guest": {"email": "guest@example.org", "name": "Guest"},
    }
    rest = await send(client, "GET", f"/organizers/mario/reservations?cursor={first['next']}")
    numbers = [item["number"] for item in first["items"] + (await rest.json())["items"]]
    assert numbers == ["7-3", "7-2", "7-1"]


async def test_orders_come_as_csv_that_no_spreadsheet_runs(client: Client, house: House) -> None:
    await house.organizer()
    house.orders.all = [order(number) for number in range(450)] + [order(450, name="=1+1")]
    response = await send(client, "GET", "/organizers/mario/reservations?format=csv")
    rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert 'filename="mario-orders.csv"' in response.headers["Content-Disposition"]
    assert len(rows) == 451
    assert rows[0]["name"] == "'=1+1"


async def test_an_owner_who_leaves_in_the_middle_of_a_list_is_no_fault(
    client: Client, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.organizer()
    house.orders.all = [order(number, name="x" * 20_000) for number in range(1000)]
    tasks = len(asyncio.all_tasks())
    with capture_logs() as logs:
        response = await send(client, "GET", "/organizers/mario/reservations?format=csv")
        await response.content.readany()
        response.close()
        await eventually(lambda: len(asyncio.all_tasks()) == tasks)
    assert not [*logs, *caplog.records]
    assert house.orders.pages_read < 1000 / 200


async def test_orders_are_found_by_number_or_guest_in_pages_and_as_csv(client: Client, house: House) -> None:
    await house.organizer()
    house.orders.all = [
        order(1),
        order(2, email="ada@example.org"),
        order(3),
        order(4, email="ada@example.org"),
    ]
    path = "/organizers/mario/reservations?q=ada%40example.org"
    first = await (await send(client, "GET", f"{path}&limit=1")).json()
    rest = await (await send(client, "GET", f"{path}&cursor={first['next']}")).json()
    assert [item["number"] for item in first["items"] + rest["items"]] == ["7-4", "7-2"]
    rows = csv.DictReader(io.StringIO(await (await send(client, "GET", f"{path}&format=csv")).text()))
    assert [row["number"] for row in rows] == ["7-4", "7-2"]


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "format=xml", "format=", "q=%00", "q=" + "x" * 255])
async def test_a_list_of_orders_that_cant_be_is_refused(client: Client, house: House, query: str) -> None:
    await house.organizer()
    response = await send(client, "GET", f"/organizers/mario/reservations?{query}")
    body = await expect_problem(response, 422, "invalid")
    assert body["errors"][0]["field"] == query.partition("=")[0]


async def test_statistics_see_the_same_sales_four_ways(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    regular = await house.ticket_type(organizer, event=event)
    await house.ticket_type(organizer, name="Coupon", price_cents=500)
    await client.post("/api/v1/reservations", json=lines((regular, 3)))
    body = await (await send(client, "GET", "/statistics")).json()
    row = {"capacity": 10, "available": 7, "held": 3, "sold": 0, "reserved": 3, "revenue_cents": 0}
    assert body["totals"] == {**row, "capacity": 20, "available": 17}
    assert {key: body["events"][0][key] for key in row} == row
    assert [each["name"] for each in body["ticket_types"]] == ["Regular", "Coupon"]
    assert [each["name"] for each in body["by_ticket_type_name"]] == ["Coupon", "Regular"]
    narrowed = await send(client, "GET", f"/statistics?event_id={event.id}&ticket_type_name=Regular")
    assert (await narrowed.json())["totals"] == row
    everything = await send(client, "GET", "/statistics?organizer=&event_id=&ticket_type_name=")
    assert await everything.json() == body


@pytest.mark.parametrize(
    "query", ["event_id=x", "event_id=2147483648", "ticket_type_name=%00", "organizer=%0a"]
)
async def test_statistics_of_what_cant_be_are_refused(client: Client, query: str) -> None:
    body = await expect_problem(await send(client, "GET", f"/statistics?{query}"), 422, "invalid")
    assert body["errors"][0]["field"] == query.partition("=")[0]

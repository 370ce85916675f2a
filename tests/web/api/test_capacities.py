"""Shared capacities and access codes, as an owner's program sees them."""

from typing import Any

import pytest

from tests.web.api.conftest import Client
from tests.web.api.house import BEN, House, bearer
from tests.web.api.test_owners import EVENT, made, send
from tests.web.problem_answers import expect_problem


@pytest.fixture
async def room(client: Client, house: House) -> dict[str, Any]:
    await house.organizer()
    return await made(client, "/organizers/mario/capacities", name="Room", capacity=500)


async def on(client: Client, room: dict[str, Any], **members: Any) -> dict[str, Any]:
    ticket_type = {"name": "Regular", "capacity_id": room["id"], **members}
    return await made(client, "/organizers/mario/ticket-types", **ticket_type)


async def test_a_capacity_is_made_and_listed_with_what_draws_on_it(
    client: Client, room: dict[str, Any]
) -> None:
    counts = {"capacity": 500, "available": 500, "held": 0, "sold": 0}
    assert room == {"id": room["id"], "name": "Room", **counts, "ticket_types": []}
    regular = await on(client, room)
    student = await on(client, room, name="Student", capacity=100)
    assert (regular["capacity"], student["capacity"]) == (500, 100)
    assert student["capacity_id"] == room["id"]
    body = await (await send(client, "GET", "/organizers/mario/capacities")).json()
    assert body == {"items": [{**room, "ticket_types": [regular["id"], student["id"]]}], "next": None}


async def test_a_capacity_changes_only_where_told(client: Client, room: dict[str, Any]) -> None:
    response = await send(client, "PATCH", f"/capacities/{room['id']}", capacity=400)
    assert (response.status, await response.json()) == (200, {**room, "capacity": 400, "available": 400})


@pytest.mark.parametrize(("change", "field"), [({"capacity": 0}, "capacity"), ({"name": ""}, "name")])
async def test_a_capacity_that_cant_be_names_the_field(
    client: Client, room: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    for response in (
        await send(client, "PATCH", f"/capacities/{room['id']}", **change),
        await send(client, "POST", "/organizers/mario/capacities", **{"name": "x", "capacity": 1, **change}),
    ):
        body = await expect_problem(response, 422, "invalid")
        assert [error["field"] for error in body["errors"]] == [field]


async def test_a_capacity_goes_when_nothing_draws_on_it(client: Client, room: dict[str, Any]) -> None:
    regular = await on(client, room)
    path = f"/capacities/{room['id']}"
    await expect_problem(await send(client, "DELETE", path), 409, "has_sales")
    assert (await send(client, "DELETE", f"/ticket-types/{regular['id']}")).status == 204
    assert (await send(client, "DELETE", path)).status == 204
    await expect_problem(await send(client, "DELETE", path), 404, "not_found")


async def test_another_owners_capacity_is_not_found(client: Client, room: dict[str, Any]) -> None:
    for method, path, body in (
        ("GET", "/organizers/mario/capacities", None),
        ("POST", "/organizers/mario/capacities", {"name": "Mine", "capacity": 1}),
        ("PATCH", f"/capacities/{room['id']}", {"name": "Mine"}),
        ("DELETE", f"/capacities/{room['id']}", None),
    ):
        response = await client.request(method, f"/api/v1{path}", json=body, headers=bearer(BEN))
        await expect_problem(response, 404, "not_found")


# -- access codes


@pytest.fixture
async def members(client: Client, house: House) -> dict[str, Any]:
    """A ticket type of an event in Vienna."""
    await house.organizer()
    event = await made(client, "/organizers/mario/events", **EVENT)
    ticket_type = {"name": "Members", "capacity": 10, "event_id": event["id"]}
    return await made(client, "/organizers/mario/ticket-types", **ticket_type)


async def test_a_code_is_made_listed_and_taken_back(client: Client, members: dict[str, Any]) -> None:
    path = f"/ticket-types/{members['id']}/access-codes"
    response = await send(client, "POST", path, code="gold/é?", capacity=3, until="2027-03-01T12:00")
    code = await response.json()
    assert response.status == 201
    assert code == {"code": "gold/é?", "capacity": 3, "until": "2027-03-01T11:00:00.000000Z", "used": 0}
    assert await (await send(client, "GET", path)).json() == {"items": [code], "next": None}
    where = response.headers["Location"].removeprefix("/api/v1")
    assert (await send(client, "DELETE", where)).status == 204
    assert await (await send(client, "GET", path)).json() == {"items": [], "next": None}
    await expect_problem(await send(client, "DELETE", where), 404, "not_found")


async def test_with_a_code_it_stands_in_no_list_for_guests(client: Client, members: dict[str, Any]) -> None:
    await made(client, f"/ticket-types/{members['id']}/access-codes", code="GOLD")
    event = await (await client.get(f"/api/v1/events/{members['event_id']}")).json()
    assert event["ticket_types"] == []
    listed = await (await client.get("/api/v1/organizers/mario/ticket-types")).json()
    assert listed["items"] == []
    shown = await client.get(f"/api/v1/ticket-types/{members['id']}")
    assert shown.status == 200
    owners = await (await send(client, "PATCH", f"/events/{members['event_id']}", name="Gala")).json()
    assert [each["id"] for each in owners["ticket_types"]] == [members["id"]]
    changed = await (await send(client, "PATCH", f"/ticket-types/{members['id']}", name="Gold")).json()
    assert changed["hidden"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "ab"}, "code"),
        ({"code": "two words"}, "code"),
        ({"code": "a\0bc"}, "code"),
        ({"capacity": 0}, "capacity"),
        ({"until": "2027-03-28T02:30"}, "until"),  # skipped in spring
        ({"until": "soon"}, "until"),
    ],
)
async def test_a_code_that_cant_be_names_the_field(
    client: Client, members: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    path = f"/ticket-types/{members['id']}/access-codes"
    body = await expect_problem(
        await send(client, "POST", path, **{"code": "GOLD", **change}), 422, "invalid"
    )
    assert {error["field"] for error in body["errors"]} == {field}


async def test_another_owners_codes_are_not_found(client: Client, members: dict[str, Any]) -> None:
    path = f"/api/v1/ticket-types/{members['id']}/access-codes"
    for method, where in (("GET", path), ("POST", path), ("DELETE", f"{path}/GOLD")):
        response = await client.request(method, where, json={"code": "GOLD"}, headers=bearer(BEN))
        await expect_problem(response, 404, "not_found")


async def test_an_event_limits_its_guests(client: Client, house: House) -> None:
    await house.organizer()
    event = await made(client, "/organizers/mario/events", **EVENT, max_per_guest=4)
    assert event["max_per_guest"] == 4
    changed = await (await send(client, "PATCH", f"/events/{event['id']}", max_per_guest=None)).json()
    assert changed["max_per_guest"] is None
    response = await send(client, "PATCH", f"/events/{event['id']}", max_per_guest=0)
    body = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in body["errors"]] == ["max_per_guest"]

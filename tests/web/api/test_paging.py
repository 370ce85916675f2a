"""Lists, a page at a time."""

import pytest

from tests.web.api.conftest import Client
from tests.web.api.house import House, bearer
from tests.web.problem_answers import expect_problem

PATH = "/api/v1/organizers/mario/ticket-types"


async def test_following_the_cursors_shows_everything_once_and_in_order(client: Client, house: House) -> None:
    organizer = await house.organizer()
    numbers = [await house.ticket_type(organizer) for _ in range(6)]
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": "2"} if cursor is None else {"limit": "2", "cursor": cursor}
        body = await (await client.get(PATH, params=params)).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert seen == numbers
    assert cursor is None


async def test_events_of_the_same_moment_are_neither_skipped_nor_repeated(
    client: Client, house: House
) -> None:
    organizer = await house.organizer()
    for name in "abc":
        await house.event(organizer, name=name)
    first = await (await client.get("/api/v1/events?limit=1")).json()
    rest = await (await client.get("/api/v1/events", params={"cursor": first["next"]})).json()
    assert [item["name"] for item in first["items"] + rest["items"]] == ["a", "b", "c"]


async def test_organizers_with_one_name_are_neither_skipped_nor_repeated(
    client: Client, house: House
) -> None:
    for _ in range(3):
        await client.post("/api/v1/organizers", json={"name": "Ümläut"}, headers=bearer())
    first = await (await client.get("/api/v1/organizers?limit=2", headers=bearer())).json()
    params = {"cursor": first["next"]}
    rest = await (await client.get("/api/v1/organizers", params=params, headers=bearer())).json()
    slugs = [item["slug"] for item in first["items"] + rest["items"]]
    assert slugs == ["umlaut", "umlaut-2", "umlaut-3"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "x", "", "9" * 50, "٣"])
async def test_a_limit_outside_1_to_200_is_refused(client: Client, house: House, limit: str) -> None:
    await house.organizer()
    body = await expect_problem(await client.get(PATH, params={"limit": limit}), 422, "invalid")
    assert body["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["", "x", "%00", "WyJ4Il0", "W10", "bnVsbA", "WzEuNV0", "ü", "A" * 5000])
async def test_what_was_never_a_cursor_is_refused(client: Client, house: House, cursor: str) -> None:
    await house.organizer()
    body = await expect_problem(await client.get(PATH, params={"cursor": cursor}), 422, "invalid")
    assert body["errors"][0]["field"] == "cursor"

"""Which seats are free: all of them, or those that changed since."""

import asyncio
import gzip
import json
import random
import threading
from typing import Any

import pytest

from tests.eventually import eventually
from tests.web.api.conftest import Client
from tests.web.api.house import House, bearer
from tests.web.problem_answers import expect_problem
from ticketd.core.ids import InventoryId
from ticketd.core.seat_status import HELD
from ticketd.web.api import seat_sheets
from ticketd.web.api.seat_text import HallText
from ticketd.web.rendered import CompressedText

SEAT_MAP = {
    "sections": [
        {"name": 'Stalls "front"', "rows": [{"name": "A", "seats": 6, "aisles_after": [3]}]},
        {
            "name": "Balcony",
            "rows": [
                {
                    "name": "Ä",
                    "seats": [
                        {"name": "1", "accessible": True},
                        {"name": "2", "companion": True},
                        {"name": "3", "blocked": True},
                        "4",
                    ],
                }
            ],
        },
    ]
}
SELLABLE = [f'Stalls "front"-A-{number}' for number in range(1, 7)] + [f"Balcony-Ä-{n}" for n in (1, 2, 4)]


async def post(client: Client, path: str, body: object, **headers: str) -> dict[str, Any]:
    async with client.post(f"/api/v1{path}", json=body, headers=headers) as response:
        made: dict[str, Any] = await response.json()
        assert response.status < 300, made
        return made


@pytest.fixture
async def evening(client: Client, house: House) -> int:
    """A seated ticket type."""
    await house.organizer()
    venue = {"name": "Hall", "timezone": "Europe/Vienna", "seat_map": SEAT_MAP}
    venue_id = (await post(client, "/organizers/mario/venues", venue, **bearer()))["id"]
    event = {"name": "Show", "starts_at": "2027-05-01T20:00", "venue_id": venue_id}
    event_id = (await post(client, "/organizers/mario/events", event, **bearer()))["id"]
    ticket_type = {"name": "Seat", "event_id": event_id, "sections": ['Stalls "front"', "Balcony"]}
    return int((await post(client, "/organizers/mario/ticket-types", ticket_type, **bearer()))["id"])


async def look(client: Client, evening: int, since: int | None = None) -> dict[str, Any]:
    path = f"/api/v1/ticket-types/{evening}/seats"
    async with client.get(path, params={} if since is None else {"since": since}) as response:
        assert response.status == 200
        body: dict[str, Any] = await response.json()
        return body


async def hold(client: Client, evening: int, *seats: str) -> str:
    line = {"ticket_type_id": evening, "seats": list(seats)}
    return str((await post(client, "/reservations", {"lines": [line]}))["id"])


def statuses(seats: dict[str, Any]) -> dict[str, str]:
    return {seat["id"]: seat["status"] for seat in seats["seats"]}


async def test_every_seat_is_shown_with_all_that_interface_promises(client: Client, evening: int) -> None:
    seen = await look(client, evening)
    by_id = {seat["id"]: seat for seat in seen["seats"]}
    assert list(by_id) == [*SELLABLE[:-1], "Balcony-Ä-3", SELLABLE[-1]]
    assert by_id['Stalls "front"-A-4'] == {
        "id": 'Stalls "front"-A-4',
        "section": 'Stalls "front"',
        "row": "A",
        "number": "4",
        "x": 1,
        "y": 1,
        "status": "free",
        "accessible": False,
    }
    assert by_id["Balcony-Ä-1"]["accessible"]
    assert [seat["id"] for seat in seen["seats"] if seat.get("companion")] == ["Balcony-Ä-2"]
    assert [seat["id"] for seat in seen["seats"] if seat["status"] == "blocked"] == ["Balcony-Ä-3"]


async def test_a_seat_goes_from_free_to_held_to_sold_and_back(client: Client, evening: int) -> None:
    first, second = SELLABLE[:2]
    await look(client, evening)
    given_back = await hold(client, evening, first)
    assert statuses(await look(client, evening))[first] == "held"
    async with client.delete(f"/api/v1/reservations/{given_back}"):
        assert statuses(await look(client, evening))[first] == "free"
    await post(client, f"/reservations/{await hold(client, evening, second)}/payment", {"token": "tok"})
    assert statuses(await look(client, evening))[second] == "sold"


async def test_an_old_answer_with_all_later_changes_is_the_new_answer(client: Client, evening: int) -> None:
    chance = random.Random(4)
    known = await look(client, evening)
    seen, held = statuses(known), list[str]()
    free = list(SELLABLE)
    for _ in range(60):
        if free and (not held or chance.random() < 0.6):
            seats = chance.sample(free, min(len(free), chance.randint(1, 3)))
            free = [seat for seat in free if seat not in seats]
            held.append(await hold(client, evening, *seats))
        else:
            gone = held.pop(chance.randrange(len(held)))
            async with client.delete(f"/api/v1/reservations/{gone}") as response:
                free += (await response.json())["lines"][0]["seats"]
        if chance.random() < 0.5:
            changes = await look(client, evening, known["version"])
            assert len(changes["seats"]) < len(seen)
            known, seen = changes, seen | statuses(changes)
            assert statuses(await look(client, evening)) == seen


async def test_nothing_new_is_an_empty_list(client: Client, evening: int) -> None:
    version = (await look(client, evening))["version"]
    assert await look(client, evening, version) == {"version": version, "seats": []}


async def test_a_version_that_nobody_knows_gets_all_seats(client: Client, evening: int) -> None:
    everything = await look(client, evening)
    for unknown in (0, everything["version"] + 1, 10**17):
        assert await look(client, evening, unknown) == everything


async def test_when_too_much_has_changed_everything_is_sent(
    client: Client, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.web.api.seats.CHANGES_MAX", 1)
    version = (await look(client, evening))["version"]
    await hold(client, evening, *SELLABLE[:2])
    assert len((await look(client, evening, version))["seats"]) == len(SELLABLE) + 1


@pytest.mark.parametrize("since", ["", "x", "-1", "1.0", "٣", "9" * 19, " 1"])
async def test_what_no_version_can_be_is_refused(client: Client, evening: int, since: str) -> None:
    response = await client.get(f"/api/v1/ticket-types/{evening}/seats", params={"since": since})
    problem = await expect_problem(response, 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == ["since"]


async def test_what_has_no_seats_is_not_found(client: Client, house: House) -> None:
    standing = await house.ticket_type(await house.organizer())
    for number in (standing, 4711, 0):
        await expect_problem(await client.get(f"/api/v1/ticket-types/{number}/seats"), 404, "not_found")


async def test_a_drafts_seats_are_not_found(client: Client, house: House, evening: int) -> None:
    (event,) = house.catalogue.events()
    async with client.patch(f"/api/v1/events/{event.id}", json={"status": "draft"}, headers=bearer()):
        pass
    await expect_problem(await client.get(f"/api/v1/ticket-types/{evening}/seats"), 404, "not_found")


async def test_all_seats_are_rendered_once_for_each_change(
    client: Client, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[int] = []
    compressed = HallText.compressed

    def counted(text: HallText, version: int) -> CompressedText:
        rendered.append(version)
        return compressed(text, version)

    monkeypatch.setattr(HallText, "compressed", counted)
    path = f"/api/v1/ticket-types/{evening}/seats"
    tags = {(await client.get(path)).headers["ETag"] for _ in range(3)}
    assert (len(tags), rendered) == (1, [1])
    async with client.get(path, headers={"If-None-Match": tags.pop()}) as known:
        assert (known.status, await known.read()) == (304, b"")
    await hold(client, evening, SELLABLE[0])
    await asyncio.gather(*(look(client, evening) for _ in range(5)))
    assert rendered == [1, 2]


async def test_what_is_not_in_memory_is_looked_up(
    client: Client, house: House, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = InventoryId(evening)
    seen = await look(client, evening)
    at_rest = house.router.inventories.pop(number)

    async def offers(wanted: object) -> dict[InventoryId, object]:
        house.router.inventories[number] = at_rest
        return {number: at_rest.offer()}

    monkeypatch.setattr(house.router, "offers", offers)
    assert await look(client, evening) == seen


def version_of(sheet: CompressedText) -> int:
    return int(json.loads(gzip.decompress(sheet.compressed))["version"])


async def test_whoever_asks_while_a_sheet_is_made_gets_one_as_new_as_their_question(
    house: House, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = house.router.seats(InventoryId(evening))
    assert view is not None
    sheets, begun, may_go_on = seat_sheets.SeatSheets(house.clock), list[int](), threading.Event()
    compressed = HallText.compressed

    def held_up(text: HallText, version: int) -> CompressedText:
        begun.append(version)
        assert may_go_on.wait(10)
        return compressed(text, version)

    monkeypatch.setattr(HallText, "compressed", held_up)
    early = asyncio.create_task(sheets.read(InventoryId(1), view))
    await eventually(lambda: begun == [1])
    view.follow(2, [(0, HELD)])
    late = [asyncio.create_task(sheets.read(InventoryId(1), view)) for _ in range(3)]
    may_go_on.set()
    assert [version_of(sheet) for sheet in await asyncio.gather(early, *late)] == [1, 2, 2, 2]
    assert begun == [1, 2]


async def test_a_sheet_that_nobody_waits_for_any_more_is_not_written_on(
    house: House, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = house.router.seats(InventoryId(evening))
    assert view is not None
    sheets, begun, may_go_on = seat_sheets.SeatSheets(house.clock), list[HallText](), threading.Event()
    compressed = HallText.compressed

    def held_up(text: HallText, version: int) -> CompressedText:
        begun.append(text)
        assert version != 2 or may_go_on.wait(10)
        return compressed(text, version)

    monkeypatch.setattr(HallText, "compressed", held_up)
    await sheets.read(InventoryId(1), view)
    view.follow(2, [(0, HELD)])
    left = asyncio.create_task(sheets.read(InventoryId(1), view))
    await eventually(lambda: len(begun) == 2)
    left.cancel()
    view.follow(3, [(1, HELD)])
    sheet = await sheets.read(InventoryId(1), view)
    may_go_on.set()
    seats = json.loads(gzip.decompress(sheet.compressed))["seats"]
    assert [seat["status"] for seat in seats[:3]] == ["held", "held", "free"]
    assert begun[0] is begun[1] is not begun[2]


async def test_sheets_that_nobody_asks_for_give_way(
    client: Client, house: House, evening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = house.router.seats(InventoryId(evening))
    assert view is not None
    sheets = seat_sheets.SeatSheets(house.clock)
    first = await sheets.read(InventoryId(1), view)
    assert await sheets.read(InventoryId(1), view) is first
    house.clock.advance(seat_sheets.UNUSED_SECONDS_MAX)
    await sheets.read(InventoryId(2), view)
    assert (again := await sheets.read(InventoryId(1), view)) is not first
    monkeypatch.setattr(seat_sheets, "SEATS_KEPT_MAX", 2 * len(view.hall))
    third = await sheets.read(InventoryId(3), view)
    assert await sheets.read(InventoryId(1), view) is again
    await sheets.read(InventoryId(4), view)
    assert await sheets.read(InventoryId(1), view) is again
    assert await sheets.read(InventoryId(3), view) is not third

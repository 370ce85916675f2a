"""Waiting rooms on the wire."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.api.conftest import Client
from tests.web.api.house import BEN, House, bearer, lines
from ticketd.core.catalogue import Event
from ticketd.core.draw import Draw
from ticketd.core.ids import SECOND, Instant, TicketTypeId
from ticketd.core.terms import Switch

HIDDEN = ("no-store", "private")


class Sale:
    """A concert with a waiting room, and short ways to ask for things."""

    def __init__(self, house: House, client: Client, event: Event, ticket_type: TicketTypeId) -> None:
        self.house = house
        self._client = client
        self.event = event
        self.ticket_type = ticket_type
        self.headers: Mapping[str, str] = {}
        """Of the last answer."""

    @property
    def queue(self) -> str:
        return f"/api/v1/events/{self.event.id}/queue"

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        shown = headers | ({} if token is None else {"Queue-Token": token})
        async with self._client.request(method, path, json=body, headers=shown) as response:
            self.headers = response.headers
            return response.status, await response.json() if response.content_length else None

    async def join(self, token: str | None = None) -> Any:
        status, place = await self.ask("POST", self.queue, token=token)
        assert status == 201, place
        return place

    async def look(self, token: str) -> Any:
        status, place = await self.ask("GET", "/api/v1/queue", token=token)
        assert status == 200, place
        return place

    async def reserve(self, token: str | None = None, **headers: str) -> tuple[int, Any]:
        wanted = lines((self.ticket_type, 1))
        return await self.ask("POST", "/api/v1/reservations", wanted, token=token, **headers)

    async def tick(self, seconds: float = 0.5) -> None:
        self.house.clock.advance(seconds)
        await self.house.waiting_rooms.tick()


async def sale_of(house: House, client: Client, *, opens_after: float = 10, **more: Any) -> Sale:
    organizer = await house.organizer()
    opens_at = Instant(house.clock.now() + round(opens_after * SECOND))
    event = await house.event(organizer, **{"waiting_room": Switch.ON, "on_sale_at": opens_at, **more})
    return Sale(house, client, event, await house.ticket_type(organizer, event=event))


@pytest.fixture
async def sale(house: House, client: Client) -> Sale:
    return await sale_of(house, client)


# -- a guest's way


async def test_a_guest_takes_a_place_waits_and_reserves(sale: Sale) -> None:
    place = await sale.join()
    assert sale.headers["Location"] == "/api/v1/queue"
    assert sale.headers["Cache-Control"] in HIDDEN
    assert place == {
        "token": place["token"],
        "event_id": sale.event.id,
        "number": 0,
        "status": "waiting",
        "position": None,
        "ahead": None,
        "estimated_wait_seconds": None,
        "admitted_until": None,
        "opens_at": place["opens_at"],
        "in_baskets": None,
        "next_return_at": None,
    }
    assert place["opens_at"].endswith("Z")
    assert await sale.look(place["token"]) == place
    assert int(sale.headers["Retry-After"]) == 11
    assert sale.headers["Cache-Control"] in HIDDEN
    await sale.tick(10)
    admitted = await sale.look(place["token"])
    assert (admitted["status"], admitted["position"], admitted["ahead"]) == ("admitted", 0, 0)
    assert admitted["admitted_until"].endswith("Z")
    status, made = await sale.reserve(place["token"])
    assert status == 201, made
    status, refused = await sale.reserve(place["token"])
    assert (status, refused["code"]) == (409, "admission_required")


async def test_who_shows_their_token_gets_the_same_place_again(sale: Sale) -> None:
    place = await sale.join()
    status, again = await sale.ask("POST", sale.queue, token=place["token"])
    assert (status, again) == (200, place)
    assert "Location" not in sale.headers
    assert (await sale.join())["number"] == 1
    assert (await sale.join("A" * 43))["number"] == 2


async def test_without_admission_a_reservation_is_refused_with_the_way_to_the_queue(sale: Sale) -> None:
    waiting = (await sale.join())["token"]
    for token in (None, waiting, "nonsense"):
        status, refused = await sale.reserve(token)
        assert status == 409
        assert refused["code"] == "admission_required"
        assert refused["queue_url"] == sale.queue
        assert refused["queue_page"] == f"/events/{sale.event.id}/queue"
        assert sale.headers["Content-Type"].startswith("application/problem+json")


async def test_an_event_without_a_room_has_no_queue_and_needs_no_token(house: House, client: Client) -> None:
    sale = await sale_of(house, client, waiting_room=Switch.AUTO, opens_after=-10)
    for method in ("POST", "GET"):
        status, refused = await sale.ask(method, sale.queue)
        assert (status, refused["code"]) == (404, "not_found")
    assert (await sale.reserve())[0] == 201


@pytest.mark.parametrize("token", ["", "nonsense", "A" * 43, "A" * 3000])
async def test_a_token_that_is_none_has_no_place(sale: Sale, token: str) -> None:
    status, refused = await sale.ask("GET", "/api/v1/queue", token=token)
    assert (status, refused["code"]) == (404, "not_found")
    assert token == "" or token not in str(refused)


async def test_a_token_must_be_shown(sale: Sale) -> None:
    status, refused = await sale.ask("GET", "/api/v1/queue")
    assert (status, refused["code"]) == (422, "invalid")
    assert [error["field"] for error in refused["errors"]] == ["Queue-Token"]


async def test_a_token_in_a_url_counts_for_nothing(sale: Sale) -> None:
    token = (await sale.join())["token"]
    status, _ = await sale.ask("GET", f"/api/v1/queue?token={token}&Queue-Token={token}")
    assert status == 422


@pytest.mark.parametrize("event", ["0", "999", "x", "-1", "99999999999999999999"])
async def test_an_event_that_is_not_there_has_no_queue(sale: Sale, event: str) -> None:
    for method in ("POST", "GET"):
        status, _ = await sale.ask(method, f"/api/v1/events/{event}/queue")
        assert status == 404


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {"solution": -1},
        {"solution": 2**60},
        {"solution": "x" * 5000},
        {"challenge": 1},
        {"nonsense": 1},
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(sale: Sale, body: object) -> None:
    status, refused = await sale.ask("POST", sale.queue, body)
    assert (status, refused["code"]) == (422, "invalid")


@pytest.mark.parametrize("body", [{}, {"challenge": None}, {"challenge": None, "solution": None}])
async def test_a_body_without_anything_in_it_is_as_good_as_none(sale: Sale, body: object) -> None:
    status, _ = await sale.ask("POST", sale.queue, body)
    assert status == 201


# -- what everybody may see


async def test_anybody_can_work_out_every_place_from_what_is_public(sale: Sale) -> None:
    places = [await sale.join() for _ in range(12)]
    await sale.tick()
    await sale.tick(2)
    status, before = await sale.ask("GET", sale.queue)
    assert (status, before["drawn"], before["seed"], before["joined"]) == (200, None, None, 12)
    await sale.tick(8)
    status, after = await sale.ask("GET", sale.queue)
    assert (after["drawn"], after["commitment"], after["opens_at"]) == (12, before["commitment"], None)
    draw = Draw(bytes.fromhex(after["seed"]), sale.event.id, after["drawn"])
    for place in places:
        known = await sale.look(place["token"])
        assert known["ahead"] == max(0, draw.place_of(place["number"]) - after["admitted_to"])


async def test_the_public_state_may_be_cached_and_has_a_tag(sale: Sale) -> None:
    await sale.join()
    status, _ = await sale.ask("GET", sale.queue)
    assert status == 200
    assert "public" in sale.headers["Cache-Control"]
    tag = sale.headers["ETag"]
    status, _ = await sale.ask("GET", sale.queue, **{"If-None-Match": tag})
    assert status == 304


# -- owners


async def test_an_owner_pauses_and_goes_on(sale: Sale) -> None:
    token = (await sale.join())["token"]
    status, report = await sale.ask("PATCH", sale.queue, {"paused": True}, **bearer())
    assert (status, report["queue"]["paused"]) == (200, True)
    await sale.tick(20)
    assert (await sale.look(token))["status"] == "waiting"
    status, report = await sale.ask("PATCH", sale.queue, {"paused": False, "shoppers_max": 9}, **bearer())
    assert (status, report["shoppers_max"]) == (200, 9)
    await sale.tick()
    assert (await sale.look(token))["status"] == "admitted"
    status, report = await sale.ask("PATCH", sale.queue, {"shoppers_max": None}, **bearer())
    assert (status, report["shoppers_max"], report["queue"]["paused"]) == (200, None, False)


async def test_an_owner_sees_how_the_shop_does(sale: Sale) -> None:
    tokens = [(await sale.join())["token"] for _ in range(7)]
    await sale.tick(10)
    statuses = [(await sale.look(token))["status"] for token in tokens]
    await sale.reserve(tokens[statuses.index("admitted")])
    await sale.tick()
    status, report = await sale.ask("GET", f"{sale.queue}/report", **bearer())
    assert status == 200
    assert (report["is_open"], report["waiting"], report["held"], report["available"]) == (True, 1, 1, 9)
    assert (report["shopping"], report["sold"]) == (4, 0)


async def test_nobody_else_steers_or_sees_it(sale: Sale) -> None:
    for headers, expected in [({}, 401), (bearer(BEN), 404), ({"Authorization": "Bearer no"}, 401)]:
        for method, path, body in [
            ("PATCH", sale.queue, {"paused": True}),
            ("GET", f"{sale.queue}/report", None),
        ]:
            status, _ = await sale.ask(method, path, body, **headers)
            assert status in (expected, 403), (method, headers)
    await sale.tick()
    room = sale.house.waiting_rooms.waiting_room(sale.event.id)
    assert room is None or not room.record.steering.paused


@pytest.mark.parametrize(
    "body",
    [
        {"shoppers_max": 0},
        {"shoppers_max": -1},
        {"shoppers_max": 10**7},
        {"admitted_per_minute_max": 0},
        {"admitted_per_minute_max": 1.5},
        {"paused": None},
        {"paused": "yes"},
        {"pause": True},
        [],
    ],
)
async def test_steering_that_makes_no_sense_is_refused(sale: Sale, body: object) -> None:
    status, refused = await sale.ask("PATCH", sale.queue, body, **bearer())
    assert (status, refused["code"]) == (422, "invalid")


@pytest.mark.parametrize("value", [True, False, "auto"])
async def test_an_owner_switches_the_room_and_each_defence(
    house: House,
    client: Client,
    value: bool | str,
) -> None:
    sale = await sale_of(house, client)
    path = f"/api/v1/events/{sale.event.id}"
    change = {"waiting_room": value, "defences": {"proof_of_work": value}}
    status, event = await sale.ask("PATCH", path, change, **bearer())
    assert status == 200, event
    assert event["waiting_room"] == value
    assert event["defences"]["proof_of_work"] == value
    assert event["defences"]["hold_limits"] == "auto"
    status, _ = await sale.ask("POST", sale.queue)
    assert status == (403 if value is True else 404)
    if value is True:
        assert (await sale.ask("POST", sale.queue))[1]["challenge"]


@pytest.mark.parametrize("value", [None, "yes", 1, "", "ON", []])
async def test_a_switch_is_on_off_or_automatic(sale: Sale, value: object) -> None:
    path = f"/api/v1/events/{sale.event.id}"
    for change in ({"waiting_room": value}, {"defences": {"hold_limits": value}}):
        status, refused = await sale.ask("PATCH", path, change, **bearer())
        assert (status, refused["code"]) == (422, "invalid"), change

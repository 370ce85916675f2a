"""An event's stream says what the event's availability says, whenever that changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientResponse, web
from pytest_aiohttp.plugin import AiohttpClient

from tests.eventually import SECONDS_MAX, eventually
from tests.web.api.conftest import Client
from tests.web.api.house import House, bearer, lines
from tests.web.problem_answers import expect_problem
from ticketd.core.catalogue import Event, Organizer
from ticketd.core.ids import TicketTypeId
from ticketd.core.terms import EventStatus
from ticketd.settings import Settings
from ticketd.web import streams
from ticketd.web.api.stream import STREAMS
from ticketd.web.routes import setup


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_SECONDS", 0.001)


@pytest.fixture
async def organizer(house: House) -> Organizer:
    return await house.organizer()


@pytest.fixture
async def event(house: House, organizer: Organizer) -> Event:
    return await house.event(organizer)


@pytest.fixture
async def regular(house: House, organizer: Organizer, event: Event) -> TicketTypeId:
    return await house.ticket_type(organizer, event=event, capacity=20)


@asynccontextmanager
async def watching(client: Client, event: Event, **headers: str) -> AsyncIterator[ClientResponse]:
    async with client.get(f"/api/v1/events/{event.id}/stream", headers=headers) as response:
        assert response.status == 200
        assert (await response.content.readuntil(b"\n\n")).startswith(b"retry: ")
        yield response


async def hear(response: ClientResponse) -> tuple[str, str, str]:
    """The next event's name, id and data."""
    async with asyncio.timeout(SECONDS_MAX):
        block = (await response.content.readuntil(b"\n\n")).decode().strip()
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    return fields["event"], fields.get("id", ""), fields["data"]


async def rest(response: ClientResponse) -> bytes:
    """All that still comes until the stream ends."""
    async with asyncio.timeout(SECONDS_MAX):
        return await response.content.read()


async def availability(client: Client, event: Event) -> tuple[str, str]:
    """Its ETag without the marks, and its body."""
    async with client.get(f"/api/v1/events/{event.id}/availability") as response:
        return response.headers["ETag"].strip('"'), await response.text()


async def hold(client: Client, ticket_type: TicketTypeId) -> None:
    async with client.post("/api/v1/reservations", json=lines((ticket_type, 1))) as response:
        assert response.status == 201


async def test_it_begins_with_the_availability_and_goes_on_with_each_change(
    client: Client, house: House, event: Event, regular: TicketTypeId
) -> None:
    async with watching(client, event) as response:
        for left in range(20, 15, -1):
            name, number, data = await hear(response)
            assert (name, number, data) == ("availability", *await availability(client, event))
            assert json.loads(data)["ticket_types"][0]["available"] == left
            house.clock.advance(1)
            await hold(client, regular)


async def test_a_waiting_room_is_heard_of_when_it_opens_and_when_it_closes(
    client: Client, event: Event
) -> None:
    async def switch(to: bool) -> None:
        path, body = f"/api/v1/events/{event.id}", {"waiting_room": to}
        async with client.patch(path, json=body, headers=bearer()) as response:
            assert response.status == 200

    async with watching(client, event) as response:
        assert (await hear(response))[0] == "availability"
        await switch(True)
        said = await hear(response)
        async with client.get(f"/api/v1/events/{event.id}/queue") as room:
            assert said == ("queue", "", await room.text())
        await switch(False)
        assert await hear(response) == ("queue", "", "null")


async def test_nothing_on_the_way_may_keep_it_back_or_keep_it(client: Client, event: Event) -> None:
    async with watching(client, event, **{"Accept-Encoding": "gzip"}) as response:
        headers = response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert not {"Content-Encoding", "Content-Length"} & set(headers)


async def test_one_who_comes_back_begins_with_what_is_true_now(
    client: Client, event: Event, regular: TicketTypeId
) -> None:
    async with watching(client, event) as response:
        seen = await hear(response)
    for last in (seen[1], "of another life"):
        async with watching(client, event, **{"Last-Event-ID": last}) as response:
            assert await hear(response) == seen


async def test_one_who_only_asks_for_the_headers_gets_them_and_watches_nothing(
    client: Client, event: Event
) -> None:
    async with client.head(f"/api/v1/events/{event.id}/stream") as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
        assert await response.read() == b""
    assert client.app is not None
    assert client.app[STREAMS].stats().viewers == 0


async def test_there_is_none_of_what_guests_may_not_know_of(
    client: Client, house: House, organizer: Organizer
) -> None:
    draft = await house.event(organizer, status=EventStatus.DRAFT)
    for number in (draft.id, 999, "x"):
        await expect_problem(await client.get(f"/api/v1/events/{number}/stream"), 404, "not_found")


async def test_it_is_only_read(client: Client, event: Event) -> None:
    async with client.post(f"/api/v1/events/{event.id}/stream") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_it_ends_when_its_event_becomes_a_draft_or_is_deleted(
    client: Client, event: Event, method: str
) -> None:
    async with watching(client, event) as response:
        await hear(response)
        path = f"/api/v1/events/{event.id}"
        body = {"status": "draft"} if method == "PATCH" else None
        async with client.request(method, path, json=body, headers=bearer()) as done:
            assert done.ok
        assert await rest(response) == b""


async def test_when_the_server_stops_it_ends_at_once(client: Client, event: Event) -> None:
    async with watching(client, event) as response:
        await hear(response)
        assert client.app is not None
        await client.app.shutdown()
        assert await rest(response) == b""


async def test_it_needs_no_connection_of_the_http_server_and_is_counted_all_the_same(
    client: Client, house: House, event: Event
) -> None:
    tasks = len(asyncio.all_tasks())
    async with watching(client, event) as response:
        await hear(response)
        await eventually(lambda: len(asyncio.all_tasks()) == tasks + 1)  # that looks, for all of them
        metrics = house.services.metrics.render().decode()
        assert "ticketd_viewers 1.0" in metrics
        assert "ticketd_events_watched 1.0" in metrics


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [
        (Settings(viewers_max=1), 503, "overloaded"),
        (Settings(viewers_per_network_max=1), 429, "too_many_requests"),
        (Settings(connections_max=2), 503, "overloaded"),
    ],
    ids=["of all", "of a network", "of the connections"],
)
async def test_one_too_many_hears_when_to_try_again(
    aiohttp_client: AiohttpClient, settings: Settings, status: int, code: str
) -> None:
    house = House()
    house.services = replace(house.services, settings=settings)
    app = web.Application()
    setup(app, house.services)
    client = await aiohttp_client(app)
    event = await house.event(await house.organizer())
    async with watching(client, event):
        refused = await client.get(f"/api/v1/events/{event.id}/stream")
        assert refused.headers["Retry-After"] == str(streams.FULL_RETRY_SECONDS)
        await expect_problem(refused, status, code)
    assert house.rules["viewers_per_network"] == (status == 429)

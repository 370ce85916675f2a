"""How many are left is rendered once for as long as it stays true: `as_of` says when that was."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from tests.actors.house import VIP, actor_limits
from tests.actors.house import House as ActorsHouse
from tests.eventually import eventually
from tests.fakes.clock import ManualClock
from tests.web.api.conftest import Client
from tests.web.api.house import ANNA, House, bearer, lines
from tests.web.problem_answers import expect_problem
from ticketd.actors import registry as registry_module
from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.ids import SECOND, Instant, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.services.drafts import EventPatch
from ticketd.services.offers import Offers
from ticketd.web.api.availability import Board, availability


@pytest.fixture
async def organizer(house: House) -> Organizer:
    return await house.organizer()


@pytest.fixture
async def event(house: House, organizer: Organizer) -> Event:
    return await house.event(organizer)


@pytest.fixture
async def regular(house: House, organizer: Organizer, event: Event) -> TicketTypeId:
    return await house.ticket_type(organizer, event=event, capacity=20)


async def look(client: Client, path: str, house: House) -> dict[str, Any]:
    """What is left, asked a second later."""
    house.clock.advance(1)
    async with client.get(f"/api/v1/{path}/availability") as response:
        assert response.status == 200
        body: dict[str, Any] = await response.json()
        return body


async def hold(client: Client, ticket_type: TicketTypeId, quantity: int = 2) -> str:
    async with client.post("/api/v1/reservations", json=lines((ticket_type, quantity))) as response:
        assert response.status == 201
        return str((await response.json())["id"])


async def test_as_long_as_nothing_changes_it_is_not_rendered_again(
    client: Client, house: House, event: Event, regular: TicketTypeId
) -> None:
    for path in (f"events/{event.id}", f"ticket-types/{regular}"):
        assert await look(client, path, house) == await look(client, path, house)


async def test_whatever_happens_to_it_is_seen_at_once(
    client: Client, house: House, event: Event, regular: TicketTypeId
) -> None:
    async def change(**terms: object) -> None:
        path = f"/api/v1/ticket-types/{regular}"
        async with client.patch(path, json=terms, headers=bearer()) as response:
            assert response.status == 200

    async def pay() -> None:
        path = f"/api/v1/reservations/{await hold(client, regular)}/payment"
        async with client.post(path, json={"token": "tok"}) as response:
            assert response.status == 200

    async def release() -> None:
        async with client.delete(f"/api/v1/reservations/{held}") as response:
            assert response.status == 200

    held = ""
    prices = count(1000)
    changes: list[Callable[[], Awaitable[object]]] = [
        lambda: hold(client, regular),
        release,
        pay,
        lambda: change(price_cents=next(prices)),
        lambda: house.events.change(
            ANNA.id, event.id, EventPatch(on_sale_at=Instant(house.clock.now() + 60 * SECOND))
        ),
    ]
    for path in (f"events/{event.id}", f"ticket-types/{regular}"):
        held = await hold(client, regular)
        seen = [await look(client, path, house)]
        for make_change in changes:
            await make_change()
            seen.append(await look(client, path, house))
        assert len({each["as_of"] for each in seen}) == len(seen)
        assert await look(client, path, house) == seen[-1]
        await house.events.change(ANNA.id, event.id, EventPatch(on_sale_at=None))


async def test_it_is_fresh_in_the_moment_in_which_a_sale_opens_and_ends(
    client: Client, house: House, organizer: Organizer, event: Event
) -> None:
    now = house.clock.now()
    regular = await house.ticket_type(
        organizer,
        event=event,
        on_sale_at=Instant(now + 10 * SECOND),
        off_sale_at=Instant(now + 20 * SECOND),
    )
    seen = [await look(client, f"ticket-types/{regular}", house) for _ in range(25)]
    assert [each["status"] for each in seen] == ["not_yet"] * 9 + ["on_sale"] * 10 + ["ended"] * 6
    assert len({each["as_of"] for each in seen}) == 3


async def test_an_events_availability_follows_each_of_its_sales(
    client: Client, house: House, organizer: Organizer, event: Event, regular: TicketTypeId
) -> None:
    opens = Instant(house.clock.now() + 5 * SECOND)
    await house.ticket_type(organizer, event=event, name="Late", on_sale_at=opens)
    seen = [await look(client, f"events/{event.id}", house) for _ in range(8)]
    assert [each["ticket_types"][1]["status"] for each in seen] == ["not_yet"] * 4 + ["on_sale"] * 4
    assert len({each["as_of"] for each in seen}) == 2


async def test_a_ticket_type_appears_and_disappears_with_its_owners_wish(
    client: Client, house: House, organizer: Organizer, event: Event, regular: TicketTypeId
) -> None:
    async def listed() -> list[str]:
        return [each["name"] for each in (await look(client, f"events/{event.id}", house))["ticket_types"]]

    assert await listed() == ["Regular"]
    added = await house.ticket_type(organizer, event=event, name="First", position=0)
    assert await listed() == ["Regular", "First"]
    async with client.delete(f"/api/v1/ticket-types/{added}", headers=bearer()) as response:
        assert response.status == 204
    assert await listed() == ["Regular"]


async def test_one_that_needs_a_code_is_not_shown_with_its_event(
    client: Client, house: House, organizer: Organizer, event: Event, regular: TicketTypeId
) -> None:
    members = await house.ticket_type(organizer, event=event, name="Members")
    assert len((await look(client, f"events/{event.id}", house))["ticket_types"]) == 2
    path = f"/api/v1/ticket-types/{members}/access-codes"
    async with client.post(path, json={"code": "GOLD"}, headers=bearer()) as response:
        assert response.status == 201
    shown = (await look(client, f"events/{event.id}", house))["ticket_types"]
    assert [each["id"] for each in shown] == [regular]
    assert (await look(client, f"ticket-types/{members}", house))["name"] == "Members"


async def test_what_a_sibling_takes_of_a_shared_capacity_is_seen(
    client: Client, house: House, organizer: Organizer, event: Event
) -> None:
    pool = await house.capacities.create(ANNA.id, organizer.slug, name="Hall", capacity=10)
    assert isinstance(pool, Offer)
    ids = []
    for ceiling in ({}, {"capacity": 4}):
        path = f"/api/v1/organizers/{organizer.slug}/ticket-types"
        body = {"name": "Seat", "event_id": event.id, "capacity_id": pool.inventory_id, **ceiling}
        async with client.post(path, json=body, headers=bearer()) as response:
            ids.append(TicketTypeId((await response.json())["id"]))
    regular, student = ids
    assert (await look(client, f"ticket-types/{student}", house))["available"] == 4
    await hold(client, regular, 8)
    assert (await look(client, f"ticket-types/{student}", house))["available"] == 2
    both = (await look(client, f"events/{event.id}", house))["ticket_types"]
    assert [(each["id"], each["available"]) for each in both] == [(regular, 2), (student, 2)]


async def test_once_its_event_is_a_draft_again_nothing_is_shown(
    client: Client, house: House, event: Event, regular: TicketTypeId
) -> None:
    path = f"/api/v1/events/{event.id}"
    await look(client, f"events/{event.id}", house)
    async with client.patch(path, json={"status": "draft"}, headers=bearer()) as response:
        assert response.status == 200
    for gone in (path, f"/api/v1/ticket-types/{regular}"):
        await expect_problem(await client.get(f"{gone}/availability"), 404, "not_found")


async def test_it_is_kept_as_bytes_over_http(
    client: Client, house: House, event: Event, regular: TicketTypeId
) -> None:
    path = f"/api/v1/events/{event.id}/availability"
    tag = (await client.get(path)).headers["ETag"]
    async with client.get(path, headers={"If-None-Match": tag}) as again:
        assert again.status == 304
    await hold(client, regular)
    async with client.get(path, headers={"If-None-Match": tag}) as anew:
        assert (anew.status, anew.headers["ETag"] != tag) == (200, True)


async def test_an_actor_that_left_memory_and_came_back_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry_module, "TICK_SECONDS", 0.001)
    clock = ManualClock()
    house = await ActorsHouse(clock, actor_limits(idle_seconds=60)).start()
    offer = await house.open(VIP)
    board = Board(Offers(house.registry), clock, availability)
    ticket_types = [TicketType(offer.ticket_type_id, offer.seq, offer.profile, offer.terms)]
    first = await board.read(1, ticket_types)
    clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 0)
    assert await board.read(1, ticket_types) is first
    assert await board.read(1, ticket_types) is first
    await house.hold(VIP)
    assert await board.read(1, ticket_types) is not first
    house.registry.close()


async def test_the_longest_unchanged_gives_way_on_a_full_board(
    house: House, organizer: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.web.api.availability.BOARD_LENGTH_MAX", 2)
    ids = [await house.ticket_type(organizer) for _ in range(3)]
    board = Board(house.services.offers, house.clock, availability)

    async def read(number: TicketTypeId) -> object:
        ticket_type = house.catalogue.ticket_type(number)
        assert ticket_type is not None
        return await board.read(number, [ticket_type])

    first, second, third = [await read(number) for number in ids]
    assert await read(ids[1]) is second
    assert await read(ids[2]) is third
    assert await read(ids[0]) is not first

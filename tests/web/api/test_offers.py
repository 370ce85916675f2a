"""What a guest's program can find out."""

from collections.abc import Iterable

import pytest

from tests.web.api.conftest import Client
from tests.web.api.house import ANNA, House, bearer, lines
from tests.web.problem_answers import expect_problem
from ticketd.core.commands import StartPayment
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.outcomes import Offer
from ticketd.core.terms import EventStatus
from ticketd.services.drafts import EventPatch


async def listed(client: Client, path: str) -> list[str]:
    body = await (await client.get(f"/api/v1{path}")).json()
    assert body["next"] is None
    return [item["name"] for item in body["items"]]


async def test_events_on_show_come_soonest_first(client: Client, house: House) -> None:
    organizer = await house.organizer()
    await house.event(organizer, name="Later", in_days=9)
    await house.event(organizer, name="Sooner", in_days=3)
    await house.event(organizer, name="Over", in_days=2)
    house.clock.advance(2.5 * 86_400)
    await house.event(organizer, name="Draft", status=EventStatus.DRAFT)
    await house.event(organizer, name="Cancelled", status=EventStatus.CANCELLED)
    assert await listed(client, "/events") == ["Sooner", "Later"]


async def test_an_event_is_shown_with_all_that_interface_promises(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer, description="Loud.")
    regular = await house.ticket_type(organizer, event=event)
    response = await client.get(f"/api/v1/events/{event.id}")
    body = await response.json()
    (ticket_type,) = body.pop("ticket_types")
    assert (response.status, body) == (
        200,
        {
            "id": event.id,
            "organizer": {"slug": "mario", "name": "Mario"},
            "name": "Concert",
            "description": "Loud.",
            "venue": None,
            "starts_at": "2027-02-24T08:00:00.000000Z",
            "timezone": "Europe/Vienna",
            "on_sale_at": None,
            "off_sale_at": None,
            "status": "published",
            "venue_id": None,
            "max_per_guest": None,
            "waiting_room": "auto",
            "defences": dict.fromkeys(
                ("proof_of_work", "signed_forms", "address_limits", "hold_limits"), "auto"
            ),
        },
    )
    assert ticket_type["id"] == regular


async def test_a_ticket_type_says_where_it_is_bought(client: Client, house: House) -> None:
    regular = await house.ticket_type(await house.organizer(), max_per_reservation=4)
    body = await (await client.get(f"/api/v1/ticket-types/{regular}")).json()
    assert body == {
        "id": regular,
        "code": body["code"],
        "purchase_url": f"/mario/purchase/{body['code']}",
        "name": "Regular",
        "organizer": {"slug": "mario", "name": "Mario"},
        "event_id": None,
        "price_cents": 1250,
        "currency": "EUR",
        "max_per_reservation": 4,
        "on_sale_at": None,
        "off_sale_at": None,
        "seated": False,
        "position": 0,
        "capacity_id": None,
    }
    assert len(body["code"]) == 36


async def test_an_organizers_list_has_coupons_and_no_drafts(client: Client, house: House) -> None:
    organizer = await house.organizer()
    draft = await house.event(organizer, status=EventStatus.DRAFT)
    await house.ticket_type(organizer, event=await house.event(organizer), name="VIP")
    await house.ticket_type(organizer, event=draft, name="Hidden")
    await house.ticket_type(organizer, name="Coupon")
    assert await listed(client, "/organizers/mario/ticket-types") == ["VIP", "Coupon"]
    assert await (await client.get("/api/v1/organizers/mario")).json() == {"slug": "mario", "name": "Mario"}


async def test_a_draft_and_what_it_sells_dont_exist_for_guests(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer, status=EventStatus.DRAFT)
    hidden = await house.ticket_type(organizer, event=event)
    for path in (f"events/{event.id}", f"ticket-types/{hidden}"):
        await expect_problem(await client.get(f"/api/v1/{path}"), 404, "not_found")
        await expect_problem(await client.get(f"/api/v1/{path}/availability"), 404, "not_found")


async def test_a_cancelled_event_can_still_be_looked_up(client: Client, house: House) -> None:
    event = await house.event(await house.organizer())
    await house.events.change(ANNA.id, event.id, EventPatch(status=EventStatus.CANCELLED))
    body = await (await client.get(f"/api/v1/events/{event.id}")).json()
    assert body["status"] == "cancelled"


async def test_availability_counts_what_is_held(client: Client, house: House) -> None:
    regular = await house.ticket_type(await house.organizer())
    await client.post("/api/v1/reservations", json=lines((regular, 3)))
    body = await (await client.get(f"/api/v1/ticket-types/{regular}/availability")).json()
    assert body == {
        "id": regular,
        "name": "Regular",
        "price_cents": 1250,
        "currency": "EUR",
        "capacity": 10,
        "available": 7,
        "held": 3,
        "sold": 0,
        "status": "on_sale",
        "as_of": "2027-01-15T08:00:00.000000Z",
    }


async def test_what_is_being_paid_counts_as_held(client: Client, house: House) -> None:
    regular = await house.ticket_type(await house.organizer())
    held = await (await client.post("/api/v1/reservations", json=lines((regular, 3)))).json()
    await house.router.ask(InventoryId(regular), StartPayment(ReservationId(held["id"])))
    body = await (await client.get(f"/api/v1/ticket-types/{regular}/availability")).json()
    assert (body["available"], body["held"]) == (7, 3)
    change = await client.patch(f"/api/v1/ticket-types/{regular}", json={"name": "VIP"}, headers=bearer())
    assert (await change.json())["held"] == 3


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "capacity", "status"),
    [(60, 120, 1, "not_yet"), (-60, 60, 1, "on_sale"), (-120, -60, 1, "ended"), (-60, 60, 2, "sold_out")],
)
async def test_availability_says_where_the_sale_stands(
    client: Client, house: House, opens_in: int, closes_in: int, capacity: int, status: str
) -> None:
    now = house.clock.now()
    ticket_type = await house.ticket_type(
        await house.organizer(),
        capacity=capacity,
        on_sale_at=Instant(now + opens_in * SECOND),
        off_sale_at=Instant(now + closes_in * SECOND),
    )
    if status == "sold_out":
        await client.post("/api/v1/reservations", json=lines((ticket_type, 2)))
    body = await (await client.get(f"/api/v1/ticket-types/{ticket_type}/availability")).json()
    assert body["status"] == status


async def test_an_events_availability_has_all_its_ticket_types(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer)
    numbers = [await house.ticket_type(organizer, event=event) for _ in range(3)]
    body = await (await client.get(f"/api/v1/events/{event.id}/availability")).json()
    assert body["event_id"] == event.id
    assert body["as_of"] == "2027-01-15T08:00:00.000000Z"
    assert [each["id"] for each in body["ticket_types"]] == numbers


async def test_a_ticket_type_that_is_not_in_memory_is_looked_up(
    client: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular = await house.ticket_type(await house.organizer())
    inventory = house.router.inventories[InventoryId(regular)]
    monkeypatch.setattr(house.router, "offer", lambda inventory_id: None)

    async def offers(wanted: Iterable[InventoryId]) -> dict[InventoryId, Offer | None]:
        return {inventory_id: inventory.offer() for inventory_id in wanted}

    monkeypatch.setattr(house.router, "offers", offers)
    response = await client.get(f"/api/v1/ticket-types/{regular}/availability")
    assert response.status == 200


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.0", "x", "2147483648", "9" * 40, "٣", "%00", "1%20", "007x"]
)
async def test_what_no_number_can_be_is_not_found(client: Client, number: str) -> None:
    for path in (f"events/{number}", f"ticket-types/{number}", f"ticket-types/{number}/availability"):
        await expect_problem(await client.get(f"/api/v1/{path}"), 404, "not_found")


async def test_an_unknown_organizer_is_not_found(client: Client) -> None:
    for slug in ("nobody", "%00", "%ED%A0%80", "x" * 300):
        await expect_problem(await client.get(f"/api/v1/organizers/{slug}"), 404, "not_found")
        await expect_problem(await client.get(f"/api/v1/organizers/{slug}/ticket-types"), 404, "not_found")

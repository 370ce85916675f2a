"""What a guest's program hears on its way to a ticket."""

import asyncio

import pytest
from aiohttp import ClientResponse

from tests.web.api.conftest import Client
from tests.web.api.house import ANNA, House, lines
from tests.web.problem_answers import expect_problem
from ticketd.core.commands import StartPayment
from ticketd.core.ids import InventoryId, ReservationId, TicketTypeId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventStatus

KEY = "0123456789abcdef"
DEADLINE_SECONDS = 10.0


async def reserve(client: Client, *wanted: tuple[int, int], key: str | None = None) -> ClientResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/api/v1/reservations", json=lines(*wanted), headers=headers)


async def held(client: Client, *wanted: tuple[int, int]) -> str:
    response = await reserve(client, *wanted)
    assert response.status == 201
    return str((await response.json())["id"])


async def pay(client: Client, reservation: str, **body: object) -> ClientResponse:
    return await client.post(f"/api/v1/reservations/{reservation}/payment", json={"token": "tok", **body})


@pytest.fixture
async def regular(house: House) -> TicketTypeId:
    return await house.ticket_type(await house.organizer())


async def test_a_reservation_is_created_with_everything_a_guest_needs(
    client: Client, regular: TicketTypeId
) -> None:
    response = await reserve(client, (regular, 2))
    assert response.status == 201
    body = await response.json()
    reservation = body.pop("id")
    assert response.headers["Location"] == f"/api/v1/reservations/{reservation}"
    assert body == {
        "number": f"{regular}-2",
        "status": "held",
        "created_at": "2027-01-15T08:00:00.000000Z",
        "expires_at": "2027-01-15T08:15:00.000000Z",
        "lines": [
            {
                "ticket_type_id": regular,
                "name": "Regular",
                "quantity": 2,
                "seats": [],
                "unit_price_cents": 1250,
            }
        ],
        "total_cents": 2500,
        "currency": "EUR",
        "tickets": [],
    }


async def test_nobody_in_between_may_keep_a_reservation(client: Client, regular: TicketTypeId) -> None:
    reservation = await held(client, (regular, 1))
    answers = [
        await reserve(client, (regular, 1)),
        await client.get(f"/api/v1/reservations/{reservation}"),
        await pay(client, reservation),
        await client.delete(f"/api/v1/reservations/{reservation}"),
        await client.get("/api/v1/reservations/unknown"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"


async def test_a_cart_holds_all_its_lines(client: Client, house: House, regular: TicketTypeId) -> None:
    organizer = house.catalogue.organizer("mario")
    assert organizer is not None
    other = await house.ticket_type(organizer, name="VIP", price_cents=5000)
    body = await (await reserve(client, (other, 1), (regular, 2))).json()
    assert {line["name"]: line["quantity"] for line in body["lines"]} == {"Regular": 2, "VIP": 1}
    assert body["total_cents"] == 7500


async def test_a_repeat_with_its_key_gets_the_same_reservation(client: Client, regular: TicketTypeId) -> None:
    first = await reserve(client, (regular, 2), key=KEY)
    again = await reserve(client, (regular, 2), key=KEY)
    assert (first.status, again.status) == (201, 200)
    assert await first.json() == await again.json()
    assert "Location" not in again.headers


async def test_a_key_used_for_something_else_is_refused(client: Client, regular: TicketTypeId) -> None:
    await reserve(client, (regular, 2), key=KEY)
    await expect_problem(await reserve(client, (regular, 3), key=KEY), 422, "key_reused")


@pytest.mark.parametrize("key", ["short", "x" * 15, "x" * 256, "sixteen\tcharacters", "ключключключключ", ""])
async def test_a_bad_key_is_refused_before_anything_happens(
    client: Client, house: House, regular: TicketTypeId, key: str
) -> None:
    before = len(house.router.commands)
    body = await expect_problem(await reserve(client, (regular, 1), key=key), 422, "invalid")
    assert body["errors"][0]["field"] == "Idempotency-Key"
    assert len(house.router.commands) == before


async def test_sold_out_says_how_many_are_left(client: Client, house: House) -> None:
    regular = await house.ticket_type(await house.organizer(), capacity=2)
    body = await expect_problem(await reserve(client, (regular, 3)), 409, "sold_out")
    assert body["available"] == 2
    assert "only 2" in body["detail"]


async def test_more_than_one_guest_may_have_is_refused(client: Client, house: House) -> None:
    regular = await house.ticket_type(await house.organizer(), max_per_reservation=2)
    body = await expect_problem(await reserve(client, (regular, 3)), 409, "limit_exceeded")
    assert body["max_per_reservation"] == 2


async def test_too_early_says_when_the_sale_begins(client: Client, house: House) -> None:
    opens_at = house.clock.now() + 60_000_000
    regular = await house.ticket_type(await house.organizer(), on_sale_at=opens_at)
    body = await expect_problem(await reserve(client, (regular, 1)), 409, "not_on_sale")
    assert body["on_sale_at"] == "2027-01-15T08:01:00.000000Z"


async def test_an_unknown_ticket_type_is_not_found(client: Client) -> None:
    body = await expect_problem(await reserve(client, (424242, 1)), 404, "not_found")
    assert body["ticket_type_id"] == 424242


async def test_a_drafts_ticket_type_is_not_found(client: Client, house: House) -> None:
    organizer = await house.organizer()
    event = await house.event(organizer, status=EventStatus.DRAFT)
    hidden = await house.ticket_type(organizer, event=event)
    await expect_problem(await reserve(client, (hidden, 1)), 404, "not_found")


async def test_ticket_types_of_two_organizers_dont_mix(client: Client, house: House) -> None:
    one = await house.ticket_type(await house.organizer("mario"))
    other = await house.ticket_type(await house.organizer("luigi"))
    await expect_problem(await reserve(client, (one, 1), (other, 1)), 422, "invalid")


async def test_a_ticket_type_stands_in_a_request_only_once(client: Client, regular: TicketTypeId) -> None:
    body = await expect_problem(await reserve(client, (regular, 1), (regular, 2)), 422, "invalid")
    assert body["errors"][0]["field"] == "lines[1].ticket_type_id"


async def test_a_full_house_says_when_to_try_again(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    house.router.refuse_next(InventoryId(regular), Refusal(Reason.OVERLOADED, retry_after_seconds=7))
    response = await reserve(client, (regular, 1))
    await expect_problem(response, 503, "overloaded")
    assert response.headers["Retry-After"] == "7"


async def test_a_reservation_can_be_seen_whatever_became_of_it(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    house.clock.advance(901)
    response = await client.get(f"/api/v1/reservations/{reservation}")
    assert response.status == 200
    assert (await response.json())["status"] == "expired"


async def test_a_closed_reservation_outlives_its_ticket_type(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    await client.delete(f"/api/v1/reservations/{reservation}")
    await house.ticket_types.delete(ANNA.id, regular)
    response = await client.get(f"/api/v1/reservations/{reservation}")
    assert (response.status, (await response.json())["status"]) == (200, "released")


@pytest.mark.parametrize("reservation", ["x", "A" * 32, "%00", "A" * 31 + "%FF", "..%2f..", "%ED%A0%80"])
async def test_what_no_reservation_can_be_called_is_not_found(client: Client, reservation: str) -> None:
    await expect_problem(await client.get(f"/api/v1/reservations/{reservation}"), 404, "not_found")
    await expect_problem(await client.delete(f"/api/v1/reservations/{reservation}"), 404, "not_found")
    await expect_problem(await pay(client, reservation), 404, "not_found")


async def test_released_tickets_are_free_again_and_a_second_release_changes_nothing(
    client: Client, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 2))
    for _ in range(2):
        response = await client.delete(f"/api/v1/reservations/{reservation}")
        assert (response.status, (await response.json())["status"]) == (200, "released")
    availability = await (await client.get(f"/api/v1/ticket-types/{regular}/availability")).json()
    assert availability["available"] == 10


async def test_a_paid_reservation_cant_be_released(client: Client, regular: TicketTypeId) -> None:
    reservation = await held(client, (regular, 1))
    await pay(client, reservation)
    response = await client.delete(f"/api/v1/reservations/{reservation}")
    await expect_problem(response, 409, "reservation_closed")


async def test_a_reservation_being_paid_cant_be_released(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    await house.router.ask(InventoryId(regular), StartPayment(ReservationId(reservation)))
    response = await client.delete(f"/api/v1/reservations/{reservation}")
    await expect_problem(response, 409, "payment_in_progress")


async def test_payment_brings_the_tickets(client: Client, regular: TicketTypeId) -> None:
    reservation = await held(client, (regular, 2))
    response = await pay(client, reservation, email="guest@example.org", name="Guest")
    text = await response.text()
    body = await response.json()
    assert (response.status, body["status"]) == (200, "paid")
    assert [(each["ticket_type_id"], each["seat"], each["status"]) for each in body["tickets"]] == [
        (regular, None, "valid"),
        (regular, None, "valid"),
    ]
    assert len({each["code"] for each in body["tickets"]}) == 2
    assert "guest@example.org" not in text


async def test_marks_of_direction_in_a_guests_person_cost_nobody_a_ticket(
    client: Client, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    response = await pay(client, reservation, email="\u202aguest@example.org\u202c", name="\u200fGuest")
    assert response.status == 200


async def test_paying_again_shows_the_same_and_charges_nothing(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    first, again = await pay(client, reservation), await pay(client, reservation)
    assert (first.status, again.status) == (200, 200)
    assert await first.json() == await again.json()
    assert len(house.gateway.charges()) == 1


async def test_of_two_payments_at_once_one_is_told_to_ask_again(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    reservation = await held(client, (regular, 1))
    house.gateway.open.clear()
    payments = [asyncio.create_task(pay(client, reservation)) for _ in range(2)]
    (done,), (waiting,) = await asyncio.wait(
        payments, timeout=DEADLINE_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    answer = await done
    assert (answer.status, (await answer.json())["status"]) == (202, "paying")
    house.gateway.open.set()
    assert (await waiting).status == 200
    assert len(house.gateway.charges()) == 1


@pytest.mark.parametrize(
    ("payment", "status", "code"),
    [
        ({"token": "card_error"}, 402, "card_error"),
        ({"token": "payment_error"}, 402, "payment_error"),
        ({"currency": "USD"}, 422, "currency_error"),
        ({"token": "card_error", "currency": "USD"}, 402, "card_error"),
        ({"token": None}, 422, "invalid"),
    ],
)
async def test_a_refused_payment_leaves_the_reservation_held(
    client: Client, regular: TicketTypeId, payment: dict[str, object], status: int, code: str
) -> None:
    reservation = await held(client, (regular, 1))
    await expect_problem(await pay(client, reservation, **payment), status, code)
    body = await (await client.get(f"/api/v1/reservations/{reservation}")).json()
    assert body["status"] == "held"


async def test_what_costs_nothing_needs_no_token(client: Client, house: House) -> None:
    free = await house.ticket_type(await house.organizer(), price_cents=0)
    reservation = await held(client, (free, 1))
    response = await client.post(f"/api/v1/reservations/{reservation}/payment", json={})
    assert (response.status, (await response.json())["status"]) == (200, "paid")
    assert house.gateway.charge_calls == 0


async def test_paying_too_late_is_gone(client: Client, house: House, regular: TicketTypeId) -> None:
    reservation = await held(client, (regular, 1))
    house.clock.advance(901)
    await expect_problem(await pay(client, reservation), 410, "reservation_expired")


async def test_paying_for_what_was_given_back_is_refused(client: Client, regular: TicketTypeId) -> None:
    reservation = await held(client, (regular, 1))
    await client.delete(f"/api/v1/reservations/{reservation}")
    await expect_problem(await pay(client, reservation), 409, "reservation_closed")

"""What a network hears that asks too often."""

import pytest
from aiohttp import ClientResponse

from tests.web.api.conftest import Client
from tests.web.api.house import ANNA, House, lines
from tests.web.problem_answers import expect_problem
from ticketd.core.clients import client_at, parse_address
from ticketd.core.ids import TicketTypeId
from ticketd.services.request_limits import GUESSES_BURST, RequestKind

RESERVATIONS = "/api/v1/reservations"


@pytest.fixture
async def regular(house: House) -> TicketTypeId:
    return await house.ticket_type(await house.organizer())


def exhaust(house: House) -> None:
    """Use up what the test's own network may ask for at once."""
    address = parse_address("127.0.0.1")
    assert address is not None
    client = client_at(address)
    while house.services.request_limits.refusal(client, RequestKind.QUEUE, house.clock.now()) is None:
        pass


async def guess(client: Client, ticket_type: TicketTypeId, code: str) -> ClientResponse:
    return await client.post(RESERVATIONS, json=lines((ticket_type, 1)) | {"access_code": code})


async def test_reservations_are_granted_again_after_the_time_that_the_refusal_says(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    exhaust(house)
    response = await client.post(RESERVATIONS, json=lines((regular, 1)))
    await expect_problem(response, 429, "too_many_requests")
    house.clock.advance(int(response.headers["Retry-After"]))
    assert (await client.post(RESERVATIONS, json=lines((regular, 1)))).status == 201
    assert house.rules["reservations_by_network"] == 1


async def test_the_limit_is_decided_before_anybody_reads_the_body(client: Client, house: House) -> None:
    exhaust(house)
    response = await client.post(RESERVATIONS, data=b"no JSON", headers={"Content-Type": "text/plain"})
    await expect_problem(response, 429, "too_many_requests")


async def test_a_forged_header_is_no_way_round_the_limit(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    exhaust(house)
    headers = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    response = await client.post(RESERVATIONS, json=lines((regular, 1)), headers=headers)
    assert response.status == 429


async def test_what_is_held_can_be_paid_and_given_back_whatever_else_was_asked(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    held = [await (await client.post(RESERVATIONS, json=lines((regular, 1)))).json() for _ in range(2)]
    exhaust(house)
    paid = await client.post(f"{RESERVATIONS}/{held[0]['id']}/payment", json={"token": "tok"})
    released = await client.delete(f"{RESERVATIONS}/{held[1]['id']}")
    assert (paid.status, released.status) == (200, 200)


async def test_guessing_access_codes_becomes_slow(
    client: Client, house: House, regular: TicketTypeId
) -> None:
    await house.access_codes.set(ANNA.id, regular, code="FRIENDS")
    for number in range(GUESSES_BURST):
        await expect_problem(await guess(client, regular, f"GUESS{number}"), 403, "forbidden")
    response = await guess(client, regular, "FRIENDS")
    await expect_problem(response, 429, "too_many_requests")
    house.clock.advance(int(response.headers["Retry-After"]))
    assert (await guess(client, regular, "FRIENDS")).status == 201
    assert house.rules["access_codes_by_network"] == 1


async def test_many_with_the_right_code_are_not_taken_for_guessing(client: Client, house: House) -> None:
    hidden = await house.ticket_type(await house.organizer(), capacity=10 * GUESSES_BURST)
    await house.access_codes.set(ANNA.id, hidden, code="FRIENDS")
    statuses = [(await guess(client, hidden, "FRIENDS")).status for _ in range(2 * GUESSES_BURST)]
    assert statuses == [201] * 2 * GUESSES_BURST

"""The peers are honest: they sell what there is, keep keys, and answer as ticketd does."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import msgspec
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bench.peers import conditional_update, select_for_update
from bench.peers.shop import Reserve, application, open_sale
from tests.conftest import on_database
from ticketd.web.api import shapes

CAPACITY = 20
URL = "/api/v1/reservations"
KEY = "a-key-of-16-chars"

Ask = Callable[..., Awaitable[ClientResponse]]


@pytest.fixture(params=[conditional_update.reserve, select_for_update.reserve], ids=["update", "lock"])
async def ask(request: pytest.FixtureRequest, server_url: str) -> AsyncIterator[Ask]:
    """Asks a peer with an empty database for so many of its ticket type."""
    peer: Reserve = request.param
    name = f"bench_test_{uuid.uuid4().hex}"
    async with asyncpg.create_pool(server_url, min_size=1, max_size=1) as admin:
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            async with asyncpg.create_pool(on_database(server_url, name), min_size=4, max_size=4) as pool:
                await open_sale(pool, capacity=CAPACITY)
                async with TestClient(TestServer(application(peer, pool))) as client:

                    async def post(
                        quantity: int, ticket_type: int = 1, key: str | None = None
                    ) -> ClientResponse:
                        line = {"ticket_type_id": ticket_type, "quantity": quantity}
                        headers = {} if key is None else {"Idempotency-Key": key}
                        return await client.post(URL, json={"lines": [line]}, headers=headers)

                    yield post
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_reservation_is_answered_in_the_shape_of_ticketds(ask: Ask) -> None:
    answer = await ask(2)
    reservation = msgspec.json.decode(await answer.read(), type=shapes.Reservation)
    assert answer.status == 201
    assert answer.headers["Location"] == f"{URL}/{reservation.id}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (reservation.status, reservation.total_cents, len(reservation.id)) == ("held", 3000, 32)


async def test_never_more_is_sold_than_there_is(ask: Ask) -> None:
    answers = await asyncio.gather(*(ask(1) for _ in range(3 * CAPACITY)))
    assert sorted(answer.status for answer in answers) == [201] * CAPACITY + [409] * 2 * CAPACITY


async def test_a_repeat_with_the_same_key_gets_the_same_reservation(ask: Ask) -> None:
    answers = await asyncio.gather(*(ask(1, key=KEY) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({(await answer.json())["id"] for answer in answers}) == 1
    await asyncio.gather(*(ask(1) for _ in range(CAPACITY)))
    assert (await ask(1, key=KEY)).status == 200, "even when all is sold"


@pytest.mark.parametrize(
    ("quantity", "ticket_type", "status", "code"),
    [(11, 1, 409, "limit_exceeded"), (0, 1, 422, "invalid"), (1, 2, 404, "not_found")],
)
async def test_what_cannot_be_had_is_refused(
    ask: Ask, quantity: int, ticket_type: int, status: int, code: str
) -> None:
    answer = await ask(quantity, ticket_type)
    assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_a_key_is_not_taken_for_another_request(ask: Ask) -> None:
    assert (await ask(1, key=KEY)).status == 201
    answer = await ask(2, key=KEY)
    assert (answer.status, (await answer.json())["code"]) == (422, "key_reused")

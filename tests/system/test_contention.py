"""Many want the same: threads and tasks against the real server."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import aiohttp
import pytest

from tests.system.client import Answer, BoxOffice, Client, at_once, reservation_of
from tests.system.server import Server

THREADS = int(os.environ.get("TICKETD_TEST_THREADS", "10"))
ROUNDS = 5
FULL, SMALL = 40, 10


@pytest.mark.parametrize("count", sorted({2, THREADS}))
def test_the_last_ticket_goes_to_exactly_one_of_many_threads(
    shared_server: Server, box_office: BoxOffice, count: int
) -> None:
    for _ in range(ROUNDS):
        ticket_type = box_office.open(capacity=3)
        assert box_office.pay(box_office.reserve(ticket_type).body["id"]).status == 200
        assert box_office.reserve(ticket_type).status == 201
        answers = at_once(shared_server, [partial(Client.reserve, ticket_type=ticket_type)] * count)
        assert Counter((answer.status, answer.code) for answer in answers) == {
            (201, ""): 1,
            (409, "sold_out"): count - 1,
        }
        shown = box_office.availability(ticket_type)
        assert (shown["available"], shown["held"], shown["sold"]) == (0, 2, 1)


@pytest.mark.parametrize("quantities", [(1,), (1, 2, 3, 4)], ids=["singles", "mixed"])
async def test_of_500_guests_at_once_nobody_gets_more_than_the_100_tickets(
    shared_server: Server, quantities: tuple[int, ...]
) -> None:
    capacity, guests = 100, 500
    box_office = BoxOffice(shared_server)
    ticket_type = box_office.open(capacity=capacity)
    wishes = [quantities[n % len(quantities)] for n in range(guests)]
    base = f"http://127.0.0.1:{shared_server.port}/api/v1/"
    async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=0)) as session:
        bought = await asyncio.gather(*(buy(session, ticket_type, quantity) for quantity in wishes))
    sold = sum(quantity for quantity, answer in zip(wishes, bought, strict=True) if answer.status == 200)
    turned_away = [(n, answer) for n, answer in zip(wishes, bought, strict=True) if answer.status != 200]
    assert {answer.code for _, answer in turned_away} == {"sold_out"}
    assert all(quantity > answer.body["available"] for quantity, answer in turned_away)
    shown = box_office.availability(ticket_type)
    assert (shown["held"], shown["sold"], shown["available"]) == (0, sold, capacity - sold)
    assert capacity - max(quantities) < sold <= capacity
    box_office.close()


async def buy(session: aiohttp.ClientSession, ticket_type: int, quantity: int) -> Answer:
    """The paid reservation, or the first no."""
    reserved = await post(session, "reservations", reservation_of(ticket_type, quantity))
    if reserved.status != 201:
        return reserved
    return await post(session, f"reservations/{reserved.body['id']}/payment", {"token": "tok"})


async def post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> Answer:
    async with session.post(path, json=body) as response:
        return Answer(response.status, await response.json(content_type=None))


def test_a_ticket_type_is_either_deleted_or_sold(shared_server: Server, box_office: BoxOffice) -> None:
    for _ in range(2 * ROUNDS):
        ticket_type = box_office.open(capacity=10)
        works: list[Callable[[Client], int]] = [partial(delete, box_office, ticket_type)]
        works += [partial(reserve_until_refused, ticket_type=ticket_type)] * 3
        deleted, *granted = at_once(shared_server, works)
        assert sum(granted) == (0 if deleted else 10)
        assert box_office.reserve(ticket_type).code == ("not_found" if deleted else "sold_out")


def delete(box_office: BoxOffice, ticket_type: int, _: Client) -> bool:
    """Whether nobody was in the way."""
    answer = box_office.delete(ticket_type)
    assert (answer.status, answer.code) in ((204, ""), (409, "has_sales"))
    return answer.status == 204


def test_a_capacity_cut_is_refused_or_holds_against_everyone(
    shared_server: Server, box_office: BoxOffice
) -> None:
    for step in range(ROUNDS):
        ticket_type = box_office.open(capacity=FULL)
        cutting = partial(cut, box_office, ticket_type, until_held=3 * step)
        reserving = partial(reserve_until_refused, ticket_type=ticket_type)
        capacity, *granted = at_once(shared_server, [cutting, *[reserving] * 4])
        shown = box_office.availability(ticket_type)
        assert shown["held"] == sum(granted) == shown["capacity"] == capacity


def cut(box_office: BoxOffice, ticket_type: int, _: Client, *, until_held: int) -> int:
    """Cuts the capacity to a number that may be held already; what it then is."""
    while box_office.availability(ticket_type)["held"] < until_held:
        pass
    answer = box_office.change(ticket_type, capacity=SMALL)
    if answer.status == 200:
        assert answer.body["held"] <= SMALL
        assert box_office.availability(ticket_type)["held"] <= SMALL
        return SMALL
    assert answer.code == "capacity_below_sold"
    assert answer.body["held"] > SMALL
    return FULL


def reserve_until_refused(guest: Client, *, ticket_type: int) -> int:
    """How many there were to be got, one by one."""
    granted = 0
    while (answer := guest.reserve(ticket_type)).status == 201:
        granted += 1
    assert answer.code in ("sold_out", "not_found")
    return granted

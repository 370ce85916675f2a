"""One sale to people and bots."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from bench.bots_networks import forwarded, people_addresses
from bench.bots_operators import Means, Operator
from bench.bots_outcome import Outcome, Sizes
from bench.bots_strategies import Bot
from bench.client import connected, request
from bench.devices import phone
from bench.event_sale import EventSale
from bench.onsale_arrivals import arrivals
from bench.onsale_guests import Diary, Guest
from bench.switchboard import Switchboard, switchboard

PEOPLE_COME_FOR_SECONDS: Final = 30.0
CONNECTIONS_OF_PEOPLE: Final = 256
CONNECTIONS_OF_AN_OPERATOR: Final = 32
"""Its bots ask as fast as these are answered."""
LOOK_SECONDS: Final = 0.5

_RULE = re.compile(rb'^ticketd_rule_refusals_total\{rule="(\w+)"\} ([\d.e+]+)$', re.MULTILINE)


class Rival(NamedTuple):
    """Whoever people compete with."""

    name: str
    bot: Bot
    means: Means


async def play(
    sale: EventSale, sizes: Sizes, rivals: Sequence[Rival], *, opens_at: float, is_defended: bool
) -> Outcome:
    """What everybody has when all is sold, or it has taken too long."""
    began = time.perf_counter() + sale.opens_at - opens_at - time.time()
    chance, diary = random.Random(sizes.people), Diary()
    async with AsyncExitStack() as stack:

        async def board(connections: int) -> Switchboard:
            made = await stack.enter_async_context(switchboard(sale.server.base_url, connections=connections))
            made.began = began
            return made

        line = await board(CONNECTIONS_OF_PEOPLE)
        operators = [
            Operator(each.name, sale, await board(CONNECTIONS_OF_AN_OPERATOR), each.means, opens_at=opens_at)
            for each in rivals
        ]
        comes_at = arrivals(sizes.people, opens_at=opens_at, seconds=PEOPLE_COME_FOR_SECONDS)
        chance.shuffle(addresses := people_addresses(sizes.people, chance))
        guests = [
            Guest(
                sale, line, diary, chance, opens_at=opens_at, headers=forwarded(address), devices=phone()
            ).visit(at)
            for at, address in zip(comes_at, addresses, strict=True)
        ]
        bots = [
            each.bot(operator, number)
            for each, operator in zip(rivals, operators, strict=True)
            for number in range(sizes.bots // len(rivals))
        ]
        await line.sleep_until(0.0)
        sold_at = await _until_sold(sale, line, sizes, [*guests, *bots])
    return Outcome(
        sizes=sizes,
        diary=diary,
        people_tries=len(line.calls),
        operators=operators,
        sold_after=None if sold_at is None else sold_at - opens_at,
        opens_at=opens_at,
        rules=await _rules(sale),
        is_defended=is_defended,
    )


async def _until_sold(
    sale: EventSale, board: Switchboard, sizes: Sizes, visits: Sequence[Awaitable[None]]
) -> float | None:
    """When the last ticket was sold, everybody having done what they do."""
    tasks = [asyncio.ensure_future(visit) for visit in visits]
    try:
        async with connected(sale.server.base_url, 1) as (connection,):
            while board.now() < sizes.seconds:
                _raise_faults(tasks)
                statistics = await sale.read(connection, f"/statistics?event_id={sale.event_id}")
                if statistics["totals"]["sold"] == sizes.tickets:
                    return board.now()
                await asyncio.sleep(LOOK_SECONDS)
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _raise_faults(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        if task.done() and (fault := task.exception()) is not None:
            raise fault


async def _rules(sale: EventSale) -> Mapping[str, int]:
    """How many requests each of the server's rules has refused."""
    async with connected(sale.server.base_url, 1) as (connection,):
        answer = await connection.ask(request("GET", f"{sale.server.base_url}/metrics"))
    return {name.decode(): int(float(refused)) for name, refused in _RULE.findall(answer.body)}

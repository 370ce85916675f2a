"""A database as a busy sale leaves it when its server is killed."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.apart import killed_apart
from bench.guests import Guests
from bench.house import Stall, in_house
from ticketd.settings import Settings
from ticketd.web.context import Services

GUESTS_AT_ONCE = 2048
HOLD_SECONDS = 86_400


class Sale(NamedTuple):
    """What has happened before the kill."""

    sold: int
    held: int
    with_keys: bool
    checkpoint_facts: int


def fill_and_kill(data_dir: Path, sale: Sale) -> None:
    """Make these reservations through actors and journal; returns when their process has got its kill -9."""
    settings = Settings(data_dir=data_dir, hold_seconds=HOLD_SECONDS, checkpoint_facts=sale.checkpoint_facts)
    killed_apart(partial(in_house, settings, partial(_sell_and_die, sale=sale)))


async def _sell_and_die(services: Services, *, sale: Sale) -> None:
    stall = await Stall.open(services)
    guests = Guests(services, await stall.put_on_sale(), with_keys=sale.with_keys)

    async def buy() -> None:
        await guests.pay(await guests.hold())

    await _often(guests.hold, sale.held)
    await _often(buy, sale.sold)
    os.kill(os.getpid(), signal.SIGKILL)


async def _often(visit: Callable[[], Awaitable[object]], count: int) -> None:
    """So many visits, GUESTS_AT_ONCE at a time."""
    visits = iter(range(count))

    async def come_again() -> None:
        for _ in visits:
            await visit()

    await asyncio.gather(*(come_again() for _ in range(GUESTS_AT_ONCE)))

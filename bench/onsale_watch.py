"""How the sale, its waiting room and the server's memory stand, twice a second."""

import asyncio
from typing import Final, NamedTuple

from bench.client import connected
from bench.event_sale import EventSale
from bench.processes import resident_mib
from bench.switchboard import Switchboard

WATCH_SECONDS: Final = 0.5


class Sight(NamedTuple):
    """How things stand at an instant."""

    at: float
    waiting: int
    shopping: int
    """Admitted, and not yet reserved."""
    held: int
    """Tickets in baskets."""
    sold: int
    resident_mib: float


async def watch(sale: EventSale, board: Switchboard, sights: list[Sight]) -> None:
    """Look on, over a connection of its own, until cancelled."""
    async with connected(sale.server.base_url, 1) as (connection,):
        while True:
            at = board.now()
            report = await sale.read(connection, f"/events/{sale.event_id}/queue/report")
            waiting, shopping, held, sold = (report[name] for name in ("waiting", "shopping", "held", "sold"))
            sights.append(Sight(at, waiting, shopping, held, sold, resident_mib(sale.server.pid)))
            await asyncio.sleep(max(0.0, at + WATCH_SECONDS - board.now()))

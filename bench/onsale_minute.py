"""One on-sale minute: everybody comes when they come, whatever the server does."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bench.client import connected
from bench.event_sale import EventSale
from bench.onsale_guests import Diary, Guest
from bench.onsale_watch import Sight, watch
from bench.switchboard import Switchboard, switchboard

LEAVE_SECONDS_MAX: Final = 150.0
"""How long those who still wait after the minute may stay."""


class Minute(NamedTuple):
    """What happened."""

    guests: int
    seconds: float
    """Until the last guest had left."""
    board: Switchboard
    diary: Diary
    sights: list[Sight]
    still_there: int
    queue: Any
    """The waiting room as everybody sees it, in the end."""
    totals: Any
    """The owner's statistics, in the end."""
    server_cpu_seconds: float
    postgres_cpu_seconds: float
    client_cpu_seconds: float


async def play(
    sale: EventSale, comes_at: Sequence[float], *, opens_at: float, seconds: float, connections: int
) -> Minute:
    """What happens when guests come at these instants; the sale opens `opens_at` seconds after the first."""
    sights: list[Sight] = []
    async with switchboard(sale.server.base_url, connections=connections) as board:
        board.began = time.perf_counter() + sale.opens_at - opens_at - time.time()
        await board.sleep_until(0.0)
        before = _cpu(sale)
        watching = asyncio.create_task(watch(sale, board, sights))
        diary, chance = Diary(), random.Random(sale.event_id)
        visits = [
            asyncio.create_task(Guest(sale, board, diary, chance, opens_at=opens_at).visit(at))
            for at in comes_at
        ]
        _, pending = await asyncio.wait(visits, timeout=seconds + LEAVE_SECONDS_MAX)
        for visit in pending:
            visit.cancel()
        took = board.now()
        used = [after - at_first for after, at_first in zip(_cpu(sale), before, strict=True)]
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        for visit in visits:
            if not visit.cancelled() and visit not in pending:
                visit.result()  # a fault of the bench ends it
    async with connected(sale.server.base_url, 1) as (connection,):
        queue = await sale.read(connection, f"/events/{sale.event_id}/queue")
        statistics = await sale.read(connection, f"/statistics?event_id={sale.event_id}")
    return Minute(len(comes_at), took, board, diary, sights, len(pending), queue, statistics["totals"], *used)


def _cpu(sale: EventSale) -> tuple[float, float, float]:
    return sale.server.server_cpu_seconds(), sale.server.postgres_cpu_seconds(), time.process_time()

"""What a group's statement does to the pages of the database."""

import asyncpg

from tests.storage.clerk import payment
from tests.storage.writing import writing
from ticketd.core.commands import Reserve
from ticketd.core.ids import ReservationId
from ticketd.storage.fence import Fence

ORDERS = 64


async def pages(pool: asyncpg.Pool, status: str) -> dict[str, float]:
    """On which page each order with this status is."""
    rows = await pool.fetch(
        "SELECT reservation_id, (ctid::text::point)[0] AS page FROM order_line WHERE status = $1", status
    )
    return {row["reservation_id"]: row["page"] for row in rows}


async def test_orders_that_are_paid_stay_on_their_pages_so_that_no_index_hears_of_it(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    ids = [ReservationId(f"{number:032}") for number in range(ORDERS)]
    starts, confirms = zip(*(payment(each, "A" * 26) for each in ids), strict=True)
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, w.clerk.batch(*(Reserve(each, 1, 900) for each in ids), *starts))
        paying = await pages(pool, "paying")
        await w.clerk.write(w.journal, w.clerk.batch(*confirms))
    assert len(paying) == ORDERS
    assert await pages(pool, "paid") == paying

"""Reading the ledger: inventories rebuilt from checkpoints and facts, and what happened to a reservation."""

from collections.abc import Sequence
from typing import Final

from ticketd.core.facts import AnyFact
from ticketd.core.ids import SECOND, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.snapshots import Snapshot
from ticketd.storage.checkpoints import decode_snapshot
from ticketd.storage.database import Connection, Database, database_now
from ticketd.storage.group import decode_fact, decode_numbered_facts

REPLAY_FACTS_AT_ONCE: Final = 5000
KEY_FACTS_AT_ONCE: Final = 20_000

UNFINISHED = """
SELECT t.id FROM ticket_type t LEFT JOIN checkpoint c ON c.inventory_id = t.id
WHERE c.open_lines > 0
   OR EXISTS (SELECT FROM ledger l WHERE l.inventory_id = t.id AND l.fact_seq > coalesce(c.fact_seq, 0))
"""
CHECKPOINTS = "SELECT inventory_id, body FROM checkpoint WHERE inventory_id = ANY($1::bigint[])"
# LATERAL and its own order: one index scan for each inventory, never one through the whole ledger.
REPLAY = """
SELECT facts.*
FROM unnest($1::bigint[], $2::bigint[]) AS wanted (inventory_id, from_seq)
CROSS JOIN LATERAL (
    SELECT inventory_id, fact_seq, body FROM ledger
    WHERE inventory_id = wanted.inventory_id AND fact_seq >= wanted.from_seq
    ORDER BY fact_seq
) AS facts
"""
# Many facts in one JSON text cost half of what as many rows do.
KEYS = """
SELECT '[' || coalesce(string_agg('[' || fact_seq || ',' || body || ']', ',' ORDER BY fact_seq), '') || ']'
FROM ledger
WHERE inventory_id = $1 AND fact_seq BETWEEN $2 AND $3
  AND (body LIKE '{"type":"Re%' OR body LIKE '{"type":"Sealed"%' OR body LIKE '{"type":"Expired"%')
"""
FACT = "SELECT body FROM ledger WHERE inventory_id = $1 AND fact_seq = $2"
# The fact that closed the line names the one that reserved it, which the index doesn't have.
HISTORY = """
WITH indexed AS (
    SELECT fact_seq, body FROM ledger WHERE reservation_id = $1 AND inventory_id = $2
)
SELECT fact_seq, body FROM indexed
UNION
SELECT fact_seq, body FROM ledger
WHERE inventory_id = $2 AND fact_seq = (SELECT max((body::json ->> 'line_seq')::bigint) FROM indexed)
ORDER BY fact_seq
"""


class LedgerReader:
    """The reading half of `ports.Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recover(self, inventory_ids: Sequence[InventoryId]) -> list[Inventory]:
        """See `ports.Journal.recover`."""
        inventories = {inventory_id: Inventory(inventory_id) for inventory_id in inventory_ids}
        replay_from = dict.fromkeys(inventories, 1)
        async with self._database.snapshot() as connection:
            for inventory_id, body in await connection.fetch(CHECKPOINTS, list(inventories)):
                snapshot = decode_snapshot(body)
                inventories[inventory_id].restore(snapshot)
                await _recall_keys(connection, inventories[inventory_id], snapshot)
                replay_from[inventory_id] = snapshot.seq + 1
            facts = connection.cursor(
                REPLAY, list(replay_from), list(replay_from.values()), prefetch=REPLAY_FACTS_AT_ONCE
            )
            async for inventory_id, seq, body in facts:
                inventories[inventory_id].replay(seq, decode_fact(body))
        return list(inventories.values())

    async def unfinished(self) -> list[InventoryId]:
        """See `ports.Journal.unfinished`."""
        return [row["id"] for row in await self._database.fetch(UNFINISHED)]

    async def history(
        self, reservation_id: ReservationId, inventory_id: InventoryId
    ) -> list[tuple[int, AnyFact]]:
        """See `ports.Journal.history`."""
        rows = await self._database.fetch(HISTORY, reservation_id, inventory_id)
        return [(row["fact_seq"], decode_fact(row["body"])) for row in rows]


async def _recall_keys(connection: Connection, inventory: Inventory, snapshot: Snapshot) -> None:
    """The last hour's keys, from the facts before the snapshot."""
    if snapshot.keys_from_seq > snapshot.seq:
        return
    hour_ago = await database_now(connection) - KEY_SECONDS_MIN * SECOND
    first = await _first_since(connection, inventory.id, snapshot, hour_ago)
    for begin in range(first, snapshot.seq + 1, KEY_FACTS_AT_ONCE):
        end = min(begin + KEY_FACTS_AT_ONCE - 1, snapshot.seq)
        for seq, fact in decode_numbered_facts(await connection.fetchval(KEYS, inventory.id, begin, end)):
            inventory.replay(seq, fact)


async def _first_since(
    connection: Connection, inventory_id: InventoryId, snapshot: Snapshot, instant: int
) -> int:
    """The first fact that isn't older: found by halves, for time only goes forward."""
    low, high = snapshot.keys_from_seq, snapshot.seq + 1
    while low < high:
        middle = (low + high) // 2
        if decode_fact(await connection.fetchval(FACT, inventory_id, middle)).at < instant:
            low = middle + 1
        else:
            high = middle
    return low

"""Reading the ledger: inventories rebuilt from checkpoints and facts, and what happened to a reservation."""

from collections.abc import Sequence
from typing import Final

from ticketd.core.facts import AnyFact
from ticketd.core.ids import MICROSECONDS, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.snapshots import Snapshot
from ticketd.storage.database import Connection, Database
from ticketd.storage.group import decode_fact, decode_snapshot

REPLAY_FACTS_AT_ONCE: Final = 5000

_UNFINISHED = """
SELECT t.id FROM ticket_type t LEFT JOIN checkpoint c ON c.inventory_id = t.id
WHERE c.open_lines > 0
   OR EXISTS (SELECT FROM ledger l WHERE l.inventory_id = t.id AND l.fact_seq > coalesce(c.fact_seq, 0))
"""
_CHECKPOINTS = "SELECT inventory_id, body FROM checkpoint WHERE inventory_id = ANY($1::bigint[])"
# LATERAL and its own order: one index scan for each inventory, never one through the whole ledger.
_REPLAY = """
SELECT facts.*
FROM unnest($1::bigint[], $2::bigint[]) AS wanted (inventory_id, from_seq)
CROSS JOIN LATERAL (
    SELECT inventory_id, fact_seq, body FROM ledger
    WHERE inventory_id = wanted.inventory_id AND fact_seq >= wanted.from_seq
    ORDER BY fact_seq
) AS facts
"""
_KEYS = """
SELECT fact_seq, body FROM ledger
WHERE inventory_id = $1 AND fact_seq BETWEEN $2 AND $3
  AND body SIMILAR TO '{"type":"(Reserved|Sealed|Released|Expired)"%'
ORDER BY fact_seq DESC
"""
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
# A fact that closed a line names the one that reserved it, which the index doesn't have.
_HISTORY = """
WITH indexed AS (
    SELECT inventory_id, fact_seq, body FROM ledger WHERE reservation_id = $1
)
SELECT inventory_id, fact_seq, body FROM indexed
UNION
SELECT inventory_id, ledger.fact_seq, ledger.body
FROM indexed JOIN ledger USING (inventory_id)
WHERE ledger.fact_seq = (indexed.body::json ->> 'line_seq')::bigint
ORDER BY inventory_id, fact_seq
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
            for inventory_id, body in await connection.fetch(_CHECKPOINTS, list(inventories)):
                snapshot = decode_snapshot(body)
                inventories[inventory_id].restore(snapshot)
                await _recall_keys(connection, inventories[inventory_id], snapshot)
                replay_from[inventory_id] = snapshot.seq + 1
            facts = connection.cursor(
                _REPLAY, list(replay_from), list(replay_from.values()), prefetch=REPLAY_FACTS_AT_ONCE
            )
            async for inventory_id, seq, body in facts:
                inventories[inventory_id].replay(seq, decode_fact(body))
        return list(inventories.values())

    async def unfinished(self) -> list[InventoryId]:
        """See `ports.Journal.unfinished`."""
        return [row["id"] for row in await self._database.fetch(_UNFINISHED)]

    async def history(self, reservation_id: ReservationId) -> list[tuple[InventoryId, int, AnyFact]]:
        """See `ports.Journal.history`."""
        rows = await self._database.fetch(_HISTORY, reservation_id)
        return [(row["inventory_id"], row["fact_seq"], decode_fact(row["body"])) for row in rows]


async def _recall_keys(connection: Connection, inventory: Inventory, snapshot: Snapshot) -> None:
    """The last hour's keys, from the facts before the snapshot: newest first, to stop with the hour."""
    if snapshot.keys_from_seq > snapshot.seq:
        return
    hour_ago = await connection.fetchval(_NOW) - KEY_SECONDS_MIN * MICROSECONDS
    recent: list[tuple[int, AnyFact]] = []
    facts = connection.cursor(
        _KEYS, inventory.id, snapshot.keys_from_seq, snapshot.seq, prefetch=REPLAY_FACTS_AT_ONCE
    )
    async for seq, body in facts:
        fact = decode_fact(body)
        if fact.at < hour_ago:
            break
        recent.append((seq, fact))
    for seq, fact in reversed(recent):
        inventory.replay(seq, fact)

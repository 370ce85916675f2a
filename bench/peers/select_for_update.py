"""A transaction for each request: lock the ticket type's row, look, INSERT, UPDATE."""

import asyncpg

from bench.peers.shop import Made, Wanted, made_before, refusal_of, serve
from ticketd.core.refusals import Refusal

_LOCK = "SELECT * FROM ticket_type WHERE id = $1 FOR UPDATE"
_INSERT = """
INSERT INTO reservation (id, ticket_type_id, quantity, key_digest, unit_price_cents)
VALUES ($1, $2, $3, $4, $5) RETURNING *, $6::text AS name
"""
_UPDATE = "UPDATE ticket_type SET sold = sold + $2 WHERE id = $1"


async def reserve(pool: asyncpg.Pool, wanted: Wanted) -> Made | Refusal:
    """Whoever has the row's lock decides alone, until the commit is on the disk."""
    async with pool.acquire() as connection, connection.transaction():
        ticket_type = await connection.fetchrow(_LOCK, wanted.ticket_type_id)
        before = await made_before(connection, wanted)
        if before is not None:
            return before
        refusal = refusal_of(ticket_type, wanted)
        if refusal is not None:
            return refusal
        assert ticket_type is not None, "else it is refused"
        row = await connection.fetchrow(_INSERT, *wanted, ticket_type["price_cents"], ticket_type["name"])
        await connection.execute(_UPDATE, wanted.ticket_type_id, wanted.quantity)
    assert row is not None, "an INSERT returns its row"
    return Made(row)


if __name__ == "__main__":
    serve(reserve)

"""One statement for each request: a conditional UPDATE and the INSERT that depends on it, one round trip."""

import asyncpg

from bench.peers.shop import Made, Wanted, made_before, refusal_of, serve
from ticketd.core.refusals import Reason, Refusal

_RESERVE = """
WITH taken AS (
    UPDATE ticket_type SET sold = sold + $3
    WHERE id = $2 AND sold + $3 <= capacity AND $3 <= max_per_reservation
      AND (on_sale_at IS NULL OR on_sale_at <= now()) AND (off_sale_at IS NULL OR now() < off_sale_at)
    RETURNING id, name, price_cents
)
INSERT INTO reservation (id, ticket_type_id, quantity, unit_price_cents, key_digest)
SELECT $1, id, $3, price_cents, $4 FROM taken
RETURNING *, (SELECT name FROM taken)
"""


async def reserve(pool: asyncpg.Pool, wanted: Wanted) -> Made | Refusal:
    """The key's uniqueness is left to its index: a repeat undoes the whole statement."""
    try:
        row = await pool.fetchrow(_RESERVE, *wanted)
    except asyncpg.UniqueViolationError:
        row = None
    if row is not None:
        return Made(row)
    before = await made_before(pool, wanted)
    if before is not None:
        return before
    ticket_type = await pool.fetchrow("SELECT * FROM ticket_type WHERE id = $1", wanted.ticket_type_id)
    return refusal_of(ticket_type, wanted) or Refusal(Reason.OVERLOADED)


if __name__ == "__main__":
    serve(reserve)

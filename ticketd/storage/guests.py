"""The one place with a guest's person."""

import asyncpg

from ticketd.core.ids import ReservationId

_REMEMBER = """
INSERT INTO guest (reservation_id, email, name) VALUES ($1, $2, $3)
ON CONFLICT (reservation_id) DO UPDATE SET email = excluded.email, name = excluded.name
"""


class GuestTable:
    """Who pays for a reservation."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        """Keep what the guest said last."""
        await self._pool.execute(_REMEMBER, reservation_id, email, name)

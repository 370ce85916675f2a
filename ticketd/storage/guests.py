"""The one place with a guest's person."""

from ticketd.core.ids import ReservationId
from ticketd.storage.database import Database

_REMEMBER = """
INSERT INTO guest (reservation_id, email, name) VALUES ($1, $2, $3)
ON CONFLICT (reservation_id) DO UPDATE SET email = excluded.email, name = excluded.name
"""


class GuestTable:
    """Who pays for a reservation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        """Keep what the guest said last."""
        await self._database.write(_REMEMBER, reservation_id, email, name)

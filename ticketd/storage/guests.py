"""The one place with a guest's person."""

from collections.abc import Sequence
from typing import NamedTuple

from ticketd.core.ids import ReservationId
from ticketd.gathering import Gathering
from ticketd.ports import StorageUnavailable
from ticketd.storage.database import Database

_REMEMBER = """
INSERT INTO guest (reservation_id, email, name)
SELECT u.* FROM unnest($1::text[], $2::text[], $3::text[]) AS u
ON CONFLICT (reservation_id) DO UPDATE SET email = excluded.email, name = excluded.name
"""


class _Guest(NamedTuple):
    reservation_id: ReservationId
    email: str
    name: str


class GuestTable:
    """Who pays for a reservation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathering = Gathering(self._write, outages=(StorageUnavailable,))

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        """Keep what the guest said last."""
        await self._gathering.add(_Guest(reservation_id, email, name))

    async def _write(self, guests: Sequence[_Guest]) -> Sequence[None]:
        last = {guest.reservation_id: guest for guest in guests}
        await self._database.write(_REMEMBER, *map(list, zip(*last.values(), strict=True)))
        return [None] * len(guests)

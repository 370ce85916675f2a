"""The one place with a guest's person."""

from collections.abc import Sequence
from typing import NamedTuple

from ticketd.core.ids import ReservationId
from ticketd.gathering import Gathering
from ticketd.ports import StorageUnavailable
from ticketd.storage.database import STILL_SERVES
from ticketd.storage.dedicated import DedicatedConnection

REMEMBER = f"""
WITH serving AS ({STILL_SERVES}), kept AS (
    INSERT INTO guest (reservation_id, email, name)
    SELECT unnest($2::text[]), unnest($3::text[]), unnest($4::text[]) FROM serving
    ON CONFLICT (reservation_id) DO UPDATE SET email = excluded.email, name = excluded.name
)
SELECT true FROM serving
"""  # noqa: S608 - constants only


class _Guest(NamedTuple):
    reservation_id: ReservationId
    email: str
    name: str


class GuestStore:
    """Who pays for a reservation."""

    def __init__(self, connection: DedicatedConnection, *, incarnation: int) -> None:
        self._connection = connection
        self._incarnation = incarnation
        self._gathering = Gathering(self._write, outages=(StorageUnavailable,))

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        """Keep what the guest said last."""
        await self._gathering.add(_Guest(reservation_id, email, name))

    async def _write(self, guests: Sequence[_Guest]) -> Sequence[None]:
        last = {guest.reservation_id: guest for guest in guests}
        columns = map(list, zip(*last.values(), strict=True))
        if not await self._connection.fetch(REMEMBER, self._incarnation, *columns):
            raise StorageUnavailable("another process has taken over this database")
        return [None] * len(guests)

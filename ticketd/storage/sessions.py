"""Owners' browser sessions: who has logged in, by a secret key that only their browser knows."""

from hashlib import sha256

from ticketd.core.ids import OwnerId
from ticketd.storage.database import Database

OWNER_OF = "SELECT owner_id FROM web_session WHERE key_hash = $1 AND expires_at > now()"

BEGIN = """
WITH swept AS (DELETE FROM web_session WHERE expires_at <= now())
INSERT INTO web_session (key_hash, owner_id, expires_at)
VALUES ($1, $2, now() + make_interval(secs => $3))
"""

END = "DELETE FROM web_session WHERE key_hash = $1"


class SessionStore:
    """Sessions by the hash of their key: whoever reads the table can't use one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owner_of(self, key: str) -> OwnerId | None:
        """Who has logged in with this key; None if nobody has, or not lately enough."""
        owner_id: OwnerId | None = await self._database.fetchval(OWNER_OF, _hash(key))
        return owner_id

    async def begin(self, key: str, owner_id: OwnerId, *, seconds: int) -> None:
        """Let a new key stand for this owner for that long; what has run out goes."""
        await self._database.execute(BEGIN, _hash(key), owner_id, float(seconds))

    async def end(self, key: str) -> None:
        """Let this key stand for nobody."""
        await self._database.execute(END, _hash(key))


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()

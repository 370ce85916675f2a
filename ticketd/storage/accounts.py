"""Owners and their API tokens in Postgres."""

from typing import NamedTuple

import asyncpg
import msgspec

from ticketd.core.ids import Instant, OwnerId
from ticketd.storage.database import Database

# E-mail addresses arrive case-folded; lower() is what their unique index is made of.
OWNER = "SELECT id, email, name FROM owner WHERE id = $1"

CREDENTIALS = "SELECT id, email, name, password_hash FROM owner WHERE lower(email) = lower($1)"

INSERT_OWNER = """
INSERT INTO owner (email, name, password_hash) VALUES ($1, $2, $3)
ON CONFLICT (lower(email)) DO NOTHING
RETURNING id, email, name
"""

GRANT = """
INSERT INTO owner_organizer (owner_id, organizer_id) SELECT $1, id FROM organizer WHERE slug = $2
ON CONFLICT (owner_id, organizer_id) DO UPDATE SET owner_id = excluded.owner_id
RETURNING organizer_id
"""

SET_PASSWORD_HASH = "UPDATE owner SET password_hash = $2 WHERE id = $1"  # noqa: S105 - SQL

END_SESSIONS = "DELETE FROM web_session WHERE owner_id = $1"

INSERT_TOKEN = "INSERT INTO api_token (owner_id, token_hash) VALUES ($1, $2)"  # noqa: S105 - SQL

OWNER_OF_TOKEN = """
SELECT owner.id, email, name FROM api_token JOIN owner ON owner.id = owner_id
WHERE token_hash = $1 AND revoked_at IS NULL
"""  # noqa: S105 - SQL

TOKENS = """
SELECT api_token.id, email, (extract(epoch FROM api_token.created_at) * 1000000)::bigint AS created_at,
       revoked_at IS NOT NULL AS revoked
FROM api_token JOIN owner ON owner.id = owner_id
WHERE $1::text IS NULL OR lower(email) = lower($1)
ORDER BY api_token.id
"""

REVOKE_TOKEN = """
UPDATE api_token SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING id
"""  # noqa: S105 - SQL


class Owner(msgspec.Struct, frozen=True):
    """A person with a login."""

    id: OwnerId
    email: str
    name: str


class Login(NamedTuple):
    """An owner and what proves a password theirs; None if they have no password."""

    owner: Owner
    password_hash: str | None


class TokenInfo(msgspec.Struct, frozen=True):
    """What may be told about an API token."""

    id: int
    email: str
    created_at: Instant
    revoked: bool


class AccountStore:
    """Reads and writes of owners and tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owner(self, owner_id: OwnerId) -> Owner | None:
        """The owner with this id."""
        row = await self._database.fetchrow(OWNER, owner_id)
        return None if row is None else _owner(row)

    async def login_of(self, email: str) -> Login | None:
        """The owner with this e-mail address, and their password's hash."""
        row = await self._database.fetchrow(CREDENTIALS, email)
        return None if row is None else Login(_owner(row), row["password_hash"])

    async def insert_owner(self, email: str, *, name: str, password_hash: str) -> Owner | None:
        """A new owner; None if the e-mail address has one already."""
        row = await self._database.fetchrow(INSERT_OWNER, email, name, password_hash)
        return None if row is None else _owner(row)

    async def set_password_hash(self, owner_id: OwnerId, password_hash: str) -> None:
        """Replace what proves the password."""
        await self._database.execute(SET_PASSWORD_HASH, owner_id, password_hash)

    async def end_sessions(self, owner_id: OwnerId) -> None:
        """End all of this owner's browser sessions."""
        await self._database.execute(END_SESSIONS, owner_id)

    async def grant(self, owner_id: OwnerId, slug: str) -> bool:
        """Let the owner act for this organizer; False if there is no such organizer."""
        return await self._database.fetchval(GRANT, owner_id, slug) is not None

    async def insert_token(self, owner_id: OwnerId, token_hash: bytes) -> None:
        """Accept the token with this hash from now on."""
        await self._database.execute(INSERT_TOKEN, owner_id, token_hash)

    async def owner_of_token(self, token_hash: bytes) -> Owner | None:
        """Whose token has this hash, unless it has been revoked."""
        row = await self._database.fetchrow(OWNER_OF_TOKEN, token_hash)
        return None if row is None else _owner(row)

    async def tokens(self, email: str | None) -> list[TokenInfo]:
        """Every token, or those of one owner, oldest first."""
        return [TokenInfo(**row) for row in await self._database.fetch(TOKENS, email)]

    async def revoke_token(self, token_id: int) -> bool:
        """Accept it no more; False if there is no such token."""
        return await self._database.fetchval(REVOKE_TOKEN, token_id) is not None


def _owner(row: asyncpg.Record) -> Owner:
    return Owner(OwnerId(row["id"]), row["email"], row["name"])

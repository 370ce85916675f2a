"""Secrets that the database keeps: made by whoever needs one first, and the same for ever."""

import secrets

from ticketd.storage.database import Database

SECRET_BYTES = 32

KEEP = """
INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
"""
READ = "SELECT value FROM secret WHERE name = $1"


async def secret_named(database: Database, name: str) -> bytes:
    """This secret, random and unknown to anybody who can't read the database."""
    await database.write(KEEP, name, secrets.token_bytes(SECRET_BYTES))
    return bytes(await database.fetchval(READ, name))

"""Owners' sessions in Postgres."""

import asyncpg
import pytest

from ticketd.core.ids import OwnerId
from ticketd.storage.database import Database
from ticketd.storage.sessions import SessionStore

ANNA = OwnerId(1)


@pytest.fixture
async def sessions(pool: asyncpg.Pool) -> SessionStore:
    await pool.execute("INSERT INTO owner (email) VALUES ('anna@example.org'), ('ben@example.org')")
    return SessionStore(Database(pool))


async def test_a_key_stands_for_its_owner_until_it_is_ended(sessions: SessionStore) -> None:
    assert await sessions.owner_of("key") is None
    await sessions.begin("key", ANNA, seconds=60)
    await sessions.begin("other", OwnerId(2), seconds=60)
    assert await sessions.owner_of("key") == ANNA
    await sessions.end("key")
    assert await sessions.owner_of("key") is None
    assert await sessions.owner_of("other") == OwnerId(2)


async def test_what_has_run_out_opens_nothing_and_is_swept_by_the_next_login(
    sessions: SessionStore, pool: asyncpg.Pool
) -> None:
    await sessions.begin("key", ANNA, seconds=0)
    assert await sessions.owner_of("key") is None
    await sessions.begin("other", ANNA, seconds=60)
    assert await pool.fetchval("SELECT count(*) FROM web_session") == 1


async def test_the_table_holds_no_key_that_could_be_used(sessions: SessionStore, pool: asyncpg.Pool) -> None:
    await sessions.begin("the secret key", ANNA, seconds=60)
    (row,) = await pool.fetch("SELECT web_session::text AS whole FROM web_session")
    assert "the secret key" not in row["whole"]
    assert b"the secret key".hex() not in row["whole"]

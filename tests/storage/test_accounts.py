"""Owners' and tokens' rows."""

import asyncpg
import pytest

from ticketd.core.ids import ID_MAX, OwnerId
from ticketd.storage.accounts import AccountStore, Login, Owner
from ticketd.storage.database import Database


@pytest.fixture
def store(pool: asyncpg.Pool) -> AccountStore:
    return AccountStore(Database(pool))


@pytest.fixture
async def alice(store: AccountStore) -> Owner:
    owner = await store.insert_owner("alice@example.org", name="Alice", password_hash="hash")
    assert owner is not None
    return owner


async def test_owners_are_found_by_id_and_by_address(store: AccountStore, alice: Owner) -> None:
    assert await store.owner(alice.id) == alice
    assert await store.login_of("ALICE@example.org") == Login(alice, "hash")
    assert await store.owner(OwnerId(ID_MAX)) is None
    assert await store.login_of("bob@example.org") is None


async def test_an_address_is_taken_in_any_case(store: AccountStore, alice: Owner) -> None:
    assert await store.insert_owner("Alice@example.org", name="", password_hash="other") is None
    assert await store.login_of("alice@example.org") == Login(alice, "hash")


async def test_a_new_hash_is_this_owners_only(store: AccountStore, alice: Owner) -> None:
    bob = await store.insert_owner("bob@example.org", name="Bob", password_hash="bobs")
    assert bob is not None
    await store.set_password_hash(alice.id, "new")
    assert await store.login_of("alice@example.org") == Login(alice, "new")
    assert await store.login_of("bob@example.org") == Login(bob, "bobs")


async def test_tokens_are_listed_for_all_or_for_one(store: AccountStore, alice: Owner) -> None:
    bob = await store.insert_owner("bob@example.org", name="Bob", password_hash="bobs")
    assert bob is not None
    await store.insert_token(alice.id, b"a")
    await store.insert_token(bob.id, b"b")
    assert [info.email for info in await store.tokens(None)] == ["alice@example.org", "bob@example.org"]
    assert [info.email for info in await store.tokens("Bob@example.org")] == ["bob@example.org"]


async def test_a_revoked_token_is_nobodys_and_stays_so(store: AccountStore, alice: Owner) -> None:
    await store.insert_token(alice.id, b"a")
    await store.insert_token(alice.id, b"b")
    first = (await store.tokens(None))[0]
    for _ in range(2):
        assert await store.revoke_token(first.id)
    assert await store.owner_of_token(b"a") is None
    assert await store.owner_of_token(b"b") == alice
    assert not await store.revoke_token(ID_MAX)

"""Who may log in, and how often they may try."""

import asyncio
from typing import Literal

import asyncpg
import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.fakes.clock import ManualClock
from ticketd.core.ids import ID_MAX, OwnerId
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.login_throttle import (
    ATTEMPTS_PER_ADDRESS_MAX,
    FAILURES_PER_EMAIL_MAX,
    WINDOW_SECONDS,
)
from ticketd.services.passwords import Passwords
from ticketd.storage.accounts import AccountStore
from ticketd.storage.database import Database
from ticketd.storage.sessions import SessionStore

EMAIL, PASSWORD = "alice@example.org", "correct horse"
ADDRESS = "192.0.2.1"


class CountingHasher(PasswordHasher):
    """A hasher that costs next to nothing and remembers what it was asked to verify."""

    def __init__(self, *, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        assert isinstance(hash, str)
        self.verified.append(hash)
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(pool: asyncpg.Pool, clock: ManualClock, hasher: CountingHasher) -> Accounts:
    return Accounts(AccountStore(Database(pool)), clock=clock, passwords=Passwords(hasher))


@pytest.fixture
async def alice(accounts: Accounts) -> Owner:
    owner = await accounts.add(f" {EMAIL.upper()} ", " Alice ", PASSWORD)
    assert isinstance(owner, Owner)
    return owner


async def log_in(accounts: Accounts, email: str = EMAIL, password: str = PASSWORD) -> Owner | Reason:
    outcome = await accounts.login(email, password, address=ADDRESS)
    return outcome.reason if isinstance(outcome, Refusal) else outcome


def refused_fields(outcome: object) -> list[str]:
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.INVALID
    return [error.field for error in outcome.errors]


class TestLogin:
    @pytest.mark.parametrize("email", [EMAIL, "ALICE@Example.ORG", f"  {EMAIL}\t"])
    async def test_the_right_password_lets_the_owner_in(
        self, accounts: Accounts, alice: Owner, email: str
    ) -> None:
        assert await log_in(accounts, email) == alice

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            (EMAIL, "incorrect horse"),
            (EMAIL, PASSWORD.upper()),
            (EMAIL, ""),
            (EMAIL, "x" * 1025),
            (EMAIL, "a\ud800bcdefg"),
            ("bob@example.org", PASSWORD),
            ("", PASSWORD),
            ("alice\x00@example.org", PASSWORD),
            ("alice\ud800@example.org", PASSWORD),
            ("a" * 100_000 + "@example.org", PASSWORD),
        ],
    )
    async def test_anything_else_does_not(
        self, accounts: Accounts, alice: Owner, email: str, password: str
    ) -> None:
        assert await log_in(accounts, email, password) is Reason.UNAUTHORIZED

    async def test_an_unknown_address_costs_what_a_known_one_does(
        self, accounts: Accounts, alice: Owner, hasher: CountingHasher
    ) -> None:
        await log_in(accounts, EMAIL, "incorrect horse")
        await log_in(accounts, "bob@example.org", "incorrect horse")
        known, unknown = hasher.verified
        assert extract_parameters(known) == extract_parameters(unknown)

    async def test_an_owner_without_a_password_cannot_log_in(
        self, accounts: Accounts, pool: asyncpg.Pool
    ) -> None:
        await pool.execute("INSERT INTO owner (email) VALUES ($1)", EMAIL)
        assert await log_in(accounts) is Reason.UNAUTHORIZED

    async def test_a_hash_made_the_old_way_is_made_anew(
        self, accounts: Accounts, pool: asyncpg.Pool, clock: ManualClock, alice: Owner
    ) -> None:
        stronger = Accounts(
            AccountStore(Database(pool)), clock=clock, passwords=Passwords(CountingHasher(time_cost=2))
        )
        assert await log_in(stronger) == alice
        stored = await pool.fetchval("SELECT password_hash FROM owner")
        assert extract_parameters(stored).time_cost == 2
        assert await log_in(stronger) == alice

    async def test_too_many_at_once_are_asked_to_come_back(
        self, accounts: Accounts, alice: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ticketd.services.passwords._WAITING_MAX", 0)
        for _ in range(FAILURES_PER_EMAIL_MAX + 1):  # and none of them counts as a failure
            assert await log_in(accounts) is Reason.OVERLOADED


class TestThrottle:
    async def test_after_too_many_failures_even_the_right_password_must_wait(
        self, accounts: Accounts, clock: ManualClock, alice: Owner
    ) -> None:
        for _ in range(FAILURES_PER_EMAIL_MAX):
            assert await log_in(accounts, password="incorrect horse") is Reason.UNAUTHORIZED
        clock.advance(60)
        outcome = await accounts.login(EMAIL.upper(), PASSWORD, address="192.0.2.2")
        assert outcome == Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=WINDOW_SECONDS - 60)
        clock.advance(WINDOW_SECONDS - 60)
        assert await log_in(accounts) == alice

    async def test_many_failures_at_once_gain_nothing(
        self, accounts: Accounts, alice: Owner, hasher: CountingHasher
    ) -> None:
        tries = [log_in(accounts, password=f"incorrect horse {n}") for n in range(FAILURES_PER_EMAIL_MAX + 5)]
        outcomes = await asyncio.gather(*tries)
        assert outcomes.count(Reason.TOO_MANY_REQUESTS) == 5
        assert len(hasher.verified) == FAILURES_PER_EMAIL_MAX

    async def test_an_unknown_address_is_throttled_like_a_known_one(self, accounts: Accounts) -> None:
        outcomes = [await log_in(accounts, "bob@example.org") for _ in range(FAILURES_PER_EMAIL_MAX + 1)]
        assert outcomes[-2:] == [Reason.UNAUTHORIZED, Reason.TOO_MANY_REQUESTS]

    async def test_successes_do_not_count_against_the_owner(self, accounts: Accounts, alice: Owner) -> None:
        for _ in range(FAILURES_PER_EMAIL_MAX + 1):
            assert await log_in(accounts) == alice

    async def test_an_address_may_log_in_as_often_as_it_likes_with_the_right_password(
        self, accounts: Accounts, alice: Owner
    ) -> None:
        for _ in range(ATTEMPTS_PER_ADDRESS_MAX + 1):
            assert await log_in(accounts) == alice

    async def test_an_address_may_try_only_so_often_whoever_it_claims_to_be(self, accounts: Accounts) -> None:
        outcomes = [
            await log_in(accounts, f"owner{n}@example.org") for n in range(ATTEMPTS_PER_ADDRESS_MAX + 1)
        ]
        assert outcomes[-2:] == [Reason.UNAUTHORIZED, Reason.TOO_MANY_REQUESTS]


class TestKeepingAccounts:
    async def test_a_new_owner_is_kept_with_the_address_in_small_letters(
        self, accounts: Accounts, alice: Owner
    ) -> None:
        assert (alice.email, alice.name) == (EMAIL, "Alice")
        assert await accounts.owner(alice.id) == alice
        assert await accounts.owner(OwnerId(ID_MAX)) is None

    async def test_an_address_has_one_owner_even_when_added_twice_at_once(
        self, accounts: Accounts, pool: asyncpg.Pool
    ) -> None:
        added = await asyncio.gather(*(accounts.add(email, "", PASSWORD) for email in (EMAIL, EMAIL.upper())))
        assert sum(isinstance(each, Owner) for each in added) == 1
        assert sum(isinstance(each, Refusal) and refused_fields(each) == ["email"] for each in added) == 1

    @pytest.mark.parametrize(
        "email", ["", "alice", "a@b@c", "a b@c", "@", "a\x00@b", "a\ud800@b", "a" * 255 + "@b"]
    )
    async def test_an_unfit_address_is_refused(self, accounts: Accounts, email: str) -> None:
        assert refused_fields(await accounts.add(email, "", PASSWORD)) == ["email"]

    @pytest.mark.parametrize("password", ["", "seven77", "x" * 1025, "a\x00bcdefg", "a\ud800bcdefg"])
    async def test_an_unfit_password_is_refused(
        self, accounts: Accounts, alice: Owner, password: str
    ) -> None:
        assert refused_fields(await accounts.add("bob@example.org", "", password)) == ["password"]
        assert refused_fields(await accounts.set_password(EMAIL, password)) == ["password"]

    @pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "a\nb", "x" * 201])
    async def test_an_unfit_name_is_refused(self, accounts: Accounts, name: str) -> None:
        assert refused_fields(await accounts.add(EMAIL, name, PASSWORD)) == ["name"]

    async def test_passwords_are_not_kept(self, alice: Owner, pool: asyncpg.Pool) -> None:
        stored = await pool.fetchval("SELECT password_hash FROM owner")
        assert stored.startswith("$argon2id$")
        assert PASSWORD not in stored

    async def test_a_new_password_ends_the_owners_sessions(
        self, accounts: Accounts, alice: Owner, pool: asyncpg.Pool
    ) -> None:
        bob = await accounts.add("bob@example.org", "Bob", PASSWORD)
        assert isinstance(bob, Owner)
        sessions = SessionStore(Database(pool))
        await sessions.begin("alice's", alice.id, seconds=60)
        await sessions.begin("bob's", bob.id, seconds=60)
        await accounts.set_password(EMAIL, "battery staple")
        assert await sessions.owner_of("alice's") is None
        assert await sessions.owner_of("bob's") == bob.id

    async def test_a_new_password_replaces_the_old_one(self, accounts: Accounts, alice: Owner) -> None:
        assert await accounts.set_password(EMAIL.upper(), "battery staple") == alice
        assert await log_in(accounts, password="battery staple") == alice
        assert await log_in(accounts) is Reason.UNAUTHORIZED

    async def test_a_grant_gives_access_once_and_for_all(
        self, accounts: Accounts, alice: Owner, pool: asyncpg.Pool
    ) -> None:
        organizer = await pool.fetchval("INSERT INTO organizer (slug, name) VALUES ('luna', '') RETURNING id")
        for _ in range(2):
            assert await accounts.grant(EMAIL, "luna") == alice
        assert [tuple(row) for row in await pool.fetch("SELECT * FROM owner_organizer")] == [
            (alice.id, organizer)
        ]

    @pytest.mark.parametrize("slug", ["nowhere", "", "a\x00b", "a\ud800b"])
    async def test_an_unknown_organizer_cannot_be_granted(
        self, accounts: Accounts, alice: Owner, slug: str
    ) -> None:
        outcome = await accounts.grant(EMAIL, slug)
        assert outcome == Refusal(Reason.NOT_FOUND, "No organizer has this slug.")

    @pytest.mark.parametrize("email", ["bob@example.org", "", "a\x00@b", "a\ud800@b"])
    async def test_nothing_can_be_done_for_an_unknown_owner(self, accounts: Accounts, email: str) -> None:
        no_owner = Refusal(Reason.NOT_FOUND, "No owner has this e-mail address.")
        assert await accounts.set_password(email, PASSWORD) == no_owner
        assert await accounts.grant(email, "luna") == no_owner
        assert await accounts.add_token(email) == no_owner
        assert await accounts.tokens(email) == no_owner


class TestTokens:
    async def test_a_token_stands_for_its_owner_until_revoked(self, accounts: Accounts, alice: Owner) -> None:
        token = await accounts.add_token(EMAIL)
        assert isinstance(token, str)
        assert await accounts.owner_of_token(token) == alice
        tokens = await accounts.tokens()
        assert not isinstance(tokens, Refusal)
        assert await accounts.revoke_token(tokens[0].id) is None
        assert await accounts.owner_of_token(token) is None
        revoked = await accounts.tokens(EMAIL)
        assert not isinstance(revoked, Refusal)
        assert [(each.email, each.revoked) for each in revoked] == [(EMAIL, True)]

    @pytest.mark.parametrize("token", ["", "guess", "\x00", "\ud800", "ü", "x" * 100_000])
    async def test_anything_else_stands_for_nobody(
        self, accounts: Accounts, alice: Owner, token: str
    ) -> None:
        await accounts.add_token(EMAIL)
        assert await accounts.owner_of_token(token) is None

    async def test_tokens_are_not_kept(self, accounts: Accounts, alice: Owner, pool: asyncpg.Pool) -> None:
        token = await accounts.add_token(EMAIL)
        assert isinstance(token, str)
        assert token.encode() not in await pool.fetchval("SELECT token_hash FROM api_token")

    async def test_an_unknown_token_cannot_be_revoked(self, accounts: Accounts) -> None:
        outcome = await accounts.revoke_token(ID_MAX)
        assert outcome == Refusal(Reason.NOT_FOUND, "There is no such token.")

"""Password hashes."""

from typing import Literal

from argon2 import PasswordHasher

from ticketd.services.passwords import Passwords


class CredulousHasher(PasswordHasher):
    """A hasher that takes every password for the right one."""

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        return True


async def test_a_password_matches_its_own_hash_only() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first != second
    assert await passwords.matches(first, "correct horse")
    assert not await passwords.matches(first, "Correct horse")


async def test_without_a_hash_no_password_matches() -> None:
    assert not await Passwords(CredulousHasher()).matches(None, "correct horse")


async def test_the_default_hasher_is_as_slow_as_its_library_advises() -> None:
    hash_of_today = await Passwords().hash("correct horse")
    assert not PasswordHasher().check_needs_rehash(hash_of_today)

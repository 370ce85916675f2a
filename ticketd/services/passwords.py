"""Passwords: hashed by argon2 in worker threads, a few at a time."""

import asyncio
import base64

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

PASSWORD_LENGTH_MIN = 8
PASSWORD_LENGTH_MAX = 1024

_AT_ONCE_MAX = 2
"""Each takes a core for a while, and as much memory as argon2 was told to."""
_WAITING_MAX = 32


class Passwords:
    """Makes and checks password hashes without holding up the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._decoy = _decoy(self._hasher)
        self._turns = asyncio.Semaphore(_AT_ONCE_MAX)
        self._waiting = 0

    @property
    def crowded(self) -> bool:
        """Whether so many are waiting that another one should come back later."""
        return self._waiting >= _WAITING_MAX

    async def hash(self, password: str) -> str:
        """What to store; differs each time."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the hash is this password's; no hash takes as long and is never matched."""
        self._waiting += 1
        try:
            async with self._turns:
                matched = await asyncio.to_thread(self._verify, password_hash or self._decoy, password)
        finally:
            self._waiting -= 1
        return matched and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether today's parameters are others than the hash was made with."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False


def _decoy(hasher: PasswordHasher) -> str:
    """A well-formed hash that costs what a real one does."""
    salt, digest = (
        base64.b64encode(bytes(length)).decode().rstrip("=") for length in (hasher.salt_len, hasher.hash_len)
    )
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"

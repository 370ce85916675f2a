"""Proof of work after ALTCHA's first protocol: a moment for one guest's machine, hours for a farm of them.

The server thinks of a number from 0 to `maxnumber` and shows the SHA-256 of a salt with that number written
after it; who asks has to try numbers. Nothing is kept of a challenge that was handed out: its salt says for
which event it is, until when, how hard, and its serial number, for which there is one bit to say that it was
used. The salt ends with "&", so that no digit of it can pass for one of the number (CVE-2025-68113).
"""

import base64
import hmac
import re
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.refusals import Challenge
from ticketd.services.randomness import RandomBytes
from ticketd.services.serials import Serials

CHALLENGE_SECONDS: Final = 300
"""How long a challenge can be solved and its solution used."""
ALGORITHM: Final = "SHA-256"

_NONCE_BYTES = 20
"""With what follows it a salt is longer than SHA-256's block, so that each number costs one block to try."""
_NUMBER_BYTES = 8
_NUMBER_DIGITS_MAX = 9
_PAYLOAD_LENGTH_MAX = 1024
_SALT = re.compile(
    r"[0-9a-f]{40}\?expires=([0-9]{1,12})&event=([0-9]{1,10})&cost=([0-9]{1,9})&serial=([0-9]{1,15})&"
)


class ProofFlaw(StrEnum):
    """What is wrong with a proof; the value is the name of the rule that counts it."""

    MISSING = "proof_missing"
    WRONG = "proof_wrong"
    """Not the number, or not to a challenge of ours for this event."""
    STALE = "proof_stale"
    """The challenge has run out, or was easier than what is asked of this network by now."""
    REPLAYED = "proof_replayed"


class Solution(msgspec.Struct, frozen=True):
    """A challenge and its number, as ALTCHA's clients send them (in base64, with more that doesn't count)."""

    algorithm: str
    challenge: str
    number: int
    salt: str
    signature: str


class ProofOfWork:
    """Hands out challenges, and tells each solution once that it is right.

    The secret belongs to this process alone, since nobody else knows what was used.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._random = RandomBytes()
        self._serials = Serials(lifetime_seconds=CHALLENGE_SECONDS)

    def challenge(self, event_id: EventId, cost: int, now: Instant) -> Challenge:
        """Something to solve, by trying half of `cost` numbers on average."""
        expires = now // SECOND + CHALLENGE_SECONDS
        nonce, serial = self._random.take(_NONCE_BYTES).hex(), self._serials.issue(now)
        salt = f"{nonce}?expires={expires}&event={event_id}&cost={cost}&serial={serial}&"
        number = int.from_bytes(self._random.take(_NUMBER_BYTES)) % (cost + 1)
        digest = _digest(salt, number)
        return Challenge(ALGORITHM, digest, cost, salt, self._signature(digest))

    def use(self, solution: Solution, *, event_id: EventId, cost_min: int, now: Instant) -> ProofFlaw | None:
        """None if it is right, and then never again."""
        salt = _SALT.fullmatch(solution.salt)
        if salt is None or solution.algorithm != ALGORITHM:
            return ProofFlaw.WRONG
        expires, event, cost, serial = map(int, salt.groups())
        if event != event_id or not (0 <= solution.number <= cost and self._is_right(solution)):
            return ProofFlaw.WRONG
        if now >= expires * SECOND or cost < cost_min:
            return ProofFlaw.STALE
        return None if self._serials.use(serial) else ProofFlaw.REPLAYED

    def _is_right(self, solution: Solution) -> bool:
        digest = _digest(solution.salt, solution.number)
        signature = solution.signature
        signed = signature.isascii() and hmac.compare_digest(self._signature(digest), signature)
        return signed and digest == solution.challenge

    def _signature(self, digest: str) -> str:
        return hmac.digest(self._secret, digest.encode("ascii"), "sha256").hex()


def solution_from(challenge: Challenge | None, solution: int | str | None) -> Solution | None:
    """What a client sent: a challenge and its number, or both in one as ALTCHA's widget has it."""
    if isinstance(solution, str) and not _is_number(solution):
        return _payload(solution)
    if challenge is None or solution is None:
        return None
    return Solution(
        challenge.algorithm, challenge.challenge, int(solution), challenge.salt, challenge.signature
    )


def _payload(text: str) -> Solution | None:
    if len(text) > _PAYLOAD_LENGTH_MAX:
        return None
    try:
        return _decode(base64.b64decode(text, validate=True))
    except (ValueError, msgspec.DecodeError):
        return None


_decode = msgspec.json.Decoder(Solution).decode


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX


def _digest(salt: str, number: int) -> str:
    return sha256(f"{salt}{number}".encode()).hexdigest()

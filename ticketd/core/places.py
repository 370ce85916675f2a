"""A place in the waiting room, and the signed token that is all there is of it."""

import re
from binascii import a2b_base64, b2a_base64
from hashlib import blake2b
from hmac import compare_digest
from struct import Struct
from typing import NamedTuple

from ticketd.core.ids import SECOND, EventId, Instant

SECRET_BYTES_MIN = 32

_SIGNATURE_BYTES = 16
_PLACE = Struct(">IIQ")
_TOKEN = re.compile("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""32 bytes in base64: the last letter has but 4 bits to carry, so that each place has exactly one text."""
_URL_SAFE, _STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


class Place(NamedTuple):
    """One guest's place at one event."""

    event_id: EventId
    number: int
    """Given out densely in order of arrival, from 0."""
    joined_at: Instant
    """Whole seconds."""


class Tokens:
    """Seals places with a secret of 32 to 64 bytes; whoever has a token can read its place."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES_MIN:
            raise ValueError(f"a secret has at least {SECRET_BYTES_MIN} bytes")
        self._keyed = blake2b(key=secret, digest_size=_SIGNATURE_BYTES, person=b"ticketd place")

    def seal(self, place: Place) -> str:
        """The token of this place: 43 letters of base64url."""
        readable = _PLACE.pack(place.event_id, place.number, place.joined_at // SECOND)
        token = b2a_base64(readable + self._signature(readable), newline=False)
        return token.rstrip(b"=").translate(_URL_SAFE).decode("ascii")

    def open(self, text: str) -> Place | None:
        """The place that this token was sealed for; None if it wasn't sealed here."""
        if _TOKEN.fullmatch(text) is None:
            return None
        token = a2b_base64(text.encode("ascii").translate(_STANDARD) + b"=")
        readable = token[: _PLACE.size]
        if not compare_digest(self._signature(readable), token[_PLACE.size :]):
            return None
        event_id, number, joined_at_seconds = _PLACE.unpack(readable)
        return Place(event_id, number, Instant(joined_at_seconds * SECOND))

    def _signature(self, readable: bytes) -> bytes:
        signing = self._keyed.copy()
        signing.update(readable)
        return signing.digest()

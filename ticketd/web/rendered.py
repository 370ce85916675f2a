"""Bodies that many ask for and that are rendered once.

A body is known again by its ETag, and compressed once that is wanted and worth it. Shared caches may answer
with it for a second; a guest's own browser asks each time, for 304 costs next to nothing.
"""

import gzip
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Final, Protocol

from aiohttp import hdrs
from aiohttp.web_request import BaseRequest

from ticketd.web.answers import Answer, Head, Unchanged, head
from ticketd.web.parsing import Headers

COMPRESSED_FROM_BYTES: Final = 1000
"""What fits into one packet anyway isn't compressed."""

_PIECE_BYTES: Final = 64 * 1024
_LEVEL: Final = 6
"""9 takes five times as long for a twentieth less."""
_TAG_BYTES: Final = 12
_GZIP_BITS: Final = zlib.MAX_WBITS | 16
PUBLIC: Final = "public, max-age=0, s-maxage=1, must-revalidate"
_JSON: Final[Mapping[str, str]] = {
    hdrs.CONTENT_TYPE: "application/json",
    hdrs.CACHE_CONTROL: PUBLIC,
    hdrs.VARY: hdrs.ACCEPT_ENCODING,
}


class Rendered(Protocol):
    """Something public, the same for all who ask."""

    def answer(self, headers: Headers) -> Answer:
        """It in an encoding that an asker with these headers understands, or 304 if they have it."""


class Text:
    """A body that is kept plain, and compressed as well once anybody wants that."""

    def __init__(self, body: bytes, headers: Mapping[str, str] = _JSON) -> None:
        self.body = body
        self.tag = tag_of(body)
        """Another one for another body."""
        self._headers = headers
        self._plain = _Encoding(self.tag, headers=headers)

    def answer(self, headers: Headers) -> Answer:
        """See `Rendered.answer`."""
        if _wants_gzip(headers) and (compressed := self._compressed) is not None:
            encoding, body = compressed
        else:
            encoding, body = self._plain, self.body
        return encoding.unchanged() if encoding.is_known_to(headers) else Answer(encoding.head, body)

    @cached_property
    def _compressed(self) -> "tuple[_Encoding, bytes] | None":
        if len(self.body) < COMPRESSED_FROM_BYTES:
            return None
        encoding = _Encoding(self.tag, "gzip", headers=self._headers)
        return encoding, gzip.compress(self.body, _LEVEL, mtime=0)


class CompressedText:
    """JSON that is kept compressed only, because it is large."""

    def __init__(self, compressed: bytes, *, tag: str, length: int) -> None:
        """`tag` and `length` are the plain body's."""
        self.compressed = compressed
        self._length = length
        self._gzip, self._plain = _Encoding(tag, "gzip"), _Encoding(tag)

    def answer(self, headers: Headers) -> Answer:
        """See `Rendered.answer`."""
        encoding = self._gzip if _wants_gzip(headers) else self._plain
        if encoding.is_known_to(headers):
            return encoding.unchanged()
        if encoding is self._gzip:
            return Answer(encoding.head, self.compressed)
        return _Unpacked(encoding.head, self.compressed, self._length)


class _Encoding:
    """What stands over a body in one encoding, and over its absence."""

    def __init__(self, tag: str, encoding: str | None = None, *, headers: Mapping[str, str] = _JSON) -> None:
        """`tag` is the plain body's."""
        self._quoted = f'"{tag}"' if encoding is None else f'"{tag}.{encoding}"'
        self._headers: Mapping[str, str] = {**headers, hdrs.ETAG: self._quoted}
        encoded: Mapping[str, str] = {} if encoding is None else {hdrs.CONTENT_ENCODING: encoding}
        self.head: Head = head(200, {**self._headers, **encoded})

    def is_known_to(self, headers: Headers) -> bool:
        """Whether the asker has this very body already."""
        known = headers.get(hdrs.IF_NONE_MATCH)
        return known is not None and (self._quoted in known or known == "*")

    def unchanged(self) -> Answer:
        """The 304 for who has this very body already."""
        return Unchanged(self._unchanged_head)

    @cached_property
    def _unchanged_head(self) -> Head:
        return head(304, self._headers)


class _Unpacked(Answer):
    """A plain body, unpacked while it leaves: slow readers don't keep it in memory."""

    def __init__(self, head: Head, compressed: bytes, length: int) -> None:
        super().__init__(head, compressed)
        self._length = length

    @property
    def length(self) -> int:
        """How long the plain body is, in bytes."""
        return self._length

    async def send(self, request: BaseRequest, head: bytes) -> None:
        """See `Answer.send`."""
        await request.writer.write(head)
        unpacker, rest = zlib.decompressobj(_GZIP_BITS), self.body
        while not unpacker.eof:
            await request.writer.write(unpacker.decompress(rest, _PIECE_BYTES))
            rest = unpacker.unconsumed_tail


def tag_of(*parts: bytes | bytearray) -> str:
    """What stands for a body's content."""
    digest = blake2b(digest_size=_TAG_BYTES)
    for part in parts:
        digest.update(part)
    return urlsafe_b64encode(digest.digest()).decode("ascii")


def _wants_gzip(headers: Headers) -> bool:
    accepted = headers.get(hdrs.ACCEPT_ENCODING)
    return accepted is not None and accepts_gzip(accepted)


@lru_cache(maxsize=256)
def accepts_gzip(accepted: str) -> bool:
    """Whether a client that sends this Accept-Encoding can unpack gzip."""
    weights: dict[str, str] = {}
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "") or "q=1"
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight.removeprefix("q=").strip("0.") != ""

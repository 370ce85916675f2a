"""Where a request ends, told from its first bytes alone: enough to refuse it without reading it."""

import re
from typing import Final

END_OF_HEAD: Final = b"\r\n\r\n"

_FRAMING: Final = re.compile(
    rb"\r\n(?:content-length:[ \t]*([0-9]{1,8})[ \t]*(?=\r|\Z)"
    rb"|content-length|transfer-encoding|expect|upgrade)",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(rb"\r\nconnection:[^\r]*\bclose\b", re.IGNORECASE)


def bytes_missing(received: bytes) -> int | None:
    """How much of a request is still to come, below 0 if more than one request is there.

    None if that isn't plain: the head is incomplete, or tells of several lengths, or of another way to find
    the end. Such a request is the parser's.
    """
    end = received.find(END_OF_HEAD)
    if end < 0 or not _is_clean(received, end):
        return None
    lengths = _FRAMING.findall(received, 0, end)
    if len(lengths) > 1 or lengths == [b""]:
        return None
    length = int(lengths[0]) if lengths else 0
    return end + len(END_OF_HEAD) + length - len(received)


def asks_to_close(received: bytes) -> bool:
    """Whether the client wants the connection to end with the answer."""
    return _CLOSING.search(received) is not None


def _is_clean(received: bytes, end: int) -> bool:
    """Whether each line ends as it should: a parser refuses all else, or reads it in a way of its own."""
    lines = received.count(b"\r\n", 0, end)
    return (
        received.count(b"\n", 0, end) == lines
        and received.count(b"\r", 0, end) == lines
        and received.find(b"\0", 0, end) < 0
        and received.find(b"\r\n ", 0, end) < 0
        and received.find(b"\r\n\t", 0, end) < 0
    )

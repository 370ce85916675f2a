"""Where a request ends, told from its first bytes alone: enough to refuse it without reading it."""

import re
from typing import Final

END_OF_HEAD: Final = b"\r\n\r\n"

_FRAMING: Final = re.compile(
    rb"\r\n(?:content-length:[ \t]*([0-9]{1,8})[ \t]*(?=\r|\Z)"
    rb"|content-length|transfer-encoding|expect|upgrade)",
    re.IGNORECASE,
)
_UNCLEAN: Final = re.compile(rb"\0|(?<!\r)\n|\r(?!\n)|\r\n[ \t]")
"""What a parser refuses, or reads in another way than the next one: no line end is read out of it here."""

_CLOSING: Final = re.compile(rb"\r\nconnection:[^\r]*\bclose\b", re.IGNORECASE)


def bytes_missing(received: bytes) -> int | None:
    """How much of a request is still to come, below 0 if more than one request is there.

    None if that isn't plain: the head is incomplete, or tells of several lengths, or of another way to find
    the end. Such a request is the parser's.
    """
    end = received.find(END_OF_HEAD)
    if end < 0 or _UNCLEAN.search(received, 0, end):
        return None
    lengths = _FRAMING.findall(received, 0, end)
    if len(lengths) > 1 or lengths == [b""]:
        return None
    length = int(lengths[0]) if lengths else 0
    return end + len(END_OF_HEAD) + length - len(received)


def asks_to_close(received: bytes) -> bool:
    """Whether the client wants the connection to end with the answer."""
    return _CLOSING.search(received) is not None

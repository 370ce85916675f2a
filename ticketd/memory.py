"""The memory of this process."""

import ctypes
from collections.abc import Callable


def _find_trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library than glibc, which keeps what it was given
        return None
    return trim


_trim = _find_trim()


def give_back() -> None:
    """Let the system have what is free; takes some milliseconds."""
    if _trim is not None:
        _trim(0)

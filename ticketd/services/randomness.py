"""Bytes that nobody can guess."""

import os

_FETCHED_BYTES = 4096


class RandomBytes:
    """The operating system's randomness, fetched in blocks: a system call each would cost a reservation
    microseconds. Every byte is given out once. Not to be shared with a forked process."""

    def __init__(self) -> None:
        self._block = b""
        self._next = 0

    def take(self, count: int) -> bytes:
        """So many bytes that were never given out before."""
        start = self._next
        self._next = end = start + count
        if end > len(self._block):
            self._block = os.urandom(_FETCHED_BYTES)
            start, self._next = 0, count
            end = count
        return self._block[start:end]

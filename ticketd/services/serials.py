"""Numbers of which each works once, for a time."""

from collections import deque

from ticketd.core.ids import SECOND, Instant

PAGE_NUMBERS = 65_536
PAGES_MAX = 1024
"""8 MB, for 67 million numbers."""


class Serials:
    """Hands out numbers in order and keeps one bit for each, until its time is over.

    Should more be handed out in that time than there are pages for, the oldest numbers end early: they count
    as used.
    """

    def __init__(self, *, lifetime_seconds: int, pages_max: int = PAGES_MAX) -> None:
        self._lifetime = lifetime_seconds * SECOND
        self._pages_max = pages_max
        self._next = 0
        self._first_page = 0
        self._pages: deque[bytearray] = deque()
        """A set bit: used."""
        self._full_at: deque[Instant] = deque()
        """When the last number of each page was handed out, but for the page in use."""

    def __len__(self) -> int:
        """How many numbers are kept track of."""
        return len(self._pages) * PAGE_NUMBERS

    def issue(self, now: Instant) -> int:
        """A number that was never handed out before."""
        serial = self._next
        if serial % PAGE_NUMBERS == 0:
            self._turn_page(now)
        self._next = serial + 1
        return serial

    def use(self, serial: int) -> bool:
        """Whether this is the number's first use, and in time."""
        page, offset = divmod(serial, PAGE_NUMBERS)
        if not self._first_page * PAGE_NUMBERS <= serial < self._next:
            return False
        bits, bit = self._pages[page - self._first_page], 1 << (offset & 7)
        if bits[offset >> 3] & bit:
            return False
        bits[offset >> 3] |= bit
        return True

    def _turn_page(self, now: Instant) -> None:
        if self._pages:
            self._full_at.append(now)
        while self._full_at and (
            now - self._full_at[0] > self._lifetime or len(self._pages) >= self._pages_max
        ):
            self._full_at.popleft()
            self._pages.popleft()
            self._first_page += 1
        self._pages.append(bytearray(PAGE_NUMBERS // 8))

"""What readers see of a hall's seats: their statuses as of a durable fact, and what changed lately."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from ticketd.core.hall import Hall
from ticketd.core.seat_status import SEAT_STATUSES, SeatStatus

RECENT_CHANGES_MAX: Final = 50_000
"""Who asks for changes before these sees all seats."""

_VERSION_SHIFT: Final = 32
_INDEX_MASK: Final = (1 << _VERSION_SHIFT) - 1


class SeatView:
    """The seats as of fact `version`."""

    def __init__(self, hall: Hall, statuses: bytes, version: int) -> None:
        self.hall = hall
        self.statuses = bytearray(statuses)
        """One byte a seat; see `seat_status`."""
        self.version = version
        self._recent: deque[int] = deque()
        """Version and index in one number, ascending."""
        self._complete_since = version

    def follow(self, version: int, changes: Iterable[tuple[int, int]]) -> None:
        """Take in the seats, as index and status, that have changed up to this fact."""
        for index, status in changes:
            self.statuses[index] = status
            self._recent.append(version << _VERSION_SHIFT | index)
        self.version = version
        while len(self._recent) > RECENT_CHANGES_MAX:
            self._complete_since = self._recent.popleft() >> _VERSION_SHIFT

    def status(self, index: int) -> SeatStatus:
        """A seat's status in words."""
        return SEAT_STATUSES[self.statuses[index]]

    def changed_since(self, version: int, *, at_most: int = RECENT_CHANGES_MAX) -> list[int] | None:
        """The seats that changed after this fact, ascending; None if that isn't known (any more), or if
        there are more."""
        if not self._complete_since <= version <= self.version:
            return None
        indices: set[int] = set()
        for change in reversed(self._recent):
            if change >> _VERSION_SHIFT <= version:
                break
            indices.add(change & _INDEX_MASK)
            if len(indices) > at_most:
                return None
        return sorted(indices)

"""Which held lines run out next."""

import heapq
from collections.abc import Callable, Iterator

from ticketd.core.ids import END_OF_TIME, Instant, ReservationId

_STALE_MAX = 1024


class Deadlines:
    """A heap whose entries may be stale: the owner says which still count.

    Entries are never searched for and removed; they surface and are dropped, or a rebuild
    drops them all once they outnumber the live ones.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, ReservationId]] = []
        self.earliest: Instant = END_OF_TIME
        """When the first entry, stale or not, runs out."""

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, deadline: Instant, reservation_id: ReservationId) -> None:
        """Note that this line runs out at `deadline`."""
        heapq.heappush(self._heap, (deadline, reservation_id))
        if deadline < self.earliest:
            self.earliest = deadline

    def first(self) -> tuple[Instant, ReservationId] | None:
        """The earliest entry, stale or not."""
        return self._heap[0] if self._heap else None

    def drop_stale(self, counts: Callable[[ReservationId, Instant], bool]) -> None:
        """Forget the earliest entries, up to the first one that counts."""
        heap = self._heap
        while heap and not counts(heap[0][1], heap[0][0]):
            heapq.heappop(heap)
        self.earliest = heap[0][0] if heap else END_OF_TIME

    def crowded(self, live: int) -> bool:
        """Whether stale entries outnumber the `live` ones by enough to rebuild."""
        return len(self._heap) > 2 * live + _STALE_MAX

    def rebuild(self, entries: list[tuple[Instant, ReservationId]]) -> None:
        """Forget everything but these."""
        self._heap = entries
        heapq.heapify(entries)
        self.earliest = entries[0][0] if entries else END_OF_TIME

    def due(self, now: Instant) -> Iterator[tuple[Instant, ReservationId]]:
        """Every entry at or before `now`, parents before children, without touching the heap."""
        heap, visit = self._heap, [0]
        while visit:
            index = visit.pop()
            if index < len(heap) and heap[index][0] <= now:
                yield heap[index]
                visit += (2 * index + 2, 2 * index + 1)

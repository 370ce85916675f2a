"""Rankings: which part of a hall has the best to offer, kept while seats come and go.

Parts are runs, or rows with the one behind. What a part has to offer is looked up only when it comes to the
top, and again when it has changed.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Final

Rank = int
"""Cost and index of the first seat in one number: the smaller, the better."""

COST_SHIFT: Final = 32
INDEX_MASK: Final = (1 << COST_SHIFT) - 1

HEAP_ENTRIES_PER_PART_MAX: Final = 2
"""Outdated ones included; beyond that they are swept out."""


def part_of_each(firsts: Sequence[int], count: int) -> "array[int]":
    """For each of so many seats, the number of its part; the parts begin at these seats."""
    parts = array("I")
    for part, (first, end) in enumerate(pairwise((*firsts, count))):
        parts.extend(array("I", (part,)) * (end - first))
    return parts


class Ranking:
    """Knows the part with the best rank.

    Invariant: each part has its rank in the heap, or, until it is looked at, a rank that it can't be better
    than. What else is in the heap is outdated.
    """

    def __init__(
        self,
        parts: "array[int]",
        floors: Sequence[Rank | None],
        look: Callable[[int], Rank | None],
    ) -> None:
        """Each seat belongs to one of these parts; floors are ranks that none of theirs are better than."""
        self._parts = parts
        self._ranks = list(floors)
        self._look = look
        self._looked_at = bytearray(len(floors))
        self._outdated: set[int] = set()
        self._heap: list[Rank] = self._in_force()

    def changed(self, parts: Iterable[int]) -> None:
        """Seats of these parts aren't what they were."""
        self._outdated.update(parts)

    def best(self) -> Rank | None:
        """The best rank; None if no part has any."""
        self._update()
        while self._heap:
            rank = self._heap[0]
            part = self.part_of(rank)
            if self._ranks[part] != rank:
                heappop(self._heap)
            elif self._looked_at[part]:
                return rank
            else:
                self._look_at(part)
        return None

    def ascending(self) -> Iterator[Rank]:
        """The rank of each part that has one, the best first."""
        self._update()
        heap = self._in_force()
        while heap:
            rank = heappop(heap)
            part = self.part_of(rank)
            if self._looked_at[part]:
                yield rank
                continue
            self._look_at(part)
            known = self._ranks[part]
            if known is not None:
                heappush(heap, known)

    def part_of(self, rank: Rank) -> int:
        """The number of the part that a rank's first seat is in."""
        return self._parts[rank & INDEX_MASK]

    def _update(self) -> None:
        for part in self._outdated:
            if self._looked_at[part]:
                self._look_at(part)
        self._outdated.clear()

    def _look_at(self, part: int) -> None:
        self._looked_at[part] = True
        rank = self._look(part)
        if rank == self._ranks[part]:
            return
        self._ranks[part] = rank
        if rank is not None:
            heappush(self._heap, rank)
            if len(self._heap) > HEAP_ENTRIES_PER_PART_MAX * len(self._ranks):
                self._heap = self._in_force()

    def _in_force(self) -> list[Rank]:
        heap = [rank for rank in self._ranks if rank is not None]
        heapify(heap)
        return heap

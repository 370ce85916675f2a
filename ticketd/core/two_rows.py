"""Two blocks in neighbouring rows: for those who may be parted, but not far."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from ticketd.core.blocks import Blocks
from ticketd.core.hall import Hall
from ticketd.core.ranking import COST_SHIFT, INDEX_MASK, Rank, part_of_each

Indices = tuple[int, ...]


def block_seats(rank: Rank, size: int) -> Indices:
    """The seats of the block that has this rank."""
    first = rank & INDEX_MASK
    return tuple(range(first, first + size))


class TwoRows:
    """The best two blocks in each row and the one behind it.

    Together they cost what each costs, times its seats; a tie goes by the order of the map, seat by seat.
    """

    def __init__(self, hall: Hall, blocks: Blocks) -> None:
        self._row_firsts = array("I", (row.first for row in hall.rows))
        self._seats = len(hall)
        self._blocks = blocks
        ends = [bisect_left(hall.run_firsts, first) for first in (*self._row_firsts, len(hall))]
        self._runs_of = [range(first, end) for first, end in pairwise(ends)]
        sections = [row.section for row in hall.rows]
        self._same_section = [one == other for one, other in pairwise(sections)]

    @cached_property
    def row_of(self) -> "array[int]":
        """For each seat, the number of its row."""
        return part_of_each(self._row_firsts, self._seats)

    def floors(self, count: int) -> list[Rank | None]:
        """For each row, a rank that no blocks in it and the row behind are better than; None at the back."""
        nearest = [min(self._blocks.runs[run].nearest for run in runs) for runs in self._runs_of]
        floors: list[Rank | None] = [None] * len(self._runs_of)
        for row, is_followed in enumerate(self._same_section):
            if is_followed:
                near, far = sorted(nearest[row : row + 2])
                floors[row] = near * (count - 1) + far << COST_SHIFT | self._row_firsts[row]
        return floors

    def best(self, count: int, row: int) -> Rank | None:
        """The rank of the best two blocks in this row and the one behind; None without any."""
        best = min(self._shared(count, row), default=None)
        return None if best is None else best[0] << COST_SHIFT | best[1][0]

    def seats(self, count: int, row: int) -> Indices:
        """The seats of the best two blocks; ValueError without any."""
        return min(self._shared(count, row))[1]

    def _shared(self, count: int, row: int) -> Iterator[tuple[int, Indices]]:
        """For each way to share so many seats between the rows, the best blocks' cost and seats."""
        longest_before, longest_behind = self._longest(row), self._longest(row + 1)
        for size in range(max(1, count - longest_behind), min(longest_before, count - 1) + 1):
            one, other = self._best_of(size, row), self._best_of(count - size, row + 1)
            cost = size * (one >> COST_SHIFT) + (count - size) * (other >> COST_SHIFT)
            yield cost, block_seats(one, size) + block_seats(other, count - size)

    def _longest(self, row: int) -> int:
        return max(self._blocks.longest(run) for run in self._runs_of[row])

    def _best_of(self, size: int, row: int) -> Rank:
        return min(best for run in self._runs_of[row] if (best := self._blocks.best(size, run)) is not None)

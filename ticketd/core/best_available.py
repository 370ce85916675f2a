"""Best available: of all that is free in a hall, exactly the best.

1. As many seats side by side as are wanted: the block that costs least (see `blocks`).
2. If the whole hall has none, and only if the guest allows it, two blocks in neighbouring rows of a section
   (rows that the hall doesn't have aside): the two that cost least, each as many times as it has seats.
3. If there are none either, the single seats that are nearest to their section's focal point, accessible and
   companion ones last.

What costs the same goes by the order of the map, seat by seat.
"""

from collections.abc import Sequence
from enum import Enum, auto
from functools import partial
from typing import Final

from ticketd.core.blocks import Blocks
from ticketd.core.hall import Hall
from ticketd.core.ranking import INDEX_MASK, Rank, Ranking, part_of_each
from ticketd.core.two_rows import Indices, TwoRows, block_seats

RANKINGS_MAX: Final = 24
"""Of all stages and sizes; the one that was asked for longest ago goes first.

Room for all sizes up to ten, together or not: where guests ask for every size in turn, in a stadium that is
nearly sold out, making one anew is a look at every row.
"""


class Stage(Enum):
    """How strictly seats are together."""

    SIDE_BY_SIDE = auto()
    IN_TWO_ROWS = auto()
    ANYWHERE = auto()


class BestAvailable:
    """Finds the best free seats; must hear of every seat that changed before it is asked again."""

    def __init__(self, hall: Hall, statuses: bytearray) -> None:
        self._run_of = part_of_each(hall.run_firsts, len(hall))
        self._blocks = Blocks(hall, statuses)
        self._two_rows = TwoRows(hall, self._blocks)
        self._longest_run = max((run.count for run in self._blocks.runs), default=0)
        self._longest_row = max((row.count for row in hall.rows), default=0)
        self._rankings: dict[tuple[Stage, int], Ranking] = {}

    def changed(self, indices: Sequence[int]) -> None:
        """Look at these seats anew before the next answer: they aren't what they were."""
        run_of = self._run_of
        runs = {run_of[seat] for seat in indices}
        rows: set[int] = set()
        for (stage, _), ranking in self._rankings.items():
            if stage is not Stage.IN_TWO_ROWS:
                ranking.changed(runs)
                continue
            if not rows:
                behind = {self._two_rows.row_of[seat] for seat in indices}
                rows = behind | {row - 1 for row in behind if row}
            ranking.changed(rows)

    def side_by_side(self, count: int) -> Indices | None:
        """The best block of so many seats; None if there is none."""
        if count > self._longest_run:
            return None
        rank = self._ranking(Stage.SIDE_BY_SIDE, count).best()
        return None if rank is None else block_seats(rank, count)

    def in_two_rows(self, count: int) -> Indices | None:
        """The best two blocks in neighbouring rows, so many seats in all; None if there are none."""
        if count > 2 * self._longest_row:
            return None
        ranking = self._ranking(Stage.IN_TWO_ROWS, count)
        rank = ranking.best()
        return None if rank is None else self._two_rows.seats(count, ranking.part_of(rank))

    def anywhere(self, count: int) -> Indices:
        """The nearest free seats; all that are free if there are fewer."""
        ranking = self._ranking(Stage.ANYWHERE, 1)
        nearest: list[Rank] = []
        for best_of_run in ranking.ascending():
            if len(nearest) == count and best_of_run > nearest[-1]:
                break
            nearest.extend(self._blocks.singles(ranking.part_of(best_of_run)))
            nearest.sort()
            del nearest[count:]
        return tuple(sorted(rank & INDEX_MASK for rank in nearest))

    def _ranking(self, stage: Stage, size: int) -> Ranking:
        ranking = self._rankings.pop((stage, size), None) or self._made(stage, size)
        self._rankings[stage, size] = ranking  # behind all others
        if len(self._rankings) > RANKINGS_MAX:
            del self._rankings[next(iter(self._rankings))]
        return ranking

    def _made(self, stage: Stage, size: int) -> Ranking:
        blocks, two_rows = self._blocks, self._two_rows
        match stage:
            case Stage.SIDE_BY_SIDE:
                return Ranking(self._run_of, blocks.floors(size), partial(blocks.best, size))
            case Stage.IN_TWO_ROWS:
                return Ranking(two_rows.row_of, two_rows.floors(size), partial(two_rows.best, size))
            case Stage.ANYWHERE:
                return Ranking(self._run_of, blocks.floors(1), self._nearest_single)

    def _nearest_single(self, run: int) -> Rank | None:
        return min(self._blocks.singles(run), default=None)

"""Blocks: some seats side by side, and which of a run's is best.

What a block costs, in thousandths of a seat:

- the distance from its middle (the mean of its seats) to its section's focal point, rounded down, and
- STRANDED_COST for each seat that it strands: a free one right beside the block that has no free neighbour on
  its other side. So a block that strands none is taken in place of one that is nearer by less than that, and
- SPARED_COST for each accessible or companion seat: nobody who didn't name them gets them, unless there is
  no other block of that size.

Of blocks that cost the same, the first in the order of the map is best.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import isqrt
from typing import Final

import msgspec

from ticketd.core.hall import ACCESSIBLE, COMPANION, Hall, Point
from ticketd.core.ranking import COST_SHIFT, Rank
from ticketd.core.seat_status import FREE

STRANDED_COST: Final = 2000
"""Two seats' width for each stranded seat."""

SPARED_COST: Final = 1_000_000_000
"""A million seats' width: more than any way through a house."""

ORDERS_PER_RUN_MAX: Final = 8
"""For how many sizes the order of blocks is remembered, on average; then all are forgotten."""

_FREE_TO_DIGIT: Final = bytes(b"01"[status == FREE] for status in range(256))
_ONE: Final = ord("1")


class Run(msgspec.Struct, frozen=True, gc=False):
    """Seats of a row with no aisle between them: `count` of them from index `first` on."""

    first: int
    count: int
    focus: Point
    nearest: int
    """No block of it is nearer to the focal point."""


class Blocks:
    """The best block of each run, by its size; statuses are looked up as they are when asked."""

    def __init__(self, hall: Hall, statuses: bytearray) -> None:
        self.runs = tuple(_runs(hall))
        self._spared = dict(_spared(hall, self.runs))
        self._x_sums = array("q", accumulate(hall.xs, initial=0))
        self._y_sums = array("q", accumulate(hall.ys, initial=0))
        """Of all seats before this one: the middle of a block costs the same however large it is."""
        self._statuses = statuses
        self._orders: dict[tuple[int, int], Sequence[int]] = {}

    def floors(self, size: int) -> list[Rank | None]:
        """For each run, a rank that no block of it is better than; None if it has none."""
        return [run.nearest << COST_SHIFT | run.first if run.count >= size else None for run in self.runs]

    def best(self, size: int, number: int) -> Rank | None:
        """The best block of this run; None if it hasn't so many free seats side by side."""
        run = self.runs[number]
        free = int(self._digits(run)[::-1], 2)  # the first seat is the lowest bit
        starts = _openings(free, size)
        if not starts:
            return None
        # bit n is set where a block that starts at seat n strands the seat before it, or the one behind it
        before, behind = free << 1 & ~(free << 2), free >> size & ~(free >> size + 1)
        spared = self._spared.get(number, 0)
        best: Rank | None = None
        for start in self._order(number, size):
            if not starts >> start & 1:
                continue
            first = run.first + start
            rank = self._distance(run.focus, first, size) << COST_SHIFT | first
            if best is not None and rank > best:
                break  # and so are all that are further away
            extra = STRANDED_COST * ((before >> start & 1) + (behind >> start & 1))
            if spared:
                extra += SPARED_COST * (spared >> start & (1 << size) - 1).bit_count()
            rank += extra << COST_SHIFT
            if best is None or rank < best:
                best = rank
            if not extra:
                break
        return best

    def longest(self, number: int) -> int:
        """How many seats the longest block of this run has."""
        return max(map(len, self._digits(self.runs[number]).split(b"0")))

    def singles(self, number: int) -> list[Rank]:
        """Each free seat of this run by its distance, those that are spared last."""
        run, spared = self.runs[number], self._spared.get(number, 0)
        ranks: list[Rank] = []
        for place, digit in enumerate(self._digits(run)):
            if digit == _ONE:
                seat = run.first + place
                cost = self._distance(run.focus, seat, 1) + SPARED_COST * (spared >> place & 1)
                ranks.append(cost << COST_SHIFT | seat)
        return ranks

    def _digits(self, run: Run) -> bytearray:
        """A 1 for each free seat, a 0 for the others."""
        return self._statuses[run.first : run.first + run.count].translate(_FREE_TO_DIGIT)

    def _distance(self, focus: Point, first: int, size: int) -> int:
        """From the middle of these seats to the focal point, rounded down."""
        end = first + size
        dx = self._x_sums[end] - self._x_sums[first] - size * focus[0]
        dy = self._y_sums[end] - self._y_sums[first] - size * focus[1]
        return isqrt(dx * dx + dy * dy) // size

    def _order(self, number: int, size: int) -> Sequence[int]:
        """Where blocks of this size can start in this run, the nearest to the focal point first."""
        order = self._orders.get((number, size))
        if order is None:
            if len(self._orders) >= ORDERS_PER_RUN_MAX * len(self.runs):
                self._orders.clear()
            order = self._orders[number, size] = self._in_order(self.runs[number], size)
        return order

    def _in_order(self, run: Run, size: int) -> Sequence[int]:
        last = run.count - size
        order = sorted(range(last + 1), key=lambda start: self._distance(run.focus, run.first + start, size))
        return bytes(order) if last < 256 else array("I", order)


def _spared(hall: Hall, runs: Sequence[Run]) -> Iterator[tuple[int, int]]:
    """The runs with accessible or companion seats, and a bit for each of these."""
    for number, run in enumerate(runs):
        traits = hall.traits[run.first : run.first + run.count]
        spared = sum(1 << place for place, trait in enumerate(traits) if trait & (ACCESSIBLE | COMPANION))
        if spared:
            yield number, spared


def _openings(free: int, size: int) -> int:
    """The bits at which `size` set ones begin."""
    width = 1
    while width < size and free:
        step = min(width, size - width)
        free &= free >> step
        width += step
    return free


def _runs(hall: Hall) -> Iterator[Run]:
    for first, end in pairwise((*hall.run_firsts, len(hall))):
        focus = hall.row_of(first).focus
        yield Run(first, end - first, focus, _nearest(hall.xs[first:end], hall.ys[first:end], focus))


def _nearest(xs: Sequence[int], ys: Sequence[int], focus: Point) -> int:
    """From the focal point to the box around these seats that lies along their run, rounded down.

    The middle of each block is in the box.
    """
    along_x, along_y = xs[-1] - xs[0], ys[-1] - ys[0]
    if not (along_x or along_y):
        along_x = 1
    scaled = along_x**2 + along_y**2
    away = [(x - focus[0], y - focus[1]) for x, y in zip(xs, ys, strict=True)]
    along = _outside([x * along_x + y * along_y for x, y in away])
    across = _outside([y * along_x - x * along_y for x, y in away])
    return isqrt((along**2 + across**2) // scaled)


def _outside(values: Sequence[int]) -> int:
    """How far zero is from the range of these values."""
    return max(min(values), -max(values), 0)

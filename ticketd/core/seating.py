"""Seating: who has which seat of a hall; a part of one inventory's state."""

from collections.abc import Iterable, Sequence

from ticketd.core.best_available import BestAvailable
from ticketd.core.hall import BLOCKED as BLOCKED_TRAIT
from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId
from ticketd.core.moves import Move
from ticketd.core.seat_status import BLOCKED, FREE, HELD, SOLD

_SOLD_TO_DIGIT = bytes(b"01"[status == SOLD] for status in range(256))


class SeatConflict(Exception):
    """A fact moves a seat from where it isn't; the seating is of no use any more."""


class Seating:
    """Each seat is free, held, sold or blocked, and changes hands all or nothing as its owner says.

    Invariant: free + held + sold + blocked = all.
    """

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.free = hall.sellable
        """How many seats are free."""
        self._statuses = bytearray(BLOCKED if trait & BLOCKED_TRAIT else FREE for trait in hall.traits)
        self._changed: list[int] = []
        self._best: BestAvailable | None = None
        self._told = 0
        """How many of `_changed` `_best` was told."""

    @property
    def statuses(self) -> bytes:
        """Each seat's status as of now, one byte a seat."""
        return bytes(self._statuses)

    def unknown(self, seat_ids: Iterable[SeatId]) -> tuple[SeatId, ...]:
        """Which of these seats aren't in this hall."""
        find = self.hall.find
        return tuple([seat_id for seat_id in seat_ids if find(seat_id) is None])

    def taken(self, seat_ids: Iterable[SeatId]) -> tuple[SeatId, ...]:
        """Which of these seats aren't free; UnknownSeat if one isn't in this hall."""
        statuses, index = self._statuses, self.hall.index
        for seat_id in seat_ids:
            if statuses[index(seat_id)] != FREE:
                break
        else:  # as nearly always
            return ()
        return tuple([seat_id for seat_id in seat_ids if statuses[index(seat_id)] != FREE])

    def best(self, count: int, *, together: bool) -> tuple[SeatId, ...] | None:
        """The best free seats, in the order of the map; None if there aren't so many, or not `together`."""
        if not 0 < count <= self.free:
            return None
        available = self._best_available()
        found = available.side_by_side(count)
        if found is None and not together:
            found = available.in_two_rows(count) or available.anywhere(count)
        return None if found is None else tuple(map(self.hall.seat_id, found))

    def hold(self, seat_ids: Sequence[SeatId]) -> None:
        """Take in that these free seats are held now."""
        self._move(seat_ids, FREE, HELD)
        self.free -= len(seat_ids)

    def release(self, seat_ids: Sequence[SeatId]) -> None:
        """Take in that these held seats are free again."""
        self._move(seat_ids, HELD, FREE)
        self.free += len(seat_ids)

    def sell(self, seat_ids: Sequence[SeatId]) -> None:
        """Take in that these held seats are sold."""
        self._move(seat_ids, HELD, SOLD)

    def follow(self, seat_ids: Sequence[SeatId], move: Move) -> None:
        """Take in a step of a line that has these seats."""
        match move:
            case Move.HOLD:
                self.hold(seat_ids)
            case Move.SELL:
                self.sell(seat_ids)
            case Move.GIVE_BACK:
                self.release(seat_ids)
            case Move.PAY | Move.FAIL:
                pass

    def take_changes(self) -> list[tuple[int, int]]:
        """Index and status of the seats that changed since the last call, some of them more than once."""
        self._tell_best()
        changed, self._changed, self._told = self._changed, [], 0
        statuses = self._statuses
        return [(index, statuses[index]) for index in changed]

    def sold_bytes(self) -> bytes:
        """The sold seats as a bitmap, the first seat the lowest bit."""
        digits = self._statuses[::-1].translate(_SOLD_TO_DIGIT)
        return int(b"0" + digits, 2).to_bytes((len(digits) + 7) // 8, "little")

    def restore(self, sold: bytes) -> None:
        """Of a seating in which nothing happened yet, sell the seats of this bitmap, as if ever since."""
        digits = f"{int.from_bytes(sold, 'little'):b}"[::-1]
        index = digits.find("1")
        while index >= 0:
            if self._statuses[index] != FREE:
                raise SeatConflict(self.hall.seat_id(index))
            self._statuses[index] = SOLD
            self.free -= 1
            index = digits.find("1", index + 1)

    def _move(self, seat_ids: Iterable[SeatId], status: int, to: int) -> None:
        statuses, changed, index_of = self._statuses, self._changed, self.hall.index
        for seat_id in seat_ids:
            index = index_of(seat_id)
            if statuses[index] != status:
                raise SeatConflict(seat_id)
            statuses[index] = to
            changed.append(index)

    def _best_available(self) -> BestAvailable:
        if self._best is None:
            self._best = BestAvailable(self.hall, self._statuses)
            self._told = len(self._changed)
        self._tell_best()
        return self._best

    def _tell_best(self) -> None:
        if self._best is not None and self._told < len(self._changed):
            self._best.changed(self._changed[self._told :])
            self._told = len(self._changed)

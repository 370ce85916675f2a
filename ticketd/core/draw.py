"""The draw: in which order those stand in line who came before the opening."""

from hashlib import blake2b, sha256
from itertools import chain, islice
from math import isqrt
from struct import Struct

from ticketd.core.ids import EventId

SEED_BYTES = 32
SMALL_COUNT_MAX = 1000
ROUNDS, ROUNDS_OF_SMALL = 16, 64
"""Even. Two rounds divide what is left of the old order by a side of the grid: short sides need more."""

_BLOCK = Struct(">IIII")
_WORDS = Struct(">8Q")
_WORDS_PER_BLOCK = 8


def commitment(seed: bytes) -> str:
    """What is published before the opening, so that the seed can't be another one afterwards."""
    return sha256(seed).hexdigest()


def rounds_of(count: int) -> int:
    """How many rounds a draw among so many takes."""
    return ROUNDS_OF_SMALL if count <= SMALL_COUNT_MAX else ROUNDS


class Draw:
    """A permutation of range(count) that seed, event and count determine, in O(√count) memory.

    The numbers lie in a grid, row by row. One round turns each column, the next each row, by its own step
    from the seed (a generalized Feistel network). Who ends beyond the count goes through it again.
    """

    def __init__(self, seed: bytes, event_id: EventId, count: int) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes")
        side = isqrt(max(count, 1) - 1) + 1
        self._count = count
        self._rows = side + side % 2  # even: with two odd sides every round would be an even permutation
        self._columns = -(-max(count, 1) // self._rows)
        self._turns = [
            (
                _steps(seed, event_id, count, number, amount=self._columns, below=self._rows),
                _steps(seed, event_id, count, number + 1, amount=self._rows, below=self._columns),
            )
            for number in range(0, rounds_of(count), 2)
        ]

    def place_of(self, number: int) -> int:
        """Where this number stands in line, 0 is the first; ValueError if it isn't in the draw."""
        count, rows, columns = self._count, self._rows, self._columns
        if not 0 <= number < count:
            raise ValueError("not in the draw")
        while True:
            row, column = divmod(number, columns)
            for down, right in self._turns:
                row = (row + down[column]) % rows
                column = (column + right[row]) % columns
            number = row * columns + column
            if number < count:
                return number


def _steps(
    seed: bytes, event_id: EventId, count: int, round_number: int, *, amount: int, below: int
) -> list[int]:
    """Steps below `below`, each as likely as any but for less than `below` / 2**64 of its probability."""
    blocks = (
        blake2b(_BLOCK.pack(event_id, count, round_number, block), key=seed).digest()
        for block in range(-(-amount // _WORDS_PER_BLOCK))
    )
    words = chain.from_iterable(map(_WORDS.unpack, blocks))
    return [word % below for word in islice(words, amount)]

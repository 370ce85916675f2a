"""The seats of a hall as JSON text.

All statuses that a seat can change between have four letters: the text of a whole hall is made once, and the
seats that were taken or given back are overwritten in their places. In each seat, what it has in common with
its neighbours comes first, then what it has in common with the seat in front of it, and the status between
them: that halves what goes over the wire.
"""

import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from ticketd.core.hall import ACCESSIBLE, COMPANION, STEPS, Hall, HallRow
from ticketd.core.seat_status import BLOCKED, SEAT_STATUSES
from ticketd.core.seat_views import SeatView
from ticketd.web.rendered import CompressedText, tag_of

_WORDS: Final = tuple(status.encode("ascii") for status in SEAT_STATUSES)
_LETTERS: Final = 4
_COORDINATE_DIGITS: Final = -1
"""To a hundredth: a seat is one unit wide."""
_GZIP: Final = 16
"""Added to the window's bits: zlib writes a gzip head."""
_WINDOW_BITS_MIN: Final = 9
_LEVEL: Final = 7
"""Finds what 6 misses, and takes little longer."""
_CLOSING: Final = b"]}"

_encode = msgspec.json.Encoder().encode


def changes_text(view: SeatView, indices: Iterable[int]) -> bytes:
    """Some of the seats, as they are now; the indices ascend."""
    seats = [
        b"".join((before, _WORDS[view.statuses[index]], after))
        for index, before, after in _seats(view.hall, indices)
    ]
    return _opening(view.version) + b",".join(seats) + _CLOSING


class HallText:
    """All seats of a hall as of some version."""

    def __init__(self, hall: Hall, statuses: bytes) -> None:
        text = bytearray()
        self._places = array("I")
        """Where each seat's status begins; nowhere if it never changes."""
        for index, before, after in _seats(hall, range(len(hall))):
            text += before
            self._places.append(len(text) if statuses[index] != BLOCKED else 0)
            text += _WORDS[statuses[index]]
            text += after
            text += b","
        del text[-1:]
        self._text = text
        longest_row = max(row.count for row in hall.rows) * len(text) // len(hall)
        self._window_bits = max(_WINDOW_BITS_MIN, min((4 * longest_row).bit_length(), zlib.MAX_WBITS))
        """So that the rows in front are in sight, and little more: what is far costs more bits."""

    def follow(self, changes: Iterable[tuple[int, int]]) -> None:
        """Take in the new status of these seats, each with its index."""
        for index, status in changes:
            if place := self._places[index]:
                self._text[place : place + _LETTERS] = _WORDS[status]

    def compressed(self, version: int) -> CompressedText:
        """The seats, which are as of this version; takes a while for a large hall."""
        opening = _opening(version)
        compressor = zlib.compressobj(_LEVEL, wbits=self._window_bits + _GZIP)
        pieces = [compressor.compress(part) for part in (opening, self._text, _CLOSING)]
        return CompressedText(
            b"".join((*pieces, compressor.flush())),
            tag=tag_of(opening, self._text),
            length=len(opening) + len(self._text) + len(_CLOSING),
        )


def _opening(version: int) -> bytes:
    return b'{"version":%d,"seats":[' % version


def _seats(hall: Hall, indices: Iterable[int]) -> Iterator[tuple[int, bytes, bytes]]:
    """The text of each seat before its status and after it."""
    row = None
    for index in indices:
        if row is None or index >= row.end:
            row = _RowText(hall, hall.row_of(index))
        yield index, row.before_status(index), row.after_status(index)


class _RowText:
    """What the seats of a row have in common, and what each has of its own."""

    def __init__(self, hall: Hall, row: HallRow) -> None:
        self.end = row.first + row.count
        """The index after its last seat."""
        self._first, self._numbers, self._traits = row.first, row.numbers, hall.traits
        self._id = _encode(f"{row.section}-{row.name}-")[1:-1]
        self._head = b'{"row":%b' % _encode(row.name)
        self._tail = b'","section":%b,"accessible":' % _encode(row.section)
        self._own: list[tuple[bytes, array[int]]] = []
        for name, values in ((b"x", hall.xs), (b"y", hall.ys)):
            if len(set(values[row.first : self.end])) > 1:
                self._own.append((name, values))
            else:
                self._head += b',"%b":%b' % (name, _coordinate(values[row.first]))

    def before_status(self, index: int) -> bytes:
        """One of its seats, up to the status."""
        number = _encode(self._numbers[index - self._first])[1:-1]
        text = b'%b,"id":"%b%b","number":"%b"' % (self._head, self._id, number, number)
        for name, values in self._own:
            text += b',"%b":%b' % (name, _coordinate(values[index]))
        return text + b',"status":"'

    def after_status(self, index: int) -> bytes:
        """One of its seats, from what follows the status on."""
        return self._tail + _ACCESS[self._traits[index] & (ACCESSIBLE | COMPANION)]


_ACCESS: Final[Mapping[int, bytes]] = {
    0: b"false}",
    ACCESSIBLE: b"true}",
    COMPANION: b'false,"companion":true}',
    ACCESSIBLE | COMPANION: b'true,"companion":true}',
}


def _coordinate(steps: int) -> bytes:
    return _encode(round(steps, _COORDINATE_DIGITS) / STEPS).removesuffix(b".0")

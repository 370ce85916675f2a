"""Halls: the seats that one ticket type covers, in little memory and few bytes.

A hall never changes: its bytes stand in the fact that opened the ticket type, and so the ledger explains
itself, whatever becomes of the seat map. Seats are known by their index, in the order of the map. Coordinates
are whole thousandths of a seat, so that equal distances are equal.

A *run* is a piece of a row in which each seat is the neighbour of the next: rows begin one, and so do aisles.
"""

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

import msgspec

from ticketd.core.ids import SeatId, seat_id_of
from ticketd.core.seat_maps import SEAT_SPACING, Row, Seat, SeatMap, Section

STEPS: Final = 1000
"""Of a coordinate, in one unit of the seat map."""
NEIGHBOURS_MAX: Final = int(1.5 * SEAT_SPACING * STEPS)
"""Seats of a row that are further apart have an aisle between them."""

_HALLS_KEPT: Final = 8

ACCESSIBLE, COMPANION, BLOCKED = 1, 2, 4

Point = tuple[int, int]


class UnknownSection(LookupError):
    """The seat map has no section of this name."""


class UnknownSeat(LookupError):
    """The seat map, or the hall, has no seat of this id."""


class SeatInfo(msgspec.Struct, frozen=True, gc=False):
    """What a seat is, for those who draw or list it."""

    section: str
    row: str
    number: str
    x: float
    y: float
    accessible: bool
    companion: bool
    blocked: bool


class HallRow(msgspec.Struct, frozen=True):
    """The seats of a row that the hall has, side by side from index `first` on."""

    section: str
    name: str
    first: int
    numbers: tuple[str, ...]
    focus: Point
    """The section's focal point, in thousandths of a seat."""

    @property
    def count(self) -> int:
        """How many seats it has."""
        return len(self.numbers)


class Hall:
    """Seats in rows; immutable, and shared by all who look at it."""

    def __init__(self, rows: Sequence[HallRow], *, xs: "array[int]", ys: "array[int]", traits: bytes) -> None:
        self.rows = tuple(rows)
        self.xs, self.ys = xs, ys
        self.traits = traits
        """Of each seat, the sum of ACCESSIBLE, COMPANION and BLOCKED."""
        self.sellable = sum(1 for trait in traits if not trait & BLOCKED)
        """Seats that aren't blocked."""
        self.run_firsts = array("I", _run_firsts(self.rows, xs, ys))
        """The index of each run's first seat."""
        self._row_firsts = array("I", (row.first for row in self.rows))
        places: dict[tuple[str, ...], dict[str, int]] = {}
        for row in self.rows:
            if row.numbers not in places:
                places[row.numbers] = {number: place for place, number in enumerate(row.numbers)}
        self._rows_by_name = {
            f"{row.section}-{row.name}": (row.first, places[row.numbers]) for row in self.rows
        }
        self._encoded = b""

    @classmethod
    def of(
        cls,
        seat_map: SeatMap,
        *,
        sections: Collection[str] | None = None,
        seats: Collection[SeatId] | None = None,
    ) -> "Hall":
        """The seats in these sections and these single ones, all if neither is given.

        Raises UnknownSection or UnknownSeat with the first name that the map doesn't have.
        """
        wanted = _Wanted(sections, seats)
        builder = _Builder()
        for section in seat_map.sections:
            focus = _focus(section)
            for row in section.rows:
                builder.add(section.name, row.name, focus, wanted.of(section, row))
        wanted.check()
        return builder.hall()

    def __len__(self) -> int:
        return len(self.traits)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Hall) and self.encode() == other.encode())

    def __hash__(self) -> int:
        return hash(self.encode())

    def find(self, seat_id: str) -> int | None:
        """The seat's index; None if it isn't in this hall."""
        row, _, number = seat_id.rpartition("-")
        known = self._rows_by_name.get(row)
        if known is None:
            return None
        place = known[1].get(number)
        return None if place is None else known[0] + place

    def index(self, seat_id: SeatId) -> int:
        """The index of a seat that is in this hall; UnknownSeat if it isn't."""
        row, _, number = seat_id.rpartition("-")
        try:
            first, places = self._rows_by_name[row]
            return first + places[number]
        except KeyError:
            raise UnknownSeat(seat_id) from None

    def row_of(self, index: int) -> HallRow:
        """The row that a seat is in."""
        return self.rows[bisect_right(self._row_firsts, index) - 1]

    def seat_id(self, index: int) -> SeatId:
        """How the world names this seat."""
        row = self.row_of(index)
        return seat_id_of(row.section, row.name, row.numbers[index - row.first])

    def info(self, index: int) -> SeatInfo:
        """All about one seat."""
        row, trait = self.row_of(index), self.traits[index]
        return SeatInfo(
            row.section,
            row.name,
            row.numbers[index - row.first],
            self.xs[index] / STEPS,
            self.ys[index] / STEPS,
            bool(trait & ACCESSIBLE),
            bool(trait & COMPANION),
            bool(trait & BLOCKED),
        )

    def encode(self) -> bytes:
        """All of it in few bytes; the same object each time."""
        if not self._encoded:
            self._encoded = _encode(self)
        return self._encoded

    @classmethod
    def decode(cls, encoded: bytes) -> "Hall":
        """The hall that `encode` wrote."""
        packed = msgspec.msgpack.decode(zlib.decompress(encoded), type=_Packed)
        rows: list[HallRow] = []
        first = 0
        for row in packed.rows:
            name, focus = packed.sections[row.section]
            rows.append(HallRow(name, row.name, first, packed.numberings[row.numbering], focus))
            first += rows[-1].count
        hall = cls(rows, xs=_unbent(packed.x_bends), ys=_unbent(packed.y_bends), traits=packed.traits)
        hall._encoded = encoded
        return hall


@lru_cache(_HALLS_KEPT)
def shared_hall(encoded: bytes) -> Hall:
    """The hall that these bytes are of; the same object for all who have wanted it lately.

    Reading a stadium's holds everybody up for a while, and its bytes come twice when a ticket type is opened,
    and again for each evening in the same house.
    """
    return Hall.decode(encoded)


def _run_firsts(rows: Iterable[HallRow], xs: "array[int]", ys: "array[int]") -> Iterator[int]:
    for row in rows:
        yield row.first
        for left, right in pairwise(range(row.first, row.first + row.count)):
            if (xs[right] - xs[left]) ** 2 + (ys[right] - ys[left]) ** 2 > NEIGHBOURS_MAX**2:
                yield right


# -- made from a seat map


class _Wanted:
    """Which seats of a map a hall gets, and whether all that were named exist."""

    def __init__(self, sections: Collection[str] | None, seats: Collection[SeatId] | None) -> None:
        self._all = sections is None and seats is None
        self._sections, self._seats = frozenset(sections or ()), frozenset(seats or ())
        self._missing_sections, self._missing_seats = (
            dict.fromkeys(sections or ()),
            dict.fromkeys(seats or ()),
        )

    def of(self, section: Section, row: Row) -> tuple[Seat, ...]:
        """The seats of this row that are wanted."""
        self._missing_sections.pop(section.name, None)
        whole = self._all or section.name in self._sections
        if whole and not self._missing_seats:
            return row.seats
        wanted: list[Seat] = []
        for seat in row.seats:
            seat_id = seat_id_of(section.name, row.name, seat.name)
            self._missing_seats.pop(seat_id, None)
            if whole or seat_id in self._seats:
                wanted.append(seat)
        return tuple(wanted)

    def check(self) -> None:
        """Raise UnknownSection or UnknownSeat with the first name that wasn't met."""
        for section in self._missing_sections:
            raise UnknownSection(section)
        for seat_id in self._missing_seats:
            raise UnknownSeat(seat_id)


class _Builder:
    """Rows one after the other, and at the end the hall."""

    def __init__(self) -> None:
        self._rows: list[HallRow] = []
        self._numberings: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._xs, self._ys = array("i"), array("i")
        self._traits = bytearray()

    def add(self, section: str, row: str, focus: Point, seats: Sequence[Seat]) -> None:
        """Add a row, unless it is empty."""
        if not seats:
            return
        numbers = tuple(seat.name for seat in seats)
        shared = self._numberings.setdefault(numbers, numbers)
        self._rows.append(HallRow(section, row, len(self._traits), shared, focus))
        self._xs.extend(round(seat.x * STEPS) for seat in seats)
        self._ys.extend(round(seat.y * STEPS) for seat in seats)
        self._traits.extend(
            ACCESSIBLE * seat.accessible | COMPANION * seat.companion | BLOCKED * seat.blocked
            for seat in seats
        )

    def hall(self) -> Hall:
        """What was added."""
        return Hall(self._rows, xs=self._xs, ys=self._ys, traits=bytes(self._traits))


def _focus(section: Section) -> Point:
    """The focal point of the whole section, however few of its seats are wanted.

    Half-way between the ends of the first row if none is given: right also for bent rows and rows aslant.
    """
    if section.focus is not None:
        x, y = section.focus
        return round(x * STEPS), round(y * STEPS)
    front = next((row.seats for row in section.rows if row.seats), ())
    if not front:
        return 0, 0
    left, right = front[0], front[-1]
    return round((left.x + right.x) / 2 * STEPS), round((left.y + right.y) / 2 * STEPS)


# -- at rest


class _PackedRow(msgspec.Struct, frozen=True, array_like=True):
    section: int
    name: str
    numbering: int


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    sections: list[tuple[str, Point]]
    numberings: list[tuple[str, ...]]
    rows: list[_PackedRow]
    x_bends: list[int]
    y_bends: list[int]
    traits: bytes


def _encode(hall: Hall) -> bytes:
    sections: dict[tuple[str, Point], int] = {}
    numberings: dict[tuple[str, ...], int] = {}
    rows = [
        _PackedRow(
            sections.setdefault((row.section, row.focus), len(sections)),
            row.name,
            numberings.setdefault(row.numbers, len(numberings)),
        )
        for row in hall.rows
    ]
    packed = _Packed(list(sections), list(numberings), rows, _bends(hall.xs), _bends(hall.ys), hall.traits)
    return zlib.compress(msgspec.msgpack.encode(packed))


def _bends(values: "array[int]") -> list[int]:
    """The changes of the changes: along a straight row, zeros."""
    steps = [right - left for left, right in pairwise((0, *values))]
    return [right - left for left, right in pairwise((0, *steps))]


def _unbent(bends: Iterable[int]) -> "array[int]":
    return array("i", accumulate(accumulate(bends)))

"""Two houses to try things in: a theatre of 300 seats, and a stadium of 60,000."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.services.seat_maps.builder import letters
from ticketd.services.seat_maps.layout import offsets_from_middle

# -- the theatre: rows bent round a point behind the stage's front

BEND_RADIUS: Final = 24.0
"""From the point that all rows are bent round to y = 0."""
STALLS_FRONT: Final = 3.0
BALCONY_FRONT: Final = 18.0
STALLS_ROWS: Final = (14, 14, 16, 16, 18, 18, 18, 20, 20, 20, 20, 20)
BALCONY_ROWS: Final = (20, 22, 22, 22)
SIDE_BLOCK: Final = 4
"""Seats between the stalls' aisles and the walls."""
BEST_STALLS_ROW: Final = 2


def theatre() -> SeatMap:
    """Stalls and a balcony of 300 seats; 8 of them are never sold, 4 have room for wheelchairs."""
    stalls = [
        _bent_row(letters(index), seats, (SIDE_BLOCK, seats - SIDE_BLOCK), STALLS_FRONT + index)
        for index, seats in enumerate(STALLS_ROWS)
    ]
    stalls[-1] = _with_wheelchair_spaces(stalls[-1])
    stalls[-3] = _with_blocked(stalls[-3], range(8, 12))  # where the sound desk stands
    balcony = [
        _bent_row(letters(index), seats, (seats // 2,), BALCONY_FRONT + index)
        for index, seats in enumerate(BALCONY_ROWS)
    ]
    balcony[0] = _with_wheelchair_spaces(balcony[0])
    balcony[-1] = _with_blocked(balcony[-1], (0, 1, -2, -1))  # behind pillars
    return SeatMap(
        (
            Section("Stalls", tuple(stalls), focus=(0.0, STALLS_FRONT + BEST_STALLS_ROW)),
            Section("Balcony", tuple(balcony)),
        )
    )


def _bent_row(name: str, count: int, aisles_after: Sequence[int], middle_y: float) -> Row:
    radius = BEND_RADIUS + middle_y
    seats = []
    for number, offset in enumerate(offsets_from_middle(count, aisles_after), start=1):
        angle = offset / radius
        x, y = radius * math.sin(angle), radius * math.cos(angle) - BEND_RADIUS
        seats.append(Seat(str(number), round(x, 2), round(y, 2)))
    return Row(name, tuple(seats))


def _with_wheelchair_spaces(row: Row) -> Row:
    """At both ends, where one can roll in; a companion sits beside each."""
    seats = list(row.seats)
    for end, beside in ((0, 1), (-1, -2)):
        seats[end] = msgspec.structs.replace(seats[end], accessible=True)
        seats[beside] = msgspec.structs.replace(seats[beside], companion=True)
    return Row(row.name, tuple(seats))


def _with_blocked(row: Row, positions: Iterable[int]) -> Row:
    seats = list(row.seats)
    for position in positions:
        seats[position] = msgspec.structs.replace(seats[position], blocked=True)
    return Row(row.name, tuple(seats))


# -- the stadium: three rings of blocks along the sides of rectangles, the pitch's middle at (0, 0)

BLOCK_ROWS: Final = 25
BLOCK_SEATS: Final = 20
ROW_SPACING: Final = 1.5


class Ring(NamedTuple):
    """Blocks are numbered clockwise as the map is drawn (x to the right, y down), from the top left."""

    first_block: int
    on_long_side: int
    on_short_side: int
    width: float
    """Of the rectangle that its first rows stand along."""
    depth: float


RINGS: Final = (
    Ring(101, 9, 6, 200.0, 134.0),
    Ring(201, 12, 8, 276.0, 210.0),
    Ring(301, 15, 10, 352.0, 286.0),
)


def stadium() -> SeatMap:
    """120 blocks of 500 seats; each one's eyes go to the middle of the pitch."""
    return SeatMap(tuple(block for ring in RINGS for block in _blocks(ring)))


def _blocks(ring: Ring) -> Iterator[Section]:
    number = ring.first_block
    for outward in (-1j, 1 + 0j, 1j, -1 + 0j):
        is_long = outward.real == 0
        blocks = ring.on_long_side if is_long else ring.on_short_side
        length, away = (ring.width, ring.depth) if is_long else (ring.depth, ring.width)
        for place in range(blocks):
            along = math.floor(((place + 0.5) / blocks - 0.5) * length) + 0.5  # seats stand at whole places
            yield _block(str(number), outward * (away / 2 + along * 1j), outward, ring)
            number += 1


def _block(name: str, middle: complex, outward: complex, ring: Ring) -> Section:
    rows = [
        _straight_row(letters(row), middle + row * ROW_SPACING * outward, outward)
        for row in range(BLOCK_ROWS)
    ]
    if ring is RINGS[0]:
        rows[-1] = _with_wheelchair_spaces(rows[-1])
    return Section(name, tuple(rows), focus=(0.0, 0.0))


def _straight_row(name: str, middle: complex, outward: complex) -> Row:
    """Seats are numbered from the left of those who sit there."""
    places = (middle - 1j * offset * outward for offset in offsets_from_middle(BLOCK_SEATS, ()))
    return Row(
        name, tuple(Seat(str(number), place.real, place.imag) for number, place in enumerate(places, start=1))
    )

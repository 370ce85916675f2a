"""The two houses that come along."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from ticketd.core.seat_maps import SEAT_SPACING, Seat, SeatMap, ids_of, seat_count
from ticketd.services.seat_maps.files import seat_map_from_text, seat_map_to_json
from ticketd.services.seat_maps.houses import RINGS, stadium, theatre

both = pytest.mark.parametrize("house", [theatre, stadium])


def seats_of(seat_map: SeatMap) -> Iterator[Seat]:
    return (seat for section in seat_map.sections for row in section.rows for seat in row.seats)


def test_the_theatre_has_300_seats_of_every_kind() -> None:
    house = theatre()
    assert [section.name for section in house.sections] == ["Stalls", "Balcony"]
    assert seat_count(house) == 300
    assert sum(seat.blocked for seat in seats_of(house)) == 8
    assert sum(seat.accessible for seat in seats_of(house)) == 4
    assert sum(seat.companion for seat in seats_of(house)) == 4


def test_rows_of_the_theatre_are_bent_towards_the_stage_and_have_aisles() -> None:
    for section, aisles in zip(theatre().sections, (2, 1), strict=True):
        for row in section.rows:
            steps = [
                math.dist((a.x, a.y), (b.x, b.y)) for a, b in zip(row.seats, row.seats[1:], strict=False)
            ]
            assert sum(step > 1.5 * SEAT_SPACING for step in steps) == aisles
            assert row.seats[0].y < row.seats[len(row.seats) // 2].y
            assert row.seats[0].y == row.seats[-1].y > 0


def test_the_stadium_has_60_000_seats_in_120_blocks_all_for_sale() -> None:
    house = stadium()
    assert [len(list(house.sections)), seat_count(house), len(set(ids_of(house)))] == [120, 60_000, 60_000]
    assert not any(seat.blocked for seat in seats_of(house))


def test_the_stadium_stands_round_its_pitch_the_same_on_all_sides() -> None:
    seats = list(seats_of(stadium()))
    width, depth = RINGS[0].width, RINGS[0].depth
    assert all(abs(seat.x) >= width / 2 or abs(seat.y) >= depth / 2 for seat in seats)
    for extent in ([seat.x for seat in seats], [seat.y for seat in seats]):
        assert min(extent) == pytest.approx(-max(extent))


@both
def test_no_two_seats_stand_in_each_other_s_place(house: Callable[[], SeatMap]) -> None:
    cells: defaultdict[tuple[int, int], list[Seat]] = defaultdict(list)
    for seat in seats_of(house()):
        column, row = math.floor(seat.x), math.floor(seat.y)
        for near in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            for other in cells.get(near, ()):
                assert math.dist((seat.x, seat.y), (other.x, other.y)) > 0.95 * SEAT_SPACING
        cells[column, row].append(seat)


@both
def test_a_house_that_comes_along_can_be_taken_home_and_brought_back(house: Callable[[], SeatMap]) -> None:
    assert seat_map_from_text(seat_map_to_json(house()).decode()) == house()

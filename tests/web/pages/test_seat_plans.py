"""Halls as drawings, whatever their seat maps look like."""

import pytest
from hypothesis import given

from tests.services.seat_maps.houses import seat_maps
from ticketd.core.hall import Hall
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.seat_views import SeatView
from ticketd.services.seat_maps.houses import stadium, theatre
from ticketd.web.pages import seat_plans
from ticketd.web.pages.seat_plans import SEATS_SHOWN_MAX, overview_of, parts_of, plan_of


@given(seat_maps)
def test_the_parts_of_any_hall_show_each_seat_that_is_ever_sold_once(seat_map: SeatMap) -> None:
    hall = Hall.of(seat_map)
    plans = [plan_of(hall, part) for part in parts_of(hall)]
    drawn = [seat.id for plan in plans for row in plan.rows for seat in row.seats]
    sold = [index for index in range(len(hall)) if not hall.info(index).blocked]
    assert drawn == [hall.seat_id(index) for index in sold]
    assert all(0 < side <= 6000 for plan in plans for side in (plan.width, plan.height))


@given(seat_maps)
def test_the_overview_of_any_hall_counts_each_free_seat_once(seat_map: SeatMap) -> None:
    hall = Hall.of(seat_map)
    view = SeatView(hall, bytes(3 if hall.info(index).blocked else 0 for index in range(len(hall))), 1)
    shapes = overview_of(hall).sections
    assert [shape.name for shape in shapes] == list(dict.fromkeys(row.section for row in hall.rows))
    assert sum(shape.free(view) for shape in shapes) == hall.sellable


def test_a_small_hall_is_one_part_and_a_stadium_has_one_for_each_section() -> None:
    (whole,) = parts_of(Hall.of(theatre()))
    assert whole.section == ""
    parts = parts_of(Hall.of(stadium()))
    assert len(parts) == 120
    assert all(part.end - part.first <= SEATS_SHOWN_MAX for part in parts)


def test_a_section_is_drawn_with_flat_rows_and_its_front_at_the_top() -> None:
    hall = Hall.of(stadium())
    for part in parts_of(hall):
        rows = [[seat.y for seat in row.seats] for row in plan_of(hall, part).rows]
        assert all(max(row) - min(row) <= 1 for row in rows)
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_a_large_section_comes_in_runs_of_whole_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat_plans, "SEATS_SHOWN_MAX", 5)
    lengths = (4, 2, 3, 7, 1)
    rows = tuple(
        Row(f"R{y}", tuple(Seat(str(x), float(x), float(y)) for x in range(length)))
        for y, length in enumerate(lengths)
    )
    parts = parts_of(Hall.of(SeatMap((Section("North", rows),))))
    assert [[row.name for row in part.rows] for part in parts] == [["R0"], ["R1", "R2"], ["R3"], ["R4"]]
    assert [part.number for part in parts] == [1, 2, 3, 4]


@pytest.mark.parametrize(("free", "level"), [(0, "none"), (49, "few"), (50, "many"), (500, "many")])
def test_a_section_says_how_full_it_is(free: int, level: str) -> None:
    assert overview_of(Hall.of(stadium())).sections[0].level(free) == level

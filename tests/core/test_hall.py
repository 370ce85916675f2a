"""Halls: what they cover, how seats are found, and that they come back from their bytes."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.halls import ids, one_section, row, seat_maps
from ticketd.core.hall import Hall, SeatInfo, UnknownSeat, UnknownSection
from ticketd.core.ids import SeatId
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.seating import Seating
from ticketd.services.seat_maps.houses import stadium

TWO_SECTIONS = SeatMap(
    (Section("S", (row("A", "oo"), row("B", "ooo", y=1))), Section("T", (row("A", "oo"),), (4.0, 0.5)))
)


def all_ids(hall: Hall) -> list[str]:
    return [hall.seat_id(index) for index in range(len(hall))]


@given(seat_maps())
def test_a_hall_comes_back_from_its_bytes_as_it_was(seat_map: SeatMap) -> None:
    hall = Hall.of(seat_map)
    back = Hall.decode(hall.encode())
    assert back.rows == hall.rows
    assert back.run_firsts == hall.run_firsts
    assert [back.info(index) for index in range(len(back))] == [
        hall.info(index) for index in range(len(hall))
    ]
    assert back.encode() == Hall.of(seat_map).encode()
    assert back == hall


@given(seat_maps())
def test_each_seat_is_found_by_its_id_and_is_what_the_map_says(seat_map: SeatMap) -> None:
    hall = Hall.of(seat_map)
    index = 0
    for section in seat_map.sections:
        for map_row in section.rows:
            for seat in map_row.seats:
                seat_id = SeatId(f"{section.name}-{map_row.name}-{seat.name}")
                assert hall.find(seat_id) == hall.index(seat_id) == index
                assert hall.seat_id(index) == seat_id
                assert hall.info(index) == SeatInfo(
                    section.name,
                    map_row.name,
                    seat.name,
                    seat.x,
                    seat.y,
                    seat.accessible,
                    seat.companion,
                    seat.blocked,
                )
                index += 1
    assert index == len(hall)


@pytest.mark.parametrize(
    "text", ["", "-", "--", "S", "S-A", "S-A-", "S-A-3", "S-C-1", "T-A-1", "S-A-01", "S-A-1-1", "-S-A-1"]
)
def test_what_is_no_seat_of_the_hall_is_not_found(text: str) -> None:
    hall = one_section("oo", "oo")
    assert hall.find(text) is None
    with pytest.raises(UnknownSeat, match=f"^{text}$"):
        hall.index(SeatId(text))


def test_a_hall_has_the_sections_and_the_seats_that_it_is_asked_for_in_the_order_of_the_map() -> None:
    assert all_ids(Hall.of(TWO_SECTIONS, sections=["T"])) == ["T-A-1", "T-A-2"]
    assert all_ids(Hall.of(TWO_SECTIONS, seats=ids("B3", "A1"))) == ["S-A-1", "S-B-3"]
    both = Hall.of(TWO_SECTIONS, sections=["T"], seats=[*ids("B1"), SeatId("T-A-1")])
    assert all_ids(both) == ["S-B-1", "T-A-1", "T-A-2"]


def test_rows_say_where_they_begin_and_what_their_section_looks_at() -> None:
    rows = Hall.of(TWO_SECTIONS).rows
    assert [(row.section, row.name, row.first, row.count) for row in rows] == [
        ("S", "A", 0, 2),
        ("S", "B", 2, 3),
        ("T", "A", 5, 2),
    ]
    assert [row.focus for row in rows] == [(500, 0), (500, 0), (4000, 500)]


def test_a_section_or_seat_that_the_map_has_not_is_named() -> None:
    with pytest.raises(UnknownSection, match=r"^U$"):
        Hall.of(TWO_SECTIONS, sections=["S", "U"])
    with pytest.raises(UnknownSeat, match=r"^S-A-9$"):
        Hall.of(TWO_SECTIONS, seats=ids("A1", "A9"))
    with pytest.raises(UnknownSeat, match=r"^T-A-9$"):
        Hall.of(TWO_SECTIONS, sections=["T"], seats=[SeatId("T-A-9")])


def test_blocked_accessible_and_companion_seats_are_in_the_hall() -> None:
    seats = (Seat("1", 0, 0, accessible=True), Seat("2", 1, 0, companion=True), Seat("3", 2, 0, blocked=True))
    hall = Hall.of(SeatMap((Section("S", (Row("A", seats),)),)))
    assert (len(hall), hall.sellable) == (3, 2)
    infos = [hall.info(index) for index in range(3)]
    assert [(info.accessible, info.companion, info.blocked) for info in infos] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_a_run_ends_at_an_aisle_and_a_seat_left_out_is_one() -> None:
    assert [*one_section("ooo oo", "oo").run_firsts] == [0, 3, 5]
    left_out = Hall.of(TWO_SECTIONS, seats=ids("B1", "B3"))
    assert [*left_out.run_firsts] == [0, 1]


def test_a_map_without_seats_makes_an_empty_hall() -> None:
    hall = Hall.of(SeatMap((Section("S", (Row("A", ()),)),)))
    assert len(Hall.decode(hall.encode())) == 0
    assert Seating(hall).best(1, together=False) is None


@given(st.sampled_from([(0.0, 0.0), (1.5, 2.5), (-3.0, 7.25)]))
def test_equal_halls_are_equal_and_others_are_not(focus: tuple[float, float]) -> None:
    assert one_section("ooo", focus=focus) == one_section("ooo", focus=focus)
    assert one_section("ooo", focus=focus) != one_section("oox", focus=focus)


def test_a_stadium_takes_little_memory_and_few_bytes() -> None:
    encoded = Hall.of(stadium()).encode()
    assert len(encoded) < 50_000
    tracemalloc.start()
    try:
        seating = Seating(Hall.decode(encoded))
        assert seating.best(2, together=True) is not None
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / len(seating.hall) < 100

"""Seat maps in JSON: read, laid out, refused, and written again."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.seat_maps.houses import errors, fields, places, seat_maps
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import Seat, SeatMap, ids_of
from ticketd.services.seat_maps.documents import COORDINATE_MAX, SeatMapDocument
from ticketd.services.seat_maps.files import seat_map_from_json, seat_map_from_text, seat_map_to_json
from ticketd.services.seat_maps.flaws import ERRORS_MAX

FIRST_ROW = "seat_map.sections[0].rows[0]"


def read(*sections: Any) -> SeatMap | Refusal:
    return seat_map_from_json(msgspec.convert({"sections": sections}, SeatMapDocument))


def stalls(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Stalls", "rows": rows, **more}


def row(seats: Any, name: str = "A", **more: Any) -> dict[str, Any]:
    return {"name": name, "seats": seats, **more}


# -- what it says


def test_seats_are_a_number_or_names_or_described_one_by_one() -> None:
    house = read(stalls(row(2), row(["7", "7a"], "B"), row([{"name": "1"}, "2"], "C")))
    assert isinstance(house, SeatMap)
    assert list(ids_of(house)) == [
        "Stalls-A-1", "Stalls-A-2", "Stalls-B-7", "Stalls-B-7a", "Stalls-C-1", "Stalls-C-2",
    ]  # fmt: skip


def test_a_seat_keeps_what_is_said_about_it() -> None:
    described = {"name": "9", "x": 4, "y": 2.5, "accessible": True, "companion": True, "blocked": True}
    house = read(stalls(row([described]), focus=[0, -1]))
    assert isinstance(house, SeatMap)
    assert house.sections[0].rows[0].seats == (Seat("9", 4.0, 2.5, True, True, True),)
    assert house.sections[0].focus == (0.0, -1.0)


def test_names_are_stripped() -> None:
    house = read({"name": " Stalls ", "rows": [row([" 1\t", {"name": "2 "}], "\u00a0A")]})
    assert isinstance(house, SeatMap)
    assert list(ids_of(house)) == ["Stalls-A-1", "Stalls-A-2"]


# -- where seats stand


def test_rows_are_centred_one_behind_the_other() -> None:
    assert places(read(stalls(row(2), row(3, "B")))) == [
        [(-0.5, 1.0), (0.5, 1.0)],
        [(-1.0, 2.0), (0.0, 2.0), (1.0, 2.0)],
    ]


def test_an_aisle_is_as_wide_as_a_seat() -> None:
    assert places(read(stalls(row(4, aisles_after=[1, 3])))) == [[(-2.5, 1), (-0.5, 1), (0.5, 1), (2.5, 1)]]


def test_sections_stand_behind_each_other_with_room_between_them() -> None:
    first, second, third = {"name": "1", "rows": [row(1), row(1, "B")]}, stalls(row(1)), row(1, "X")
    assert places(read(first, second, {"name": "3", "rows": [third]})) == [
        [(0, 1)], [(0, 2)], [(0, 4)], [(0, 6)],
    ]  # fmt: skip


def test_a_section_stands_where_it_is_said_to_and_the_next_one_behind_it() -> None:
    aside = {"name": "Box", "rows": [row(2)], "x": 20, "y": 5}
    assert places(read(stalls(row(1)), aside, {"name": "Rear", "rows": [row(1)]})) == [
        [(0, 1)], [(19.5, 5), (20.5, 5)], [(0, 7)],
    ]  # fmt: skip


def test_one_coordinate_of_a_seat_may_be_given_alone() -> None:
    assert places(read(stalls(row(["1", {"name": "2", "y": 0.5}, {"name": "3", "x": 9}])))) == [
        [(-1, 1), (0, 0.5), (9, 1)]
    ]


# -- what is refused


@pytest.mark.parametrize("name", ["", " ", "a-b", "-", "a\x00b", "a\nb", "a\u2028b", "a\ud800", "x" * 41])
def test_a_name_that_cannot_be_is_refused_wherever_it_stands(name: str) -> None:
    assert fields(read({"name": name, "rows": [row(1)]})) == ["seat_map.sections[0].name"]
    assert fields(read(stalls(row(1), row(1, name)))) == ["seat_map.sections[0].rows[1].name"]
    assert fields(read(stalls(row(["1", name])))) == [f"{FIRST_ROW}.seats[1]"]
    assert fields(read(stalls(row(["1", {"name": name}])))) == [f"{FIRST_ROW}.seats[1].name"]


def test_a_name_is_refused_where_it_comes_a_second_time() -> None:
    assert fields(read(stalls(row(1)), {"name": "Stalls ", "rows": [row(1)]})) == [
        "seat_map.sections[1].name"
    ]
    assert fields(read(stalls(row(1), row(2), row(3, "B")))) == ["seat_map.sections[0].rows[1].name"]
    assert fields(read(stalls(row(["1", "2", " 1"])))) == [f"{FIRST_ROW}.seats[2]"]
    assert fields(read(stalls(row(["1", {"name": "1"}])))) == [f"{FIRST_ROW}.seats[1].name"]


def test_rows_of_other_sections_and_seats_of_other_rows_may_have_the_same_name() -> None:
    assert isinstance(read(stalls(row(2), row(2, "B")), {"name": "Balcony", "rows": [row(2)]}), SeatMap)


def test_a_house_needs_sections_and_they_rows_and_they_seats() -> None:
    assert fields(read()) == ["seat_map.sections"]
    assert fields(read(stalls())) == ["seat_map.sections[0].rows"]
    empty: tuple[Any, ...] = (0, -1, [])
    for seats in empty:
        assert fields(read(stalls(row(seats)))) == [f"{FIRST_ROW}.seats"]


def test_the_limits_are_what_may_just_be() -> None:
    assert isinstance(read(stalls(row(500, "x" * 40))), SeatMap)
    assert isinstance(read(stalls(*(row(1, str(index)) for index in range(500)))), SeatMap)
    assert isinstance(read(*({"name": str(index), "rows": [row(100)]} for index in range(1000))), SeatMap)


def test_what_is_larger_is_refused_however_large_it_is() -> None:
    for seats in (501, 10**30, ["x"] * 501):
        assert fields(read(stalls(row(seats))))[0] == f"{FIRST_ROW}.seats"
    assert fields(read(stalls(*(row(1, str(index)) for index in range(501))))) == [
        "seat_map.sections[0].rows"
    ]
    too_many = ({"name": str(index), "rows": [row(1)]} for index in range(1001))
    assert fields(read(*too_many)) == ["seat_map.sections"]
    wide = ({"name": str(index), "rows": [row(101)]} for index in range(1000))
    assert errors(read(*wide)) == [("seat_map", "At most 100,000 seats in all.")]


@pytest.mark.parametrize("coordinate", [COORDINATE_MAX + 1, -1e300])
def test_coordinates_beyond_any_house_are_refused(coordinate: float) -> None:
    house = read(stalls(row([{"name": "1", "x": 1, "y": coordinate}]), x=coordinate, focus=[0, coordinate]))
    assert fields(house) == [
        "seat_map.sections[0].x", "seat_map.sections[0].focus", f"{FIRST_ROW}.seats[0].y",
    ]  # fmt: skip


def test_a_section_is_refused_if_it_only_comes_too_far_behind_another() -> None:
    far = {"name": "Far", "rows": [row(1)], "y": COORDINATE_MAX}
    assert fields(read(far, stalls(row(1)))) == ["seat_map.sections[1]"]


@pytest.mark.parametrize("position", [0, -1, 3, 10**30])
def test_an_aisle_is_between_two_seats(position: int) -> None:
    assert fields(read(stalls(row(3, aisles_after=[1, position])))) == [f"{FIRST_ROW}.aisles_after"]


def test_several_errors_come_at_once_but_not_too_many() -> None:
    assert fields(read(stalls(row(0), row(["", "1"], "-"), x=1e9))) == [
        f"{FIRST_ROW}.seats",
        "seat_map.sections[0].x",
        "seat_map.sections[0].rows[1].name",
        "seat_map.sections[0].rows[1].seats[0]",
    ]
    assert len(errors(read(stalls(row([""] * 100))))) == ERRORS_MAX


# -- as a file


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"sections":[\n\n{"name":"é",]}', "line 3"),
        ('{\n"sections":[', "line 2"),
        ("{}", "seat_map.sections"),
        ('{"sections":[{"name":"S","rows":[{"name":"A","seats":["1",2]}]}]}', f"{FIRST_ROW}.seats[1]"),
        ('{"sections":[],"colour":1}', "seat_map.colour"),
        ('{"sections":[{"name":"S","rows":[],"x":1e999}]}', "seat_map.sections[0].x"),
        ('{"sections":[{"name":"S","rows":[],"x":NaN}]}', "line 1"),
    ],
)  # fmt: skip
def test_what_is_no_seat_map_is_refused_by_line_or_field(text: str, field: str) -> None:
    assert fields(seat_map_from_text(text)) == [field]


def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm() -> None:
    text = '{"sections":\r\n[{"name":"S","rows":[{"name":"A","seats":1}]}]}'
    assert seat_map_from_text("\ufeff" + text) == seat_map_from_text(text)
    assert places(seat_map_from_text(text)) == [[(0, 1)]]


def test_a_text_that_is_no_unicode_is_refused() -> None:
    assert seat_map_from_text('{"\ud800"') == Refusal(Reason.MALFORMED, "The text isn't Unicode.")


@given(seat_maps)
def test_what_was_exported_is_imported_as_it_was(seat_map: SeatMap) -> None:
    assert seat_map_from_text(seat_map_to_json(seat_map).decode()) == seat_map


@given(st.text() | st.text('{}[]":,;\r\n section\trow\\').map(lambda text: f"section,row,seat,x\n{text}"))
def test_no_text_at_all_is_a_fault(text: str) -> None:
    for file in (text, "{" + text):
        outcome = seat_map_from_text(file)
        assert isinstance(outcome, SeatMap) or len(outcome.errors) <= ERRORS_MAX

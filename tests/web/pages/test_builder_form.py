"""The simple builder's form, read."""

import pytest

from ticketd.core.refusals import Refusal
from ticketd.core.seat_maps import SeatMap, ids_of
from ticketd.web.pages.builder_form import SECTIONS_MAX, builder_lines, built_from


def line(number: int, **fields: str) -> dict[str, str]:
    known = {"name": f"Section {number}", "rows": "2", "seats": "3", "row_names": "letters"}
    return {f"{name}_{number}": value for name, value in (known | fields).items()}


def built(form: dict[str, str]) -> SeatMap:
    seat_map = built_from(form)
    assert isinstance(seat_map, SeatMap), seat_map
    return seat_map


def wrong_fields(form: dict[str, str]) -> list[str]:
    refusal = built_from(form)
    assert isinstance(refusal, Refusal)
    return [error.field for error in refusal.errors]


def test_lines_become_sections_of_named_rows_and_numbered_seats() -> None:
    form = line(1, name="Stalls") | line(3, name="Balcony", rows="1", seats="2", row_names="numbers")
    assert list(ids_of(built(form))) == [
        *(f"Stalls-{row}-{number}" for row in "AB" for number in (1, 2, 3)),
        "Balcony-1-1",
        "Balcony-1-2",
    ]


def test_aisles_and_the_side_to_count_from_say_where_seats_stand() -> None:
    form = line(1, rows="1", numbered_from="right", aisles_after="1; 2")
    (row,) = built(form).sections[0].rows
    assert [(seat.name, seat.x) for seat in row.seats] == [("3", -2.0), ("2", 0.0), ("1", 2.0)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Stalls-left"),
        ("rows", "0"),
        ("rows", "many"),
        ("seats", "501"),
        ("aisles_after", "1, x"),
        ("aisles_after", "3"),
        ("row_names", "runes"),
        ("numbered_from", "above"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_of_its_line(field: str, value: str) -> None:
    assert wrong_fields(line(1) | line(4, **{field: value})) == [f"{field}_4"]


def test_a_form_without_any_section_is_refused() -> None:
    assert wrong_fields({"name_1": " ", "row_names_1": "letters"}) == ["name_1"]


def test_there_is_always_an_empty_line_for_one_more_up_to_the_most() -> None:
    assert len(builder_lines({})) == 2
    assert len(builder_lines(line(5))) == 6
    assert len(builder_lines(line(SECTIONS_MAX))) == SECTIONS_MAX

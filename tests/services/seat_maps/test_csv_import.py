"""Seat maps in CSV, with errors by line and column."""

import pytest
from hypothesis import given

from tests.services.seat_maps.houses import errors, fields, places, seat_maps
from ticketd.core.seat_maps import Seat, SeatMap, Section, ids_of
from ticketd.services.seat_maps.csv_export import seat_map_to_csv
from ticketd.services.seat_maps.csv_import import seat_map_from_csv
from ticketd.services.seat_maps.files import seat_map_from_text
from ticketd.services.seat_maps.flaws import ERRORS_MAX

HEADER = "section,row,seat\n"


def ids(text: str) -> list[str]:
    seat_map = seat_map_from_text(text)
    assert isinstance(seat_map, SeatMap)
    return list(ids_of(seat_map))


def test_each_line_is_a_seat() -> None:
    text = HEADER + "Stalls,A,1\nStalls,A,2\nStalls,B,1\nBalcony,A,1\n"
    assert ids(text) == ["Stalls-A-1", "Stalls-A-2", "Stalls-B-1", "Balcony-A-1"]
    assert places(seat_map_from_csv(text)) == [[(-0.5, 1), (0.5, 1)], [(0, 2)], [(0, 4)]]


def test_lines_of_a_row_need_not_follow_each_other() -> None:
    assert ids(HEADER + "S,A,1\nS,B,1\nS,A,2\n") == ["S-A-1", "S-A-2", "S-B-1"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffsection,row,seat\r\nS,A,1\r\nS,A,2\r\n",
        "section;row;seat\nS;A;1\nS;A;2",
        " Section , ROW,seat\n S, A ,1\n\n,,\nS,A,2\n",
        '"section","row","seat"\n"S", "A","1"\n"S","A","2"\n',
        "seat,row,section\n1,A,S\n2,A,S\n",
        "section,row,seat\rS,A,1\rS,A,2\r",
    ],
)
def test_it_is_read_however_a_spreadsheet_writes_it(text: str) -> None:
    assert ids(text) == ["S-A-1", "S-A-2"]


def test_a_quoted_name_may_have_a_separator() -> None:
    assert ids(HEADER + '"Stalls, left",A,1\n') == ["Stalls, left-A-1"]


def test_all_about_a_seat_can_be_said() -> None:
    text = "section;row;seat;x;y;accessible;companion;blocked\nS;A;1;1,5;-2;yes;0;\nS;A;2;2.5;1e1;No;TRUE;x\n"
    seat_map = seat_map_from_csv(text)
    assert isinstance(seat_map, SeatMap)
    assert seat_map.sections[0].rows[0].seats == (
        Seat("1", 1.5, -2.0, accessible=True),
        Seat("2", 2.5, 10.0, companion=True, blocked=True),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["line 1: row", "line 1: seat", "line 1: section"]),
        ("section,seat\n", ["line 1: row"]),
        ("section,row,seat,colour\n", ["line 1: colour"]),
        ("section,row,seat,\n", ["line 1: column 4"]),
        ("section,row,seat,Row\n", ["line 1: row"]),
        ("\n\nsection,row\n", ["line 3: seat"]),
        (HEADER, ["line 1: section"]),
        (HEADER + "S,A,1\n\nS,A\n", ["line 4"]),
        (HEADER + "S,A,1\nS,A,1,2\n", ["line 3"]),
        (HEADER + "S,A,1\n,A,2\n", ["line 3: section"]),
        (HEADER + "S,,1\n", ["line 2: row"]),
        (HEADER + "S,A,1\nS,A,2\nS,A, 1\n", ["line 4: seat"]),
        (HEADER + 'S,A,1\nS,A,"2\n3"\nS,A,4-5\n', ["line 3: seat", "line 5: seat"]),
        (HEADER + 'S,A,1\n"S,A,2\nS,A,3\n', ["line 3"]),
        (HEADER + 'S,A,1\n"S"x,A,2\nS,A,\n', ["line 3"]),
        (HEADER + "S,A,1\nS," + "x" * 200_000 + ",1\n", ["line 3"]),
    ],
)
def test_an_error_names_its_line_and_column(text: str, expected: list[str]) -> None:
    assert fields(seat_map_from_csv(text)) == expected


@pytest.mark.parametrize("text", ["left", "1.2.3", "1_0", "٣", "1,5", "--1", "0x10", "nan", "1" * 31])
def test_a_coordinate_is_a_number(text: str) -> None:
    assert errors(seat_map_from_csv(f'section,row,seat,x\nS,A,1,"{text}"\n')) == [
        ("line 2: x", "This must be a number.")
    ]


@pytest.mark.parametrize("text", ["1e9", "-1e300", "1e999"])
def test_a_coordinate_is_within_the_house(text: str) -> None:
    assert fields(seat_map_from_csv(f"section,row,seat,y\nS,A,1,{text}\n")) == ["line 2: y"]


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    assert fields(seat_map_from_csv("section,row,seat,blocked\nS,A,1,maybe\n")) == ["line 2: blocked"]


def test_errors_of_all_kinds_come_from_top_to_bottom() -> None:
    text = "section,row,seat,x\nS,A,1,\nS,A,1,\nS,A,2,q\nS,A,3\nS,A,,0\n"
    assert fields(seat_map_from_csv(text)) == ["line 3: seat", "line 4: x", "line 5", "line 6: seat"]
    assert fields(seat_map_from_csv(HEADER + "S,A,1\nS,A,1\nS,,3\nS-1,B,1\n")) == [
        "line 3: seat",
        "line 4: row",
        "line 5: section",
    ]
    for bad in ("S,A,,\n", "S,A,1,q\n", "S\n"):
        assert len(errors(seat_map_from_csv("section,row,seat,x\n" + bad * 100))) == ERRORS_MAX
    assert len(errors(seat_map_from_csv("?," * 100))) == ERRORS_MAX


def test_a_file_with_too_many_seats_is_refused_at_the_first_of_them() -> None:
    lines = (f"S,{number // 500},{number}\n" for number in range(100_001))
    assert ("line 100002", "At most 100,000 seats in all.") in errors(
        seat_map_from_csv(HEADER + "".join(lines))
    )


@given(seat_maps)
def test_what_was_exported_is_imported_as_it_was_but_for_the_focus(seat_map: SeatMap) -> None:
    without_focus = SeatMap(tuple(Section(section.name, section.rows) for section in seat_map.sections))
    assert seat_map_from_text(seat_map_to_csv(seat_map)) == without_focus


def test_an_export_names_its_columns_and_has_flags_as_numbers() -> None:
    seat_map = seat_map_from_csv("seat,row,section,blocked\n1,A,'S',yes\n")
    assert isinstance(seat_map, SeatMap)
    assert seat_map_to_csv(seat_map) == (
        "section,row,seat,x,y,accessible,companion,blocked\r\n'S',A,1,0.0,1.0,0,0,1\r\n"
    )

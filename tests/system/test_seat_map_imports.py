"""Seat maps that can't be: each is refused with the place in the file, and the one before stays."""

import json

import pytest

from tests.system.promoter import Promoter, fields, send_csv, venue_of

HALL = {"Stalls": {"A": 10}}


def section(name: str = "Stalls", *rows: object) -> dict[str, object]:
    return {"name": name, "rows": [*rows] or [row()]}


def row(name: object = "A", seats: object = 4) -> dict[str, object]:
    return {"name": name, "seats": seats}


@pytest.mark.parametrize(
    ("sections", "field"),
    [
        ([section(), section("Balcony"), section()], "seat_map.sections[2].name"),
        ([section("Stalls", row(), row("B"), row())], "seat_map.sections[0].rows[2].name"),
        ([section("Stalls", row("A", ["1", "2", "1"]))], "seat_map.sections[0].rows[0].seats[2]"),
        ([section("Stalls", row("A", ["1", " 1 "]))], "seat_map.sections[0].rows[0].seats[1]"),
        ([section("")], "seat_map.sections[0].name"),
        ([section("Stalls", row("  "))], "seat_map.sections[0].rows[0].name"),
        ([section("Stalls", row("A", ["1", ""]))], "seat_map.sections[0].rows[0].seats[1]"),
        ([section("Stalls-Left")], "seat_map.sections[0].name"),
        ([section("Stalls", row("A-B"))], "seat_map.sections[0].rows[0].name"),
        ([section("Stalls", row("A", ["1-2"]))], "seat_map.sections[0].rows[0].seats[0]"),
        ([section("Stalls", row("A", 0))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row("A", -3))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row("A", 501))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row("A", []))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row("A", True))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row("A", None))], "seat_map.sections[0].rows[0].seats"),
        ([section("Stalls", row(7))], "seat_map.sections[0].rows[0].name"),
        ([{"name": "Stalls", "rows": []}], "seat_map.sections[0].rows"),
        ([], "seat_map.sections"),
        ([section(f"S{n}", *(row(str(r), 500) for r in range(10))) for n in range(21)], "seat_map"),
    ],
)
def test_a_map_that_cannot_be_is_refused_and_names_the_place(
    promoter: Promoter, sections: object, field: str
) -> None:
    refused = promoter.try_to_make("venues", venue_of({"sections": sections}))
    assert fields(refused) == [field]
    venue = promoter.build(HALL)
    changed = promoter.ask("PUT", f"/venues/{venue}/seat-map", {"sections": sections})
    assert fields(changed) == [field.removeprefix("seat_map.")]
    assert promoter.ask("GET", f"/venues/{venue}").body["seat_map_version"] == 1


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([["Stalls", "A", "1"], ["Stalls", "A", "1"]], "line 3: seat"),
        ([["Stalls", "A", ""]], "line 2: seat"),
        ([["Stalls", "A", "1"], ["", "A", "1"]], "line 3: section"),
        ([["Stalls", "A-1", "1"]], "line 2: row"),
        ([["Stalls", "A"]], "line 2"),
    ],
)
def test_a_spreadsheet_that_cannot_be_is_refused_and_names_line_and_column(
    promoter: Promoter, lines: list[list[str]], field: str
) -> None:
    venue = promoter.build(HALL)
    assert fields(send_csv(promoter, venue, *lines)) == [field]
    assert promoter.ask("GET", f"/venues/{venue}").body["seat_map_version"] == 1


def test_a_map_of_too_many_bytes_is_refused(promoter: Promoter) -> None:
    seats = [f"{number:0>39}" for number in range(500)]
    sections = [section(f"S{n}", *(row(str(r), seats) for r in range(500))) for n in range(2)]
    assert len(json.dumps(sections)) > 16 * 1024 * 1024
    assert promoter.try_to_make("venues", venue_of({"sections": sections})).code == "too_large"

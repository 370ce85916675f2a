"""Houses from a few numbers."""

import pytest

from tests.services.seat_maps.houses import errors, fields, places
from ticketd.core.seat_maps import SeatMap, ids_of
from ticketd.services.seat_maps.builder import (
    NumberedFrom,
    RowNames,
    SectionPlan,
    letters,
    seat_map_from_plans,
)
from ticketd.services.seat_maps.flaws import ERRORS_MAX


def test_sections_have_so_many_rows_of_so_many_seats() -> None:
    house = seat_map_from_plans(
        [
            SectionPlan(name="Stalls", rows=2, seats=2),
            SectionPlan(name="Balcony", rows=1, seats=1, row_names=RowNames.NUMBERS),
        ]
    )
    assert isinstance(house, SeatMap)
    assert list(ids_of(house)) == ["Stalls-A-1", "Stalls-A-2", "Stalls-B-1", "Stalls-B-2", "Balcony-1-1"]
    assert places(house) == [[(-0.5, 1), (0.5, 1)], [(-0.5, 2), (0.5, 2)], [(0, 4)]]


@pytest.mark.parametrize(
    ("numbered_from", "names", "xs"),
    [
        (NumberedFrom.LEFT, ["1", "2", "3"], [-1.5, 0.5, 1.5]),
        (NumberedFrom.RIGHT, ["3", "2", "1"], [-1.5, -0.5, 1.5]),
    ],
)
def test_an_aisle_is_behind_the_seat_of_its_number_from_either_side(
    numbered_from: NumberedFrom, names: list[str], xs: list[float]
) -> None:
    plan = SectionPlan(name="S", rows=1, seats=3, numbered_from=numbered_from, aisles_after=(1,))
    house = seat_map_from_plans([plan])
    assert isinstance(house, SeatMap)
    seats = house.sections[0].rows[0].seats
    assert ([seat.name for seat in seats], [seat.x for seat in seats]) == (names, xs)


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_after_z_come_double_letters(index: int, name: str) -> None:
    assert letters(index) == name


def test_what_cannot_be_built_is_refused_once_for_all_rows() -> None:
    house = seat_map_from_plans(
        [
            SectionPlan(name="", rows=3, seats=0, aisles_after=(5,)),
            SectionPlan(name="S", rows=0, seats=5),
            SectionPlan(name="S", rows=2, seats=5, aisles_after=(5,), numbered_from=NumberedFrom.RIGHT),
            SectionPlan(name="T", rows=-1, seats=-1),
        ]
    )
    assert fields(house) == [
        "sections[0].seats",
        "sections[1].rows",
        "sections[3].rows",
        "sections[0].name",
        "sections[2].name",
        "sections[0].aisles_after",
        "sections[2].aisles_after",
    ]


def test_what_is_too_large_is_refused_however_large_it_is() -> None:
    plan = SectionPlan(name="S", rows=10**12, seats=10**12, row_names=RowNames.NUMBERS)
    assert fields(seat_map_from_plans([plan])) == ["sections[0].rows", "sections[0].seats", "sections"]


def test_a_house_needs_a_section() -> None:
    assert errors(seat_map_from_plans([])) == [("sections", "At least one section is needed.")]


def test_not_too_many_errors_come_at_once() -> None:
    assert len(errors(seat_map_from_plans([SectionPlan(name="", rows=1, seats=1)] * 50))) == ERRORS_MAX

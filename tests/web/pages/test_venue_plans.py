"""Seat maps as drawings, and the shapes round their sections."""

from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.web.pages.outlines import Point, area, outline
from ticketd.web.pages.venue_plans import SEATS_DRAWN_MAX, venue_plan

POINTS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=30)


def is_left_or_on(start: Point, end: Point, point: Point) -> bool:
    across = (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
    return across >= 0


@given(POINTS)
def test_an_outline_has_every_point_inside_and_only_points_as_corners(points: list[Point]) -> None:
    corners = outline(points)
    assert set(corners) <= set(points)
    assert len(set(corners)) == len(corners)
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    assert all(is_left_or_on(start, end, point) for start, end in sides for point in points)


def test_the_area_is_that_of_the_outline_and_none_in_line() -> None:
    assert area(outline([(0, 0), (4, 0), (4, 3), (0, 3), (2, 2)])) == 12
    assert area(outline([(0, 0), (3, 3)])) == 0


def test_points_in_line_have_their_ends_as_outline() -> None:
    assert outline([(0, 0), (2, 2), (1, 1), (5, 5)]) == [(0, 0), (5, 5)]


def house(seats_in_a_row: int) -> SeatMap:
    first = (
        Seat("1", 0, 1, accessible=True),
        Seat("2", 1, 1, companion=True),
        Seat("3", 2, 1, accessible=True, blocked=True),
    )
    plain = tuple(Seat(str(number), number, 2) for number in range(1, seats_in_a_row + 1))
    return SeatMap((Section("Stalls", (Row("A", first), Row("B", plain))),))


def test_a_plan_counts_what_is_for_sale_and_what_is_not() -> None:
    (figures,) = venue_plan(house(4)).figures
    assert (figures.name, figures.rows, figures.on_sale) == ("Stalls", 2, 6)
    assert (figures.accessible, figures.companion, figures.blocked) == (1, 1, 1)


def test_each_kind_of_seat_is_one_path_and_stands_in_the_legend() -> None:
    plan = venue_plan(house(2))
    (section,) = plan.sections
    assert {marks.kind: marks.path for marks in section.marks} == {
        "regular": "M10 20h0M20 20h0",
        "accessible": "M0 10h0",
        "companion": "M10 10h0",
        "blocked": "M20 10h0",
    }
    assert [kind for kind, _ in plan.kinds] == ["regular", "accessible", "companion", "blocked"]
    assert [label.text for label in section.rows] == ["A", "B"]


def test_the_drawing_has_room_for_every_seat() -> None:
    left, top, width, height = map(int, venue_plan(house(2)).view_box.split())
    assert left < 0
    assert top < 10
    assert left + width > 20
    assert top + height > 20


def test_of_a_large_house_only_the_sections_are_drawn() -> None:
    assert venue_plan(house(SEATS_DRAWN_MAX - 3)).sections[0].marks
    large = venue_plan(house(SEATS_DRAWN_MAX - 2))
    assert not large.sections[0].marks
    assert not large.kinds
    assert large.sections[0].label.text == "Stalls"
    assert large.figures[0].on_sale == SEATS_DRAWN_MAX

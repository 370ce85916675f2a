"""Seat maps that the builder made, back in its words."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.builder import NumberedFrom, RowNames, SectionPlan, seat_map_from_plans
from ticketd.services.seat_maps.built import plans_of
from ticketd.services.seat_maps.houses import theatre


@st.composite
def plans(draw: st.DrawFn) -> list[SectionPlan]:
    names = draw(st.lists(st.sampled_from(["Stalls", "Balcony", "Box 1"]), min_size=1, unique=True))
    made = []
    for name in names:
        seats = draw(st.integers(1, 12))
        aisles = draw(st.sets(st.integers(1, seats - 1))) if seats > 1 else set()
        plan = SectionPlan(
            name=name,
            rows=draw(st.integers(1, 4)),
            seats=seats,
            row_names=draw(st.sampled_from(RowNames)),
            numbered_from=draw(st.sampled_from(NumberedFrom)),
            aisles_after=tuple(aisles),
        )
        made.append(plan)
    return made


@given(plans())
def test_plans_make_the_map_that_they_are_read_from(made: list[SectionPlan]) -> None:
    seat_map = seat_map_from_plans(made)
    assert isinstance(seat_map, SeatMap)
    assert seat_map_from_plans(plans_of(seat_map)) == seat_map


def test_a_map_that_the_builder_cannot_make_has_no_plans() -> None:
    assert plans_of(theatre()) == ()
    built = seat_map_from_plans([SectionPlan(name="Stalls", rows=2, seats=3)])
    assert isinstance(built, SeatMap)
    (section,) = built.sections
    looks_elsewhere = SeatMap((msgspec.structs.replace(section, focus=(5.0, 0.0)),))
    assert plans_of(looks_elsewhere) == ()

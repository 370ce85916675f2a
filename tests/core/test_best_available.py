"""Best available beside an oracle that looks at everything, and what the definition means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.halls import ids, one_section, row, seat_maps
from tests.core.seat_oracle import Oracle
from ticketd.core import best_available, blocks, ranking
from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId
from ticketd.core.seat_maps import SeatMap, Section
from ticketd.core.seat_status import FREE
from ticketd.core.seating import Seating


def free_seats(seating: Seating) -> set[SeatId]:
    return {seating.hall.seat_id(index) for index, status in enumerate(seating.statuses) if status == FREE}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("best", "named", "release", "release", "sell")),
        st.integers(1, 6),
        st.integers(0, 99),
    ),
    max_size=10,
)


@settings(max_examples=300, deadline=None)
@given(seat_map=seat_maps(), steps=STEPS, asked_always=st.booleans(), turns=st.booleans())
def test_after_every_step_the_best_seats_are_those_that_the_oracle_finds(
    seat_map: SeatMap, steps: list[tuple[str, int, int]], asked_always: bool, turns: bool
) -> None:
    seating, oracle = Seating(Hall.of(seat_map)), Oracle(seat_map)
    held: list[tuple[SeatId, ...]] = []
    for kind, count, number in [*steps, ("best", 2, 0)]:
        free = sorted(free_seats(seating))
        if kind == "best":
            seats = seating.best(count, together=number % 2 == 0)
            assert seats == oracle.best(free, count, together=number % 2 == 0)
        else:
            seats = tuple(free[number % len(free) :][:count]) if free else None
        if kind in ("best", "named") and seats:
            seating.hold(seats)
            held.append(seats)
        elif held and kind == "release":
            seating.release(held.pop(number % len(held)))
        elif held and kind == "sell":
            seating.sell(held.pop(number % len(held)))
        if turns:
            seating.take_changes()
        if asked_always:
            agrees_on_everything(seating, oracle)
    agrees_on_everything(seating, oracle)


def agrees_on_everything(seating: Seating, oracle: Oracle) -> None:
    free = free_seats(seating)
    for count in (1, 2, 3, 5):
        for together in (True, False):
            assert seating.best(count, together=together) == oracle.best(free, count, together=together)


@settings(max_examples=300, deadline=None)
@given(seat_map=seat_maps(seats_max=3), counts=st.lists(st.integers(4, 6), min_size=1, max_size=4))
def test_parted_friends_get_what_the_oracle_finds_while_the_hall_fills(
    seat_map: SeatMap, counts: list[int]
) -> None:
    seating, oracle = Seating(Hall.of(seat_map)), Oracle(seat_map)
    for count in counts:
        seats = seating.best(count, together=False)
        assert seats == oracle.best(free_seats(seating), count, together=False)
        if seats is not None:
            seating.hold(seats)


def test_limits_of_what_is_remembered_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_available, "RANKINGS_MAX", 1)
    monkeypatch.setattr(blocks, "ORDERS_PER_RUN_MAX", 1)
    monkeypatch.setattr(ranking, "HEAP_ENTRIES_PER_PART_MAX", 0)
    test_after_every_step_the_best_seats_are_those_that_the_oracle_finds()


def test_the_seats_nearest_to_the_focal_point_are_best() -> None:
    hall = one_section("ooooooo", "ooooooo", focus=(3.0, 1.0))
    assert Seating(hall).best(3, together=True) == ids("B3", "B4", "B5")


def test_without_a_focal_point_the_middle_of_the_first_row_is_best() -> None:
    assert Seating(one_section("ooooooo", "ooooooo")).best(3, together=True) == ids("A3", "A4", "A5")


def test_a_focal_point_stays_where_it_is_in_a_hall_that_has_only_some_of_the_sections_seats() -> None:
    seat_map = SeatMap((Section("S", (row("A", "ooooooo"), row("B", "ooooooo", y=1))),))
    hall = Hall.of(seat_map, seats=ids("A1", "A2", "B3", "B4"))
    assert Seating(hall).best(2, together=True) == ids("B3", "B4")


def test_no_block_reaches_across_an_aisle_or_a_blocked_or_taken_seat() -> None:
    seating = Seating(one_section("oo oxooo"))
    assert seating.best(3, together=True) == ids("A5", "A6", "A7")
    seating.hold(ids("A6"))
    assert seating.best(2, together=True) == ids("A1", "A2")
    assert seating.best(3, together=True) is None


def test_a_block_that_strands_a_seat_gives_way_to_one_that_is_little_further_away() -> None:
    seating = Seating(one_section("ooooo", focus=(1.5, 0.0)))  # A2 and A3 are nearest, and A1 would be alone
    assert seating.best(2, together=True) == ids("A1", "A2")


def test_a_block_that_strands_a_seat_is_taken_if_all_others_are_far_away() -> None:
    seating = Seating(one_section("ooo", "", "", "", "ooo"))
    assert seating.best(2, together=True) == ids("A1", "A2")


def test_a_stranded_seat_weighs_two_seats_and_a_tie_goes_by_the_order_of_the_map() -> None:
    stranding_first = Seating(one_section("ooo", "", "oo", focus=(0.5, 0.0)))
    assert stranding_first.best(2, together=True) == ids("A1", "A2")
    stranding_last = Seating(one_section("oo", "", "ooo", focus=(0.5, 2.0)))
    assert stranding_last.best(2, together=True) == ids("A1", "A2")


def test_a_seat_that_was_alone_before_is_not_stranded() -> None:
    seating = Seating(one_section("o ooo"))
    assert seating.best(3, together=True) == ids("A2", "A3", "A4")
    seating.hold(ids("A3"))
    assert seating.best(1, together=True) == ids("A2")


def test_wheelchair_spaces_and_their_companions_are_spared_until_nothing_else_is_left() -> None:
    seating = Seating(one_section("wcoo", "", "", "", "", "oo"))
    seating.hold(ids("A3", "A4"))
    assert seating.best(2, together=True) == ids("F1", "F2")
    seating.hold(ids("F1"))
    assert seating.best(1, together=True) == ids("F2")
    assert seating.best(2, together=True) == ids("A1", "A2")
    assert seating.best(3, together=False) == ids("A1", "A2", "F2")


def test_a_released_block_is_best_again() -> None:
    seating = Seating(one_section("oooo", "oooo"))
    first = seating.best(4, together=True)
    assert first is not None
    seating.hold(first)
    assert seating.best(4, together=True) != first
    seating.release(first)
    assert seating.best(4, together=True) == first


def test_friends_are_parted_only_if_they_allow_it() -> None:
    seating = Seating(one_section("ooo", "ooo"))
    assert seating.best(4, together=True) is None
    assert seating.best(4, together=False) == ids("A1", "A2", "A3", "B1")


def test_friends_who_may_be_parted_sit_together_while_they_can() -> None:
    seating = Seating(one_section("ooo", "ooo", "", "", "", "oooo"))
    assert seating.best(4, together=False) == ids("F1", "F2", "F3", "F4")


def test_only_rows_of_one_section_are_neighbours() -> None:
    sections = (Section("S", (row("A", "oo"),)), Section("T", (row("A", "oo"), row("B", "oo", y=9))))
    seating = Seating(Hall.of(SeatMap(sections)))
    assert seating.best(3, together=False) == ("T-A-1", "T-A-2", "T-B-1")


def test_when_two_rows_do_not_do_the_nearest_seats_are_found_anywhere() -> None:
    seating = Seating(one_section("ooo", "x", "ooo", "x", "ooo"))
    assert seating.best(4, together=False) == ids("A1", "A2", "A3", "C2")


@pytest.mark.parametrize("count", [0, -1, 7, 1000])
@pytest.mark.parametrize("together", [True, False])
def test_nothing_is_best_of_more_seats_than_are_free(count: int, together: bool) -> None:
    assert Seating(one_section("ooo", "ooo")).best(count, together=together) is None


def test_asking_changes_nothing() -> None:
    seating = Seating(one_section("oooo"))
    assert seating.best(2, together=True) == seating.best(2, together=True)
    assert seating.free == 4
    assert seating.take_changes() == []


def test_the_same_calls_end_in_the_same_seats_whether_or_not_somebody_asked_in_between() -> None:
    one, other = Seating(one_section("ooooo", "ooooo")), Seating(one_section("ooooo", "ooooo"))
    for count in (2, 1, 3, 1):
        seats = one.best(count, together=True)
        assert seats is not None
        for idle_question in range(1, 6):
            other.best(idle_question, together=False)
        assert other.best(count, together=True) == seats
        one.hold(seats)
        other.hold(seats)
    assert one.statuses == other.statuses


def test_all_sizes_that_guests_usually_ask_for_are_remembered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seating = Seating(one_section(*["o" * 10] * 3))
    seating.hold(ids(*[f"{row}{number}" for row in "ABC" for number in range(2, 10, 2)]))

    def ask_for_all_sizes() -> None:
        for count in range(1, 11):
            seating.best(count, together=False)

    ask_for_all_sizes()
    monkeypatch.setattr(best_available, "Ranking", None)  # no new one can be made
    ask_for_all_sizes()

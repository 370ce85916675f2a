"""Seatings: seats change hands, none is lost, and readers see what became durable."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.core.halls import ids, one_section, seat_maps
from ticketd.core import seat_views
from ticketd.core.hall import Hall, UnknownSeat
from ticketd.core.ids import SeatId
from ticketd.core.seat_maps import SeatMap
from ticketd.core.seat_status import BLOCKED, FREE, HELD, SOLD, SeatStatus
from ticketd.core.seat_views import SeatView
from ticketd.core.seating import SeatConflict, Seating

COMMANDS = {"hold": (FREE, HELD), "release": (HELD, FREE), "sell": (HELD, SOLD)}


class SeatsChangingHands(RuleBasedStateMachine):
    """A seating beside a plain list of statuses, and a reader who follows."""

    @initialize(seat_map=seat_maps())
    def open(self, seat_map: SeatMap) -> None:
        self.seating = Seating(Hall.of(seat_map))
        self.hall = self.seating.hall
        self.ids = [self.hall.seat_id(index) for index in range(len(self.hall))]
        self.model = [BLOCKED if self.hall.info(index).blocked else FREE for index in range(len(self.ids))]
        self.view = SeatView(self.hall, self.seating.statuses, version=0)
        self.pictures = [list(self.model)]

    @rule(command=st.sampled_from([*COMMANDS]), numbers=st.sets(st.integers(0, 99), min_size=1, max_size=4))
    def move(self, command: str, numbers: set[int]) -> None:
        before, after = COMMANDS[command]
        indices = sorted({number % len(self.ids) for number in numbers})
        movable = [index for index in indices if self.model[index] == before]
        getattr(self.seating, command)([self.ids[index] for index in movable])
        for index in movable:
            self.model[index] = after

    @rule(count=st.integers(1, 5), together=st.booleans())
    def hold_best(self, count: int, together: bool) -> None:
        seats = self.seating.best(count, together=together)
        if seats is not None:
            assert len(set(seats)) == count
            assert self.seating.taken(seats) == ()
            self.seating.hold(seats)
            for seat_id in seats:
                self.model[self.ids.index(seat_id)] = HELD

    @rule()
    def become_durable(self) -> None:
        self.view.follow(len(self.pictures), self.seating.take_changes())
        self.pictures.append(list(self.model))
        assert [*self.view.statuses] == self.model
        for version, picture in enumerate(self.pictures):
            changed = self.view.changed_since(version)
            assert changed is not None
            differing = {index for index, status in enumerate(picture) if status != self.model[index]}
            assert differing <= set(changed)
            assert changed == sorted(set(changed))
        assert self.view.changed_since(len(self.pictures) - 1) == []

    @rule()
    def restart(self) -> None:
        restored = Seating(Hall.decode(self.hall.encode()))
        restored.restore(self.seating.sold_bytes())
        restored.hold([self.ids[index] for index, status in enumerate(self.model) if status == HELD])
        assert restored.statuses == self.seating.statuses
        assert restored.free == self.seating.free

    @invariant()
    def no_seat_is_lost(self) -> None:
        assert [*self.seating.statuses] == self.model
        assert self.seating.free == self.model.count(FREE)
        taken = [seat_id for seat_id, status in zip(self.ids, self.model, strict=True) if status != FREE]
        assert list(self.seating.taken(self.ids)) == taken


TestSeatsChangingHands = SeatsChangingHands.TestCase


def test_seats_that_are_gone_are_named() -> None:
    seating = Seating(one_section("ooxo"))
    seating.hold(ids("A1"))
    assert seating.taken(ids("A4", "A1", "A3")) == ids("A1", "A3")


def test_seats_of_another_hall_are_named() -> None:
    seating = Seating(one_section("oo"))
    strangers = (SeatId("S-A-3"), SeatId("T-A-1"), SeatId("nonsense"))
    assert seating.unknown((*ids("A1"), *strangers)) == strangers
    with pytest.raises(UnknownSeat, match="S-A-3"):
        seating.taken(strangers)


def test_a_seat_cannot_be_held_twice_nor_sold_or_released_unheld() -> None:
    seating = Seating(one_section("oxo"))
    seating.hold(ids("A1"))
    with pytest.raises(SeatConflict, match="S-A-1"):
        seating.hold(ids("A1"))
    with pytest.raises(SeatConflict, match="S-A-2"):
        seating.hold(ids("A2"))
    for unheld in (seating.release, seating.sell):
        with pytest.raises(SeatConflict, match="S-A-3"):
            unheld(ids("A3"))


def test_changes_are_taken_once() -> None:
    seating = Seating(one_section("ooo"))
    seating.hold(ids("A1", "A3"))
    seating.release(ids("A1"))
    assert set(seating.take_changes()) == {(0, FREE), (2, HELD)}
    assert seating.take_changes() == []


def test_sold_seats_at_rest_take_a_bit_each() -> None:
    seating = Seating(one_section("o" * 17))
    seating.hold(ids("A1", "A9", "A2"))
    seating.sell(ids("A1", "A9"))
    assert seating.sold_bytes() == bytes([1, 1, 0])


def test_a_blocked_seat_cannot_come_back_sold() -> None:
    with pytest.raises(SeatConflict, match="S-A-2"):
        Seating(one_section("ox")).restore(b"\x02")


def test_restored_seats_are_not_news() -> None:
    seating = Seating(one_section("oo"))
    seating.restore(b"\x01")
    assert seating.take_changes() == []
    assert seating.best(1, together=True) == ids("A2")


def test_a_reader_sees_statuses_in_words() -> None:
    seating = Seating(one_section("ooox"))
    seating.hold(ids("A2", "A3"))
    seating.sell(ids("A3"))
    view = SeatView(seating.hall, seating.statuses, version=7)
    statuses = [view.status(index) for index in range(4)]
    assert statuses == [SeatStatus.FREE, SeatStatus.HELD, SeatStatus.SOLD, SeatStatus.BLOCKED]


def test_a_reader_of_another_time_is_shown_all() -> None:
    view = SeatView(one_section("oo"), bytes(2), version=7)
    view.follow(9, [(1, HELD)])
    assert view.changed_since(6) is None
    assert view.changed_since(7) == view.changed_since(8) == [1]
    assert view.changed_since(9) == []
    assert view.changed_since(10) is None


def test_of_more_changes_than_are_wanted_none_are_told() -> None:
    view = SeatView(one_section("oooo"), bytes(4), version=0)
    view.follow(1, [(0, HELD), (1, HELD), (0, FREE)])
    assert view.changed_since(0, at_most=2) == [0, 1]
    assert view.changed_since(0, at_most=1) is None


def test_only_recent_changes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat_views, "RECENT_CHANGES_MAX", 2)
    view = SeatView(one_section("oooo"), bytes(4), version=0)
    view.follow(1, [(0, HELD), (1, HELD)])
    view.follow(2, [(2, HELD)])
    assert view.changed_since(0) is None
    assert view.changed_since(1) == [2]

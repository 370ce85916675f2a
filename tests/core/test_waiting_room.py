"""Guests, crashes and slow writes in any order against what every guest may rely on; and by example."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.fakes.clock import START
from ticketd.core.draw import Draw
from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.pace import Steering
from ticketd.core.waiting_room import (
    NUMBERS_AHEAD_MAX,
    NUMBERS_AHEAD_MIN,
    PACE_SECONDS,
    REST_SECONDS,
    QueueStatus,
    RoomRecord,
    WaitingRoom,
    WaveRecord,
    Whereabouts,
)
from ticketd.core.waves import ADMISSION_SECONDS, DOOR_SECONDS

EVENT_ID, SEED = EventId(7), b"a seed has as many as 32 bytes .."[:32]
ADMISSION = ADMISSION_SECONDS * SECOND
FREE_FOR_ALL = Steering()


def later(now: Instant, seconds: float) -> Instant:
    return Instant(now + round(seconds * SECOND))


class Rooms(RuleBasedStateMachine):
    """A room whose writes may be slow, fail or be in doubt, and whose process may die at any moment."""

    @initialize(opens_after=st.integers(-5, 30))
    def open(self, opens_after: int) -> None:
        self.now = START
        self.opens_at = later(START, opens_after)
        self.durable = RoomRecord()
        self.writing: RoomRecord | None = None
        self.guests: dict[int, Instant] = {}
        """When each number was given out."""
        self.promised: dict[int, Instant] = {}
        """Until when those are admitted who were told so."""
        self.places: dict[int, int] = {}
        self.ahead: dict[int, int] = {}
        self.came_after_the_draw: set[int] = set()
        self._rebuild()

    def _rebuild(self) -> None:
        self.writing = None
        self.room = WaitingRoom(EVENT_ID, SEED, self.durable, now=self.now)

    # -- guests

    @rule(count=st.integers(1, 40))
    def join(self, count: int) -> None:
        for _ in range(count):
            is_drawn = self.room.draw is not None
            number = self.room.give_number(self.now, opens_at=self.opens_at)
            if number is None:
                return
            assert number not in self.guests
            assert number < self.durable.numbers_to
            self.guests[number] = Instant(self.now - self.now % SECOND)
            if is_drawn:
                self.came_after_the_draw.add(number)

    @rule(seconds=st.sampled_from([0.01, 0.5, 1, 10, DOOR_SECONDS, ADMISSION_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.now = later(self.now, seconds)

    @rule(data=st.data())
    def use(self, data: st.DataObject) -> None:
        admitted = [number for number in self.guests if self._where(number).status is QueueStatus.ADMITTED]
        if admitted:
            number = data.draw(st.sampled_from(admitted))
            self.room.begin_use(number, "key")
            assert self.room.used_with(number) == "key"
            if data.draw(st.booleans()):
                self.room.granted(number, "key")

    # -- writes

    @precondition(lambda self: self.writing is None)
    @rule(admit=st.integers(0, 30))
    def plan(self, admit: int) -> None:
        self.room.close_draw(self.now, opens_at=self.opens_at)
        self.writing = self.room.plan(admit=admit, steering=FREE_FOR_ALL, now=self.now)

    @precondition(lambda self: self.writing is not None)
    @rule()
    def follow(self) -> None:
        assert self.writing is not None
        self.durable, self.writing = self.writing, None
        self.room.follow(self.durable, self.now)

    @precondition(lambda self: self.writing is not None)
    @rule(happened=st.booleans())
    def fail(self, *, happened: bool) -> None:
        assert self.writing is not None
        self.durable = self.writing if happened else self.durable
        self.writing = None

    @precondition(lambda self: self.writing is None)
    @rule()
    def retract(self) -> None:
        self.room.retract(self.now)

    # -- ends

    @rule(happened=st.booleans())
    def crash(self, *, happened: bool) -> None:
        if self.writing is not None and happened:
            self.durable = self.writing
        self._rebuild()

    @precondition(lambda self: self.writing is None)
    @rule()
    def stop(self) -> None:
        joined = self.room.joined
        self.durable = self.room.plan(admit=0, steering=FREE_FOR_ALL, now=self.now, is_last=True)
        assert self.room.give_number(self.now, opens_at=self.opens_at) is None
        self._rebuild()
        assert self.room.joined == joined

    @precondition(lambda self: self.durable.drawn is None and self.room.draw is None)
    @rule(seconds=st.integers(-5, 60))
    def move_opening(self, seconds: int) -> None:
        self.opens_at = later(self.now, seconds)

    # -- promises

    def _where(self, number: int) -> Whereabouts:
        return self.room.where(number, self.guests[number], self.now)

    @invariant()
    def every_promise_is_kept(self) -> None:
        for number in self.guests:
            where = self._where(number)
            if self.promised.get(number, self.now) > self.now:
                assert where.status is QueueStatus.ADMITTED
            if where.status is QueueStatus.ADMITTED:
                assert where.until is not None
                assert where.until > self.now
                self.promised[number] = max(where.until, self.promised.get(number, where.until))

    @invariant()
    def places_are_distinct_and_stay(self) -> None:
        if self.room.draw is None:
            return
        for number in self.guests:
            place = self.room.place_of(number)
            assert place is not None
            assert self.places.setdefault(number, place) == place
        assert len(set(self.places.values())) == len(self.places)
        assert all(self.places[number] == number for number in self.came_after_the_draw)

    @invariant()
    def nobody_is_overtaken_and_positions_never_grow(self) -> None:
        for number in self.guests:
            where = self._where(number)
            if where.place is None or where.ahead is None:
                continue
            assert (where.status is QueueStatus.WAITING) == (where.place >= self.room.admitted_to)
            assert where.ahead == max(0, where.place - self.room.admitted_to)
            assert where.ahead <= self.ahead.get(number, where.ahead)
            self.ahead[number] = where.ahead

    @invariant()
    def counts_are_possible(self) -> None:
        assert self.room.joined >= len(self.guests)
        assert 0 <= self.room.shopping(self.now) <= self.room.joined
        assert self.room.waiting >= sum(
            self._where(number).status is QueueStatus.WAITING
            for number in self.guests
            if self.room.draw is not None
        )
        assert self.room.admitted_per_second(self.now) >= 0

    @invariant()
    def what_is_durable_is_bounded_by_what_is_admitted(self) -> None:
        starts = [self.durable.first_place, *(wave.upto for wave in self.durable.waves)]
        assert starts == sorted(set(starts)), "each wave moves the frontier on"


TestRooms = Rooms.TestCase
TestRooms.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# -- by example


class Desk:
    """A room at which everything becomes durable at once."""

    def __init__(self, *, opens_after: float = 0.0, record: RoomRecord | None = None) -> None:
        self.now = START
        self.opens_at = later(START, opens_after)
        self.record = record or RoomRecord()
        self.restart()

    def restart(self) -> None:
        self.room = WaitingRoom(EVENT_ID, SEED, self.record, now=self.now)

    def wait(self, seconds: float) -> None:
        self.now = later(self.now, seconds)

    def write(self, *, admit: int = 0, is_last: bool = False) -> RoomRecord:
        self.room.close_draw(self.now, opens_at=self.opens_at)
        self.record = self.room.plan(admit=admit, steering=FREE_FOR_ALL, now=self.now, is_last=is_last)
        self.room.follow(self.record, self.now)
        return self.record

    def number(self) -> int:
        number = self.room.give_number(self.now, opens_at=self.opens_at)
        if number is None:
            self.write()
            number = self.room.give_number(self.now, opens_at=self.opens_at)
        assert number is not None
        return number

    def join(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]

    def where(self, number: int, joined_at: Instant = START) -> Whereabouts:
        return self.room.where(number, joined_at, self.now)

    def status(self, number: int, joined_at: Instant = START) -> QueueStatus:
        return self.where(number, joined_at).status


def test_nobody_gets_a_number_before_it_is_durable() -> None:
    desk = Desk()
    assert desk.room.give_number(START, opens_at=START) is None
    planned = desk.room.plan(admit=0, steering=FREE_FOR_ALL, now=START)
    assert desk.room.give_number(START, opens_at=START) is None
    desk.room.follow(planned, START)
    assert desk.room.give_number(START, opens_at=START) == 0


def test_without_anybody_before_the_opening_the_draw_is_among_none() -> None:
    desk = Desk()
    assert desk.write().drawn == 0
    assert desk.join(3) == [0, 1, 2]
    assert [desk.where(number).ahead for number in range(3)] == [0, 1, 2]


def test_who_comes_alone_draws_the_first_place() -> None:
    desk = Desk(opens_after=10)
    assert desk.join(1) == [0]
    assert desk.where(0) == Whereabouts(QueueStatus.WAITING)
    desk.wait(10)
    assert desk.write().drawn == 1
    assert desk.where(0) == Whereabouts(QueueStatus.WAITING, 0, 0)


def test_an_event_on_sale_for_long_whose_room_is_first_used_now_has_an_empty_draw() -> None:
    desk = Desk(opens_after=-1_000_000)
    desk.write(admit=5)
    assert desk.record.drawn == 0
    assert desk.status(desk.number()) is QueueStatus.ADMITTED


def test_a_late_tick_lets_nobody_into_the_draw_who_came_after_the_opening() -> None:
    desk = Desk(opens_after=1)
    desk.join(9)
    desk.wait(1)
    late = desk.join(1)
    desk.wait(7)
    late += desk.join(40)
    assert desk.write().drawn == 9
    assert [desk.room.place_of(number) for number in late] == late
    assert sorted(desk.room.place_of(number) or 0 for number in range(9)) == list(range(9))


def test_the_last_instant_before_the_opening_is_in_the_draw_and_the_opening_is_not() -> None:
    desk = Desk(opens_after=1)
    desk.write()
    assert desk.room.give_number(Instant(desk.opens_at - 1), opens_at=desk.opens_at) == 0
    assert desk.room.give_number(desk.opens_at, opens_at=desk.opens_at) == 1
    desk.wait(1)
    assert desk.write().drawn == 1


def test_a_postponed_opening_puts_off_the_draw_and_one_brought_forward_does_not_wait() -> None:
    desk = Desk(opens_after=10)
    desk.join(3)
    desk.opens_at = later(START, 60)
    desk.wait(30)
    assert desk.write().drawn is None
    desk.join(2)
    desk.opens_at = desk.now
    assert desk.write().drawn == 5


def test_the_draw_and_the_first_wave_become_durable_together() -> None:
    desk = Desk(opens_after=1)
    desk.join(20)
    desk.wait(1)
    record = desk.write(admit=4)
    assert (record.drawn, record.first_place, record.waves) == (20, 0, (WaveRecord(4, desk.now),))
    statuses = [desk.status(number) for number in range(20)]
    assert statuses.count(QueueStatus.ADMITTED) == 4
    assert {desk.room.place_of(n) for n in range(20) if statuses[n] is QueueStatus.ADMITTED} == {0, 1, 2, 3}


def test_places_are_what_anybody_can_compute_from_seed_and_count() -> None:
    desk = Desk(opens_after=1)
    desk.join(50)
    desk.wait(1)
    desk.write()
    draw = Draw(SEED, EVENT_ID, 50)
    assert [desk.room.place_of(number) for number in range(50)] == [draw.place_of(n) for n in range(50)]


def test_a_crash_between_plan_and_follow_of_the_draw_loses_no_place() -> None:
    desk = Desk(opens_after=1)
    numbers = desk.join(30)
    desk.wait(1)
    desk.room.close_draw(desk.now, opens_at=desk.opens_at)
    planned = desk.room.plan(admit=5, steering=FREE_FOR_ALL, now=desk.now)
    before = desk.record
    for durable in (before, planned):
        desk.record = durable
        desk.restart()
        desk.write()
        assert desk.record.drawn is not None
        assert desk.record.drawn >= 30
        places = {desk.room.place_of(number) for number in numbers}
        assert len(places) == 30
        assert desk.number() not in numbers


def test_a_restart_with_numbers_given_and_nothing_drawn_draws_them_at_the_opening() -> None:
    desk = Desk(opens_after=60)
    desk.join(30)
    desk.write(is_last=True)
    desk.restart()
    assert desk.room.joined == 30
    assert desk.join(1) == [30]
    desk.wait(60)
    assert desk.write().drawn == 31


def test_a_crash_at_rest_leaves_no_number_that_is_nobodys() -> None:
    desk = Desk(opens_after=60)
    desk.join(30)
    desk.wait(REST_SECONDS)
    desk.write()
    desk.restart()
    assert desk.room.joined == 30


def test_numbers_withdrawn_by_a_plan_are_not_given_out_while_it_is_on_its_way() -> None:
    desk = Desk(opens_after=60)
    desk.join(3)
    desk.wait(REST_SECONDS)
    planned = desk.room.plan(admit=0, steering=FREE_FOR_ALL, now=desk.now)
    assert planned.numbers_to == 3
    assert desk.room.give_number(desk.now, opens_at=desk.opens_at) is None


def test_numbers_are_written_down_for_about_as_many_as_come() -> None:
    desk = Desk(opens_after=10_000)
    for _ in range(20):
        desk.join(1000)
        desk.wait(0.5)
        desk.write()
        assert desk.record.numbers_to - desk.room.joined <= 2 * 2000
    assert desk.record.numbers_to - desk.room.joined >= 500
    desk.join(3 * NUMBERS_AHEAD_MAX)
    assert desk.record.numbers_to - desk.room.joined <= NUMBERS_AHEAD_MAX


def test_ten_thousand_at_once_wait_for_few_writes() -> None:
    desk, writes = Desk(opens_after=60), 0
    for _ in range(10_000):
        if desk.room.give_number(START, opens_at=desk.opens_at) is None:
            desk.write()
            writes += 1
            assert desk.room.give_number(START, opens_at=desk.opens_at) is not None
    assert writes <= 12
    assert desk.room.joined == 10_000


def test_while_nobody_waits_guests_are_admitted_as_they_come() -> None:
    desk = Desk()
    desk.write(admit=3)
    desk.wait(100)
    came_at = desk.now
    numbers = desk.join(4)
    statuses = [desk.status(number, came_at) for number in numbers]
    assert statuses == [QueueStatus.ADMITTED] * 3 + [QueueStatus.WAITING]
    assert desk.where(0, came_at).until == came_at + ADMISSION
    assert desk.room.waiting == 1
    assert desk.room.shopping(desk.now) == 3


def test_who_comes_late_into_a_place_that_was_open_for_long_has_as_much_time_as_others() -> None:
    desk = Desk()
    desk.write(admit=2)
    desk.join(1)
    desk.wait(ADMISSION_SECONDS - 20)
    desk.write()
    came_at, late = desk.now, desk.number()
    for _ in range(ADMISSION_SECONDS - 1):
        desk.wait(1)
        desk.write()
        assert desk.status(late, came_at) is QueueStatus.ADMITTED
    assert desk.status(0) is QueueStatus.CLOSED


def test_what_is_retracted_admits_nobody_who_comes_later_and_everybody_who_came() -> None:
    desk = Desk()
    desk.write(admit=10)
    desk.write(admit=10)
    desk.join(4)
    desk.room.retract(desk.now)
    assert desk.room.admitted_to == 4
    late = desk.number()
    assert [desk.status(number) for number in range(4)] == [QueueStatus.ADMITTED] * 4
    assert desk.status(late) is QueueStatus.WAITING
    desk.write()
    desk.restart()
    assert desk.status(3) is QueueStatus.ADMITTED


def test_retracting_twice_or_with_nothing_ahead_changes_nothing() -> None:
    desk = Desk(opens_after=1)
    desk.join(5)
    desk.wait(1)
    desk.write(admit=2)
    before = desk.room.plan(admit=0, steering=FREE_FOR_ALL, now=desk.now).waves
    desk.room.retract(desk.now)
    desk.room.retract(desk.now)
    assert desk.room.plan(admit=0, steering=FREE_FOR_ALL, now=desk.now).waves == before


def test_an_admission_ends_after_its_time_and_its_wave_leaves_memory() -> None:
    desk = Desk(opens_after=1)
    desk.join(5)
    desk.wait(1)
    desk.write(admit=2)
    admitted = [number for number in range(5) if desk.status(number) is QueueStatus.ADMITTED]
    desk.wait(ADMISSION_SECONDS - 0.000001)
    desk.write()
    assert [desk.status(number) for number in admitted] == [QueueStatus.ADMITTED] * 2
    desk.wait(0.000001)
    assert [desk.status(number) for number in admitted] == [QueueStatus.CLOSED] * 2
    desk.wait(1)
    assert desk.write().waves == ()
    assert desk.record.first_place == 2
    assert [desk.where(number).status for number in admitted] == [QueueStatus.CLOSED] * 2
    desk.write(admit=1)
    assert sum(desk.status(number, desk.now) is QueueStatus.ADMITTED for number in range(5)) == 1


def test_waves_of_a_long_sale_are_pruned() -> None:
    desk = Desk()
    for _ in range(4 * ADMISSION_SECONDS):
        desk.join(3)
        desk.wait(1)
        desk.write(admit=3)
    assert len(desk.record.waves) <= ADMISSION_SECONDS + 2


def test_who_does_not_show_up_is_not_waited_for_but_may_still_come() -> None:
    desk = Desk(opens_after=1)
    desk.join(10)
    desk.wait(1)
    desk.write(admit=10)
    until = later(desk.now, ADMISSION_SECONDS)
    desk.room.see(3, until)
    assert desk.room.shopping(desk.now) == 10
    desk.wait(DOOR_SECONDS + 1)
    assert desk.room.shopping(desk.now) == 1
    assert desk.status(4) is QueueStatus.ADMITTED
    desk.room.see(4, until)
    assert desk.room.shopping(desk.now) == 2
    desk.room.granted(4, "")
    assert desk.room.shopping(desk.now) == 1
    desk.wait(ADMISSION_SECONDS)
    assert desk.room.shopping(desk.now) == 0


def test_an_admission_is_free_again_when_nothing_came_of_it_but_not_once_granted() -> None:
    desk = Desk()
    desk.write(admit=3)
    number = desk.number()
    desk.room.begin_use(number, "key")
    assert (desk.room.used_with(number), desk.room.is_used_up(number)) == ("key", False)
    desk.room.refused(number)
    assert desk.room.used_with(number) is None
    desk.room.begin_use(number, "")
    desk.room.granted(number, "")
    desk.room.refused(number)
    assert (desk.room.used_with(number), desk.room.is_used_up(number)) == ("", True)


def test_what_is_in_doubt_keeps_an_admission_until_a_repeat_is_refused() -> None:
    desk = Desk()
    desk.write(admit=3)
    number = desk.number()
    for _ in range(2):
        desk.room.begin_use(number, "key")
    desk.room.left_in_doubt(number)
    desk.room.refused(number)
    assert desk.room.used_with(number) is None, "the repeat was decided after the first"
    desk.room.begin_use(number, "key")
    desk.room.left_in_doubt(number)
    assert desk.room.used_with(number) == "key"
    desk.room.begin_use(number, "key")
    desk.room.refused(number)
    assert desk.room.used_with(number) is None


def test_guests_who_came_as_they_were_admitted_stop_counting_when_their_time_is_over() -> None:
    desk = Desk()
    desk.write(admit=10)
    for _ in range(9):
        desk.number()
        desk.wait(600)
    assert desk.room.shopping(desk.now) == 0
    desk.number()
    assert desk.room.shopping(desk.now) == 1


def test_whoever_has_no_turn_has_nothing_to_use() -> None:
    desk = Desk(opens_after=60)
    number = desk.number()
    desk.room.granted(number, "key")
    desk.room.see(number, desk.now)
    assert desk.room.used_with(number) is None
    desk.wait(60)
    desk.write()
    desk.room.granted(number, "key")
    assert desk.room.used_with(number) is None


def test_waiting_guests_cost_no_memory() -> None:
    desk = Desk(opens_after=60)
    desk.join(20_000)
    for number in range(20_000):
        desk.where(number)
        desk.room.see(number, desk.now)
    assert desk.room.joined == 20_000
    containers = [each for each in vars(desk.room).values() if isinstance(each, list | dict | set)]
    assert not any(containers)


def test_the_rate_that_guests_are_told_is_that_of_the_last_minute() -> None:
    desk = Desk()
    desk.join(1000)
    assert desk.room.admitted_per_second(desk.now) == 0
    for _ in range(2 * PACE_SECONDS):
        desk.wait(1)
        desk.write(admit=2)
    for _ in range(PACE_SECONDS):
        desk.wait(1)
        desk.write(admit=5)
    assert 4.5 <= desk.room.admitted_per_second(desk.now) <= 5.5
    desk.wait(PACE_SECONDS + 1)
    assert desk.room.admitted_per_second(desk.now) == 0


def test_numbers_ahead_have_a_least() -> None:
    desk = Desk(opens_after=60)
    desk.number()
    assert desk.record.numbers_to == NUMBERS_AHEAD_MIN

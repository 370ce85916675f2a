"""Admission on a simulated clock: a shop that can take so much, and guests who come and go."""

from collections import deque

import pytest

from ticketd.core.pace import (
    GAP_SECONDS_MAX,
    PER_SECOND_FIRST,
    PER_SECOND_MAX,
    PER_SECOND_MIN,
    SHOPPERS_MAX,
    TICKETS_EACH,
    Pace,
    Reading,
    Steering,
    is_full,
)

TICK_SECONDS = 0.5
PLENTY = 10**9
NOTHING_DECIDED = Steering()
CALM = Reading(0.0, 0.01, 0, PLENTY)
STRAINED = Reading(1.5, 0.01, 0, PLENTY)
SLOW_COMMITS = Reading(0.0, 1.5, 0, PLENTY)
BUSY = Reading(0.5, 0.5, 0, PLENTY)


def ticks(
    pace: Pace, gauges: Reading, count: int, *, steering: Steering = NOTHING_DECIDED, wanted: int = PLENTY
) -> list[int]:
    return [pace.admit(gauges, steering, wanted=wanted, seconds=TICK_SECONDS) for _ in range(count)]


def without_limit(shopping: int = 0, free: int = PLENTY) -> Reading:
    return CALM._replace(shopping=shopping, free=free)


UNLIMITED_SHOPPERS = Steering(shoppers_max=10**6)


def test_a_calm_shop_gets_more_and_more_up_to_a_limit() -> None:
    pace = Pace()
    admitted = ticks(pace, CALM, 40, steering=UNLIMITED_SHOPPERS)
    assert admitted[0] == PER_SECOND_FIRST * TICK_SECONDS
    assert admitted == sorted(admitted)
    assert admitted[-1] == PER_SECOND_MAX * TICK_SECONDS


@pytest.mark.parametrize("gauges", [STRAINED, SLOW_COMMITS])
def test_a_strained_one_gets_half_as_many_each_time_but_never_less_than_one_a_second(gauges: Reading) -> None:
    pace = Pace()
    admitted = ticks(pace, gauges, 60)
    assert admitted[:3] == [100, 50, 25]
    assert pace.per_second == PER_SECOND_MIN
    assert sum(admitted[-20:]) == 20 * TICK_SECONDS * PER_SECOND_MIN


def test_what_is_neither_calm_nor_strained_goes_on_as_it_is() -> None:
    pace = Pace()
    assert ticks(pace, BUSY, 20) == [100] * 20


def test_it_speeds_up_only_while_it_is_what_holds_guests_back() -> None:
    pace = Pace()
    ticks(pace, CALM, 50, wanted=10)
    ticks(pace, CALM, 50, steering=Steering(shoppers_max=20))
    ticks(pace, without_limit(free=0), 50)
    assert pace.per_second == PER_SECOND_FIRST


@pytest.mark.parametrize("wanted", [0, 1, 7, 10_000])
def test_no_more_than_want_to_come_are_admitted(wanted: int) -> None:
    pace = Pace()
    assert all(admitted <= wanted for admitted in ticks(pace, CALM, 100, wanted=wanted))


def test_what_could_have_been_admitted_is_not_made_up_for_later() -> None:
    pace = Pace()
    ticks(pace, CALM, 1000, wanted=0)
    assert sum(ticks(pace, CALM, 1)) <= PER_SECOND_FIRST * TICK_SECONDS + 1
    late = pace.admit(CALM, NOTHING_DECIDED, wanted=PLENTY, seconds=3600)
    assert late <= pace.per_second * GAP_SECONDS_MAX + 1


def test_few_tickets_bound_those_who_choose() -> None:
    pace = Pace()
    assert ticks(pace, without_limit(free=6), 1) == [6 // TICKETS_EACH]
    assert ticks(pace, without_limit(free=5), 1) == [3], "the last one is somebody's too"
    assert ticks(pace, without_limit(shopping=3, free=6), 1) == [0]
    assert ticks(pace, without_limit(shopping=30, free=6), 1) == [0]
    assert ticks(pace, without_limit(free=0), 1) == [0]


def test_only_so_many_choose_at_once() -> None:
    pace = Pace()
    pace.per_second = PER_SECOND_MAX
    assert ticks(pace, without_limit(shopping=SHOPPERS_MAX - 3), 1) == [3]
    assert ticks(pace, without_limit(shopping=7), 1, steering=Steering(shoppers_max=9)) == [2]


def test_a_pause_admits_nobody_and_afterwards_nothing_is_made_up_for() -> None:
    pace = Pace()
    paused = Steering(paused=True)
    assert ticks(pace, CALM, 100, steering=paused) == [0] * 100
    assert is_full(CALM, paused)
    assert ticks(pace, CALM, 1) == [PER_SECOND_FIRST * TICK_SECONDS]


def test_a_shop_is_full_when_more_choose_than_should() -> None:
    assert not is_full(without_limit(free=0), NOTHING_DECIDED)
    assert is_full(without_limit(shopping=1, free=0), NOTHING_DECIDED)
    assert not is_full(without_limit(shopping=3), Steering(shoppers_max=3))
    assert is_full(without_limit(shopping=4), Steering(shoppers_max=3))


@pytest.mark.parametrize("per_minute", [1, 7, 20, 59, 60, 61, 1000, 6000, 11_999])
def test_an_owners_limit_is_kept_to_the_guest_over_minutes(per_minute: int) -> None:
    pace = Pace()
    steering = Steering(admitted_per_minute_max=per_minute)
    admitted = ticks(pace, CALM, 10 * 120, steering=steering)
    assert abs(sum(admitted) - 10 * per_minute) <= 1
    for minute in range(10):
        assert sum(admitted[minute * 120 : (minute + 1) * 120]) <= per_minute + 1


def test_an_owners_limit_lets_no_burst_in_after_a_quiet_time() -> None:
    pace = Pace()
    steering = Steering(admitted_per_minute_max=600)
    ticks(pace, CALM, 1000, steering=steering, wanted=0)
    assert sum(ticks(pace, CALM, 120, steering=steering)) <= 600 + 10


def test_an_owners_limit_counts_from_when_it_is_set() -> None:
    pace = Pace()
    ticks(pace, CALM, 100)
    assert sum(ticks(pace, CALM, 120, steering=Steering(admitted_per_minute_max=600))) == 600


def test_an_owners_limit_is_no_promise_to_a_strained_shop() -> None:
    pace = Pace()
    assert sum(ticks(pace, STRAINED, 600, steering=Steering(admitted_per_minute_max=6000))) < 600


class ModelShop:
    """Takes so many reservations a second; each guest chooses for a while, then asks."""

    def __init__(self, capacity: float, *, choosing_seconds: float = 5.0) -> None:
        self.capacity = capacity
        self.choosing: deque[tuple[float, int]] = deque()
        self.choosing_seconds = choosing_seconds
        self.backlog = 0.0
        self.served = 0.0
        self.now = 0.0

    def gauges(self) -> Reading:
        age = self.backlog / self.capacity
        return Reading(age, 0.01, sum(count for _, count in self.choosing), PLENTY)

    def tick(self, admitted: int) -> None:
        self.choosing.append((self.now + self.choosing_seconds, admitted))
        self.now += TICK_SECONDS
        while self.choosing and self.choosing[0][0] <= self.now:
            self.backlog += self.choosing.popleft()[1]
        done = min(self.backlog, self.capacity * TICK_SECONDS)
        self.backlog -= done
        self.served += done


@pytest.mark.parametrize("capacity", [50, 400, 3000])
@pytest.mark.parametrize("choosing_seconds", [0.5, 5.0])
def test_admission_comes_near_what_the_shop_can_take_and_backs_off_before_it_drowns(
    capacity: int, choosing_seconds: float
) -> None:
    shop, pace, ages = ModelShop(capacity, choosing_seconds=choosing_seconds), Pace(), []
    for _ in range(2 * 600):
        gauges = shop.gauges()
        ages.append(gauges.mailbox_age_seconds)
        shop.tick(pace.admit(gauges, NOTHING_DECIDED, wanted=PLENTY, seconds=TICK_SECONDS))
    attainable = min(capacity, SHOPPERS_MAX / (choosing_seconds + TICK_SECONDS))
    assert shop.served / shop.now >= 0.5 * attainable
    assert sorted(ages)[len(ages) // 2] < 2


def test_after_a_strain_it_goes_back_fast_to_half_of_what_was_too_much_and_carefully_from_there() -> None:
    pace = Pace()
    pace.per_second = 1600.0
    ticks(pace, STRAINED, 5)
    assert pace.per_second == 50
    ticks(pace, without_limit(), 13, steering=UNLIMITED_SHOPPERS)
    assert 800 <= pace.per_second <= 1000
    ticks(pace, without_limit(), 10, steering=UNLIMITED_SHOPPERS)
    assert pace.per_second <= 1250

"""What guests are told of their place, and when to ask again."""

from collections import Counter

import pytest

from tests.fakes.clock import START
from ticketd.core.ids import END_OF_TIME, SECOND, EventId, Instant
from ticketd.core.pace import Steering
from ticketd.core.places import Place
from ticketd.core.waiting_room import (
    QueueStatus,
    RoomRecord,
    WaitingRoom,
    WaveRecord,
    Whereabouts,
)
from ticketd.core.waves import DOOR_SECONDS
from ticketd.services.room_gauges import Stock
from ticketd.services.standings import (
    POLLS_PER_SECOND,
    RETRY_SECONDS_MAX,
    RETRY_SECONDS_MIN,
    Standing,
    notice_of,
    standing_of,
)

EVENT_ID = EventId(7)
PLENTY = Stock(1000, 1000, 0, 0, None, START, END_OF_TIME)
IN_BASKETS = Stock(0, 0, 38, 62, Instant(START + 250 * SECOND), START, END_OF_TIME)


def later(seconds: float) -> Instant:
    return Instant(START + round(seconds * SECOND))


def room(record: RoomRecord) -> WaitingRoom:
    return WaitingRoom(EVENT_ID, bytes(32), record, now=START)


def drawn(joined: int, *, admitted_to: int = 0, steering: Steering = Steering()) -> WaitingRoom:  # noqa: B008
    waves = (WaveRecord(admitted_to, START),) if admitted_to else ()
    return room(RoomRecord(numbers_to=joined, drawn=0, waves=waves, steering=steering))


def told(
    of: WaitingRoom,
    number: int,
    *,
    stock: Stock = PLENTY,
    now: Instant = START,
    where: Whereabouts | None = None,
) -> Standing:
    place = Place(EVENT_ID, number, START)
    seen = where or of.where(number, START, now)
    return standing_of("token", place, seen, of, stock, now)


def test_before_the_draw_only_the_opening_is_known() -> None:
    opening = later(100)
    standing = told(room(RoomRecord(numbers_to=5)), 3, stock=PLENTY._replace(opens_at=opening))
    assert (standing.position, standing.ahead, standing.estimated_wait_seconds) == (None, None, None)
    assert standing.opens_at == opening


def test_the_next_one_is_at_position_one_and_the_admitted_are_at_none() -> None:
    of = drawn(20, admitted_to=5)
    assert [told(of, number).position for number in (4, 5, 6)] == [0, 1, 2]
    assert told(of, 4).estimated_wait_seconds == 0


def test_the_time_to_wait_follows_from_the_rate_of_the_last_minute() -> None:
    of = drawn(1000, admitted_to=100)
    standing = told(of, 150, now=later(10))  # 100 in ten seconds
    assert standing.ahead == 50
    assert standing.estimated_wait_seconds == 6


@pytest.mark.parametrize(
    ("of", "stock"),
    [
        (drawn(1000, admitted_to=100, steering=Steering(paused=True)), PLENTY),
        (drawn(1000), PLENTY),
        (drawn(1000, admitted_to=100), IN_BASKETS),
    ],
)
def test_it_is_not_guessed_while_nobody_can_tell(of: WaitingRoom, stock: Stock) -> None:
    assert told(of, 500, stock=stock).estimated_wait_seconds is None


def test_with_nothing_free_guests_hear_how_many_are_in_baskets_and_when_the_first_may_come_back() -> None:
    standing = told(drawn(1000, admitted_to=100), 500, stock=IN_BASKETS)
    assert (standing.in_baskets, standing.next_return_at) == (38, IN_BASKETS.next_return_at)
    notice = notice_of(drawn(1000, admitted_to=100), IN_BASKETS, START)
    assert (notice.in_baskets, notice.next_return_at) == (38, IN_BASKETS.next_return_at)
    assert told(drawn(1000), 500).in_baskets is None
    before = told(room(RoomRecord(numbers_to=5)), 3, stock=IN_BASKETS)
    assert (before.in_baskets, before.next_return_at) == (None, None)


def test_a_seed_is_secret_until_the_draw_and_the_frontier_never_ahead_of_who_came() -> None:
    assert notice_of(room(RoomRecord(numbers_to=5)), PLENTY, START).seed is None
    after = notice_of(drawn(5, admitted_to=50), PLENTY, START)
    assert (after.seed, after.admitted_to, after.opens_at) == (bytes(32).hex(), 5, None)


# -- when to ask again


def test_at_the_opening_guests_come_back_spread_out_but_while_they_are_waited_for() -> None:
    of = room(RoomRecord(numbers_to=500_000))
    stock = PLENTY._replace(opens_at=later(20))
    after = Counter(told(of, number, stock=stock).retry_after_seconds - 20 for number in range(0, 500_000, 7))
    assert min(after) >= 1
    assert max(after) < DOOR_SECONDS
    assert max(after.values()) <= 1.1 * min(after.values())


def test_few_guests_come_back_just_after_the_opening() -> None:
    of = room(RoomRecord(numbers_to=10))
    stock = PLENTY._replace(opens_at=later(7.5))
    assert {told(of, number, stock=stock).retry_after_seconds for number in range(10)} == {8}


def test_long_before_the_opening_guests_come_back_once_a_minute() -> None:
    stock = PLENTY._replace(opens_at=later(86_400))
    assert told(room(RoomRecord(numbers_to=10)), 3, stock=stock).retry_after_seconds == RETRY_SECONDS_MAX


def test_while_an_opening_is_late_guests_come_back_soon() -> None:
    of = room(RoomRecord(numbers_to=10))
    assert told(of, 3, now=later(5)).retry_after_seconds == RETRY_SECONDS_MIN


@pytest.mark.parametrize("joined", [10, 5000, 40_000])
def test_all_together_do_not_ask_too_often(joined: int) -> None:
    of = drawn(joined)
    assert joined / told(of, joined - 1).retry_after_seconds <= 1.1 * POLLS_PER_SECOND


def test_who_is_nearly_in_comes_back_soon() -> None:
    of = drawn(50_000, admitted_to=1000)
    assert told(of, 2000, now=later(1)).retry_after_seconds == RETRY_SECONDS_MIN
    assert told(of, 49_999, now=later(1)).retry_after_seconds > RETRY_SECONDS_MIN


def test_who_had_their_turn_has_no_time_to_wait() -> None:
    of = drawn(50, admitted_to=10)
    closed = told(of, 3, where=Whereabouts(QueueStatus.CLOSED, 3, 0, later(-1)))
    assert (closed.position, closed.estimated_wait_seconds) == (0, None)

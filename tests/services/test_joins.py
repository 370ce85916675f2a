"""What the door remembers of who joined."""

import pytest

from tests.fakes.clock import ManualClock
from ticketd.core.ids import EventId
from ticketd.services.joins import JoinRates, NetworkTally

EVENT = EventId(1)


def test_networks_are_counted_for_each_event_by_itself() -> None:
    tally = NetworkTally()
    for _ in range(3):
        tally.add(EVENT, "a")
    tally.add(EventId(2), "a")
    assert [tally.count(EVENT, "a"), tally.count(EventId(2), "a"), tally.count(EVENT, "b")] == [3, 1, 0]


def test_only_the_latest_networks_are_remembered() -> None:
    tally = NetworkTally(networks_max=100)
    for number in range(1000):
        tally.add(EVENT, str(number))
        tally.add(EVENT, "a regular")
    assert len(tally) == 100
    assert tally.count(EVENT, "a regular") == 1000
    assert tally.count(EVENT, "999") == 1
    assert tally.count(EVENT, "0") == 0


@pytest.mark.parametrize("per_second", [1, 20, 500])
def test_a_steady_rate_is_measured_as_it_is(per_second: int) -> None:
    rates, clock = JoinRates(), ManualClock()
    for _ in range(60 * per_second):
        clock.advance(1 / per_second)
        rates.add(EVENT, clock.now())
    assert rates.per_second(EVENT, clock.now()) == pytest.approx(per_second, rel=0.15)
    clock.advance(60)
    assert rates.per_second(EVENT, clock.now()) < 0.01


def test_a_clock_that_stands_still_does_no_harm() -> None:
    rates, clock = JoinRates(), ManualClock()
    late = clock.now()
    clock.advance(-5)
    rates.add(EVENT, late)
    assert rates.per_second(EVENT, clock.now()) == rates.per_second(EVENT, late) > 0


def test_only_the_latest_events_are_remembered() -> None:
    rates, clock = JoinRates(events_max=10), ManualClock()
    for number in range(50):
        rates.add(EventId(number), clock.now())
    assert len(rates) == 10
    assert rates.per_second(EventId(0), clock.now()) == 0
    assert rates.per_second(EventId(49), clock.now()) > 0

"""The clock follows the database's time without ever stepping or going back."""

from hypothesis import given
from hypothesis import strategies as st

from ticketd.clock import SLEW_PARTS_PER_MILLION, DatabaseClock
from ticketd.core.ids import SECOND, Instant

START = Instant(1_800_000_000 * SECOND)
HOUR = 3600 * SECOND


class Monotonic:
    """A monotonic clock that a test moves, in nanoseconds."""

    def __init__(self) -> None:
        self.nanoseconds = 12_345

    def __call__(self) -> int:
        return self.nanoseconds

    def advance(self, microseconds: int) -> None:
        self.nanoseconds += microseconds * 1000


def test_it_starts_with_the_databases_time_and_goes_on_with_the_monotonic_clock() -> None:
    monotonic = Monotonic()
    clock = DatabaseClock(START, monotonic)
    assert clock.now() == START
    monotonic.advance(1_234_567)
    assert clock.now() == START + 1_234_567


def test_a_correction_moves_it_by_no_more_than_the_slew_since_the_last_one() -> None:
    monotonic = Monotonic()
    clock = DatabaseClock(START, monotonic)
    monotonic.advance(10 * SECOND)
    clock.correct(Instant(clock.now() + HOUR))
    step = 10 * SLEW_PARTS_PER_MILLION
    assert clock.now() == START + 10 * SECOND + step
    clock.correct(Instant(clock.now() + HOUR))
    assert clock.now() == START + 10 * SECOND + step, "no time has passed since"


def test_a_small_error_is_corrected_at_once() -> None:
    monotonic = Monotonic()
    clock = DatabaseClock(START, monotonic)
    monotonic.advance(10 * SECOND)
    clock.correct(Instant(START + 10 * SECOND + 7))
    assert clock.now() == START + 10 * SECOND + 7


def test_when_it_is_ahead_it_waits_and_then_goes_on_from_there() -> None:
    monotonic = Monotonic()
    clock = DatabaseClock(START, monotonic)
    monotonic.advance(10 * SECOND)
    before = clock.now()
    clock.correct(START)
    behind = 10 * SLEW_PARTS_PER_MILLION
    assert clock.now() == before
    monotonic.advance(behind + 100)
    assert clock.now() == before + 100


@given(st.lists(st.tuples(st.integers(0, 20 * SECOND), st.integers(-HOUR, HOUR) | st.none())))
def test_it_never_goes_back(moves: list[tuple[int, int | None]]) -> None:
    monotonic = Monotonic()
    clock = DatabaseClock(START, monotonic)
    last = clock.now()
    for microseconds, error in moves:
        monotonic.advance(microseconds)
        if error is not None:
            clock.correct(Instant(clock.now() + error))
        assert clock.now() >= last
        last = clock.now()

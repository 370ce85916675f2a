"""Numbers that work once."""

from tests.fakes.clock import START, ManualClock
from ticketd.services.serials import PAGE_NUMBERS, Serials


def serials(*, pages_max: int = 100) -> Serials:
    return Serials(lifetime_seconds=300, pages_max=pages_max)


def test_each_number_works_once_whatever_others_do() -> None:
    numbers = serials()
    issued = [numbers.issue(START) for _ in range(20)]
    assert len(set(issued)) == 20
    assert [numbers.use(each) for each in issued[::2]] == [True] * 10
    assert [numbers.use(each) for each in issued] == [False, True] * 10
    assert not any(numbers.use(each) for each in issued)


def test_a_number_that_was_not_handed_out_yet_does_not_work() -> None:
    numbers = serials()
    assert not numbers.use(0)
    assert not numbers.use(numbers.issue(START) + 1)
    assert not numbers.use(-1)


def test_half_a_million_uses_in_five_minutes_are_all_remembered_in_little_memory() -> None:
    numbers, clock = serials(), ManualClock()
    for _ in range(500_000):
        assert numbers.use(numbers.issue(clock.now()))
        clock.advance(300 / 500_000)
    assert not any(numbers.use(each) for each in range(0, 500_000, 97))
    assert len(numbers) < 2**20  # bits


def test_pages_are_dropped_when_their_time_is_over_and_not_before() -> None:
    numbers, clock = serials(), ManualClock()
    first = _fill_page(numbers, clock)
    clock.advance(300)
    _fill_page(numbers, clock)
    assert len(numbers) == 2 * PAGE_NUMBERS
    assert numbers.use(first)
    clock.advance(301)
    _fill_page(numbers, clock)
    assert len(numbers) == 2 * PAGE_NUMBERS
    assert not numbers.use(first + 1)


def test_memory_is_bounded_and_the_oldest_numbers_end_early() -> None:
    numbers, clock = serials(pages_max=2), ManualClock()
    firsts = [_fill_page(numbers, clock) for _ in range(3)]
    assert len(numbers) == 2 * PAGE_NUMBERS
    assert [numbers.use(each) for each in firsts] == [False, True, True]


def _fill_page(numbers: Serials, clock: ManualClock) -> int:
    """Its first number."""
    first, *_ = [numbers.issue(clock.now()) for _ in range(PAGE_NUMBERS)]
    return first

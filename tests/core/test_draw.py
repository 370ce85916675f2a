"""The draw: everybody has one place, any place is as likely for any number, and it never changes."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import combinations, permutations, product
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.chi_square import surprise
from ticketd.core import draw
from ticketd.core.draw import SEED_BYTES, SMALL_COUNT_MAX, Draw, commitment
from ticketd.core.ids import EventId

EVENT = EventId(7)
SEED = bytes(range(SEED_BYTES))
EXTREME = 4.0
"""Standard deviations. The seeds are always the same ones: what passes once passes for ever."""

counts = st.integers(0, 200) | st.integers(SMALL_COUNT_MAX - 3, SMALL_COUNT_MAX + 300)
seeds = st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES)


@given(seeds, st.integers(0, 2**31 - 1), counts)
def test_each_number_gets_a_place_of_its_own(seed: bytes, event_id: int, count: int) -> None:
    drawn = Draw(seed, EventId(event_id), count)
    assert sorted(map(drawn.place_of, range(count))) == list(range(count))


def test_half_a_million_get_a_place_each_and_who_came_first_has_no_advantage() -> None:
    count, groups = 500_000, 20
    drawn = Draw(SEED, EVENT, count)
    places = [drawn.place_of(number) for number in range(count)]
    assert sorted(places) == list(range(count))
    share = count // groups
    counted = Counter((number // share, place // share) for number, place in enumerate(places))
    cells = [(counted[a, b], count / groups**2) for a, b in product(range(groups), repeat=2)]
    assert abs(surprise(cells, freedom=(groups - 1) ** 2)) < EXTREME


def test_a_draw_stays_what_it_is_for_ever() -> None:
    """Who checks their place in a year, or with a program of their own, finds the same one."""
    assert commitment(SEED) == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    small, large = Draw(SEED, EVENT, 10), Draw(SEED, EVENT, 500_000)
    assert [small.place_of(number) for number in range(10)] == [4, 2, 9, 7, 8, 1, 3, 6, 0, 5]
    assert [large.place_of(number) for number in (0, 1, 2, 499_999)] == [12551, 90291, 426516, 18864]


def test_seed_event_and_count_each_make_another_draw() -> None:
    drawn = {
        tuple(map(Draw(seed, EventId(event_id), count).place_of, range(20)))
        for seed, event_id, count in product([SEED, bytes(SEED_BYTES)], [7, 8], [2000, 2001])
    }
    assert len(drawn) == 8


@pytest.mark.parametrize("length", [0, SEED_BYTES - 1, SEED_BYTES + 1])
def test_a_seed_has_its_full_length(length: int) -> None:
    with pytest.raises(ValueError):
        Draw(bytes(length), EVENT, 10)


@pytest.mark.parametrize(("count", "number"), [(0, 0), (1, 1), (10, 10), (10, -1), (5000, 5000)])
def test_who_is_not_in_the_draw_has_no_place_in_it(count: int, number: int) -> None:
    with pytest.raises(ValueError):
        Draw(SEED, EVENT, count).place_of(number)


@pytest.mark.parametrize("count", range(2, 6))
def test_every_order_of_a_few_is_as_likely(count: int) -> None:
    assert order_surprise(count) < EXTREME


@pytest.mark.parametrize("count", [8, 9])
def test_an_order_takes_an_even_number_of_swaps_as_often_as_an_odd_one(count: int) -> None:
    """It would not, in a grid with two odd sides."""
    times = 2000
    orders = (map(drawn.place_of, range(count)) for drawn in draws(count, times))
    odd = sum(sum(one > other for one, other in combinations(order, 2)) % 2 for order in orders)
    assert surprise([(odd, times / 2), (times - odd, times / 2)]) < EXTREME


@pytest.mark.parametrize("count", [*range(2, 13), 100, 1000, 65_536])
def test_every_place_is_as_likely_for_any_number(count: int) -> None:
    assert place_surprise(count) < EXTREME


@pytest.mark.parametrize("count", [4, 9, 12, 100, 1000, 65_536])
def test_where_one_stands_says_nothing_about_where_another_does(count: int) -> None:
    assert pair_surprise(count) < EXTREME


@pytest.mark.parametrize("count", [3, 4, 5])
def test_too_few_rounds_favour_some_orders(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "rounds_of", lambda count: 2)
    assert order_surprise(count) > EXTREME


@pytest.mark.parametrize(
    ("count", "rounds"), [(3, 2), (5, 2), (7, 2), (9, 2), (11, 2), (12, 0), (100, 0), (1000, 0), (65_536, 0)]
)
def test_too_few_rounds_favour_some_places(count: int, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are enough where the grid has no cell beyond the count; there it takes none at all."""
    monkeypatch.setattr(draw, "rounds_of", lambda count: rounds)
    assert place_surprise(count) > EXTREME


@pytest.mark.parametrize("count", [4, 9, 12, 100, 1000, 65_536])
def test_too_few_rounds_leave_people_side_by_side(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "rounds_of", lambda count: 2)
    assert pair_surprise(count) > EXTREME


def order_surprise(count: int, times: int = 5000) -> float:
    """Of the orders in which so few stand in line."""
    counted = Counter(tuple(map(drawn.place_of, range(count))) for drawn in draws(count, times))
    return surprise((counted[order], times / factorial(count)) for order in permutations(range(count)))


def place_surprise(count: int, times: int = 2000) -> float:
    """The largest, of where any of some numbers comes to stand, and of where within its row of the grid."""
    numbers = {0, 1, count // 2, count - 1}
    groups = min(count, 64)
    near, scattered = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for drawn in draws(count, times):
        for number in numbers:
            place = drawn.place_of(number)
            near[number, place * groups // count] += 1
            scattered[number, place % groups] += 1
    sizes = Counter(place * groups // count for place in range(count))
    remainders = Counter(place % groups for place in range(count))
    return max(
        surprise((counted[number, group], times * people[group] / count) for group in range(groups))
        for number in numbers
        for counted, people in ((near, sizes), (scattered, remainders))
    )


def pair_surprise(count: int, times: int = 2000) -> float:
    """The largest, of the quarters of the line in which two neighbours in the grid stand together."""
    columns = Draw(SEED, EVENT, count)._columns
    counted = {1: Counter[tuple[int, int]](), columns: Counter[tuple[int, int]]()}
    for drawn in draws(count, times):
        mine = drawn.place_of(0)
        for apart, quarters in counted.items():
            quarters[mine * 4 // count, drawn.place_of(apart) * 4 // count] += 1
    sizes = Counter(place * 4 // count for place in range(count))
    together = times / (count * (count - 1))
    return max(
        surprise(
            (quarters[one, other], sizes[one] * (sizes[other] - (one == other)) * together)
            for one, other in product(range(4), repeat=2)
            if count > 4 or one != other
        )
        for quarters in counted.values()
    )


def draws(count: int, times: int) -> Iterator[Draw]:
    return (Draw(sha256(b"%d of %d" % (number, count)).digest(), EVENT, count) for number in range(times))

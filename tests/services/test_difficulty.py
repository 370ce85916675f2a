"""How hard it gets."""

import pytest

from ticketd.services.difficulty import COST_MAX, cost_of_place


def test_it_gets_harder_with_the_pressure_and_with_the_places_of_a_network() -> None:
    by_rate = [cost_of_place(joins_per_second=each, places=0, wider_places=0) for each in range(0, 2000, 50)]
    by_place = [cost_of_place(joins_per_second=0, places=each, wider_places=0) for each in range(400)]
    wider = [cost_of_place(joins_per_second=0, places=0, wider_places=each) for each in range(0, 4000, 10)]
    for costs in (by_rate, by_place, wider):
        assert costs == sorted(costs)
        assert len(set(costs)) > 3
    assert by_place[20] == 2 * by_place[19] == 2 * by_place[0]
    assert by_place[40] == 2 * by_place[20]


@pytest.mark.parametrize("places", [10**3, 10**6, 10**18])
def test_there_is_a_most_that_is_ever_asked(places: int) -> None:
    assert cost_of_place(joins_per_second=1e9, places=places, wider_places=places) == COST_MAX

from functools import partial
from typing import NamedTuple

import pytest

from bench.rounds import in_turns, median, medians, percentile


class Sample(NamedTuple):
    a: float
    b: float


def test_every_round_gives_each_subject_its_turn() -> None:
    order: list[str] = []

    def measure(name: str) -> Sample:
        order.append(name)
        return Sample(len(order), 0)

    samples = in_turns({name: partial(measure, name) for name in "xy"}, rounds=3)
    assert order == list("xyxyxy")
    assert [sample.a for sample in samples["y"]] == [2, 4, 6]


def test_the_median_is_taken_figure_by_figure() -> None:
    measured = [Sample(1, 30), Sample(2, 10), Sample(100, 20)]
    assert median(measured) == Sample(2, 20)
    assert medians({"x": measured}) == {"x": Sample(2, 20)}


@pytest.mark.parametrize(("share", "figure"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_smallest_figure_that_such_a_share_does_not_exceed(
    share: float, figure: float
) -> None:
    assert percentile(range(1, 101), share) == figure


def test_the_percentile_of_a_single_figure_is_that_figure() -> None:
    assert percentile([7.0], 0.999) == 7.0

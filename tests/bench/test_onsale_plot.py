from xml.etree import ElementTree

import pytest

from bench.onsale_plot import Panel, Scale, draw, figure_scale, latency, per_second, round_step, svg
from bench.onsale_watch import Sight
from bench.switchboard import Call

SVG = "{http://www.w3.org/2000/svg}"


def call(due: float, after: float) -> Call:
    return Call("join", due, after, 201, "", False)


def test_a_second_in_which_nothing_happens_is_drawn_as_none() -> None:
    assert per_second([0.1, 0.9, 2.5]) == [(0.5, 2), (1.5, 0), (2.5, 1)]


def test_latency_belongs_to_the_second_in_which_a_request_was_due() -> None:
    calls = [call(0.9, 5.0), call(1.0, 0.001), call(1.5, 0.003)]
    assert latency(calls, 0.5) == [(0.5, 5000), (1.5, 1)]
    assert latency(calls, 0.99) == [(0.5, 5000), (1.5, 3)]


@pytest.mark.parametrize(
    ("at_least", "step"), [(1, 1), (1.1, 2), (30, 50), (51, 100), (0.3, 0.5), (1375, 2000)]
)
def test_steps_are_round(at_least: float, step: float) -> None:
    assert round_step(at_least) == pytest.approx(step)


@pytest.mark.parametrize("figures", [[], [0.0], [1.0, 17_400.0], [3.2]])
def test_all_figures_have_room(figures: list[float]) -> None:
    scale = figure_scale(figures, begin=100, end=0, is_logarithmic=False)
    assert all(0 <= scale.at(figure) <= 100 for figure in (*figures, *scale.ticks()))


@pytest.mark.parametrize("figures", [[], [1.0], [0.3, 520.0]])
def test_a_logarithmic_scale_ends_at_powers_of_ten(figures: list[float]) -> None:
    scale = figure_scale(figures, begin=100, end=0, is_logarithmic=True)
    assert all(0 <= scale.at(figure) <= 100 for figure in figures)
    assert scale.at(scale.ticks()[0]) == pytest.approx(100)
    assert scale.at(scale.ticks()[-1]) == pytest.approx(0)
    assert scale.at(0) == pytest.approx(100)


def test_a_scale_runs_from_its_beginning_to_its_end() -> None:
    scale = Scale(0, 60, 70, 710)
    assert [scale.at(figure) for figure in (0, 30, 60)] == [70, 390, 710]


def test_the_picture_is_well_formed_and_has_every_curve() -> None:
    sights = [Sight(float(at), 10 * at, at, at, at, 60.0) for at in range(5)]
    root = ElementTree.fromstring(draw([call(0.5, 0.01), call(3.5, 0.2)], sights, opens_at=2))
    assert len(root.findall(f"{SVG}polyline")) == 8
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {
        "opening",
        "waiting",
        "tickets sold",
        "p99",
        "0 s",
        "time to the answer, ms, each second",
    } <= texts


def test_names_are_escaped() -> None:
    root = ElementTree.fromstring(svg([Panel("a < b & c", {'"x"': [(0, 1), (1, 2)]})], marks={}))
    assert "a < b & c" in {text.text for text in root.iter(f"{SVG}text")}

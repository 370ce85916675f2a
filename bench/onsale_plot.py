"""An on-sale minute as a picture: SVG by hand, readable on light and on dark paper."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from bench.onsale_guests import JOIN
from bench.onsale_watch import Sight
from bench.rounds import percentile
from bench.switchboard import Call

WIDTH: Final = 860
LEFT: Final = 70
RIGHT: Final = 150
TOP: Final = 34
PANEL: Final = 130
GAP: Final = 46
"""All in pixels."""
TICKS: Final = 4
TIME_TICKS: Final = 8
COLOURS: Final = ("#3b82c4", "#d97706", "#2f9e69", "#b0529e")
"""Told apart on white and on black."""
MILLI: Final = 1000

Point = tuple[float, float]

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#6b7280}"
    ".title{font-weight:600}"
    ".axis{stroke:#9ca3af;stroke-width:1}"
    ".grid{stroke:#9ca3af;stroke-width:.5;opacity:.4}"
    ".open{stroke:#9ca3af;stroke-width:1;stroke-dasharray:4 3}"
    "polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}"
)


class Panel(NamedTuple):
    """Curves over the same time."""

    title: str
    """With the unit."""
    curves: Mapping[str, Sequence[Point]]
    is_logarithmic: bool = False


def draw(calls: Sequence[Call], sights: Sequence[Sight], *, opens_at: float) -> str:
    """The picture of a minute."""
    return svg(panels(calls, sights), marks={"opening": opens_at})


def panels(calls: Sequence[Call], sights: Sequence[Sight]) -> list[Panel]:
    """What is worth seeing of it."""
    joins = per_second(call.due for call in calls if call.kind == JOIN)
    requests = per_second(call.due for call in calls)
    return [
        Panel("guests and requests, a second", {"guests come": joins, "all requests": requests}),
        Panel("guests in the waiting room", {"waiting": [(at.at, at.waiting) for at in sights]}),
        Panel(
            "guests shopping, tickets",
            {
                "guests shopping": [(at.at, at.shopping) for at in sights],
                "tickets in baskets": [(at.at, at.held) for at in sights],
                "tickets sold": [(at.at, at.sold) for at in sights],
            },
        ),
        Panel(
            "time to the answer, ms, each second",
            {f"p{share * 100:g}": latency(calls, share) for share in (0.5, 0.99)},
            is_logarithmic=True,
        ),
    ]


def per_second(instants: Iterable[float]) -> list[Point]:
    """How many there are in each second, drawn at its middle; none is a zero."""
    counts: dict[int, int] = defaultdict(int)
    for instant in instants:
        counts[int(instant)] += 1
    return [(second + 0.5, float(counts[second])) for second in range(max(counts, default=-1) + 1)]


def latency(calls: Iterable[Call], share: float) -> list[Point]:
    """Of the requests that were due in each second, in milliseconds."""
    seconds: dict[int, list[float]] = defaultdict(list)
    for call in calls:
        seconds[int(call.due)].append(call.after)
    return [
        (second + 0.5, percentile(sorted(waits), share) * MILLI) for second, waits in sorted(seconds.items())
    ]


def svg(shown: Sequence[Panel], *, marks: Mapping[str, float]) -> str:
    """The panels one below the other, on the same axis of time."""
    ends_at = max((at for panel in shown for curve in panel.curves.values() for at, _ in curve), default=1.0)
    height = TOP + len(shown) * (PANEL + GAP)
    time = Scale(0.0, ends_at, LEFT, WIDTH - RIGHT)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="An on-sale minute: {_escaped("; ".join(panel.title for panel in shown))}">',
        f"<style>{_STYLE}</style>",
    ]
    for number, panel in enumerate(shown):
        parts += _panel(panel, time, top=TOP + number * (PANEL + GAP), marks=marks)
    parts.append("</svg>\n")
    return "\n".join(parts)


class Scale(NamedTuple):
    """From figures to pixels."""

    low: float
    high: float
    begin: float
    end: float
    is_logarithmic: bool = False

    def at(self, figure: float) -> float:
        """The pixel; what is below the lowest figure of a logarithmic scale lies on its edge."""
        low, high, figure = self.low, self.high, max(self.low, figure)
        if self.is_logarithmic:
            low, high, figure = math.log10(low), math.log10(high), math.log10(figure)
        return self.begin + (figure - low) / (high - low) * (self.end - self.begin)

    def ticks(self, count: int = TICKS) -> list[float]:
        """Round figures along it, no more than so many steps; each power of ten of a logarithmic one."""
        if self.is_logarithmic:
            powers = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
            return [10.0**power for power in powers]
        step = round_step((self.high - self.low) / count)
        return [number * step for number in range(int(self.high / step) + 1)]


def round_step(at_least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … and of 0.5, 0.2 … that is no smaller."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= at_least * (1 - 1e-9))


def _panel(panel: Panel, time: Scale, *, top: float, marks: Mapping[str, float]) -> list[str]:
    figures = [figure for curve in panel.curves.values() for _, figure in curve]
    bottom = top + PANEL
    scale = figure_scale(figures, begin=bottom, end=top, is_logarithmic=panel.is_logarithmic)
    parts = [f'<text class="title" x="{LEFT}" y="{top - 10:.0f}">{_escaped(panel.title)}</text>']
    for tick in scale.ticks():
        y = scale.at(tick)
        parts.append(_line("grid", time.begin, y, time.end, y))
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>')
    parts.append(_line("axis", time.begin, bottom, time.end, bottom))
    parts += [
        f'<text x="{time.at(tick):.1f}" y="{bottom + 16:.0f}" text-anchor="middle">{tick:g} s</text>'
        for tick in time.ticks(TIME_TICKS)
    ]
    for name, at in marks.items():
        parts.append(_line("open", time.at(at), top, time.at(at), bottom))
        parts.append(f'<text x="{time.at(at) + 4:.1f}" y="{top + 10:.0f}">{_escaped(name)}</text>')
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[number]
        points = " ".join(f"{time.at(at):.1f},{scale.at(figure):.1f}" for at, figure in curve)
        parts.append(f'<polyline points="{points}" stroke="{colour}"/>')
        x, y = time.end + 12, top + 14 + number * 18
        parts.append(f'<text x="{x:.0f}" y="{y:.0f}" style="fill:{colour}">{_escaped(name)}</text>')
    return parts


def figure_scale(figures: Sequence[float], *, begin: float, end: float, is_logarithmic: bool) -> Scale:
    """One that has room for all of them, and ends at a round figure."""
    high = max(figures, default=0.0) or 1.0
    if is_logarithmic:
        lowest = math.floor(math.log10(min((figure for figure in figures if figure > 0), default=1.0)))
        highest = max(math.ceil(math.log10(high)), lowest + 1)
        return Scale(10.0**lowest, 10.0**highest, begin, end, is_logarithmic=True)
    step = round_step(high / TICKS)
    return Scale(0.0, math.ceil(high / step) * step, begin, end)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

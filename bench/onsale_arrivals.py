"""When guests come to an on-sale: ever more towards the opening, at their most just then, fewer after it."""

import math
from typing import Final

EARLY_SHARE: Final = 0.5
"""Come before the opening, and are in the draw."""
RUSH: Final = 3
"""Early guests: their number grows with this power of the time."""
FADE_SHARE: Final = 1 / 9
"""Late guests: after this share of the time from the opening to the end, those still to come are a third."""


def arrivals(guests: int, *, opens_at: float, seconds: float) -> list[float]:
    """The instants, ascending, in seconds; always the same ones for the same crowd."""
    early = round(guests * EARLY_SHARE)
    late = guests - early
    before = [opens_at * _middle(number, early) ** (1 / RUSH) for number in range(early)]
    after = [opens_at + _fading(_middle(number, late), seconds - opens_at) for number in range(late)]
    return before + after


def _middle(number: int, count: int) -> float:
    """Where the middle of this part lies, of so many equal ones from 0 to 1."""
    return (number + 0.5) / count


def _fading(share: float, seconds: float) -> float:
    """When this share of the late ones has come."""
    fade = seconds * FADE_SHARE
    return -fade * math.log(1 - share * (1 - math.exp(-seconds / fade)))

"""How far counted cells are from what they should be."""

from collections.abc import Iterable
from math import sqrt


def surprise(cells: Iterable[tuple[float, float]], *, freedom: int | None = None) -> float:
    """Pearson's chi-square of (counted, expected) cells, in standard deviations (Wilson and Hilferty).

    They are free but for their sum, if nothing else is said.
    """
    parts = [(counted - expected) ** 2 / expected for counted, expected in cells]
    degrees = len(parts) - 1 if freedom is None else freedom
    spread = 2 / (9 * degrees)
    return float((sum(parts) / degrees) ** (1 / 3) - (1 - spread)) / sqrt(spread)

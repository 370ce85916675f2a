"""Whether anybody was overtaken: what guests were told, put in order."""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Look(NamedTuple):
    """A guest asked where they stand, and was told."""

    asked_at: float
    told_at: float
    number: int
    is_admitted: bool


def overtaken(looks: Iterable[Look], place_of: Callable[[int], int]) -> int:
    """How many guests still had to wait after somebody with a later place had been let in."""
    told = list(looks)
    admissions = sorted((look.told_at, place_of(look.number)) for look in told if look.is_admitted)
    waits = sorted((look.asked_at, look.number) for look in told if not look.is_admitted)
    latest, begun, harmed = -1, 0, set()
    for asked_at, number in waits:
        while begun < len(admissions) and admissions[begun][0] < asked_at:
            latest = max(latest, admissions[begun][1])
            begun += 1
        if place_of(number) < latest:
            harmed.add(number)
    return len(harmed)

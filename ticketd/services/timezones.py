"""The time zones that places can be in."""

from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

_NO_PLACES = frozenset({"Factory", "localtime"})
_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def is_timezone(name: str) -> bool:
    """Whether there is a time zone of this IANA name."""
    return name in _timezones()


@cache
def timezones_of_cities() -> Sequence[str]:
    """Those that are named after a city, sorted, for people to choose from."""
    return sorted(name for name in _timezones() if name.partition("/")[0] in _REGIONS)


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)

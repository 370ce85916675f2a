"""The time zones that places can be in."""

from functools import cache
from zoneinfo import available_timezones

_NO_PLACES = frozenset({"Factory", "localtime"})


def is_timezone(name: str) -> bool:
    """Whether there is a time zone of this IANA name."""
    return name in _timezones()


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)

"""Instants and spans of time as people say them."""

import pytest

from tests.fakes.clock import START
from ticketd.core.ids import SECOND, Instant
from ticketd.web.pages.words import deadline, time_left

HOUR = 3600 * SECOND


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59, "less than a minute"),
        (60, "1 minute"),
        (899, "15 minutes"),
        (900, "15 minutes"),
        (3599, "1 hour"),
        (5400, "1 hour 30 min"),
    ],
)
def test_a_span_of_time_is_rounded(seconds: int, said: str) -> None:
    assert time_left(seconds) == said


@pytest.mark.parametrize(
    ("timezone", "said"),
    [
        ("Europe/Vienna", "23:00 (Vienna time)"),
        ("Asia/Tokyo", "Sat 16 January 2027, 07:00 (Tokyo time)"),
        ("UTC", "22:00 (UTC)"),
    ],
)
def test_a_deadline_names_the_day_only_if_it_is_another_one_there(timezone: str, said: str) -> None:
    assert deadline(Instant(START + 14 * HOUR), timezone, now=START) == said

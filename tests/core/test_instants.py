"""Instants and dates are the same, written in two ways."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.ids import SECOND, Instant
from ticketd.core.instants import instant_of, moment_of


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert moment_of(instant_of(moment)) == moment


def test_instants_count_from_1970_in_utc() -> None:
    assert moment_of(Instant(90 * SECOND)) == datetime(1970, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_a_moment_elsewhere_is_the_same_instant() -> None:
    assert instant_of(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0

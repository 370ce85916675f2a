"""Instants as dates and times in UTC, and back."""

from datetime import UTC, datetime, timedelta

from ticketd.core.ids import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment_of(instant: Instant) -> datetime:
    """The date and time in UTC, to the microsecond."""
    return _EPOCH + instant * _MICROSECOND


def instant_of(moment: datetime) -> Instant:
    """The instant of a date and time that knows its offset from UTC."""
    return Instant((moment - _EPOCH) // _MICROSECOND)

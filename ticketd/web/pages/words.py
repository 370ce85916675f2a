"""Prices, instants and what is left, as people say them."""

from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

import msgspec

from ticketd.core.ids import SECOND, Instant
from ticketd.core.money import format_cents
from ticketd.core.terms import SaleStatus

MINUTE_SECONDS = 60
UTC_NAME = "UTC"

LEFT = "{} left"
SOLD_OUT = "Sold out"
IN_BASKETS = "Sold out; {} in baskets may come back"


class Moment(msgspec.Struct, frozen=True):
    """An instant for a `<time>` element: for machines in UTC, in words in its time zone."""

    machine: str
    words: str


def moment(at: Instant, timezone: str) -> Moment:
    """The instant as people at that place say it."""
    exact = datetime.fromtimestamp(at / SECOND, UTC)
    words = f"{day_and_time(at, timezone)} ({_zone_name(timezone)})"
    return Moment(exact.strftime("%Y-%m-%dT%H:%M:%SZ"), words)


def _zone_name(timezone: str) -> str:
    return UTC_NAME if timezone == UTC_NAME else f"{city_of(timezone)} time"


def city_of(timezone: str) -> str:
    """The city that a time zone is named after."""
    return timezone.rpartition("/")[2].replace("_", " ")


def deadline(at: Instant, timezone: str, *, now: Instant) -> str:
    """The instant as people at that place say it, without the day if it is today's."""
    zone = ZoneInfo(timezone)
    there, today = (datetime.fromtimestamp(each / SECOND, UTC).astimezone(zone) for each in (at, now))
    if there.date() != today.date():
        return moment(at, timezone).words
    return f"{there:%H:%M} ({_zone_name(timezone)})"


def day_and_time(at: Instant, timezone: str) -> str:
    """The instant by the calendar and the clock on the wall there."""
    there = datetime.fromtimestamp(at / SECOND, UTC).astimezone(ZoneInfo(timezone))
    return f"{there:%a} {there.day} {there:%B %Y, %H:%M}"


def price(cents: int) -> str:
    """What one ticket costs."""
    return format_cents(cents) if cents else "Free"


def amount(cents: int) -> str:
    """A price as one types it into a form: 1250 is "12.50"."""
    return f"{cents // 100}.{cents % 100:02d}"


def time_left(seconds: int) -> str:
    """A span of time, rounded to what still helps."""
    if seconds < MINUTE_SECONDS:
        return "less than a minute"
    minutes = round(seconds / MINUTE_SECONDS)
    if minutes < MINUTE_SECONDS:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours, rest = divmod(minutes, MINUTE_SECONDS)
    return ("1 hour" if hours == 1 else f"{hours} hours") + (f" {rest} min" if rest else "")


def promise(hold_seconds: int, *, price_cents: int) -> str:
    """What a reservation is good for."""
    if price_cents == 0:
        return "It costs nothing: you get your tickets at once."
    return f"Your tickets are then kept for you for {time_left(hold_seconds)}, so that you can pay."


def left(status: SaleStatus, free: int, in_baskets: int, opens: Moment | None) -> str:
    """What a guest can still get; what other guests hold may come back."""
    match status:
        case SaleStatus.ON_SALE:
            return LEFT.format(f"{free:,}")
        case SaleStatus.SOLD_OUT:
            return IN_BASKETS.format(f"{in_baskets:,}") if in_baskets else SOLD_OUT
        case SaleStatus.NOT_YET:
            return f"On sale from {opens.words}" if opens else "Not on sale yet"
        case SaleStatus.ENDED:
            return "No longer on sale"
        case _:
            assert_never(status)

"""How each language says numbers, instants and spans of time, and which one a guest understands."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from ticketd.core.ids import SECOND, Instant
from ticketd.paths import site_root
from ticketd.web.pages.languages import Counted, Words
from ticketd.web.pages.words import MINUTE_SECONDS, UTC_NAME, city_of

_HEADER_LENGTH_MAX = 200
_HEADERS_REMEMBERED_MAX = 512
_HOUR_MINUTES = 60


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language, as its file in `templates/languages` has it."""

    code: str = ""
    words: Words
    thousands: str = "."
    """What stands between groups of three digits …"""
    grouped_from: int = 1_000
    """… of numbers that are no smaller."""
    one_to: int = 1
    one_from: int = 1
    """Numbers from here to `one_to` are spoken of as one is."""
    moment: str = "{weekday} %d/%m/%Y, %H:%M"
    """As strftime has it; `{day}` is the day of the month without a zero before it."""
    weekdays: tuple[str, str, str, str, str, str, str]
    """From Monday on."""
    clocks: str
    """Which clocks show that time, with the name of their city."""

    def number(self, count: int) -> str:
        """The number in digits."""
        return f"{count:,}".replace(",", self.thousands) if count >= self.grouped_from else str(count)

    def counted(self, counted: Counted, count: int) -> str:
        """What is said of so many."""
        text = counted.one if self.one_from <= count <= self.one_to else counted.other
        return text.format(self.number(count))

    def at(self, instant: Instant, timezone: str) -> str:
        """An instant by the clocks of its place."""
        there = datetime.fromtimestamp(instant / SECOND, UTC).astimezone(ZoneInfo(timezone))
        said = there.strftime(self.moment).format(day=there.day, weekday=self.weekdays[there.weekday()])
        clocks = timezone if timezone == UTC_NAME else self.clocks.format(city_of(timezone))
        return f"{said} ({clocks})"

    def wait(self, seconds: int | None) -> str:
        """How long it takes, None if nobody knows."""
        if seconds is None:
            return self.words.wait_unknown
        if seconds < MINUTE_SECONDS:
            return self.words.wait_short
        hours, minutes = divmod(-(-seconds // MINUTE_SECONDS), _HOUR_MINUTES)
        return self.words.wait_about.format(f"{hours} h {minutes} min" if hours else f"{minutes} min")


def clock(seconds: int) -> str:
    """A span of time as a clock shows it: 4:10, 1:00:00."""
    minutes, rest = divmod(max(0, seconds), MINUTE_SECONDS)
    hours, minutes = divmod(minutes, _HOUR_MINUTES)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _read(file: Path) -> Speech:
    return replace(msgspec.toml.decode(file.read_bytes(), type=Speech), code=file.stem)


_FILES = (site_root() / "templates" / "languages").glob("*.toml")
SPEECHES: Final[Mapping[str, Speech]] = {file.stem: _read(file) for file in sorted(_FILES)}
"""By the language's code."""
DEFAULT: Final = SPEECHES["en"]


def speech_for(accept_language: str | None) -> Speech:
    """The language that a guest's browser likes best of those that are spoken here."""
    return DEFAULT if accept_language is None else _best(accept_language[:_HEADER_LENGTH_MAX])


@lru_cache(_HEADERS_REMEMBERED_MAX)
def _best(accept_language: str) -> Speech:
    liked = [_liking(each) for each in accept_language.split(",")]
    spoken = [(weight, speech) for weight, speech in liked if weight > 0 and speech is not None]
    return max(spoken, key=lambda each: each[0], default=(1.0, DEFAULT))[1]


def _liking(item: str) -> tuple[float, Speech | None]:
    """How much one language of the header is liked."""
    tag, _, parameters = item.partition(";")
    language = tag.strip().partition("-")[0].lower()
    name, _, value = parameters.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return weight, DEFAULT if language == "*" else SPEECHES.get(language)

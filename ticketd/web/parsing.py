"""What comes in from outside: bodies, forms and instants. Whatever can't be accepted is refused here."""

import asyncio
import re
import zoneinfo
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from ticketd.core.ids import ID_MAX, SECOND, Instant
from ticketd.core.instants import instant_of, moment_of
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.services.texts import is_line, is_lines
from ticketd.services.timezones import is_timezone

BODY_BYTES_MAX: Final = 64 * 1024
BODY_SECONDS_MAX: Final = 10.0
"""A body that comes in drops is cut off after this long."""

HALL_BYTES_MAX: Final = 16 * 1024 * 1024
HALL_SECONDS_MAX: Final = 60.0
"""The same for owners' requests that name every seat of a hall."""

FORM_FIELDS_MAX: Final = 100
YEARS: Final = range(1970, 2200)

Headers: TypeAlias = CIMultiDictProxy[str]
"""Of a request, found by name in any case."""

_INSTANT = re.compile(
    r"(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)


Granted = TypeVar("Granted")


class RefusedRequest(Exception):
    """A request that is refused before any service is asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def granted(outcome: Granted | Refusal) -> Granted:
    """What a service was asked for; RefusedRequest if it refuses. A crowd's calls don't raise: it costs."""
    if isinstance(outcome, Refusal):
        raise RefusedRequest(outcome)
    return outcome


# -- bodies and forms


class BodyLimits(NamedTuple):
    """How much a body may be, and how long it may take."""

    bytes_max: int
    seconds_max: float


ANY_BODY: Final = BodyLimits(BODY_BYTES_MAX, BODY_SECONDS_MAX)
WHOLE_HALL: Final = BodyLimits(HALL_BYTES_MAX, HALL_SECONDS_MAX)


async def read_body(request: web.Request, limits: BodyLimits = ANY_BODY) -> bytes:
    """The whole body; RefusedRequest if it is larger than it may be, broken or too slow."""
    if (request.content_length or 0) > limits.bytes_max:
        raise RefusedRequest(Refusal(Reason.TOO_LARGE))
    try:
        if request.content.is_eof():  # it came with the headers, as nearly all do: nothing to wait for
            body = request.content.read_nowait()
        else:
            async with asyncio.timeout(limits.seconds_max):
                body = await _read_slowly(request, limits.bytes_max)
    except (web.RequestPayloadError, TimeoutError, ConnectionError) as error:
        raise RefusedRequest(Refusal(Reason.MALFORMED, "The body is broken or incomplete.")) from error
    if len(body) > limits.bytes_max:
        raise RefusedRequest(Refusal(Reason.TOO_LARGE))
    return body


async def _read_slowly(request: web.Request, bytes_max: int) -> bytes:
    body = bytearray()
    while len(body) <= bytes_max:
        if request.transport is None:  # to wait for more would be a fault, says aiohttp
            raise ConnectionResetError("the client has hung up")
        chunk = await request.content.readany()
        if not chunk:
            break
        body += chunk
    return bytes(body)


def media_type(headers: Headers) -> str:
    """The body's media type in lower case, if its charset is UTF-8 or not named; "" otherwise."""
    kind, *parameters = headers.get(hdrs.CONTENT_TYPE, "").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            return ""
    return kind.strip()


async def read_form(
    request: web.Request, limits: BodyLimits = ANY_BODY, *, fields_max: int = FORM_FIELDS_MAX
) -> dict[str, str]:
    """A page's form fields, line ends as "\\n"; RefusedRequest if it isn't a form."""
    if media_type(request.headers) != "application/x-www-form-urlencoded":
        raise RefusedRequest(Refusal(Reason.UNSUPPORTED_MEDIA_TYPE))
    body = await read_body(request, limits)
    if len(body) <= BODY_BYTES_MAX:
        return _form_fields(body, fields_max)
    return await asyncio.to_thread(_form_fields, body, fields_max)  # megabytes would hold up everybody else


def _form_fields(body: bytes, fields_max: int) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=fields_max
        )
    except ValueError as error:
        raise RefusedRequest(Refusal(Reason.MALFORMED)) from error
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    unfit = next((name for name, value in fields.items() if not is_lines(name + value)), None)
    if unfit is not None:
        raise RefusedRequest(invalid(unfit, "Control characters are not allowed."))
    return fields


# -- paths and queries


def path_id(request: web.Request, name: str) -> int:
    """The number in a path; RefusedRequest (not found) if nothing can have it."""
    return id_of(request.match_info[name])


def id_of(text: str) -> int:
    """A number that names something; RefusedRequest (not found) if nothing can have it."""
    number = whole_number(text, ID_MAX)
    if not number:
        raise RefusedRequest(Refusal(Reason.NOT_FOUND))
    return number


def whole_number(text: str, most: int) -> int | None:
    """The number that these digits are; None if they are anything else, or more than `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None


def query_text(request: web.Request, name: str) -> str | None:
    """A query parameter; RefusedRequest (invalid) if no name or slug can be like that."""
    text = request.query.get(name)
    if text is not None and not is_line(text):
        raise RefusedRequest(invalid(name, "Control characters are not allowed."))
    return text


# -- instants


def format_instant(instant: Instant) -> str:
    """As "2026-01-02T03:04:05.678901Z", always with microseconds."""
    seconds, microseconds = divmod(instant, SECOND)
    return f"{_format_second(seconds)}.{microseconds:06d}Z"


@lru_cache(maxsize=4096)
def _format_second(seconds: int) -> str:
    return moment_of(Instant(seconds * SECOND)).strftime("%Y-%m-%dT%H:%M:%S")


def parse_instant(text: str, timezone: str | None) -> Instant:
    """The instant that an ISO 8601 date and time names, by its offset or else in `timezone`.

    ValueError, with a sentence for people, for anything else: a date without a time, a local time
    that the time zone skips or has twice, a year outside 1970–2199.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("This must be a date and a time like 2026-05-01T19:30.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("There is no such date or time.") from error
    if moment.year not in YEARS:
        raise ValueError(f"The year must be {YEARS[0]} to {YEARS[-1]}.")
    if match["offset"] is None:
        moment = _in_zone(moment, timezone)
    instant = instant_of(moment)
    if instant < 0:
        raise ValueError(f"The year must be {YEARS[0]} to {YEARS[-1]}.")
    return instant


def _in_zone(local: datetime, timezone: str | None) -> datetime:
    if timezone is None:
        raise ValueError("This must say its offset from UTC, like 2026-05-01T19:30+02:00.")
    if not is_timezone(timezone):
        raise ValueError("This needs a time zone that exists, or an offset from UTC.")
    zone = zoneinfo.ZoneInfo(timezone)
    earlier, later = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    if earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError("The clocks go forward then, and skip this time. Please say the offset from UTC.")
    raise ValueError("The clocks go back then, and this time comes twice. Please say the offset from UTC.")

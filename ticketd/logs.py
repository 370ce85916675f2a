"""Logs: one JSON object a line, or lines for a person at a terminal; never a secret of a guest."""

import logging
import re
import sys
from typing import TextIO

import orjson
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
_MULTI_LINE = ("exception", "stack")

# A reservation id (32 characters), a payment attempt or an API token (longer). The capital letter spares
# hashes, UUIDs and the names of functions; every reservation id begins with one.
_CAPABILITY = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{32,}(?![\w-])")
_TICKET_CODE = re.compile(r"(?<![A-Z0-9])[A-Z2-7]{26}(?![A-Z0-9])")
_PATH = re.compile(r"(/(?:r|reservations)/)[^/\s?#\"']+")
_URL_PASSWORD = re.compile(r"(://[^/:@\s]*:)[^/@\s]+(?=@)")
_EMAIL = re.compile(r"[^\s@<>\"'=:/,;()]+@[^\s@<>\"'=:/,;()]+\.[^\s@<>\"'=:/,;()]+")

# C0, DEL, C1, and what turns the direction of a line: a value must not write log lines or hide parts of one.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNPRINTABLE_IN_LINES = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def configure(stream: TextIO | None = None) -> None:
    """Send every log line of the program and its libraries to the stream (stderr), readable on a terminal."""
    stream = sys.stderr if stream is None else stream
    started: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*started, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=started,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                redact,
                _renderer(is_terminal=stream.isatty()),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)
    logging.getLogger("asyncpg.pool").addFilter(_without_traceback)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # a line per request costs too much


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Not a request that isn't HTTP, nor a client that has hung up: anyone can do that as often as they like,
    and what aiohttp says about it holds headers or addresses."""
    fault = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, HttpProcessingError | ConnectionError)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Of a pool that can't connect: pages of it for every try of an outage."""
    record.exc_info = None
    return True


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without capabilities, passwords, e-mail addresses and control characters."""
    return {
        key: _clean_text(value, lines=True) if key in _MULTI_LINE else _clean(value)
        for key, value in event.items()
    }


def _clean(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {str(_clean(key)): _clean(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(each) for each in value]
        case _:
            return _clean_text(str(value), lines=False)


def _clean_text(text: object, *, lines: bool) -> str:
    cleaned = _URL_PASSWORD.sub(rf"\1{REDACTED}", str(text))
    cleaned = _PATH.sub(rf"\1{REDACTED}", cleaned)
    for secret in (_CAPABILITY, _TICKET_CODE, _EMAIL):
        cleaned = secret.sub(REDACTED, cleaned)
    unprintable = _UNPRINTABLE_IN_LINES if lines else _UNPRINTABLE
    return unprintable.sub(lambda found: ascii(found[0])[1:-1], cleaned)


def _renderer(*, is_terminal: bool) -> Processor:
    if is_terminal:
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(event: EventDict, **_options: object) -> str:
    return orjson.dumps(event).decode()

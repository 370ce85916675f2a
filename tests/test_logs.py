"""What log lines look like, and what they never hold."""

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMessage

from ticketd import logs
from ticketd.core.ids import Instant, InventoryId, reservation_id, ticket_code

RESERVATION = reservation_id(home=InventoryId(7), now=Instant(1_800_000_000_000_000), random=bytes(range(16)))
TICKET = ticket_code(bytes(range(100, 126)))


class Terminal(io.StringIO):
    """A stream with a person before it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []  # `configure` closes those it replaces
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream)
    return stream


def _logged(stream: io.StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert isinstance(event, dict)
    return event


def test_an_event_is_one_json_object_on_a_line(stream: io.StringIO) -> None:
    structlog.get_logger("ticketd.test").info("group_committed", rows=3, inventories=[1, 2])
    event = _logged(stream)
    assert event["event"] == "group_committed"
    assert event["level"] == "info"
    assert event["logger"] == "ticketd.test"
    assert (event["rows"], event["inventories"]) == (3, [1, 2])
    assert str(event["timestamp"]).endswith("Z")


def test_what_a_client_does_leaves_no_line_but_a_fault_does(stream: io.StringIO) -> None:
    server = logging.getLogger("aiohttp.server")
    server.error("Error handling request from 192.0.2.7", exc_info=ConnectionResetError("it has hung up"))
    server.error("Error handling request", exc_info=BadHttpMessage("Authorization: Bearer SECRET"))
    assert stream.getvalue() == ""
    server.error("Error handling request", exc_info=RuntimeError("broken"))
    assert _logged(stream)["level"] == "error"


def test_what_libraries_log_looks_the_same(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("Error handling %s", "request")
    event = _logged(stream)
    assert (event["event"], event["level"]) == ("Error handling request", "error")
    assert event["logger"] == "aiohttp.server"


def test_an_exception_stays_on_its_line(stream: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    assert "ValueError: broken" in str(_logged(stream)["exception"])


def test_requests_are_not_logged(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET / 200")
    assert stream.getvalue() == ""


def test_a_pool_that_cannot_connect_says_so_without_its_traceback(stream: io.StringIO) -> None:
    try:
        raise ConnectionRefusedError
    except ConnectionRefusedError:
        logging.getLogger("asyncpg.pool").exception("Failed to restore the pool")
    event = _logged(stream)
    assert event["event"] == "Failed to restore the pool"
    assert "exception" not in event


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    logs.configure(stream)
    structlog.get_logger().info("listening", port=8080)
    assert "listening" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_an_exception_on_a_terminal_has_lines() -> None:
    stream = Terminal()
    logs.configure(stream)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: broken" in stream.getvalue().splitlines()[-1]


@pytest.mark.parametrize(
    "secret",
    [
        RESERVATION,
        f"{RESERVATION}-1",
        TICKET,
        "q8Zt1ZB0m1hVQ5Q2b3a-4sXo5cUe3rI0Yy_TtKJm9dE",  # an API token
    ],
)
@pytest.mark.parametrize(
    "place", ["{}", "of {}.", '"{}"', "https://127.0.0.1/r/{}", "GET /api/v1/x?y={}&z=1"]
)
def test_a_capability_never_reaches_the_log(stream: io.StringIO, secret: str, place: str) -> None:
    text = place.format(secret)
    structlog.get_logger().info(text, value=text, nested={"list": [text]}, key=ValueError(text))
    assert secret not in stream.getvalue()
    assert logs.REDACTED in stream.getvalue()


def test_a_capability_in_an_exception_never_reaches_the_log(stream: io.StringIO) -> None:
    try:
        raise KeyError(RESERVATION)
    except KeyError:
        logging.getLogger("aiohttp.server").exception("Error handling request")
    assert RESERVATION not in stream.getvalue()


@pytest.mark.parametrize("path", ["/r/short", "/api/v1/reservations/short/payment"])
def test_whatever_stands_in_a_reservations_path_is_redacted(stream: io.StringIO, path: str) -> None:
    logging.getLogger("aiohttp.server").warning("no route for %s", path)
    assert "short" not in stream.getvalue()


@pytest.mark.parametrize("text", ["guest@example.org", "postgresql://ticketd:hunter2@db/ticketd"])
def test_persons_and_passwords_never_reach_the_log(stream: io.StringIO, text: str) -> None:
    structlog.get_logger().warning("refused", value=f"<{text}>")
    assert "guest" not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize(
    "harmless",
    [
        "embedded_postgres_has_gone_and_is_started_again",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "/var/lib/ticketd/postgres/pg_wal",
        "2026-01-02T03:04:05.678901Z",
    ],
)
def test_what_is_no_secret_stays_readable(stream: io.StringIO, harmless: str) -> None:
    structlog.get_logger().info("event", value=harmless)
    assert _logged(stream)["value"] == harmless


@pytest.mark.parametrize("evil", ["\n", "\r", "\x1b[2J", "\x00", "\x9b", "\u202e", "\u2028", "\ud800"])
@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_value_writes_no_lines_and_no_control_codes(kind: type[io.StringIO], evil: str) -> None:
    stream = kind()
    logs.configure(stream)
    structlog.get_logger().info("refused", value=f"a{evil}b")
    (line,) = stream.getvalue().splitlines()
    assert f"a{evil}b" not in line
    assert evil not in line.replace("\x1b[0m", "")


def test_no_random_reservation_id_slips_through() -> None:
    for home in (0, 1, 2**26 - 1, 2**31 - 1):
        for _ in range(200):
            secret = reservation_id(
                home=InventoryId(home), now=Instant(1_800_000_000_000_000), random=os.urandom(16)
            )
            assert secret not in str(logs.redact(None, "info", {"event": f"x {secret} y"}))

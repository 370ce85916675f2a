"""Instants and forms as they come in and go out."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import assume, given
from hypothesis import strategies as st

from ticketd.core.ids import ID_MAX, Instant
from ticketd.core.refusals import Reason
from ticketd.web.errors import answering
from ticketd.web.parsing import (
    BODY_BYTES_MAX,
    YEARS,
    RefusedRequest,
    format_instant,
    parse_instant,
    path_id,
    read_form,
    whole_number,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = Instant((datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) - 1)
INSTANTS = st.integers(0, LAST).map(Instant)


@given(INSTANTS)
def test_what_goes_out_comes_in_the_same(instant: Instant) -> None:
    assert parse_instant(format_instant(instant), None) == instant


@given(INSTANTS)
def test_every_instant_is_written_as_python_writes_it(instant: Instant) -> None:
    moment = EPOCH + timedelta(microseconds=instant)
    assert format_instant(instant) == moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@given(INSTANTS, st.sampled_from(["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "UTC"]))
def test_a_local_time_is_that_instant_unless_it_comes_twice(instant: Instant, timezone: str) -> None:
    zone = ZoneInfo(timezone)
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(zone).replace(tzinfo=None)
    comes_twice = len({local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}) == 2
    assume(local.year in YEARS)
    if comes_twice:
        with pytest.raises(ValueError, match="twice"):
            parse_instant(local.isoformat(), timezone)
    else:
        assert parse_instant(local.isoformat(), timezone) == instant


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?"))
def test_any_text_is_an_instant_in_those_years_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 <= parse_instant(text, "Europe/Vienna") <= LAST


@pytest.mark.parametrize(
    ("text", "timezone", "utc"),
    [
        ("1970-01-01T00:00Z", None, "1970-01-01T00:00:00.000000Z"),
        ("2026-05-01T19:30:00+02:00", None, "2026-05-01T17:30:00.000000Z"),
        ("2026-05-01T19:30", "Europe/Vienna", "2026-05-01T17:30:00.000000Z"),
        ("2026-05-01 19:30", "Europe/Vienna", "2026-05-01T17:30:00.000000Z"),
        ("2026-01-01T19:30:05.25", "Europe/Vienna", "2026-01-01T18:30:05.250000Z"),
        ("2026-05-01T19:30-00:00", "Europe/Vienna", "2026-05-01T19:30:00.000000Z"),
        ("2026-03-29T01:59", "Europe/Vienna", "2026-03-29T00:59:00.000000Z"),
        ("2026-03-29T03:00", "Europe/Vienna", "2026-03-29T01:00:00.000000Z"),
    ],
)
def test_an_offset_or_else_the_time_zone_tells_the_instant(text: str, timezone: str | None, utc: str) -> None:
    assert format_instant(parse_instant(text, timezone)) == utc


@pytest.mark.parametrize(
    ("text", "timezone", "why"),
    [
        ("2026-03-29T02:30", "Europe/Vienna", "skip"),
        ("2026-10-25T02:30", "Europe/Vienna", "twice"),
        ("2026-05-01", "Europe/Vienna", "date and a time"),
        ("20260501T1930", "Europe/Vienna", "date and a time"),
        ("2026-W18-5T19:30", "Europe/Vienna", "date and a time"),
        ("٢٠٢٦-05-01T19:30", "Europe/Vienna", "date and a time"),
        ("2026-05-01T19:30Z\n", None, "date and a time"),
        ("2026-02-30T00:00Z", None, "no such"),
        ("2026-05-01T24:01Z", None, "no such"),
        ("2026-05-01T19:30", None, "offset"),
        ("2026-05-01T19:30", "Mars/Base", "time zone"),
        ("2026-05-01T19:30", "Europe", "time zone"),
        ("2026-05-01T19:30", "/etc/localtime", "time zone"),
        ("1969-12-31T23:59Z", None, "year"),
        ("1970-01-01T00:00+14:00", None, "year"),
        ("2200-01-01T00:00Z", None, "year"),
        ("9999-12-31T23:59-14:00", None, "year"),
        ("0001-01-01T00:00+14:00", None, "year"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(text: str, timezone: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=rf"{why}.*\.$"):
        parse_instant(text, timezone)


@pytest.mark.parametrize("text", ["0", "-1", "+1", " 1", "1_0", "٣", "", "x", str(ID_MAX + 1), "9" * 5000])
def test_what_no_id_can_be_is_not_found(text: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        path_id(make_mocked_request("GET", "/", match_info={"id": text}), "id")
    assert refused.value.refusal.reason is Reason.NOT_FOUND


def test_the_largest_id_is_an_id() -> None:
    assert path_id(make_mocked_request("GET", "/", match_info={"id": str(ID_MAX)}), "id") == ID_MAX


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), ("12", 12), ("13", None), ("007", None), ("-1", None), ("٣", None)],
)
def test_a_whole_number_is_plain_digits_up_to_the_most(text: str, number: int | None) -> None:
    assert whole_number(text, 12) == number


@pytest.fixture
async def form() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A page that shows what it understood of a form."""

    async def show(request: web.Request) -> web.Response:
        return web.json_response(await read_form(request))

    app = web.Application()
    app.router.add_post("/api/form", answering(show))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_form_is_read_with_its_empty_fields_and_plain_line_ends(
    form: TestClient[web.Request, web.Application],
) -> None:
    fields = {"name": "Zoë & Co", "empty": "", "text": "one\r\ntwo"}
    response = await form.post("/api/form", data=fields)
    assert await response.json() == {**fields, "text": "one\ntwo"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=\xff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 200, "application/x-www-form-urlencoded", 400),
        (b"a=%00", "application/x-www-form-urlencoded", 422),
        (b"%00=a", "application/x-www-form-urlencoded", 422),
        (b"a=" + b"x" * BODY_BYTES_MAX, "application/x-www-form-urlencoded", 413),
        (b"a=1", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded; charset=latin-1", 415),
    ],
)
async def test_a_form_that_cant_be_read_is_refused(
    form: TestClient[web.Request, web.Application], body: bytes, content_type: str, status: int
) -> None:
    response = await form.post("/api/form", data=body, headers={"Content-Type": content_type})
    assert response.status == status

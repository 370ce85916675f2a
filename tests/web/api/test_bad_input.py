"""Nothing that comes in can break the server: every answer to nonsense is a problem with a code below 500."""

import asyncio
import gzip
import json
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.api.conftest import Client
from tests.web.api.house import House, bearer
from tests.web.problem_answers import expect_problem
from ticketd.web import calls
from ticketd.web.parsing import BODY_BYTES_MAX, BodyLimits, read_body

RESERVATIONS = "/api/v1/reservations"
JSON = {"Content-Type": "application/json"}
DEADLINE_SECONDS = 10.0

BODIES = [
    RESERVATIONS,
    f"{RESERVATIONS}/{'A' * 32}/payment",
    "/api/v1/organizers",
    "/api/v1/organizers/mario/events",
    "/api/v1/organizers/mario/ticket-types",
    "/api/v1/organizers/mario/capacities",
    "/api/v1/ticket-types/1/access-codes",
]
"""Every POST but the one that may bring a whole hall."""


def line(**changes: Any) -> bytes:
    return json.dumps({"lines": [{"ticket_type_id": 1, "quantity": 1, **changes}]}).encode()


def raw_line(quantity: str) -> bytes:
    return f'{{"lines":[{{"ticket_type_id":1,"quantity":{quantity}}}]}}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"lines":"x", nonsense',
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"lines":[],"x":"\xff"}',
        b'{"lines":[],"x":"\xed\xa0\x80"}',
        rb'{"lines":[],"x":"\ud800"}',
        rb'{"\udfff":1}',
        b'{"lines":[],"x":"\x00"}',
        raw_line("NaN"),
        raw_line("Infinity"),
        raw_line("01"),
        b"[" * 60_000,
        b'{"lines":' * 7_000,
        b'{"lines":[' + b"[" * 50_000,
    ],
)
async def test_what_is_not_json_in_utf_8_is_malformed(client: Client, body: bytes) -> None:
    await expect_problem(await client.post(RESERVATIONS, data=body, headers=JSON), 400, "malformed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"null", ""),
        (b"[]", ""),
        (b'"x"', ""),
        (b"1" * 6_000, ""),
        (b"{}", "lines"),
        (b'{"lines":{}}', "lines"),
        (b'{"lines":[]}', "lines"),
        (b'{"lines":[1]}', "lines[0]"),
        (line(quantitty=2), "lines[0].quantitty"),
        (line(seats=["A1"]), "lines[0].quantity"),
        (b'{"lines":[{"ticket_type_id":1}]}', "lines[0].quantity"),
        (line(quantity=0), "lines[0].quantity"),
        (line(quantity=-1), "lines[0].quantity"),
        (line(quantity=1001), "lines[0].quantity"),
        (line(quantity=True), "lines[0].quantity"),
        (line(quantity="2"), "lines[0].quantity"),
        (line(quantity=None), "lines[0].quantity"),
        (line(quantity=[1]), "lines[0].quantity"),
        (line(quantity=2**63), "lines[0].quantity"),
        (raw_line("1.0"), "lines[0].quantity"),
        (raw_line("1e2"), "lines[0].quantity"),
        (raw_line("1e400"), "lines[0].quantity"),
        (raw_line("9" * 5000), "lines[0].quantity"),
        (line(ticket_type_id=2**31), "lines[0].ticket_type_id"),
        (line(ticket_type_id=0), "lines[0].ticket_type_id"),
        (line(ticket_type_id="1"), "lines[0].ticket_type_id"),
        (json.dumps({"lines": [{"ticket_type_id": 1, "quantity": 1}] * 21}).encode(), "lines"),
    ],
)
async def test_json_of_the_wrong_shape_names_the_field(client: Client, body: bytes, field: str) -> None:
    answer = await expect_problem(await client.post(RESERVATIONS, data=body, headers=JSON), 422, "invalid")
    (error,) = answer["errors"]
    assert error["field"] == field
    assert error["message"]


async def test_a_huge_field_name_is_not_sent_back_whole(client: Client) -> None:
    response = await client.post(RESERVATIONS, json={"lines": [{"x" * 50_000: 1}]})
    await expect_problem(response, 422, "invalid")
    assert len(await response.read()) < 1000


@pytest.mark.parametrize(
    "payment",
    [
        {"token": ""},
        {"token": "a\0b"},
        {"token": 1},
        {"token": "x" * 501},
        {"token": "t", "email": "a\0b"},
        {"token": "t", "name": "a\nb"},
        {"token": "t", "name": None},
        {"token": "t", "currency": None},
        {"token": "t", "amount_cents": 1},
    ],
)
async def test_a_payment_of_the_wrong_shape_is_refused_whatever_the_reservation(
    client: Client, payment: dict[str, Any]
) -> None:
    response = await client.post(f"{RESERVATIONS}/{'A' * 32}/payment", json=payment)
    body = await expect_problem(response, 422, "invalid")
    assert body["errors"][0]["field"] == list(payment)[-1]


@pytest.mark.parametrize("path", BODIES)
async def test_a_body_of_more_than_64_kib_is_too_large(client: Client, path: str) -> None:
    for body in (b" " * (BODY_BYTES_MAX + 1), b'{"x":"' + b"x" * 10 * BODY_BYTES_MAX + b'"}'):
        response = await client.post(path, data=body, headers={**JSON, **bearer()})
        await expect_problem(response, 413, "too_large")


async def test_a_body_of_just_64_kib_is_read(client: Client) -> None:
    response = await client.post(RESERVATIONS, data=line().ljust(BODY_BYTES_MAX), headers=JSON)
    await expect_problem(response, 404, "not_found")


async def test_a_packed_body_is_not_unpacked(client: Client) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    for body in (gzip.compress(b"0" * 20_000_000), gzip.compress(line()), b"not gzip"):
        await expect_problem(await client.post(RESERVATIONS, data=body, headers=headers), 400, "malformed")


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "json", ""],
)
async def test_another_content_type_is_refused(client: Client, path: str, content_type: str) -> None:
    headers = {"Content-Type": content_type, **bearer()}
    response = await client.post(path, data=line(), headers=headers)
    await expect_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json;v=1"],
)
async def test_a_content_type_may_have_parameters(client: Client, content_type: str) -> None:
    response = await client.post(RESERVATIONS, data=line(), headers={"Content-Type": content_type})
    await expect_problem(response, 404, "not_found")


async def test_a_body_that_never_ends_is_cut_off(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = BodyLimits(BODY_BYTES_MAX, seconds_max=0.01)
    monkeypatch.setattr(calls, "read_body", partial(read_body, limits=impatient))
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /api/v1/reservations HTTP/1.1\r\nHost: x\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        answer = await reader.readuntil(b"}")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"malformed"' in answer


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NEARLY_RIGHT = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.lists(
            st.fixed_dictionaries(
                {
                    "ticket_type_id": st.integers(-1, 9) | JSON_VALUES,
                    "quantity": st.integers(-1, 12) | JSON_VALUES,
                }
            ),
            max_size=3,
        )
        | JSON_VALUES,
        "token": st.text(st.characters(codec="utf-8")) | JSON_VALUES,
        "email": JSON_VALUES,
        "name": st.text(st.characters(codec="utf-8")) | JSON_VALUES,
        "slug": st.text(st.characters(codec="utf-8")) | JSON_VALUES,
        "starts_at": st.datetimes().map(str) | st.text(st.characters(codec="utf-8")) | JSON_VALUES,
        "timezone": st.sampled_from(["Europe/Vienna", "Europe", "UTC"]) | JSON_VALUES,
        "capacity": st.integers(-1, 2**64) | JSON_VALUES,
        "price_cents": JSON_VALUES,
        "on_sale_at": JSON_VALUES,
        "event_id": JSON_VALUES,
    },
)
BODY_BYTES = (
    st.binary(max_size=200)
    | JSON_VALUES.map(json.dumps).map(str.encode)
    | NEARLY_RIGHT.map(json.dumps).map(str.encode)
)
HEADER_TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40
)
HEADERS = st.fixed_dictionaries(
    {"Content-Type": st.sampled_from(["application/json"] * 4 + ["text/plain"]) | HEADER_TEXT},
    optional={
        "Idempotency-Key": HEADER_TEXT | st.text("abc", min_size=14, max_size=18),
        "Authorization": st.sampled_from(["Bearer anna-token"] * 3 + ["Bearer x"]) | HEADER_TEXT,
        "Accept": HEADER_TEXT,
        "X-Forwarded-For": HEADER_TEXT,
        "Sec-Fetch-Site": HEADER_TEXT,
    },
)


@pytest.fixture
async def filled(house: House) -> House:
    organizer = await house.organizer()
    await house.ticket_type(organizer, event=await house.event(organizer), capacity=3)
    await house.ticket_type(organizer, price_cents=0)
    return house


@pytest.mark.parametrize("path", BODIES)
async def test_no_body_and_no_header_breaks_anything(client: Client, filled: House, path: str) -> None:
    loop = asyncio.get_running_loop()

    async def send(body: bytes, headers: dict[str, str]) -> None:
        response = await client.post(path, data=body, headers=headers)
        text = await response.text()
        assert response.status < 500, text
        if response.status >= 400:
            assert json.loads(text)["code"]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=BODY_BYTES, headers=HEADERS)
    def fuzz(body: bytes, headers: dict[str, str]) -> None:
        asyncio.run_coroutine_threadsafe(send(body, headers), loop).result(DEADLINE_SECONDS)

    await asyncio.to_thread(fuzz)

"""Answers that are written in one piece are HTTP all the same."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.web.wire import headers_of
from ticketd.web.answers import Answer, head, header_lines

BODY = b'{"name":"Caf\xc3\xa9"}'
TEXT = head(200, {"Content-Type": "application/json"})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def handler(_: web.Request) -> web.StreamResponse:
        return Answer(TEXT, BODY, header_lines({"X-Own": "yes"}))

    app = web.Application()
    app.add_routes([web.get("/", handler), web.post("/", handler)])
    server = TestServer(app)
    async with server:
        yield server


async def exchange(server: TestServer, request: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(request)
    said = await reader.read()
    writer.close()
    return said


async def test_a_client_that_asks_to_close_is_told_so_and_gets_the_body(server: TestServer) -> None:
    said = await exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    headers, _, body = said.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Own: yes\r\n")
    assert b"\r\nConnection: close" in headers
    assert body == BODY


async def test_a_kept_connection_answers_again_without_a_word_about_it(server: TestServer) -> None:
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    said = await exchange(server, ask + ask.replace(b"Host", b"Connection: close\r\nHost"))
    first, second = said.split(BODY)[:2]
    assert b"Connection" not in first
    assert b"Connection: close" in second


async def test_an_old_client_is_left_after_one_answer(server: TestServer) -> None:
    said = await exchange(server, b"GET / HTTP/1.0\r\n\r\n")
    assert said.endswith(BODY)
    assert b"Connection" not in said


async def test_an_old_client_keeps_its_connection_if_it_asks(server: TestServer) -> None:
    said = await exchange(server, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
    first, second = said.split(BODY)[:2]
    assert b"\r\nConnection: keep-alive\r\n" in first
    assert b"Connection" not in second


async def test_head_gets_the_head_alone(server: TestServer) -> None:
    said = await exchange(server, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(BODY) in said
    assert said.endswith(b"\r\n\r\n")


def test_an_answer_says_when_it_was_given() -> None:
    date = headers_of(Answer(TEXT, BODY))["Date"]
    assert date.endswith(" GMT")
    assert parsedate_to_datetime(date).year >= 2026


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x=1", "a\nb", "caf\xe9", "\x00"])
def test_what_cannot_stand_in_a_header_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        header_lines({"Location": text})
    with pytest.raises(ValueError, match="printable"):
        head(200, {text: "x"})

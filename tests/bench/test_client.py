import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bench.client import Answer, answer_in, connected, request

WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nServer: x\r\n\r\nbody"


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_part_of_an_answer_is_none_yet(length: int) -> None:
    assert answer_in(WHOLE[:length]) is None


def test_a_whole_answer_has_its_status_and_its_body() -> None:
    assert answer_in(WHOLE) == Answer(201, b"body")


def test_an_answer_without_a_length_ends_with_its_head() -> None:
    assert answer_in(b"HTTP/1.1 204 No Content\r\n\r\n") == Answer(204, b"")


def test_a_length_in_the_body_is_not_the_length() -> None:
    body = b"\r\nContent-Length: 99\r\n"
    assert answer_in(b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n" + body) == Answer(200, body)


def test_an_answer_says_when_to_come_back() -> None:
    limited = answer_in(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 12\r\n\r\n")
    assert limited == Answer(429, b"", retry_after=12)


def test_an_answer_to_a_form_says_where_to_go() -> None:
    seen = answer_in(b"HTTP/1.1 303 See Other\r\nLocation: /r/abc\r\nContent-Length: 0\r\n\r\n")
    assert seen == Answer(303, b"", location="/r/abc")


def test_a_body_is_json_unless_it_is_said_to_be_something_else() -> None:
    assert b"\r\nContent-Type: application/json\r\n" in request("POST", "http://x/", b"{}")
    assert b"json" not in request("POST", "http://x/", b"a=b", {"Content-Type": "text/plain"})


def test_a_request_says_how_long_its_body_is() -> None:
    sent = request("POST", "http://127.0.0.1:80/path", b"{}", {"Idempotency-Key": "secret"})
    assert sent.startswith(b"POST /path HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 2\r\n")
    assert sent.endswith(b"\r\nIdempotency-Key: secret\r\n\r\n{}")


async def test_an_answer_in_pieces_is_put_together_and_the_next_one_is_another() -> None:
    async with serving([WHOLE[:30], WHOLE[30:]]) as url, connected(url, 1) as (connection,):
        assert [await connection.ask(request("GET", url)) for _ in range(2)] == [Answer(201, b"body")] * 2


async def test_a_server_that_hangs_up_is_an_error_and_no_endless_wait() -> None:
    async with serving([]) as url, connected(url, 1) as (connection,):
        with pytest.raises(ConnectionError):
            await connection.ask(request("GET", url))


@asynccontextmanager
async def serving(pieces: Sequence[bytes]) -> AsyncIterator[str]:
    """A server that answers each request with these pieces, one packet each; without any it hangs up."""

    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n") and pieces:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await ended.wait()

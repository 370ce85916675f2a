"""Where a request ends."""

import pytest

from ticketd.web.framing import asks_to_close, bytes_missing

LINE = b"POST /api/v1/reservations HTTP/1.1\r\nHost: here\r\n"


@pytest.mark.parametrize("name", [b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t "])
def test_the_length_is_found_however_it_is_written(name: bytes) -> None:
    head = LINE + name + b"4 \r\nAccept: */*\r\n\r\n"
    assert bytes_missing(head + b"body") == 0
    assert bytes_missing(head + b"bo") == 2
    assert bytes_missing(head + b"bodyGET / HTTP/1.1") == -14


def test_without_a_length_there_is_no_body() -> None:
    assert bytes_missing(LINE + b"\r\n") == 0


@pytest.mark.parametrize("cut", [0, 10, len(LINE)])
def test_of_an_incomplete_head_nothing_can_be_told(cut: int) -> None:
    assert bytes_missing(LINE[:cut]) is None


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 4\r\nContent-Length: 4",
        b"Content-Length: 4\r\ncontent-length: x",
        b"Content-Length: +4",
        b"Content-Length : 4",
        b"Content-Length: 123456789",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked",
        b"Content-Length: 4\r\nExpect: 100-continue",
        b"Content-Length: 4\r\nUpgrade: h2c",
        b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 4",
        b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 4",
        b"X: a\0b\r\nContent-Length: 4",
        b"X: a\r\n folded\r\nContent-Length: 4",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(header: bytes) -> None:
    assert bytes_missing(LINE + header + b"\r\n\r\nbody") is None


def test_a_length_in_the_body_is_none() -> None:
    body = b"\r\nContent-Length: 1\r\n\r\n"
    assert bytes_missing(LINE + b"Content-Length: %d\r\n\r\n" % len(body) + body) == 0


def test_a_client_may_want_the_connection_to_end() -> None:
    assert asks_to_close(LINE + b"connection: Close\r\n\r\n")
    assert asks_to_close(LINE + b"Connection: foo, close\r\n\r\n")
    assert not asks_to_close(LINE + b"Connection: keep-alive\r\n\r\n")

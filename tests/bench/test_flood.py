"""What an open loop sees of a server that refuses, stalls or hangs up."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.client import request
from bench.flood import closed_loop, flood_at_rate

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
NO = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
RATE = 200.0


@contextmanager
def server(*answers: bytes) -> Iterator[str]:
    """One that gives these answers in turn on each connection, and hangs up at an empty one."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            for number in range(10_000):
                try:
                    asked = connection.recv(4096)
                except OSError:
                    return
                answer = answers[number % len(answers)]
                if not asked or not answer:
                    return
                connection.sendall(answer)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_refusals_are_answers_among_others() -> None:
    with server(OK, NO) as url:
        seen = flood_at_rate(url, request("GET", url), connections=2, rate=RATE, seconds=0.5)
    assert set(seen.statuses) == {201, 503}
    assert len(seen.accepted_after) == seen.statuses[201]
    assert len(seen.refused_after) == seen.statuses[503]
    assert sum(seen.statuses.values()) == seen.sent
    assert 0.9 * RATE * 0.5 <= seen.sent + seen.unsent <= RATE * 0.5


def test_a_connection_that_is_hung_up_on_is_counted_and_replaced() -> None:
    with server(OK, b"") as url:
        seen = flood_at_rate(url, request("GET", url), connections=1, rate=RATE, seconds=0.5)
    assert seen.hung_up > 1
    assert seen.statuses[201] > 1


def test_a_closed_loop_asks_again_as_soon_as_it_is_answered() -> None:
    with server(OK) as url:
        seen = closed_loop(url, request("GET", url), connections=3, seconds=0.2)
    assert seen.statuses[201] > 10
    assert seen.unsent == 0
    assert seen.sent - 3 <= seen.statuses[201] <= seen.sent


@pytest.mark.parametrize("connections", [1, 4])
def test_what_finds_all_connections_waiting_is_unsent(connections: int) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        seen = flood_at_rate(
            url, request("GET", url), connections=connections, rate=RATE, seconds=0.3, leave_seconds=0.0
        )
    assert seen.sent == connections
    assert seen.unsent > 0.8 * RATE * 0.3
    assert seen.statuses == {}

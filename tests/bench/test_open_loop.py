import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.client import request
from bench.open_loop import arrive

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
STALL_SECONDS = 0.5
RATE = 200.0


def test_a_stall_is_counted_for_every_request_that_was_due_in_it() -> None:
    """Closed-loop clients see one slow answer and leave out the others: coordinated omission."""
    with server(stalls_at=1) as url:
        waits = arrive(url, request("GET", url), rate=RATE, seconds=1.0, connections=1)
    assert len(waits) == 200
    assert sum(wait > STALL_SECONDS / 2 for wait in waits) >= RATE * STALL_SECONDS / 2
    assert waits[0] >= STALL_SECONDS


def test_an_error_ends_the_measurement() -> None:
    with server(ANSWER.replace(b"200 OK", b"503 Overloaded")) as url, pytest.raises(SystemExit, match="503"):
        arrive(url, request("GET", url), rate=RATE, seconds=1.0, connections=1)


def test_a_server_that_hangs_up_ends_the_measurement() -> None:
    with server(b"") as url, pytest.raises(SystemExit, match="instead of an answer"):
        arrive(url, request("GET", url), rate=RATE, seconds=1.0, connections=1)


@contextmanager
def server(answer: bytes = ANSWER, *, stalls_at: int = 0) -> Iterator[str]:
    """One that serves connections in turn until they hang up, and once lets a request wait."""
    listener = socket.create_server(("127.0.0.1", 0))
    stalling = threading.Event()

    def serve() -> None:
        for connection in accepted(listener):
            with connection, contextlib.suppress(ConnectionError):  # the client may hang up first
                number = 0
                while connection.recv(4096):
                    number += 1
                    if number == stalls_at:
                        stalling.wait(STALL_SECONDS)
                    if not answer:
                        break
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """Connections until the listener is closed."""
    while True:
        try:
            yield listener.accept()[0]
        except OSError:
            return

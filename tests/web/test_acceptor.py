"""Those who wait behind one who comes in."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.eventually import eventually
from ticketd.web import acceptor
from ticketd.web.acceptor import Acceptor


class Guest(asyncio.Protocol):
    """One connection, at the server's end."""

    def __init__(self, inside: list["Guest"]) -> None:
        self._inside = inside

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inside.append(self)
        transport.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener


def arrive(listener: socket.socket, count: int) -> ExitStack:
    """So many who are connected, as far as the kernel is concerned."""
    stack = ExitStack()
    for _ in range(count):
        stack.enter_context(socket.create_connection(listener.getsockname()))
    return stack


async def test_all_who_wait_come_in_with_the_one_who_is_let_in(listener: socket.socket) -> None:
    inside: list[Guest] = []
    subject = Acceptor(listener, lambda: Guest(inside))
    with arrive(listener, 50):
        assert isinstance(subject(), Guest)
        await eventually(lambda: len(inside) == 50)


async def test_no_more_come_in_at_once_than_may(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "ACCEPTED_AT_ONCE", 10)
    inside: list[Guest] = []
    subject = Acceptor(listener, lambda: Guest(inside))
    with arrive(listener, 25):
        subject()
        await eventually(lambda: len(inside) == 10)
        subject()
        await eventually(lambda: len(inside) == 20)
        subject()
        await eventually(lambda: len(inside) == 25)


async def test_one_who_has_gone_meanwhile_does_no_harm(listener: socket.socket) -> None:
    inside: list[Guest] = []
    subject = Acceptor(listener, lambda: Guest(inside))
    with arrive(listener, 1), socket.create_connection(listener.getsockname()) as leaving:
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        leaving.close()  # a reset
        subject()
        await eventually(lambda: len(inside) >= 1)

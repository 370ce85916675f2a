"""Guests who hang up in the middle of a request: the answer is dropped, the work is not."""

import json
import random
import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import Enum, auto
from functools import partial
from typing import assert_never

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_balanced, charges, sample
from tests.system.client import BoxOffice, Client, at_once, reservation_of
from tests.system.server import Server

GUESTS, LEAVING = 100, 20
THREADS = 8
LEAVING_SHARE = 0.2
LATER_SECONDS_MAX = 0.005
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Call:
    """One request on a connection of its own, whose guest may hang up at any moment."""

    def __init__(self, server: Server, path: str, body: object, *, key: str) -> None:
        content = json.dumps(body).encode()
        self._body_length = len(content)
        self._text = (
            f"POST /api/v1{path} HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {key}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        ).encode() + content
        self._socket = socket.create_connection(("127.0.0.1", server.port))

    def send(self) -> None:
        """All of it."""
        self._socket.sendall(self._text)

    def send_without_end(self) -> None:
        """All but the second half of the body."""
        self._socket.sendall(self._text[: -(self._body_length // 2)])

    def status(self) -> int:
        """Wait for the answer."""
        with self._socket, self._socket.makefile("rb") as answer:
            return int(answer.read().split(b" ", 2)[1])

    def hang_up(self, *, reset: bool) -> None:
        """Close the connection: politely, or as a cable that breaks."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._socket.close()


@contextmanager
def no_leaks(server: Server) -> Iterator[None]:
    """In the end there are no more tasks and no more connections than at the beginning."""
    measures = ("ticketd_connections", "ticketd_tasks")
    before = {name: sample(server, name) for name in measures}
    yield
    wait_until(lambda: all(sample(server, name) <= before[name] for name in measures))


def wait_for(server: Server, metric: str, count: int) -> None:
    """Returns when `/metrics` says so."""
    wait_until(lambda: sample(server, metric) == count)


def hang_up_some(calls: Sequence[Call]) -> list[Call]:
    """Those who stay, when every fifth has left."""
    for n, call in enumerate(calls[:LEAVING]):
        call.hang_up(reset=n % 2 == 0)
    return list(calls[LEAVING:])


@pytest.mark.parametrize("parts", [1, 2], ids=["single", "cart"])
def test_a_reservation_stands_when_its_guest_hangs_up_while_waiting(server: Server, parts: int) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=1_000) for _ in range(parts)]
    keys = [str(uuid.uuid4()) for _ in range(GUESTS)]
    wanted = {"lines": [{"ticket_type_id": each, "quantity": 1} for each in ticket_types]}
    with no_leaks(server), closing(Client(server)) as guest:
        with server.postgres_paused():
            calls = [Call(server, "/reservations", wanted, key=key) for key in keys]
            for call in calls:
                call.send()
            wait_for(server, "ticketd_reservations_open", GUESTS * parts)
            staying = hang_up_some(calls)
        assert [call.status() for call in staying] == [201] * (GUESTS - LEAVING)
        repeats = [guest.ask("POST", "/reservations", wanted, key=key) for key in keys]
        assert [repeat.status for repeat in repeats] == [200] * GUESTS
        assert len({repeat.body["id"] for repeat in repeats}) == GUESTS
        assert [guest.availability(each)["held"] for each in ticket_types] == [GUESTS] * parts
    assert_balanced(server, ticket_types)


def test_a_payment_ends_in_a_ticket_when_its_guest_hangs_up_while_waiting(server: Server) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=1_000)
        reserved = [box_office.reserve(ticket_type).body["id"] for _ in range(GUESTS)]
    with no_leaks(server), closing(Client(server)) as guest:
        with server.postgres_paused():
            calls = [
                Call(server, f"/reservations/{each}/payment", {"token": "tok"}, key=each) for each in reserved
            ]
            for call in calls:
                call.send()
            wait_for(server, "ticketd_payments_running", GUESTS)
            staying = hang_up_some(calls)
        assert [call.status() for call in staying] == [200] * (GUESTS - LEAVING)
        wait_until(lambda: guest.availability(ticket_type)["sold"] == GUESTS)
        repeats = [guest.pay(each) for each in reserved]
        assert [(repeat.status, len(repeat.body["tickets"])) for repeat in repeats] == [(200, 1)] * GUESTS
    assert charges(server) == dict.fromkeys(reserved, 1)
    assert_balanced(server, [ticket_type])


class Leaving(Enum):
    """When a guest hangs up."""

    BEFORE_THE_END_OF_THE_BODY = auto()
    RIGHT_AFTER_SENDING = auto()
    A_MOMENT_LATER = auto()


@pytest.mark.storm
def test_whoever_hangs_up_gets_one_reservation_by_asking_again(
    server: Server, soak: bool, report: Report
) -> None:
    guests = 20_000 if soak else 400
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=guests)
    share = guests // THREADS
    works: list[Callable[[Client], int]] = [
        partial(visit, server=server, ticket_type=ticket_type, guests=share, chance=random.Random(n))
        for n in range(THREADS)
    ]
    with no_leaks(server):
        left = sum(at_once(server, works))
        with closing(Client(server)) as guest:
            assert guest.availability(ticket_type)["held"] == share * THREADS
    assert_balanced(server, [ticket_type])
    report(
        f"hang-ups: {left} of {share * THREADS} guests hung up in the middle of a request and asked again;"
        " each has exactly one reservation; no task and no connection was left behind"
    )


def visit(client: Client, *, server: Server, ticket_type: int, guests: int, chance: random.Random) -> int:
    """So many guests reserve one after the other, some in the second attempt; how many those were."""
    left = 0
    for _ in range(guests):
        key = str(uuid.uuid4())
        leaves = chance.random() < LEAVING_SHARE
        if leaves:
            leave(Call(server, "/reservations", reservation_of(ticket_type, 1), key=key), chance)
            left += 1
        answer = client.reserve(ticket_type, key=key)
        assert answer.status == 201 or (leaves and answer.status == 200), answer
    return left


def leave(call: Call, chance: random.Random) -> None:
    """Hang up at one moment or another."""
    when = chance.choice(list(Leaving))
    match when:
        case Leaving.BEFORE_THE_END_OF_THE_BODY:
            call.send_without_end()
        case Leaving.RIGHT_AFTER_SENDING:
            call.send()
        case Leaving.A_MOMENT_LATER:
            call.send()
            time.sleep(chance.random() * LATER_SECONDS_MAX)
        case _:
            assert_never(when)
    call.hang_up(reset=chance.random() < 0.5)

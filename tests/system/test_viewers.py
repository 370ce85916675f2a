"""Those who watch an event at a real server take no connection from buyers, and hold up no stop."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from tests.embedded.processes import wait_until
from tests.system.audit import sample
from tests.system.client import Client
from tests.system.conftest import MakeServer
from tests.system.promoter import Promoter
from tests.system.server import STOP_SECONDS_MAX, Server

CONNECTIONS_MAX, VIEWERS_MAX = 20, 16


class Viewer:
    """Somebody who watches an event."""

    def __init__(self, server: Server, event: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", server.port), STOP_SECONDS_MAX)
        self._lines = self._connection.makefile("rb")
        self._connection.sendall(b"GET /api/v1/events/%d/stream HTTP/1.1\r\nHost: here\r\n\r\n" % event)
        self.status = int(self._lines.readline().split()[1])

    def sees(self) -> list[dict[str, Any]]:
        """The ticket types as they are next said to be."""
        for line in self._lines:
            if line.startswith(b"data: "):
                ticket_types: list[dict[str, Any]] = json.loads(line.removeprefix(b"data: "))["ticket_types"]
                return ticket_types
        raise AssertionError("the stream has ended")

    def hears_the_end(self) -> bool:
        """Whether the server hangs up, and hasn't gone on."""
        return b"data: " not in self._lines.read()

    def close(self) -> None:
        """Leave."""
        self._lines.close()
        self._connection.close()


@contextmanager
def watched(server: Server, event: int, viewers: int = 1) -> Iterator[list[Viewer]]:
    """So many viewers, who have seen something."""
    with ExitStack() as stack:
        seated = [stack.enter_context(closing(Viewer(server, event))) for _ in range(viewers)]
        for viewer in seated:
            assert viewer.status == 200
            assert viewer.sees()
        yield seated


def test_viewers_take_no_connection_from_those_who_buy(make_server: MakeServer) -> None:
    server = make_server(connections_max=str(CONNECTIONS_MAX), viewers_max="1000000")
    server.start()
    with closing(Promoter(server)) as promoter:
        event = promoter.announce()
        ticket_type = promoter.offer(event, capacity=100)
    with watched(server, event, VIEWERS_MAX) as viewers:
        with closing(Viewer(server, event)) as one_too_many:
            assert one_too_many.status == 503
        assert sample(server, "ticketd_viewers") == VIEWERS_MAX
        assert sample(server, "ticketd_connections") > VIEWERS_MAX
        assert 0 < served_at_once(server) <= CONNECTIONS_MAX - VIEWERS_MAX
        with closing(Client(server)) as guest:
            wait_until(lambda: guest.reserve(ticket_type, 3).status == 201)
        assert [viewer.sees()[0]["available"] for viewer in viewers] == [97] * VIEWERS_MAX
    wait_until(lambda: sample(server, "ticketd_viewers") == 0)


def served_at_once(server: Server) -> int:
    """How many connections there is room for."""
    with ExitStack() as stack:
        for number in range(CONNECTIONS_MAX):
            guest = stack.enter_context(closing(Client(server)))
            if guest.ask("GET", "/events").status == 503:
                return number
    return CONNECTIONS_MAX


def test_what_is_watched_stays_in_memory_and_leaves_it_when_nobody_watches_any_more(
    make_server: MakeServer,
) -> None:
    server = make_server(idle_seconds="0.1")
    server.start()
    with closing(Promoter(server)) as promoter:
        event = promoter.announce()
        ticket_type = promoter.offer(event, capacity=9)
        promoter.offer(capacity=9)
    with watched(server, event) as (viewer,):
        wait_until(lambda: sample(server, "ticketd_actors") == 1)
        with closing(Promoter(server)) as promoter:
            promoter.ask("PATCH", f"/ticket-types/{ticket_type}", {"name": "Changed"})
        assert [each["name"] for each in viewer.sees()] == ["Changed"]
    wait_until(lambda: sample(server, "ticketd_actors") == 0)


def test_a_clean_stop_ends_the_streams_and_waits_for_nobody(server: Server) -> None:
    with closing(Promoter(server)) as promoter:
        event = promoter.announce()
        promoter.offer(event, capacity=9)
    with watched(server, event, 50) as viewers:
        server.terminate()
        assert all(viewer.hears_the_end() for viewer in viewers)
        assert server.exit_code() == 0

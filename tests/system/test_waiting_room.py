"""A waiting room on a real server that is stopped, killed and taken over from at the worst moments."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest

from tests.embedded.processes import wait_until
from tests.system.client import Answer, Client, Unanswered, at_once, reservation_of
from tests.system.conftest import MakeServer
from tests.system.promoter import Promoter
from tests.system.server import Server
from ticketd.core.draw import Draw
from ticketd.core.ids import EventId

GUESTS = 24
CAPACITY = 20
AGAIN = 20
"""So many more come after a restart, each at a time, by each of those who keep coming."""
LATER, LONG_AGO = "2030-05-01T19:30:00+02:00", "2020-05-01T19:30:00+02:00"
KEY, OTHER_KEY = "a-key-of-16-bytes", "b-key-of-16-bytes"


def stop(server: Server) -> None:
    server.terminate()
    assert server.exit_code() == 0
    server.start()


def kill(server: Server) -> None:
    server.kill()
    server.start()


class Guest(Client):
    """Somebody with a place, or without one yet."""

    def show(self, token: str) -> "Guest":
        """From now on with this place."""
        self._headers["Queue-Token"] = token
        return self

    def join(self, event_id: int) -> Any:
        """A new place."""
        made = self.ask("POST", f"/events/{event_id}/queue")
        assert made.status == 201, made
        return made.body

    def stand(self, token: str) -> Any:
        """Where a guest with this token stands."""
        answer = self.show(token).ask("GET", "/queue")
        assert answer.status == 200, answer
        return answer.body


class Evening:
    """An event with a waiting room, and those who have a place there."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with closing(Promoter(server)) as promoter:
            self.event_id = promoter.announce(on_sale_at=LATER, waiting_room=True)
            self.ticket_type = promoter.offer(self.event_id, capacity=CAPACITY)
        self.tokens: list[str] = []

    def come(self, count: int = GUESTS) -> None:
        """All at once."""
        works: list[Callable[[Client], str]] = [lambda _: self._join()] * count
        self.tokens += at_once(self.server, works)

    def _join(self) -> str:
        with closing(Guest(self.server)) as guest:
            return str(guest.join(self.event_id)["token"])

    def places(self) -> list[Any]:
        """Where all of them stand."""
        with closing(Guest(self.server)) as guest:
            return [guest.stand(token) for token in self.tokens]

    def numbers(self) -> list[int]:
        return [place["number"] for place in self.places()]

    def admitted(self) -> list[tuple[str, str]]:
        """Tokens, and until when."""
        return [
            (place["token"], place["admitted_until"])
            for place in self.places()
            if place["status"] == "admitted"
        ]

    def room(self) -> Any:
        """As everybody may see it."""
        with closing(Client(self.server)) as guest:
            return guest.ask("GET", f"/events/{self.event_id}/queue").body

    def open(self) -> None:
        """The sale begins now."""
        with closing(Promoter(self.server)) as promoter:
            changed = promoter.ask("PATCH", f"/events/{self.event_id}", {"on_sale_at": LONG_AGO})
            assert changed.status == 200, changed

    def reserve(self, token: str | None, *, key: str | None = None) -> Answer:
        with closing(Guest(self.server)) as guest:
            if token is not None:
                guest.show(token)
            return guest.ask("POST", "/reservations", reservation_of(self.ticket_type, 1), key=key)

    def assert_everybody_has_a_place_of_their_own(self) -> None:
        """And the one that seed and count say."""
        room, places = self.room(), self.places()
        draw = Draw(bytes.fromhex(room["seed"]), EventId(self.event_id), room["drawn"])
        own = [
            draw.place_of(place["number"]) if place["number"] < room["drawn"] else place["number"]
            for place in places
        ]
        assert len(set(own)) == len(self.tokens)
        for place, known in zip(own, places, strict=True):
            assert known["ahead"] == max(0, place - room["admitted_to"])
            assert (known["status"] == "waiting") == (place >= room["admitted_to"])


@pytest.mark.parametrize("restart", [stop, kill])
def test_a_restart_at_any_time_loses_and_doubles_nothing(
    server: Server, restart: Callable[[Server], None]
) -> None:
    evening = Evening(server)
    evening.come()
    numbers = evening.numbers()
    assert sorted(numbers) == list(range(GUESTS))
    refused = evening.reserve(evening.tokens[0])
    assert (refused.status, refused.code) == (409, "admission_required")
    assert refused.body["queue_url"] == f"/api/v1/events/{evening.event_id}/queue"

    restart(server)  # while they wait
    assert evening.numbers() == numbers
    evening.come(6)
    assert len(set(evening.numbers())) == GUESTS + 6

    evening.open()
    wait_until(lambda: evening.room()["drawn"] is not None)
    room = evening.room()
    restart(server)  # in the middle of the draw
    assert (evening.room()["drawn"], evening.room()["seed"]) == (room["drawn"], room["seed"])
    wait_until(lambda: len(evening.admitted()) > 1)
    wait_until(lambda: _stands_still(evening))
    evening.assert_everybody_has_a_place_of_their_own()

    first, second = evening.admitted()[:2]
    made = evening.reserve(first[0], key=KEY)
    assert made.status == 201, made
    restart(server)  # while they choose
    assert second in evening.admitted()
    again = evening.reserve(first[0], key=KEY)
    assert (again.status, again.body["id"]) == (200, made.body["id"])
    for key in (None, OTHER_KEY):
        assert evening.reserve(first[0], key=key).code == "admission_required"
    assert evening.reserve(second[0]).status == 201
    assert evening.reserve(second[0]).code == "admission_required"


def _stands_still(evening: Evening) -> bool:
    """Whether the public state and the guests' own speak of the same moment."""
    before = evening.room()["admitted_to"]
    try:
        evening.assert_everybody_has_a_place_of_their_own()
    except AssertionError:
        return False
    return bool(evening.room()["admitted_to"] == before)


def test_a_kill_while_guests_come_and_the_draw_is_made_gives_no_number_twice(server: Server) -> None:
    evening = Evening(server)
    evening.come(8)
    is_over, is_killed = threading.Event(), threading.Event()

    def keep_coming() -> None:
        came_again = 0
        with closing(Guest(server)) as guest:
            while not is_over.is_set() and came_again < AGAIN:
                with suppress(Unanswered):
                    evening.tokens.append(str(guest.join(evening.event_id)["token"]))
                    came_again += is_killed.is_set()

    crowd = [threading.Thread(target=keep_coming) for _ in range(4)]
    for thread in crowd:
        thread.start()
    try:
        wait_until(lambda: len(evening.tokens) > 100)
        evening.open()
        kill(server)
        is_killed.set()
        wait_until(lambda: evening.room()["drawn"] is not None)
    finally:
        is_over.set()
        for thread in crowd:
            thread.join()
    assert len(set(evening.numbers())) == len(evening.tokens) > 100
    wait_until(lambda: _stands_still(evening))


def test_whoever_takes_over_goes_on_with_everybodys_place(make_server: MakeServer) -> None:
    first = make_server(lease_seconds="1")
    first.start()
    evening = Evening(first)
    evening.come()
    evening.open()
    wait_until(lambda: len(evening.admitted()) > 1)
    admitted, numbers = evening.admitted(), evening.numbers()
    made = evening.reserve(admitted[0][0], key=KEY)
    assert made.status == 201, made
    second = make_server(beside=first, lease_seconds="1")
    first.pause()
    second.start()
    first.resume()
    assert first.exit_code() == 3
    evening.server = second
    with closing(Client(second)) as guest:
        wait_until(guest.is_ready)
    assert evening.numbers() == numbers
    assert set(admitted[1:]) <= set(evening.admitted())
    evening.come(4)
    assert len(set(evening.numbers())) == GUESTS + 4
    assert evening.reserve(admitted[0][0], key=KEY).body["id"] == made.body["id"]
    assert evening.reserve(admitted[0][0], key=OTHER_KEY).code == "admission_required"
    assert evening.reserve(admitted[1][0]).status == 201

"""What readers see of seats and availability: whole, in deltas, compressed, and only when it has changed."""

import gzip
import http.client
import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.embedded.processes import wait_until
from tests.system.client import ANSWER_SECONDS_MAX, Client, at_once
from tests.system.promoter import Promoter, seat_map_of, seats_of, venue_of
from tests.system.server import Server

HALL = {"Stalls": {"A": 12, "B": 14, "C": 16}, "Balcony": {"A": 8, "B": 8}}
BUYERS, READERS = 6, 4
STADIUM_BYTES_MAX = 250_000
NEVER = 1_000_000
"""So many facts are yet to come."""

Seats = dict[str, Any]


class Read(NamedTuple):
    """What came over the wire, as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def read(server: Server, path: str, method: str = "GET", **headers: str) -> Read:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS_MAX)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1{path}", headers=named)
        response = connection.getresponse()
        return Read(response.status, response.headers, response.read())
    finally:
        connection.close()


def by_id(answer: Any) -> Seats:
    return {seat["id"]: seat for seat in answer["seats"]}


def test_every_seat_says_what_it_is_and_how_it_stands(promoter: Promoter) -> None:
    row = {
        "name": "A",
        "seats": [
            {"name": "1", "accessible": True, "x": 1, "y": 5},
            {"name": "2", "companion": True},
            {"name": "3", "blocked": True},
            {"name": "Königin"},
        ],
    }
    venue = promoter.make("venues", venue_of({"sections": [{"name": "Parkett links", "rows": [row]}]}))["id"]
    ticket_type = promoter.offer(promoter.announce(venue), sections=["Parkett links"])
    assert promoter.availability(ticket_type)["capacity"] == 3
    first, second, third, fourth = promoter.seats(ticket_type)["seats"]
    assert (first["id"], first["section"], first["row"], first["number"]) == (
        "Parkett links-A-1",
        "Parkett links",
        "A",
        "1",
    )
    assert (first["x"], first["y"], first["accessible"], first["status"]) == (1, 5, True, "free")
    assert second["companion"]
    assert not second["accessible"]
    assert third["status"] == "blocked"
    assert fourth["id"] == "Parkett links-A-Königin"
    assert promoter.want_seats(ticket_type, third["id"]).body["taken_seats"] == [third["id"]]
    held = promoter.want_seats(ticket_type, fourth["id"])
    assert by_id(promoter.seats(ticket_type))[fourth["id"]]["status"] == "held"
    promoter.pay(held.body["id"])
    assert by_id(promoter.seats(ticket_type))[fourth["id"]] == {**fourth, "status": "sold"}


def test_deltas_folded_during_a_storm_equal_what_is_seen_at_its_end(
    shared_server: Server, promoter: Promoter
) -> None:
    ticket_type = promoter.furnish(HALL)
    over = threading.Event()
    bought = threading.Semaphore(0)

    def buy(chance: random.Random, guest: Client) -> None:
        for _ in range(40):
            reserved = guest.want_best(ticket_type, chance.randint(1, 4), together=False)
            if reserved.status == 201 and chance.random() < 0.85:
                guest.release(reserved.body["id"])
            elif reserved.status == 201:
                guest.pay(reserved.body["id"])
        bought.release()

    def wait(_: Client) -> None:
        for _buyer in range(BUYERS):
            bought.acquire()
        over.set()

    folded: list[Seats] = []
    deltas: list[int] = []

    def follow(guest: Client) -> None:
        seen = guest.seats(ticket_type)
        seats, version = by_id(seen), seen["version"]
        while True:
            is_last = over.is_set()
            delta = guest.seats(ticket_type, since=version)
            assert delta["version"] >= version
            assert delta["version"] > version or not delta["seats"]
            deltas.append(len(delta["seats"]))
            seats, version = seats | by_id(delta), delta["version"]
            if is_last:
                folded.append(seats)
                return

    works: list[Callable[[Client], None]] = [partial(buy, random.Random(seed)) for seed in range(BUYERS)]
    at_once(shared_server, [*works, wait, *[follow] * READERS])
    final = by_id(promoter.seats(ticket_type))
    assert folded == [final] * READERS
    assert 0 < max(deltas) < len(final)
    shown = promoter.availability(ticket_type)
    statuses = [seat["status"] for seat in final.values()]
    assert (statuses.count("free"), statuses.count("held"), statuses.count("sold")) == (
        shown["available"],
        shown["held"],
        shown["sold"],
    )


def test_of_a_version_that_nobody_knows_all_seats_are_told(promoter: Promoter) -> None:
    ticket_type = promoter.furnish(HALL)
    version = promoter.seats(ticket_type)["version"]
    assert promoter.seats(ticket_type, since=version) == {"version": version, "seats": []}
    for since in (0, version + NEVER):
        assert by_id(promoter.seats(ticket_type, since=since)) == by_id(promoter.seats(ticket_type))


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "", "1e3", "9" * 40, "%00", "1%20"])
def test_a_version_that_is_none_is_refused(shared_server: Server, promoter: Promoter, since: str) -> None:
    ticket_type = promoter.furnish(HALL)
    refused = promoter.ask("GET", f"/ticket-types/{ticket_type}/seats?since={since}")
    assert (refused.status, [error["field"] for error in refused.body["errors"]]) == (422, ["since"])


def test_there_are_no_seats_where_nothing_is_sold_by_the_seat(promoter: Promoter) -> None:
    standing = promoter.offer(capacity=10)
    for nothing in (standing, 10**9, 0, "x"):
        assert promoter.ask("GET", f"/ticket-types/{nothing}/seats").code == "not_found"
    draft = promoter.offer(promoter.announce(promoter.build(HALL), status="draft"), sections=["Stalls"])
    assert promoter.ask("GET", f"/ticket-types/{draft}/seats").status == 404


@pytest.mark.parametrize(
    "what", ["/ticket-types/{}/seats", "/ticket-types/{}/availability", "/events/{}/availability"]
)
def test_what_has_not_changed_is_not_sent_again(shared_server: Server, promoter: Promoter, what: str) -> None:
    event = promoter.announce(promoter.build(HALL))
    ticket_type = promoter.offer(event, sections=[*HALL])
    path = what.format(event if "events" in what else ticket_type)
    first = read(shared_server, path)
    tag = first.headers["ETag"]
    unchanged = read(shared_server, path, If_None_Match=tag)
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", tag)
    assert read(shared_server, path, If_None_Match=f'"other", {tag}').status == 304
    assert read(shared_server, path, If_None_Match="*").status == 304
    assert read(shared_server, path, If_None_Match='"other"').body == first.body
    head = read(shared_server, path, "HEAD")
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", tag)
    reserved = promoter.want_seats(ticket_type, "Stalls-A-1")
    changed = read(shared_server, path, If_None_Match=tag)
    assert (changed.status, changed.headers["ETag"] != tag) == (200, True)
    assert json.loads(changed.body) != json.loads(first.body)
    promoter.release(reserved.body["id"])
    assert read(shared_server, path, If_None_Match=changed.headers["ETag"]).status == 200


@pytest.mark.parametrize("what", ["/ticket-types/{}/seats", "/events/{}/availability"])
def test_compressed_it_is_the_same(shared_server: Server, promoter: Promoter, what: str) -> None:
    event = promoter.announce(promoter.build(HALL))
    ticket_type = promoter.offer(event, sections=[*HALL])
    for number in range(8):
        promoter.offer(event, name=f"Standing {number}", capacity=10)
    path = what.format(event if "events" in what else ticket_type)
    plain = read(shared_server, path, Accept_Encoding="identity")
    packed = read(shared_server, path, Accept_Encoding="br;q=1.0, gzip;q=0.8")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    refused = read(shared_server, path, Accept_Encoding="gzip;q=0")
    assert (refused.headers["Content-Encoding"], refused.body) == (None, plain.body)


def test_availability_follows_the_clock_when_a_sale_opens_and_ends(
    shared_server: Server, promoter: Promoter
) -> None:
    now = datetime.now(UTC)
    opens, ends = now + timedelta(seconds=1), now + timedelta(seconds=2)
    event = promoter.announce()
    ticket_type = promoter.offer(
        event, capacity=10, on_sale_at=opens.isoformat(), off_sale_at=ends.isoformat()
    )
    path = f"/events/{event}/availability"
    tags: dict[str, str] = {}

    def status() -> str:
        seen = read(shared_server, path)
        (shown,) = json.loads(seen.body)["ticket_types"]
        tags[shown["status"]] = seen.headers["ETag"]
        return str(shown["status"])

    assert status() == "not_yet"
    assert promoter.reserve(ticket_type).code == "not_on_sale"
    wait_until(lambda: status() == "on_sale")
    wait_until(lambda: status() == "ended")
    assert promoter.reserve(ticket_type).code == "not_on_sale"
    assert len(set(tags.values())) == 3


def test_a_stadium_of_60_000_seats_goes_over_the_wire_in_250_kilobytes(
    shared_server: Server, promoter: Promoter
) -> None:
    """Whatever is sold of it: every other seat at random is the worst that can be."""
    sections = {f"Block {number}": {str(row): 25 for row in range(1, 41)} for number in range(1, 61)}
    venue = promoter.make("venues", venue_of(seat_map_of(sections)))["id"]
    event = promoter.announce(venue)
    ticket_type = promoter.offer(event, sections=[*sections], max_per_reservation=1000)
    path = f"/ticket-types/{ticket_type}/seats"
    free = read(shared_server, path, Accept_Encoding="gzip")
    seats = by_id(json.loads(gzip.decompress(free.body)))
    assert [*seats] == seats_of(sections)
    assert len(free.body) <= STADIUM_BYTES_MAX
    sold = random.Random(7).sample([*seats], 30_000)
    for first in range(0, len(sold), 1000):
        reserved = promoter.want_seats(ticket_type, *sold[first : first + 1000])
        if first % 2000:
            assert promoter.pay(reserved.body["id"]).status == 200
    half = read(shared_server, path, Accept_Encoding="gzip")
    assert len(half.body) <= STADIUM_BYTES_MAX
    statuses = [seat["status"] for seat in by_id(json.loads(gzip.decompress(half.body))).values()]
    assert {status: statuses.count(status) for status in ("free", "held", "sold")} == {
        "free": 30_000,
        "held": 15_000,
        "sold": 15_000,
    }

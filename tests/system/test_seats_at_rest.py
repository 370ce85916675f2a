"""Seats, shares, codes and limits that leave memory and come back: nobody sees a difference."""

import random
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

from tests.embedded.processes import wait_until
from tests.system.audit import sample
from tests.system.client import Client, at_once
from tests.system.conftest import MakeServer
from tests.system.promoter import Promoter
from tests.system.server import Server

HALL = {"Stalls": {"A": 10, "B": 10}, "Balcony": {"A": 6}}
CODE, LIMIT = "MEMBERS", 4
GUEST = "ada@example.org"
GRANTS = 8
"""Of two seats each, where there are four: enough for some to be somebody's again."""


class House(NamedTuple):
    """An evening of everything there is."""

    venue: int
    event: int
    stalls: int
    balcony: int
    """Needs the code, which is good for four."""
    regular: int
    student: int
    pool: int
    held: str
    """A reservation of two seats in the stalls and one in the balcony."""


def furnish(promoter: Promoter) -> House:
    """Some of everything is sold, held and given back."""
    venue = promoter.build(HALL)
    event, pool = promoter.announce(venue, max_per_guest=LIMIT), promoter.pool(10)
    stalls, balcony = (promoter.offer(event, sections=[each]) for each in HALL)
    regular = promoter.offer(event, capacity_id=pool)
    student = promoter.offer(event, capacity_id=pool, capacity=2)
    promoter.let_in(balcony, CODE, capacity=4)
    cart = want(promoter, {stalls: ["Stalls-A-1"], regular: 1, student: 1})
    assert promoter.pay(cart, email=GUEST).status == 200
    held = want(promoter, {stalls: ["Stalls-B-9", "Stalls-B-10"], balcony: ["Balcony-A-1"]})
    assert promoter.release(want(promoter, {stalls: ["Stalls-A-2"], student: 1})).status == 200
    return House(venue, event, stalls, balcony, regular, student, pool, held)


def want(promoter: Promoter, wishes: dict[int, Any]) -> str:
    """A reservation's id; a wish is for seats or for a quantity."""
    lines = [
        {"ticket_type_id": each, "seats" if isinstance(wish, list) else "quantity": wish}
        for each, wish in wishes.items()
    ]
    reserved = promoter.want(*lines, access_code=CODE)
    assert reserved.status == 201, reserved
    return str(reserved.body["id"])


def all_that_is_seen(promoter: Promoter, house: House) -> list[Any]:
    """But for the moment at which it is told."""
    paths = [
        f"/events/{house.event}",
        f"/organizers/{promoter.organizer}/capacities",
        f"/ticket-types/{house.balcony}/access-codes",
        f"/organizers/{promoter.organizer}/ticket-types",
        f"/organizers/{promoter.organizer}/reservations",
        f"/statistics?organizer={promoter.organizer}",
        f"/venues/{house.venue}",
        *(f"/ticket-types/{each}/seats" for each in (house.stalls, house.balcony)),
        *(f"/ticket-types/{each}" for each in house[2:6]),
    ]
    seen = [promoter.ask("GET", path) for path in paths]
    assert {answer.status for answer in seen} == {200}
    counts = [promoter.availability(each) | {"as_of": ""} for each in house[2:6]]
    return [*seen, *counts]


def assert_goes_on(promoter: Promoter, house: House) -> None:
    """What was sold is gone, what was given back is there, codes and limits count from where they stood."""
    taken = promoter.want({"ticket_type_id": house.stalls, "seats": ["Stalls-A-1", "Stalls-B-9"]})
    assert taken.body["taken_seats"] == ["Stalls-A-1", "Stalls-B-9"]
    balcony = {"ticket_type_id": house.balcony, "best_available": 4}
    assert promoter.want(balcony).code == "forbidden"
    assert promoter.want(balcony, access_code=CODE).body["available"] == 3
    assert promoter.want({"ticket_type_id": house.student, "quantity": 2}).body["available"] == 1
    assert promoter.want({"ticket_type_id": house.regular, "quantity": 9}).body["available"] == 8
    again = want(promoter, {house.stalls: ["Stalls-A-2", "Stalls-A-3"]})
    assert promoter.pay(again, email=GUEST).body["max_per_guest"] == LIMIT
    assert promoter.pay(again, email="grace@example.org").status == 200


def stop(server: Server) -> None:
    server.terminate()
    assert server.exit_code() == 0


def test_a_restart_changes_nothing_that_anyone_sees(server: Server) -> None:
    with closing(Promoter(server)) as promoter:
        house = furnish(promoter)
        before = all_that_is_seen(promoter, house)
        for end in (Server.kill, stop, Server.kill):
            end(server)
            server.start()
            promoter.close()
            assert all_that_is_seen(promoter, house) == before
        assert_goes_on(promoter, house)


def test_what_has_left_memory_comes_back_as_it_was(make_server: MakeServer) -> None:
    server = make_server(idle_seconds="0.2")
    server.start()
    with closing(Promoter(server)) as promoter:
        house = furnish(promoter)
        assert promoter.pay(house.held, email="emmy@example.org").status == 200  # nothing open keeps it there
        before = all_that_is_seen(promoter, house)
        for _ in range(2):
            wait_until(lambda: sample(server, "ticketd_actors", default=-1) == 0)
            assert all_that_is_seen(promoter, house) == before
        assert_goes_on(promoter, house)


def test_what_runs_out_gives_seats_shares_and_codes_back(make_server: MakeServer) -> None:
    server = make_server(hold_seconds="1")
    server.start()
    with closing(Promoter(server)) as promoter:
        house = furnish(promoter)
        since = promoter.seats(house.stalls)["version"]
        wait_until(lambda: promoter.availability(house.stalls)["available"] == 19)
        wait_until(lambda: promoter.availability(house.balcony)["available"] == 6)
        freed = promoter.seats(house.stalls, since=since)["seats"]
        assert [(seat["id"], seat["status"]) for seat in freed] in (
            [],  # it had run out before the version was asked for
            [("Stalls-B-9", "free"), ("Stalls-B-10", "free")],
        )
        want(promoter, {house.balcony: ["Balcony-A-1", "Balcony-A-2", "Balcony-A-3", "Balcony-A-4"]})


def test_a_seat_passes_to_the_next_guest_when_it_has_run_out_and_not_before(make_server: MakeServer) -> None:
    server = make_server(hold_seconds="1")
    server.start()
    with closing(Promoter(server)) as promoter:
        ticket_type = promoter.furnish({"Stalls": {"A": 4}})
    granted: list[Any] = []

    def insist(chance: random.Random, guest: Client) -> None:
        while len(granted) < GRANTS:
            answer = guest.want_seats(ticket_type, *chance.sample([f"Stalls-A-{n}" for n in range(1, 5)], 2))
            if answer.status == 201:
                granted.append(answer.body)
            else:
                assert answer.code == "seat_taken"

    at_once(server, [partial(insist, random.Random(seed)) for seed in range(6)])
    had_until: dict[str, str] = {}
    for each in sorted(granted, key=lambda each: str(each["created_at"])):
        for seat in each["lines"][0]["seats"]:
            assert had_until.get(seat, "") <= each["created_at"]
            had_until[seat] = each["expires_at"]

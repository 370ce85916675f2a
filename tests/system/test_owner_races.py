"""Owners who pull and push at the same things while guests buy: nothing is half done, and nothing breaks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.system.client import Answer, Client, at_once
from tests.system.promoter import EVENING, TIMEZONE, Promoter, seat_map_of
from tests.system.server import Server

HALL = {"Stalls": {"A": 6, "B": 6}}
ROUNDS = 8
CODE = "MEMBERS"

Ask = tuple[str, str, Any]


def ask_at_once(server: Server, *asks: Ask) -> list[Answer]:
    """What owners hear who ask all this at the same moment."""
    return at_once(server, [partial(_ask, Promoter(server), ask) for ask in asks])


def _ask(owner: Promoter, ask: Ask, _: Client) -> Answer:
    try:
        return owner.ask(*ask)
    finally:
        owner.close()


def new(promoter: Promoter, things: str, **body: object) -> Ask:
    return "POST", f"/organizers/{promoter.organizer}/{things}", {"name": "New", **body}


def test_a_ticket_type_made_while_its_event_is_deleted_is_there_with_it_or_not_at_all(
    shared_server: Server, promoter: Promoter
) -> None:
    for _ in range(ROUNDS):
        event = promoter.announce(promoter.build(HALL))
        made, again, deleted = ask_at_once(
            shared_server,
            new(promoter, "ticket-types", event_id=event, sections=["Stalls"]),
            new(promoter, "ticket-types", event_id=event, seats=["Stalls-A-1"]),
            ("DELETE", f"/events/{event}", None),
        )
        assert deleted.status == 204
        assert promoter.ask("GET", f"/events/{event}").status == 404
        for answer in (made, again):
            assert answer.status in (201, 404, 422), answer
            if answer.status == 201:
                assert promoter.ask("GET", f"/ticket-types/{answer.body['id']}").status == 404
                assert promoter.want_seats(answer.body["id"], "Stalls-A-1").status == 404


def test_a_shared_capacity_is_deleted_or_drawn_on(shared_server: Server, promoter: Promoter) -> None:
    for _ in range(ROUNDS):
        pool = promoter.pool(5)
        made, deleted = ask_at_once(
            shared_server,
            new(promoter, "ticket-types", capacity_id=pool),
            ("DELETE", f"/capacities/{pool}", None),
        )
        assert (made.status, deleted.status) in ((201, 409), (404, 204), (422, 204)), (made, deleted)
        if made.status == 201:
            assert promoter.reserve(made.body["id"]).status == 201


def test_a_venue_that_is_deleted_is_used_by_nobody(shared_server: Server, promoter: Promoter) -> None:
    for _ in range(ROUNDS):
        venue = promoter.build(HALL)
        event = promoter.announce()
        made, moved, deleted, changed = ask_at_once(
            shared_server,
            new(promoter, "events", starts_at=EVENING, timezone=TIMEZONE, venue_id=venue),
            ("PATCH", f"/events/{event}", {"venue_id": venue}),
            ("DELETE", f"/venues/{venue}", None),
            ("PUT", f"/venues/{venue}/seat-map", seat_map_of(HALL)),
        )
        used = {made.status, moved.status} & {200, 201}
        assert deleted.status == (409 if used else 204)
        assert made.status in (201, 422)
        assert moved.status in (200, 422)
        assert changed.status in (200, 404)
        assert promoter.ask("GET", f"/venues/{venue}").status == (200 if used else 404)


def test_every_new_map_gets_a_version_of_its_own(shared_server: Server, promoter: Promoter) -> None:
    venue = promoter.build(HALL)
    put = ("PUT", f"/venues/{venue}/seat-map", seat_map_of(HALL))
    answers = ask_at_once(shared_server, *[put] * 6)
    assert sorted(answer.body["seat_map"]["version"] for answer in answers) == [2, 3, 4, 5, 6, 7]
    assert promoter.ask("GET", f"/venues/{venue}").body["seat_map_version"] == 7


def test_a_guest_limit_set_twice_at_once_is_one_limit(shared_server: Server, promoter: Promoter) -> None:
    for _ in range(ROUNDS):
        event = promoter.announce()
        ticket_type = promoter.offer(event, capacity=10)
        ask_at_once(
            shared_server,
            *[("PATCH", f"/events/{event}", {"max_per_guest": limit}) for limit in (1, 2, 3)],
        )
        limit = promoter.ask("GET", f"/events/{event}").body["max_per_guest"]
        reserved = [promoter.reserve(ticket_type, count).body["id"] for count in (limit + 1, limit, 1)]
        paid = [promoter.pay(each, email="ada@example.org").status for each in reserved]
        assert paid == [409, 200, 409]


def test_seats_are_deleted_or_sold(shared_server: Server, promoter: Promoter) -> None:
    for _ in range(ROUNDS):
        ticket_type = promoter.furnish(HALL)
        works: list[Callable[[Client], Answer]] = [
            partial(_ask, Promoter(shared_server), ("DELETE", f"/ticket-types/{ticket_type}", None)),
            *[partial(Client.want_best, ticket_type=ticket_type, count=2)] * 3,
        ]
        deleted, *reserved = at_once(shared_server, works)
        outcomes = {answer.status for answer in reserved}
        assert (deleted.status, deleted.code, outcomes) in (
            (204, "", {404}),
            (409, "has_sales", {201}),
        )


def test_after_a_code_is_taken_back_nobody_gets_in_with_it(shared_server: Server, promoter: Promoter) -> None:
    for _ in range(ROUNDS):
        ticket_type = promoter.furnish({"Stalls": {"A": 40}})
        promoter.let_in(ticket_type, CODE)
        promoter.let_in(ticket_type, "OTHER")
        codes = f"/ticket-types/{ticket_type}/access-codes"
        works: list[Callable[[Client], Sequence[Answer]]] = [
            partial(_take_back, Promoter(shared_server), f"{codes}/{CODE}"),
            *[partial(_enter_until_refused, ticket_type)] * 4,
        ]
        (removed,), *entered = at_once(shared_server, works)
        assert removed.status == 204
        assert {some[-1].code for some in entered} <= {"forbidden", "sold_out"}
        line = {"ticket_type_id": ticket_type, "best_available": 1}
        assert promoter.want(line, access_code=CODE).code == "forbidden"
        held = sum(answer.status == 201 for some in entered for answer in some)
        assert promoter.availability(ticket_type)["held"] == held


def _take_back(owner: Promoter, code: str, guest: Client) -> list[Answer]:
    return [_ask(owner, ("DELETE", code, None), guest)]


def _enter_until_refused(ticket_type: int, guest: Client) -> list[Answer]:
    line = {"ticket_type_id": ticket_type, "best_available": 1}
    answers = [guest.want(line, access_code=CODE)]
    while answers[-1].status == 201:
        answers.append(guest.want(line, access_code=CODE))
    return answers

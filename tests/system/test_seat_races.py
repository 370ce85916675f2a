"""Many want the same seats: threads against the real server."""

import random
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise

from tests.system.client import Answer, Client, at_once
from tests.system.promoter import Promoter, seats_of
from tests.system.server import Server

ROUNDS = 200
GUESTS, THREADS = 1000, 64
HALL = {"Stalls": {"A": 12, "B": 14, "C": 16}, "Balcony": {"A": 8, "B": 8}}


def test_of_two_guests_who_want_the_same_seat_exactly_one_gets_it(
    shared_server: Server, promoter: Promoter
) -> None:
    sections = {"Stalls": dict.fromkeys(map(str, range(10)), ROUNDS // 10)}
    ticket_type = promoter.furnish(sections)
    seats = seats_of(sections)
    in_step = threading.Barrier(2)

    def want_each(guest: Client) -> list[Answer]:
        return [guest.want_seats(ticket_type, seat) for seat in seats if in_step.wait() >= 0]

    for seat, answers in zip(seats, zip(*at_once(shared_server, [want_each] * 2), strict=True), strict=True):
        got, refused = sorted(answers, key=lambda answer: answer.status)
        assert (got.status, got.body["lines"][0]["seats"]) == (201, [seat])
        assert (refused.status, refused.code, refused.body.get("taken_seats")) == (
            409,
            "seat_taken",
            [seat],
        ), refused
    shown = promoter.availability(ticket_type)
    assert (shown["available"], shown["held"]) == (0, ROUNDS)


def test_overlapping_wishes_are_granted_whole_or_not_at_all(
    shared_server: Server, promoter: Promoter
) -> None:
    """Neighbours in a ring want two seats each, one of them in common, in either order."""
    sections = {"Ring": {"A": 24}}
    seats = seats_of(sections)
    wishes = [(one, other) for one, other in pairwise([*seats, seats[0]])]
    for _ in range(5):
        ticket_type = promoter.furnish(sections)
        answers = at_once(
            shared_server,
            [partial(_want_seats, ticket_type, wish[:: random.choice((1, -1))]) for wish in wishes],
        )
        granted = [wish for wish, answer in zip(wishes, answers, strict=True) if answer.status == 201]
        taken = {seat for wish in granted for seat in wish}
        assert len(taken) == 2 * len(granted)
        for wish, answer in zip(wishes, answers, strict=True):
            if answer.status != 201:
                assert answer.code == "seat_taken"
                assert {*answer.body["taken_seats"]} <= {*wish} & taken
        shown = promoter.availability(ticket_type)
        assert (shown["held"], shown["available"]) == (len(taken), len(seats) - len(taken))


def test_of_a_thousand_guests_one_gets_the_last_block_of_four(
    shared_server: Server, promoter: Promoter
) -> None:
    sections = {"Stalls": dict.fromkeys("ABCDE", 8)}
    ticket_type = promoter.furnish(sections, max_per_reservation=40)
    last = [f"Stalls-C-{number}" for number in (3, 4, 5, 6)]
    scattered = [f"Stalls-{row}-{number}" for row in "ABDE" for number in (1, 2, 3)]
    others = [seat for seat in seats_of(sections) if seat not in {*last, *scattered}]
    assert promoter.want_seats(ticket_type, *others).status == 201

    def want_some(guest: Client) -> list[Answer]:
        return [guest.want_best(ticket_type, 4) for _ in range(GUESTS // THREADS + 1)]

    answers = [answer for some in at_once(shared_server, [want_some] * THREADS) for answer in some]
    assert len(answers) >= GUESTS
    (granted,) = [answer for answer in answers if answer.status == 201]
    assert granted.body["lines"][0]["seats"] == last
    assert Counter(answer.code for answer in answers) == {"": 1, "sold_out": len(answers) - 1}
    assert promoter.availability(ticket_type)["available"] == len(scattered)


def test_the_best_seats_go_in_the_same_order_to_a_crowd_as_to_a_queue(
    shared_server: Server, promoter: Promoter
) -> None:
    queued_for, crowded = promoter.furnish(HALL), promoter.furnish(HALL)
    pairs = 20
    in_turn = [promoter.want_best(queued_for, 2) for _ in range(pairs)]
    at_the_same_time = at_once(
        shared_server, [partial(Client.want_best, ticket_type=crowded, count=2)] * pairs
    )
    assert {_seats(answer) for answer in at_the_same_time} == {_seats(answer) for answer in in_turn}


def test_seats_that_change_hands_all_the_time_have_one_owner_each(
    shared_server: Server, promoter: Promoter
) -> None:
    """What was got and not yet given back is this guest's alone, at every moment."""
    ticket_type = promoter.furnish(HALL, max_per_reservation=6)
    owned: Counter[str] = Counter()
    mine = threading.Lock()

    def come_and_go(chance: random.Random, guest: Client) -> list[Answer]:
        kept = []
        for _ in range(40):
            answer = _want_something(guest, ticket_type, chance)
            if answer.status != 201:
                assert answer.code in ("seat_taken", "sold_out"), answer
                continue
            with mine:
                owned.update(_seats(answer))
                assert max(owned.values()) == 1, owned.most_common(3)
            if chance.random() < 0.1:
                kept.append(guest.pay(answer.body["id"]))
                continue
            with mine:
                owned.subtract(_seats(answer))
            assert guest.release(answer.body["id"]).status == 200
        return kept

    works = [partial(come_and_go, random.Random(seed)) for seed in range(16)]
    paid = [answer for answers in at_once(shared_server, works) for answer in answers]
    sold = [seat for answer in paid for seat in _seats(answer)]
    assert {answer.body["status"] for answer in paid} == {"paid"}
    assert sorted(sold) == sorted(+owned)
    assert [(ticket["seat"]) for answer in paid for ticket in answer.body["tickets"]] == sold
    shown = promoter.availability(ticket_type)
    assert (shown["sold"], shown["held"], shown["available"]) == (
        len(sold),
        0,
        len(seats_of(HALL)) - len(sold),
    )


def test_a_cart_that_is_sent_many_times_at_once_is_one_cart(
    shared_server: Server, promoter: Promoter
) -> None:
    event = promoter.announce(promoter.build(HALL))
    stalls, balcony = (promoter.offer(event, sections=[each]) for each in HALL)
    standing = promoter.offer(event, capacity=10)
    for number in range(1, 9):
        cart: list[dict[str, object]] = [
            {"ticket_type_id": stalls, "seats": [f"Stalls-A-{number}"]},
            {"ticket_type_id": balcony, "best_available": 1},
            {"ticket_type_id": standing, "quantity": 1},
        ]
        key = f"a guest's secret, {number}"
        answers = at_once(shared_server, [partial(_want_cart, cart, key)] * 6)
        assert Counter(answer.status for answer in answers) == {201: 1, 200: 5}, answers
        assert len({answer.body["id"] for answer in answers}) == 1
    assert [promoter.availability(each)["held"] for each in (stalls, balcony, standing)] == [8, 8, 8]


def _want_cart(cart: Sequence[dict[str, object]], key: str, guest: Client) -> Answer:
    return guest.want(*cart, key=key)


def _want_something(guest: Client, ticket_type: int, chance: random.Random) -> Answer:
    count = chance.randint(1, 5)
    if chance.random() < 0.4:
        return guest.want_seats(ticket_type, *chance.sample(seats_of(HALL), count))
    answer = guest.want_best(ticket_type, count)
    if answer.status == 201:
        assert _are_side_by_side(_seats(answer)), answer
    return answer


def _want_seats(ticket_type: int, wish: Sequence[str], guest: Client) -> Answer:
    return guest.want_seats(ticket_type, *wish)


def _seats(answer: Answer) -> tuple[str, ...]:
    return tuple(answer.body["lines"][0]["seats"])


def _are_side_by_side(seats: Iterable[str]) -> bool:
    places = [seat.rsplit("-", 1) for seat in seats]
    return all(one[0] == other[0] and int(other[1]) == int(one[1]) + 1 for one, other in pairwise(places))

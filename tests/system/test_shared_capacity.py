"""Regular and Student out of one hall of 500, at most 100 of them students."""

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from tests.embedded.processes import wait_until
from tests.system.audit import rows
from tests.system.client import Answer, Client, at_once
from tests.system.promoter import Promoter
from tests.system.server import Server

HALL, STUDENTS_MAX = 500, 100
THREADS = 24


class Sale(NamedTuple):
    """What is sold out of the hall."""

    pool: int
    regular: int
    student: int

    def lines(self, regular: int, student: int) -> list[dict[str, object]]:
        """A request for so many of each."""
        wanted = ((self.regular, regular), (self.student, student))
        return [{"ticket_type_id": each, "quantity": count} for each, count in wanted if count]


def open_sale(promoter: Promoter, *, capacity: int = HALL, students_max: int = STUDENTS_MAX) -> Sale:
    event, pool = promoter.announce(), promoter.pool(capacity)
    return Sale(
        pool,
        promoter.offer(event, capacity_id=pool, price_cents=2000),
        promoter.offer(event, name="Student", capacity_id=pool, capacity=students_max, price_cents=1200),
    )


def test_a_race_sells_exactly_the_hall_and_no_more_students_than_agreed(
    shared_server: Server, promoter: Promoter
) -> None:
    sale = open_sale(promoter)
    works = [partial(_buy_until_sold_out, sale, random.Random(seed)) for seed in range(THREADS)]
    bought = [answer for answers in at_once(shared_server, works) for answer in answers]
    taken: Counter[int] = Counter()
    for answer in bought:
        for line in answer.body["lines"]:
            taken[line["ticket_type_id"]] += line["quantity"]
    assert taken == {sale.student: STUDENTS_MAX, sale.regular: HALL - STUDENTS_MAX}
    _assert_shown(promoter, sale, regular=HALL - STUDENTS_MAX, student=STUDENTS_MAX, free=0)
    sold: Counter[int] = Counter()
    for row in rows(shared_server, "SELECT ticket_type_id, quantity FROM order_line WHERE status = 'paid'"):
        sold[row["ticket_type_id"]] += row["quantity"]
    paid: Counter[int] = Counter()
    for answer in bought:
        for ticket in answer.body["tickets"]:
            paid[ticket["ticket_type_id"]] += 1
    assert {each: sold[each] for each in paid} == paid


def _buy_until_sold_out(sale: Sale, chance: random.Random, guest: Client) -> list[Answer]:
    """All the good answers: some are held, some are paid; some were given back in between."""
    bought: list[Answer] = []
    refused: set[tuple[int, int]] = set()
    while (1, 0) not in refused or (0, 1) not in refused:
        wish = chance.choice(((1, 0), (0, 1), (2, 0), (0, 3), (1, 1), (2, 2)))
        reserved = guest.want(*sale.lines(*wish))
        if reserved.status != 201:
            assert reserved.code == "sold_out", reserved
            assert 0 <= reserved.body["available"] < sum(wish)
            refused.add(wish)
            continue
        _assert_is_one_reservation(reserved, sale, *wish)
        if chance.random() < 0.2 and not refused:
            assert guest.release(reserved.body["id"]).status == 200
            continue
        bought.append(guest.pay(reserved.body["id"]) if chance.random() < 0.5 else reserved)
    return bought


def _assert_is_one_reservation(reserved: Answer, sale: Sale, regular: int, student: int) -> None:
    lines = {line["ticket_type_id"]: line["quantity"] for line in reserved.body["lines"]}
    assert lines == {each: n for each, n in ((sale.regular, regular), (sale.student, student)) if n}
    assert reserved.body["total_cents"] == 2000 * regular + 1200 * student


def test_a_reservation_of_both_has_tickets_of_both(promoter: Promoter) -> None:
    sale = open_sale(promoter)
    reserved = promoter.want(*sale.lines(2, 1))
    _assert_is_one_reservation(reserved, sale, 2, 1)
    _assert_shown(promoter, sale, regular=2, student=1, free=HALL - 3)
    paid = promoter.pay(reserved.body["id"])
    assert Counter(ticket["ticket_type_id"] for ticket in paid.body["tickets"]) == {
        sale.regular: 2,
        sale.student: 1,
    }
    shown = promoter.availability(sale.student)
    assert (shown["sold"], shown["held"]) == (1, 0)


def test_the_refusal_names_the_ticket_type_that_is_short(promoter: Promoter) -> None:
    sale = open_sale(promoter, capacity=10, students_max=2)
    assert promoter.want(*sale.lines(5, 1)).status == 201
    refused = promoter.want(*sale.lines(1, 2))
    assert (refused.code, refused.body["ticket_type_id"], refused.body["available"]) == (
        "sold_out",
        sale.student,
        1,
    )
    together = promoter.want(*sale.lines(4, 1))
    assert (together.code, together.body["available"]) == ("sold_out", 4)
    _assert_shown(promoter, sale, regular=5, student=1, free=4)
    assert promoter.want(*sale.lines(3, 1)).status == 201


def test_a_cart_with_another_ticket_type_is_all_or_nothing(promoter: Promoter) -> None:
    sale = open_sale(promoter, capacity=10, students_max=2)
    shirt = promoter.offer(capacity=1)
    a_shirt = {"ticket_type_id": shirt, "quantity": 1}
    granted = promoter.want(*sale.lines(1, 2), a_shirt)
    assert granted.status == 201
    assert sorted(line["ticket_type_id"] for line in granted.body["lines"]) == sorted([*sale[1:], shirt])
    assert promoter.want(*sale.lines(1, 0), a_shirt).code == "sold_out"
    wait_until(lambda: promoter.availability(sale.regular)["available"] == 7)
    assert promoter.release(granted.body["id"]).body["status"] == "released"
    _assert_shown(promoter, sale, regular=0, student=0, free=10)
    assert promoter.availability(shirt)["available"] == 1


def test_a_hall_cannot_become_smaller_than_what_is_taken_of_it(promoter: Promoter) -> None:
    sale = open_sale(promoter, capacity=10, students_max=5)
    assert promoter.want(*sale.lines(3, 2)).status == 201
    hall = f"/capacities/{sale.pool}"
    assert promoter.ask("PATCH", hall, {"capacity": 4}).code == "capacity_below_sold"
    assert promoter.change(sale.student, capacity=1).code == "capacity_below_sold"
    assert promoter.delete(sale.student).code == "has_sales"
    assert promoter.ask("DELETE", hall).code == "has_sales"
    assert promoter.ask("PATCH", hall, {"capacity": 5}).status == 200
    assert promoter.want(*sale.lines(1, 0)).body["available"] == 0
    _assert_shown(promoter, sale, regular=3, student=2, free=0)


def _assert_shown(promoter: Promoter, sale: Sale, *, regular: int, student: int, free: int) -> None:
    """What availability says, one by one and of the event, and what the owner sees."""
    hall = next(each for each in _capacities(promoter) if each["id"] == sale.pool)
    assert (hall["available"], hall["held"] + hall["sold"]) == (free, regular + student)
    assert sorted(hall["ticket_types"]) == sorted(sale[1:])
    for ticket_type, taken in ((sale.regular, regular), (sale.student, student)):
        shown = promoter.availability(ticket_type)
        assert shown["held"] + shown["sold"] == taken
        assert shown["available"] == min(free, shown["capacity"] - taken)


def _capacities(promoter: Promoter) -> Sequence[Any]:
    answer = promoter.ask("GET", f"/organizers/{promoter.organizer}/capacities?limit=200")
    assert answer.status == 200
    items: list[Any] = answer.body["items"]
    return items

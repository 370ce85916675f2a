"""Who holds a lot, or holds and drops, gets less; who pays, and who shares nothing with them, does not."""

import pytest

from tests.core.desk import CART, HOLD_SECONDS, POOL, Desk, hall, no, status
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core import habits
from ticketd.core.habits import (
    COOLDOWN_FACTOR,
    DROPS_FREE,
    DROPS_KEPT_MAX,
    DROPS_PER_PAYMENT,
    HABIT_SECONDS,
    OPEN_HOLDS_MAX,
    PAYMENTS_COUNTED_MAX,
    SHORT_HOLD_SECONDS_MIN,
    Conduct,
    Habit,
    Habits,
)
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId, TicketTypeId
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.terms import Terms

NET, OTHER_NET = "net", "other net"
SHORT = HOLD_SECONDS // habits.SHORT_HOLD_DIVISOR
LIMIT = Refusal(Reason.LIMIT_EXCEEDED)
MANY = 10_000
REGULAR = TicketTypeId(31)


def reserve(
    desk: Desk,
    name: str,
    identity: str = NET,
    parts: tuple[InventoryId, ...] = (),
    seconds: int = HOLD_SECONDS,
) -> Outcome:
    return desk.send(c.Reserve(ReservationId(name), 1, seconds, parts=parts, identity=identity))


def drop(desk: Desk, times: int, identity: str = NET) -> None:
    for number in range(times):
        name = f"dropped {identity} {len(desk.ledger)} {number}"
        assert status(reserve(desk, name, identity)) == "held"
        desk.send(c.Release(ReservationId(name)))


def buy(desk: Desk, times: int) -> None:
    for number in range(times):
        name = f"bought {len(desk.ledger)} {number}"
        reserve(desk, name)
        assert status(desk.buy(name)) == "paid"


def held_seconds(outcome: Outcome) -> float:
    assert isinstance(outcome, Line), outcome
    return (outcome.deadline - outcome.created_at) / SECOND


# -- open holds


def test_an_identity_has_no_more_unpaid_lines_than_the_limit_and_others_have_theirs() -> None:
    desk = Desk(capacity=MANY)
    for number in range(OPEN_HOLDS_MAX):
        assert status(reserve(desk, f"r{number}")) == "held"
    refused = reserve(desk, "one more")
    assert no(refused) == LIMIT
    assert isinstance(refused, Refusal)
    assert refused.detail is not None
    assert status(reserve(desk, "another's", OTHER_NET)) == "held"
    assert status(reserve(desk, "nobody's", "")) == "held"
    desk.check_ledger()


def test_a_line_that_is_being_paid_is_still_unpaid() -> None:
    desk = Desk(capacity=MANY)
    for number in range(OPEN_HOLDS_MAX):
        reserve(desk, f"r{number}")
        desk.pay(f"r{number}")
    assert no(reserve(desk, "one more")) == LIMIT


@pytest.mark.parametrize("end", ["paid", "released", "expired"])
def test_a_line_that_is_over_makes_room_for_another(end: str) -> None:
    desk = Desk(capacity=MANY)
    reserve(desk, "first")
    desk.pass_time(1)
    for number in range(OPEN_HOLDS_MAX - 1):
        reserve(desk, f"r{number}")
    match end:
        case "paid":
            desk.buy("first")
        case "released":
            desk.send(c.Release(ReservationId("first")))
        case _:
            desk.pass_time(HOLD_SECONDS - 1)  # and nobody has swept
    assert status(reserve(desk, "the next")) == "held"
    desk.check_ledger()


def test_the_limit_holds_wherever_there_is_more_to_look_at_than_counts() -> None:
    seated = Desk(hall=hall(OPEN_HOLDS_MAX + 1).encode())
    shared = Desk(capacity=MANY, profile=POOL)
    shared.send(c.Open(POOL, Terms("Regular", MANY), None, REGULAR))
    wanted = (c.Wanted(REGULAR, 1),)
    for number in range(OPEN_HOLDS_MAX + 1):
        name = ReservationId(f"r{number}")
        on_seat = reserve(seated, name)
        on_shelf = shared.send(c.Reserve(name, 1, HOLD_SECONDS, wanted=wanted, identity=NET))
        assert isinstance(on_seat, Line) is isinstance(on_shelf, Line) is (number < OPEN_HOLDS_MAX)
    seated.check_ledger()
    shared.check_ledger()


def test_a_repeat_gets_its_reservation_whatever_its_identity_may_have() -> None:
    desk = Desk(capacity=MANY)
    first = c.Reserve(ReservationId("first"), 1, HOLD_SECONDS, "key", "1", identity=NET)
    desk.send(first)
    for number in range(OPEN_HOLDS_MAX):
        reserve(desk, f"r{number}")
    again = desk.send(c.Reserve(ReservationId("again"), 1, HOLD_SECONDS, "key", "1", identity=NET))
    assert isinstance(again, Line)
    assert again.reservation_id == "first"
    assert desk.send(first) == again


# -- drops


def test_a_few_drops_mean_nothing_and_more_shorten_the_holds_of_that_identity_only() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, DROPS_FREE)
    assert held_seconds(reserve(desk, "whole")) == HOLD_SECONDS
    drop(desk, 1)
    assert held_seconds(reserve(desk, "short")) == SHORT
    assert held_seconds(reserve(desk, "another's", OTHER_NET)) == HOLD_SECONDS
    assert held_seconds(reserve(desk, "nobody's", "")) == HOLD_SECONDS
    desk.check_ledger()


def test_a_payment_makes_drops_good() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, 1)
    buy(desk, 3)
    drop(desk, DROPS_FREE + 3 * DROPS_PER_PAYMENT - 1)
    assert held_seconds(reserve(desk, "whole")) == HOLD_SECONDS
    drop(desk, 1)
    assert held_seconds(reserve(desk, "short")) == SHORT
    desk.check_ledger()


def test_what_runs_out_unpaid_is_a_drop_swept_or_not() -> None:
    desk = Desk(capacity=MANY)
    for number in range(DROPS_FREE + 1):
        reserve(desk, f"r{number}")
    desk.pass_time(HOLD_SECONDS)
    assert held_seconds(reserve(desk, "short")) == SHORT
    assert held_seconds(reserve(desk, "again short")) == SHORT


def test_a_carts_tentative_hold_is_no_drop() -> None:
    desk = Desk(capacity=MANY)
    for number in range(2 * DROPS_FREE):
        reserve(desk, f"released{number}", parts=CART)
        desk.send(c.Release(ReservationId(f"released{number}")))
        reserve(desk, f"expired{number}", parts=CART, seconds=10)
    desk.pass_time(10)
    assert held_seconds(reserve(desk, "whole")) == HOLD_SECONDS


def test_a_cart_is_sealed_for_as_long_as_its_identity_may_hold() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, DROPS_FREE)
    for name, seconds in (("whole", HOLD_SECONDS), ("short", SHORT)):
        reserve(desk, name, parts=CART, seconds=10)
        deadline = Instant(desk.now + HOLD_SECONDS * SECOND)
        assert held_seconds(desk.send(c.Seal(ReservationId(name), deadline))) == seconds
        drop(desk, 1)
    desk.check_ledger()


def test_a_short_hold_leaves_time_to_pay_and_is_never_the_longer_one() -> None:
    dropping = Conduct(0, (Instant(0),) * (DROPS_FREE + 1))
    assert dropping.hold_seconds(3 * SHORT_HOLD_SECONDS_MIN - 30) == SHORT_HOLD_SECONDS_MIN
    assert dropping.hold_seconds(SHORT_HOLD_SECONDS_MIN - 30) == SHORT_HOLD_SECONDS_MIN - 30


# -- the cool-down


def test_who_goes_on_dropping_waits_until_enough_drops_are_an_hour_old() -> None:
    desk = Desk(capacity=MANY)
    for _ in range(COOLDOWN_FACTOR * DROPS_FREE):
        drop(desk, 1)
        desk.pass_time(1)
    drop(desk, 1)
    waits = HABIT_SECONDS - COOLDOWN_FACTOR * DROPS_FREE
    refused = reserve(desk, "too soon")
    assert no(refused) == Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=waits)
    assert status(reserve(desk, "another's", OTHER_NET)) == "held"
    desk.check_ledger()
    desk.pass_time(waits - 0.5)
    assert no(reserve(desk, "still")) == Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=1)
    desk.pass_time(0.5)
    assert held_seconds(reserve(desk, "in time")) == SHORT


def test_an_hour_later_nothing_is_remembered() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, COOLDOWN_FACTOR * DROPS_FREE + 1)
    desk.pass_time(HABIT_SECONDS)
    assert held_seconds(reserve(desk, "anew")) == HOLD_SECONDS
    drop(desk, 1, OTHER_NET)
    snapshot = desk.inventory.snapshot()
    assert snapshot is not None
    assert [habit.identity for habit in snapshot.habits] == [OTHER_NET]


def test_a_payment_counts_for_an_hour_as_well() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, 1)
    buy(desk, 1)
    desk.pass_time(HABIT_SECONDS - 1)
    drop(desk, DROPS_FREE)
    assert held_seconds(reserve(desk, "whole")) == HOLD_SECONDS
    desk.pass_time(1)
    drop(desk, 1)
    assert held_seconds(reserve(desk, "short")) == SHORT


# -- bounds


def test_what_is_known_of_one_identity_is_bounded_and_tells_the_same() -> None:
    known = Habit(NET, ())
    for second in range(DROPS_KEPT_MAX + 500):
        known = known.dropped(Instant(second * SECOND)).paid(Instant(second * SECOND))
    assert len(known.drops) == DROPS_KEPT_MAX
    assert len(known.payments) == PAYMENTS_COUNTED_MAX
    conduct = Conduct(0, known.drops, DROPS_FREE + DROPS_PER_PAYMENT * PAYMENTS_COUNTED_MAX)
    refusal = conduct.refusal(Instant(0))
    assert refusal is not None
    assert refusal.retry_after_seconds == HABIT_SECONDS + 500, (
        "the oldest that is known is enough to wait for"
    )


def test_of_too_many_identities_those_who_dropped_longest_ago_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(habits, "IDENTITIES_MAX", 3)
    desk = Desk(capacity=MANY)
    for identity in ("a", "b", "a", "c", "d"):
        drop(desk, 1, identity)
    assert [habit.identity for habit in desk.inventory.habits.at_rest()] == ["a", "c", "d"]
    desk.check_ledger()


def test_nothing_is_kept_of_who_has_nothing_open_and_dropped_nothing() -> None:
    one = Habits()
    line = Line(
        ReservationId("r"),
        InventoryId(7),
        1,
        ReservationStatus.PAID,
        1,
        0,
        Instant(0),
        Instant(1),
        Instant(1),
        identity=NET,
    )
    one.held(line)
    one.paid(line, Instant(1))
    assert one.conduct(NET, Instant(1)) == Conduct(0)
    assert not one.at_rest()
    assert not one._open


def test_habits_go_on_after_a_checkpoint_and_from_the_ledger_alone() -> None:
    desk = Desk(capacity=MANY)
    drop(desk, DROPS_FREE + 1)
    drop(desk, 1, OTHER_NET)
    buy(desk, 1)
    reserve(desk, "open")
    desk.pay("open")
    desk.check_ledger()
    assert any(isinstance(fact, f.Reserved) and fact.identity == NET for fact in desk.ledger)

"""Single rules of the state machine that random walks seldom reach."""

import pytest

from tests.core.desk import CART, HOLD_SECONDS, HOME, ONE, OTHER, PROFILE, START, Desk, status
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.deadlines import Deadlines
from ticketd.core.decisions import closed_refusal
from ticketd.core.ids import SECOND, Instant, ReservationId, TicketCode
from ticketd.core.inventory import (
    EXPIRED_PER_DECISION_MAX,
    PAYMENT_ATTEMPTS_MAX,
    Inventory,
)
from ticketd.core.outcomes import Departed, Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.replay import StillOpen, line_of
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.core.state import LedgerGap
from ticketd.core.terms import EventStatus, EventWindow, Terms, TermsPatch

EXPIRED = Refusal(Reason.RESERVATION_EXPIRED)
CLOSED = Refusal(Reason.RESERVATION_CLOSED)


# -- what has run out


def test_a_decision_gives_back_no_more_than_its_limit() -> None:
    holds = EXPIRED_PER_DECISION_MAX + 10
    desk = Desk(capacity=holds)
    for number in range(holds):
        desk.reserve(f"r{number}")
    desk.pass_time(HOLD_SECONDS)
    assert len(desk.inventory.decide(c.ExpireDue(), desk.now).facts) == EXPIRED_PER_DECISION_MAX
    desk.send(c.ExpireDue())
    assert desk.inventory.held == 10
    desk.send(c.ExpireDue())
    assert desk.inventory.free == holds


def test_a_late_command_finds_its_own_line_expired_however_much_else_is_due() -> None:
    holds = EXPIRED_PER_DECISION_MAX + 10
    desk = Desk(capacity=holds)
    for number in range(holds):
        desk.reserve(f"r{number}")
        desk.pass_time(0.001)
    desk.pass_time(HOLD_SECONDS)
    for reservation in desk.inventory.lines:
        decision = desk.inventory.decide(c.StartPayment(reservation), desk.now)
        assert decision.answer == EXPIRED
        expired = f.Expired(desk.now, reservation, desk.inventory.lines[reservation].seq)
        assert decision.facts.count(expired) == 1


def test_what_runs_out_in_the_same_instant_is_free_for_the_next() -> None:
    desk = Desk(capacity=2)
    desk.reserve("old", 2)
    desk.pass_time(HOLD_SECONDS - 0.000001)
    assert isinstance(desk.reserve("early"), Refusal)
    desk.pass_time(0.000001)
    assert status(desk.reserve("new", 2)) == "held"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (c.StartPayment(ONE), EXPIRED),
        (c.Seal(ONE, START), CLOSED),
        (c.Confirm(ONE, 1, ()), CLOSED),
        (c.Release(ONE), "expired"),
        (c.Inspect(ONE), "expired"),
        (c.FailPayment(ONE, 1), "expired"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_each_command_hears_of_a_line_that_has_just_run_out(
    command: c.AnyCommand, answer: Refusal | str
) -> None:
    desk = Desk()
    desk.reserve()
    desk.pass_time(HOLD_SECONDS)
    outcome = desk.send(command)
    assert (outcome if isinstance(answer, Refusal) else status(outcome)) == answer
    assert desk.inventory.free == 10


@pytest.mark.parametrize(
    ("closed", "release", "start_payment"),
    [
        (ReservationStatus.PAID, CLOSED, None),
        (ReservationStatus.RELEASED, None, CLOSED),
        (ReservationStatus.EXPIRED, None, EXPIRED),
        (ReservationStatus.REFUNDED, CLOSED, CLOSED),
    ],
)
def test_what_a_guest_hears_of_a_closed_reservation(
    closed: ReservationStatus, release: Refusal | None, start_payment: Refusal | None
) -> None:
    assert closed_refusal(c.Release(ONE), closed) == release
    assert closed_refusal(c.StartPayment(ONE), closed) == start_payment


def test_closed_lines_in_memory_say_the_same_as_those_that_have_left() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.StartPayment(ONE))
    codes = (TicketCode("a"),)
    assert status(desk.send(c.Confirm(ONE, 1, codes))) == "paid"
    assert desk.send(c.Release(ONE)) == CLOSED
    assert status(desk.send(c.StartPayment(ONE))) == "paid"
    assert status(desk.send(c.Confirm(ONE, 1, (TicketCode("b"),)))) == "paid"
    assert desk.inventory.lines[ONE].ticket_codes == codes
    desk.inventory.forget(ONE)
    assert desk.send(c.Release(ONE)) == Departed(ONE)


def test_an_open_line_is_never_forgotten() -> None:
    desk = Desk()
    desk.reserve()
    desk.inventory.forget(ONE)
    desk.send(c.StartPayment(ONE))
    desk.inventory.forget(ONE)
    assert desk.inventory.lines[ONE].status is ReservationStatus.PAYING


def test_deadlines_that_no_longer_count_do_not_pile_up() -> None:
    desk = Desk()
    desk.reserve("stays")  # its deadline is the first of all, so that no other surfaces
    desk.pass_time(1)
    for number in range(3000):
        desk.reserve(f"r{number}")
        desk.send(c.Release(ReservationId(f"r{number}")))
        desk.inventory.forget(ReservationId(f"r{number}"))
    assert len(desk.inventory.deadlines) < 1100
    desk.pass_time(HOLD_SECONDS)
    desk.send(c.ExpireDue())
    assert desk.inventory.free == 10


def test_the_due_are_found_without_touching_the_heap() -> None:
    deadlines = Deadlines()
    for seconds in (5, 1, 4, 2, 3, 9):
        deadlines.add(Instant(seconds), ReservationId(str(seconds)))
    assert sorted(name for _, name in deadlines.due(Instant(4))) == ["1", "2", "3", "4"]
    assert len(deadlines) == 6


# -- carts


def test_a_tentative_line_can_be_neither_paid_nor_mistaken_for_a_sealed_one() -> None:
    desk = Desk()
    line = desk.reserve(parts=CART)
    assert isinstance(line, Line)
    assert line.tentative
    assert desk.send(c.StartPayment(ONE)) == Refusal(Reason.NOT_FOUND)
    deadline = Instant(desk.now + 2 * HOLD_SECONDS * SECOND)
    sealed = desk.send(c.Seal(ONE, deadline))
    assert isinstance(sealed, Line)
    assert (sealed.tentative, sealed.deadline, sealed.first_deadline) == (False, deadline, deadline)


def test_a_second_seal_changes_nothing() -> None:
    desk = Desk()
    desk.reserve(parts=CART)
    first = desk.send(c.Seal(ONE, Instant(desk.now + SECOND)))
    assert desk.send(c.Seal(ONE, Instant(desk.now + 9 * SECOND))) == first


def test_a_seal_of_what_is_not_held_here_holds_nothing() -> None:
    desk = Desk()
    assert desk.send(c.Seal(ONE, desk.now)) == Departed(ONE)
    assert desk.inventory.held == 0


def test_only_the_first_part_is_home() -> None:
    home, other = Desk(HOME), Desk(OTHER)
    lines = [desk.reserve(parts=CART) for desk in (home, other)]
    assert [line.is_home for line in lines if isinstance(line, Line)] == [True, False]


def test_the_other_line_follows_the_homes_attempt() -> None:
    other = Desk(OTHER)
    other.reserve(parts=CART)
    other.send(c.Seal(ONE, Instant(other.now + HOLD_SECONDS * SECOND)))
    first = other.send(c.StartPayment(ONE, attempt=3))
    assert isinstance(first, Line)
    assert first.attempt == 3
    assert other.send(c.StartPayment(ONE, attempt=3)) == first, "a repeat is no second payment"
    assert status(other.send(c.FailPayment(ONE, 2))) == "paying"
    assert status(other.send(c.FailPayment(ONE, 3))) == "held"


def test_word_of_an_earlier_attempt_neither_sells_nor_frees_a_line() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.StartPayment(ONE))
    desk.send(c.FailPayment(ONE, 1))
    assert desk.send(c.Confirm(ONE, 1, ())) == CLOSED
    desk.send(c.StartPayment(ONE))
    assert desk.send(c.Confirm(ONE, 1, ())) == CLOSED
    assert status(desk.send(c.FailPayment(ONE, 1))) == "paying"
    assert status(desk.send(c.Confirm(ONE, 2, ()))) == "paid"


def test_the_home_line_starts_one_payment_at_a_time() -> None:
    home = Desk()
    home.reserve()
    home.send(c.StartPayment(ONE))
    assert home.send(c.StartPayment(ONE)) == Refusal(Reason.PAYMENT_IN_PROGRESS)


def test_after_too_many_attempts_no_more_payment_starts() -> None:
    desk = Desk()
    desk.reserve()
    for attempt in range(1, PAYMENT_ATTEMPTS_MAX + 1):
        assert status(desk.send(c.StartPayment(ONE))) == "paying"
        desk.send(c.FailPayment(ONE, attempt))
    refusal = desk.send(c.StartPayment(ONE))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.LIMIT_EXCEEDED


# -- events, changes and deletion


def test_a_cancelled_event_sells_nothing_more_and_takes_no_money() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.ChangeEventWindow(EventWindow(EventStatus.CANCELLED)))
    for outcome in (desk.reserve("two"), desk.send(c.StartPayment(ONE))):
        assert isinstance(outcome, Refusal)
        assert outcome.reason is Reason.NOT_ON_SALE
    assert status(desk.send(c.Release(ONE))) == "released"


def test_what_is_held_may_be_paid_after_the_sale_has_ended() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.ChangeEventWindow(EventWindow(off_sale_at=desk.now)))
    assert status(desk.send(c.StartPayment(ONE))) == "paying"


def test_the_same_event_window_again_is_no_fact() -> None:
    desk = Desk()
    window = EventWindow(off_sale_at=desk.now)
    desk.send(c.ChangeEventWindow(window))
    assert desk.inventory.decide(c.ChangeEventWindow(window), desk.now).facts == ()


def test_refusals_come_in_the_order_that_guests_rely_on() -> None:
    desk = Desk(capacity=2)
    opens_at = Instant(desk.now + 1)
    desk.send(c.ChangeTerms(TermsPatch(max_per_reservation=1, on_sale_at=opens_at)))
    assert desk.reserve(quantity=5) == Refusal(Reason.NOT_ON_SALE, on_sale_at=opens_at)
    desk.pass_time(1)
    assert desk.reserve(quantity=5) == Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=1)
    desk.send(c.ChangeTerms(TermsPatch(max_per_reservation=10)))
    assert desk.reserve(quantity=5) == Refusal(Reason.SOLD_OUT, available=2)


def test_a_price_is_frozen_when_it_is_reserved() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.ChangeTerms(TermsPatch(price_cents=99_00)))
    desk.send(c.StartPayment(ONE))
    desk.send(c.Confirm(ONE, 1, (TicketCode("a"),)))
    assert desk.inventory.revenue_cents == 5_00


@pytest.mark.parametrize("taken", ["held", "paying", "paid"])
def test_what_somebody_has_can_be_neither_deleted_nor_cut_off(taken: str) -> None:
    desk = Desk()
    desk.reserve(quantity=3)
    if taken != "held":
        desk.send(c.StartPayment(ONE))
    if taken == "paid":
        desk.send(c.Confirm(ONE, 1, ()))
    sold = 3 if taken == "paid" else 0
    assert desk.send(c.Delete()) == Refusal(Reason.HAS_SALES, sold=sold, held=3 - sold)
    cut = desk.send(c.ChangeTerms(TermsPatch(capacity=2)))
    assert cut == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=sold, held=3 - sold)
    kept = desk.send(c.ChangeTerms(TermsPatch(capacity=3)))
    assert isinstance(kept, Offer)
    assert kept.figures.free == 0


def test_what_ran_out_does_not_keep_an_owner_from_deleting() -> None:
    desk = Desk()
    desk.reserve(quantity=10)
    desk.pass_time(HOLD_SECONDS)
    assert desk.send(c.Delete()) == Refusal(Reason.NOT_FOUND)
    assert [type(fact) for fact in desk.ledger[-2:]] == [f.Expired, f.Deleted]


def test_what_is_deleted_does_nothing_more() -> None:
    desk = Desk()
    desk.send(c.Delete())
    refused = [
        desk.reserve(),
        desk.send(c.ChangeTerms(TermsPatch(capacity=5))),
        desk.send(c.ChangeEventWindow(EventWindow())),
        desk.send(c.Delete()),
        desk.send(c.Open(PROFILE, Terms("Again", 5), None)),
    ]
    assert refused == [Refusal(Reason.NOT_FOUND)] * 5
    assert desk.inventory.offer() is None


def test_opening_twice_changes_nothing() -> None:
    desk = Desk(capacity=3)
    offer = desk.send(c.Open(PROFILE, Terms("Other", 99), None))
    assert isinstance(offer, Offer)
    assert offer.terms.capacity == 3


def test_before_it_is_opened_there_is_nothing() -> None:
    desk = Desk(opened=False)
    assert desk.reserve() == Refusal(Reason.NOT_FOUND)
    assert desk.send(c.Inspect(ONE)) == Departed(ONE)
    assert desk.inventory.snapshot() is None
    assert desk.ledger == []


# -- the ledger


def test_a_ledger_that_is_not_dense_is_not_replayed() -> None:
    desk = Desk()
    desk.reserve()
    replayed = Inventory(HOME)
    replayed.replay(1, desk.ledger[0])
    with pytest.raises(LedgerGap):
        replayed.replay(3, desk.ledger[1])


def test_a_closed_reservation_is_rebuilt_from_its_facts_alone() -> None:
    home, other = Desk(HOME), Desk(OTHER)
    for desk in (home, other):
        desk.reserve("someone else")
        desk.reserve(parts=CART, quantity=2)
        desk.send(c.Seal(ONE, Instant(desk.now + HOLD_SECONDS * SECOND)))
        desk.send(c.StartPayment(ONE, attempt=1))
        desk.send(c.Confirm(ONE, 1, (TicketCode("a"), TicketCode("b"))))
    for desk in (home, other):
        assert line_of(desk.inventory.id, history_of(ONE, desk)) == desk.inventory.lines[ONE]
    reservation = Reservation((home.inventory.lines[ONE], other.inventory.lines[ONE]))
    assert (reservation.number, reservation.total_cents) == ("7-3", 20_00)
    assert line_of(HOME, []) is None


def test_facts_that_do_not_say_how_a_line_began_say_that_it_is_open() -> None:
    desk = Desk(HOME)
    desk.reserve(parts=CART, quantity=2)
    desk.send(c.Seal(ONE, Instant(desk.now + HOLD_SECONDS * SECOND)))
    desk.send(c.StartPayment(ONE))
    with pytest.raises(StillOpen):
        line_of(HOME, [each for each in history_of(ONE, desk) if not isinstance(each[1], f.Reserved)])


def history_of(reservation: ReservationId, desk: Desk) -> list[tuple[int, f.AnyFact]]:
    return [
        (seq, fact)
        for seq, fact in enumerate(desk.ledger, start=1)
        if getattr(fact, "reservation_id", None) == reservation
    ]

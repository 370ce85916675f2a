"""An inventory that is sold by the seat."""

import pytest

from tests.core.desk import HOLD_SECONDS, HOME, ONE, START, Desk, hall, no, status
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import Instant, ReservationId, SeatId, TicketCode
from ticketd.core.inventory import EXPIRED_PER_DECISION_MAX
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.replay import line_of
from ticketd.core.reservations import Line
from ticketd.core.terms import EventStatus, EventWindow, TermsPatch


def seats(*names: str) -> tuple[SeatId, ...]:
    return tuple(SeatId(f"Stalls-{name}") for name in names)


class Stalls(Desk):
    """Two rows of five, of which one seat is never sold."""

    def __init__(self) -> None:
        super().__init__(capacity=0, hall=hall(5, 5, blocked=("B-5",)).encode())

    def take(self, *names: str, name: str = ONE) -> Outcome:
        return self.send(c.Reserve(ReservationId(name), len(names), HOLD_SECONDS, seats=seats(*names)))

    def best(self, count: int, *, name: str = ONE, together: bool = True) -> Outcome:
        return self.send(c.Reserve(ReservationId(name), count, HOLD_SECONDS, together=together))


def test_the_capacity_is_the_number_of_seats_that_are_sold() -> None:
    stalls = Stalls()
    assert stalls.inventory.figures().capacity == 9
    refused = stalls.send(c.ChangeTerms(TermsPatch(capacity=10)))
    assert isinstance(refused, Refusal)
    assert [error.field for error in refused.errors] in ([], ["capacity"])
    assert refused.reason is Reason.INVALID
    assert isinstance(stalls.send(c.ChangeTerms(TermsPatch(capacity=9, price_cents=1))), Offer)


def test_a_seat_has_one_owner() -> None:
    stalls = Stalls()
    line = stalls.take("A-2", "A-1")
    assert isinstance(line, Line)
    assert (line.quantity, line.seats) == (2, seats("A-2", "A-1"))
    refused = stalls.take("A-3", "A-2", "A-1", name="b")
    assert refused == Refusal(Reason.SEAT_TAKEN, taken_seats=seats("A-2", "A-1"))
    assert stalls.inventory.free == 7


@pytest.mark.parametrize("end", ["held", "paying", "paid", "released", "expired"])
def test_a_seat_is_free_again_only_when_it_is_given_back(end: str) -> None:
    stalls = Stalls()
    stalls.take("A-1", "B-4")
    match end:
        case "paying":
            stalls.pay()
        case "paid":
            stalls.buy()
            stalls.inventory.forget(ONE)
        case "released":
            stalls.send(c.Release(ONE))
        case "expired":
            stalls.pass_time(HOLD_SECONDS)
            stalls.send(c.ExpireDue())
        case _:
            pass
    stalls.check_ledger()
    again = stalls.take("B-4", name="b")
    if end in ("released", "expired"):
        assert status(again) == "held"
    else:
        assert again == Refusal(Reason.SEAT_TAKEN, taken_seats=seats("B-4"))


def test_seats_that_run_out_just_then_are_free_for_the_same_command() -> None:
    stalls = Stalls()
    stalls.take("A-1", name="old")
    stalls.pass_time(HOLD_SECONDS)
    assert status(stalls.take("A-1", name="new")) == "held"
    assert [type(fact) for fact in stalls.ledger[-2:]] == [f.Expired, f.Reserved]


def test_the_best_seats_may_be_such_as_run_out_just_then() -> None:
    stalls = Stalls()
    first = stalls.best(3, name="old")
    assert isinstance(first, Line)
    stalls.pass_time(HOLD_SECONDS)
    again = stalls.best(3, name="new")
    assert isinstance(again, Line)
    assert again.seats == first.seats


def test_a_refused_command_leaves_what_is_due_as_it_was() -> None:
    stalls = Stalls()
    stalls.take("A-1", name="old")
    stalls.best(3, name="more")
    stalls.pass_time(HOLD_SECONDS)
    stalls.send(c.ChangeEventWindow(EventWindow(EventStatus.CANCELLED)))
    assert stalls.take("A-1") == Refusal(Reason.NOT_ON_SALE)
    assert stalls.inventory.free == 9
    stalls.check_ledger()


def test_a_decision_that_fails_leaves_what_is_due_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stalls = Stalls()
    stalls.take("A-1", name="old")
    stalls.pass_time(HOLD_SECONDS)

    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(stalls.inventory, "take", fault)
    with pytest.raises(ZeroDivisionError):
        stalls.inventory.decide(c.Reserve(ONE, 1, HOLD_SECONDS), stalls.now)
    assert stalls.inventory.conserved()
    stalls.send(c.ExpireDue())
    assert stalls.inventory.free == 9


def test_more_than_a_decision_gives_back_stays_taken_until_the_next() -> None:
    desk = Desk(hall=hall(*[100] * 3).encode())
    for number in range(EXPIRED_PER_DECISION_MAX + 10):
        desk.reserve(f"r{number}")
    desk.pass_time(HOLD_SECONDS)
    desk.send(c.ExpireDue())
    assert desk.inventory.held == 10
    desk.send(c.ExpireDue())
    assert desk.inventory.free == 300


@pytest.mark.parametrize("names", [("A-9",), ("A-1", "C-1"), ("A-1", "A-1"), ("A",), ("",)])
def test_seats_that_are_not_there_or_named_twice_are_refused_by_name(names: tuple[str, ...]) -> None:
    stalls = Stalls()
    refused = stalls.take(*names)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.INVALID
    assert stalls.inventory.free == 9


def test_a_seat_that_is_never_sold_is_always_taken() -> None:
    assert Stalls().take("B-5") == Refusal(Reason.SEAT_TAKEN, taken_seats=seats("B-5"))


def test_no_block_of_that_size_is_refused_with_what_is_free_unless_the_guest_lets_it_be_split() -> None:
    stalls = Stalls()
    stalls.take("A-3", "B-3", name="middle")
    assert no(stalls.best(3)) == Refusal(Reason.SOLD_OUT, available=7)
    line = stalls.best(3, together=False)
    assert isinstance(line, Line)
    assert len(set(line.seats)) == 3


def test_refusals_come_in_the_order_that_guests_rely_on() -> None:
    stalls = Stalls()
    stalls.take("A-1", name="taken")
    stalls.send(c.SetAccessCode("fan", capacity=8))
    stalls.send(c.ChangeTerms(TermsPatch(max_per_reservation=1, off_sale_at=Instant(START + 1))))

    def ask(*names: str, code: str = "fan") -> Reason:
        reserve = c.Reserve(ONE, len(names), HOLD_SECONDS, seats=seats(*names), access_code=code)
        return no(stalls.send(reserve)).reason

    stalls.pass_time(0.000001)
    assert ask("A-1", "A-9", code="") is Reason.FORBIDDEN
    assert ask("A-1", "A-9") is Reason.NOT_ON_SALE
    stalls.send(c.ChangeTerms(TermsPatch(off_sale_at=None)))
    assert ask("A-1", "A-9") is Reason.LIMIT_EXCEEDED
    stalls.send(c.ChangeTerms(TermsPatch(max_per_reservation=2)))
    stalls.send(c.SetAccessCode("fan", capacity=1))
    assert ask("A-1", "A-9") is Reason.INVALID
    assert ask("A-1", "A-2") is Reason.SEAT_TAKEN, "which seats are gone, however few are left"
    assert ask("A-2", "A-3") is Reason.SOLD_OUT


def test_a_key_that_is_repeated_gets_the_same_seats() -> None:
    stalls = Stalls()
    first = stalls.send(c.Reserve(ReservationId("a"), 2, HOLD_SECONDS, "key", "two"))
    assert stalls.send(c.Reserve(ReservationId("b"), 2, HOLD_SECONDS, "key", "two")) == first
    other = stalls.send(c.Reserve(ReservationId("c"), 1, HOLD_SECONDS, "key", "one"))
    assert other == Refusal(Reason.KEY_REUSED)
    assert stalls.inventory.free == 7


def test_what_is_not_sold_by_the_seat_has_none() -> None:
    desk = Desk()
    desk.send(c.SetAccessCode("fan"))
    reserve = c.Reserve(ONE, 1, HOLD_SECONDS, seats=seats("A-1"), access_code="fan")
    assert no(desk.send(reserve)).reason is Reason.INVALID


def test_an_offer_shows_its_hall() -> None:
    offer = Stalls().inventory.offer()
    assert offer is not None
    assert offer.hall == hall(5, 5, blocked=("B-5",))


def test_a_closed_line_with_seats_is_rebuilt_from_its_facts_alone() -> None:
    stalls = Stalls()
    stalls.best(2)
    stalls.pay()
    stalls.send(c.Confirm(ONE, 1, (TicketCode("a"), TicketCode("b"))))
    history = [
        (seq, fact)
        for seq, fact in enumerate(stalls.ledger, start=1)
        if getattr(fact, "reservation_id", None) == ONE
    ]
    assert line_of(HOME, history) == stalls.inventory.lines[ONE]


def test_a_deleted_hall_sells_nothing() -> None:
    stalls = Stalls()
    stalls.send(c.Delete())
    assert stalls.take("A-1") == Refusal(Reason.NOT_FOUND)
    stalls.check_ledger()


def test_evenings_in_the_same_house_share_its_hall_and_nothing_else() -> None:
    one, other = Stalls().inventory, Stalls()
    other.take("A-1")
    assert one.seating is not None
    assert other.inventory.seating is not None
    assert one.seating.hall is other.inventory.seating.hall
    assert one.seating.statuses != other.inventory.seating.statuses

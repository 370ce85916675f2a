"""Ticket types that draw on one shared capacity."""

import msgspec
import pytest

from tests.core.desk import HOLD_SECONDS, HOME, ONE, PROFILE, Desk, no, status
from tests.core.desk import POOL as POOL_PROFILE
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import Instant, ReservationId, TicketCode, TicketTypeId
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.replay import line_of
from ticketd.core.reservations import Line, Share
from ticketd.core.terms import UNLIMITED, EventStatus, EventWindow, Terms, TermsPatch

REGULAR, STUDENT = TicketTypeId(21), TicketTypeId(22)


class Pool(Desk):
    """Ten in all: Regular without a ceiling at 20 euros, at most four Student at 12."""

    def __init__(self, *, capacity: int = 10) -> None:
        super().__init__(capacity=capacity, profile=POOL_PROFILE)
        self.put(REGULAR, Terms("Regular", UNLIMITED, 20_00))
        self.put(STUDENT, Terms("Student", 4, 12_00))

    def put(self, shelf: TicketTypeId, terms: Terms) -> Outcome:
        profile = msgspec.structs.replace(PROFILE, capacity_id=HOME, code=str(shelf))
        return self.send(c.Open(profile, terms, None, shelf))

    def take(self, name: str = ONE, code: str = "", **wanted: int) -> Outcome:
        wishes = tuple(
            c.Wanted({"regular": REGULAR, "student": STUDENT}[who], n) for who, n in wanted.items()
        )
        quantity = sum(wanted.values())
        return self.send(
            c.Reserve(ReservationId(name), quantity, HOLD_SECONDS, wanted=wishes, access_code=code)
        )

    def free(self) -> tuple[int, int, int]:
        """Of the whole, of Regular and of Student."""
        offer = self.inventory.offer()
        assert offer is not None
        regular, student = (offer.of(shelf) for shelf in (REGULAR, STUDENT))
        assert regular is not None
        assert student is not None
        return offer.figures.free, regular.figures.free, student.figures.free


def test_what_one_ticket_type_takes_is_gone_for_the_others() -> None:
    pool = Pool()
    assert status(pool.take("a", regular=7)) == "held"
    assert pool.free() == (3, 3, 3)
    assert status(pool.take("b", student=2)) == "held"
    assert pool.free() == (1, 1, 1)
    assert pool.take("c", regular=2) == Refusal(Reason.SOLD_OUT, ticket_type_id=REGULAR, available=1)
    pool.check_ledger()


def test_a_ceiling_holds_while_the_whole_has_room() -> None:
    pool = Pool()
    pool.take("a", student=3)
    assert pool.free() == (7, 7, 1)
    assert pool.take("b", student=2) == Refusal(Reason.SOLD_OUT, ticket_type_id=STUDENT, available=1)


def test_several_ticket_types_are_taken_together_or_not_at_all() -> None:
    pool = Pool()
    line = pool.take(regular=2, student=1)
    assert isinstance(line, Line)
    assert line.shares == (Share(REGULAR, 2, 20_00), Share(STUDENT, 1, 12_00))
    assert (line.quantity, line.total_cents) == (3, 52_00)
    refused = pool.take("b", regular=1, student=4)
    assert refused == Refusal(Reason.SOLD_OUT, ticket_type_id=STUDENT, available=3)
    assert pool.free() == (7, 7, 3)


def test_what_fits_one_by_one_but_not_together_is_refused_with_what_is_left_of_the_whole() -> None:
    pool = Pool(capacity=5)
    assert pool.take(regular=3, student=3) == Refusal(Reason.SOLD_OUT, available=5)


@pytest.mark.parametrize("end", ["released", "expired", "paid"])
def test_a_line_takes_its_steps_in_all_its_ticket_types(end: str) -> None:
    pool = Pool()
    pool.take(regular=2, student=1)
    pool.pay()
    pool.send(c.FailPayment(ONE, 1))
    match end:
        case "released":
            pool.send(c.Release(ONE))
        case "expired":
            pool.pass_time(HOLD_SECONDS)
            pool.send(c.ExpireDue())
        case _:
            pool.pay()
            pool.send(c.Confirm(ONE, 2, ()))
    assert pool.free() == ((7, 7, 3) if end == "paid" else (10, 10, 4))
    assert pool.inventory.revenue_cents == (52_00 if end == "paid" else 0)
    pool.check_ledger()


def test_what_runs_out_just_then_is_free_for_the_same_command() -> None:
    pool = Pool()
    pool.take("old", regular=6, student=4)
    pool.pass_time(HOLD_SECONDS)
    assert status(pool.take("new", regular=6, student=4)) == "held"
    assert [type(fact) for fact in pool.ledger[-2:]] == [f.Expired, f.Reserved]


def test_each_ticket_type_has_its_own_limit_and_window() -> None:
    pool = Pool()
    opens_at = Instant(pool.now + 1)
    pool.send(c.ChangeTerms(TermsPatch(max_per_reservation=1), STUDENT))
    pool.send(c.ChangeTerms(TermsPatch(on_sale_at=opens_at), REGULAR))
    assert pool.take(student=2) == Refusal(
        Reason.LIMIT_EXCEEDED, max_per_reservation=1, ticket_type_id=STUDENT
    )
    assert pool.take(student=2, regular=9) == Refusal(
        Reason.NOT_ON_SALE, on_sale_at=opens_at, ticket_type_id=REGULAR
    ), "a later ticket type's window comes before an earlier one's limit"
    assert status(pool.take(student=1)) == "held"


def test_the_event_of_one_ticket_type_keeps_its_lines_from_being_paid_and_no_others() -> None:
    pool = Pool()
    pool.take("both", regular=1, student=1)
    pool.take("regular", regular=1)
    pool.send(c.ChangeEventWindow(EventWindow(EventStatus.CANCELLED), STUDENT))
    refusal = pool.pay("both")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NOT_ON_SALE
    assert status(pool.pay("regular")) == "paying"
    pool.check_ledger()


def test_a_ceiling_may_not_fall_below_what_its_ticket_type_has_taken() -> None:
    pool = Pool()
    pool.take(regular=5, student=3)
    cut = pool.send(c.ChangeTerms(TermsPatch(capacity=2), STUDENT))
    assert cut == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=0, held=3)
    pool.send(c.ChangeTerms(TermsPatch(capacity=3), STUDENT))
    assert pool.free() == (2, 2, 0)
    pool.pass_time(HOLD_SECONDS)
    assert isinstance(pool.send(c.ChangeTerms(TermsPatch(capacity=0), STUDENT)), Offer)


def test_the_whole_may_not_fall_below_what_all_have_taken() -> None:
    pool = Pool()
    pool.take(regular=5, student=3)
    cut = pool.send(c.ChangeTerms(TermsPatch(capacity=7)))
    assert cut == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=0, held=8)
    pool.send(c.ChangeTerms(TermsPatch(capacity=9)))
    assert pool.free() == (1, 1, 1)


def test_a_ticket_type_with_sales_stays_and_one_without_can_go() -> None:
    pool = Pool()
    pool.take(student=1)
    assert pool.send(c.Delete(STUDENT)) == Refusal(Reason.HAS_SALES, sold=0, held=1)
    pool.send(c.Delete(REGULAR))
    assert pool.take("b", regular=1) == Refusal(Reason.NOT_FOUND, ticket_type_id=REGULAR)
    assert status(pool.buy()) == "paid"
    pool.check_ledger()
    listing = pool.inventory.listing(REGULAR)
    assert (listing.deleted, listing.ticket_type.terms.name) == (True, "Regular")


def test_the_whole_goes_last() -> None:
    pool = Pool()
    assert no(pool.send(c.Delete())) == Refusal(Reason.HAS_SALES, sold=0, held=0)
    pool.send(c.Delete(REGULAR))
    pool.send(c.Delete(STUDENT))
    assert pool.send(c.Delete()) == Refusal(Reason.NOT_FOUND)
    assert pool.put(TicketTypeId(23), Terms("Late", 1)) == Refusal(Reason.NOT_FOUND)
    assert pool.take(regular=1) == Refusal(Reason.NOT_FOUND)


def test_what_is_not_there_can_neither_be_bought_nor_changed() -> None:
    pool, nowhere = Pool(), TicketTypeId(99)
    reserve = c.Reserve(ONE, 1, HOLD_SECONDS, wanted=(c.Wanted(nowhere, 1),))
    assert pool.send(reserve) == Refusal(Reason.NOT_FOUND, ticket_type_id=nowhere)
    for command in (
        c.ChangeTerms(TermsPatch(capacity=1), nowhere),
        c.ChangeEventWindow(EventWindow(), nowhere),
        c.Delete(nowhere),
        c.SetAccessCode("code", ticket_type_id=nowhere),
        c.ListAccessCodes(nowhere),
    ):
        assert pool.send(command) == Refusal(Reason.NOT_FOUND)


def test_an_inventory_of_one_ticket_type_takes_no_other_in() -> None:
    desk = Desk()
    assert desk.send(c.Open(PROFILE, Terms("More", 5), None, STUDENT)) == Refusal(Reason.NOT_FOUND)


def test_opening_a_ticket_type_twice_changes_nothing() -> None:
    pool = Pool()
    pool.put(STUDENT, Terms("Other", 99))
    assert pool.inventory.shelves[STUDENT].terms.name == "Student"


def test_a_code_opens_only_the_ticket_type_that_it_is_for() -> None:
    pool = Pool()
    pool.send(c.SetAccessCode("uni", capacity=2, ticket_type_id=STUDENT))
    offer = pool.inventory.offer()
    assert offer is not None
    assert [shelf.hidden for shelf in offer.shelves] == [False, True]
    assert no(pool.take(student=1)) == Refusal(Reason.FORBIDDEN, ticket_type_id=STUDENT)
    line = pool.take(regular=1, student=2, code="uni")
    assert isinstance(line, Line)
    assert [share.access_code for share in line.shares] == ["", "uni"]
    assert pool.codes(STUDENT) == {"uni": 2}
    assert pool.take("b", student=1, code="uni") == Refusal(
        Reason.SOLD_OUT, "This access code is used up.", ticket_type_id=STUDENT, available=0
    )
    pool.check_ledger()
    pool.send(c.Release(ONE))
    assert pool.codes(STUDENT) == {"uni": 0}


def test_a_closed_line_with_shares_is_rebuilt_from_its_facts_alone() -> None:
    pool = Pool()
    pool.take(regular=1, student=2)
    pool.pay()
    pool.send(c.Confirm(ONE, 1, tuple(TicketCode(each) for each in "abc")))
    history = [
        (seq, fact)
        for seq, fact in enumerate(pool.ledger, start=1)
        if getattr(fact, "reservation_id", None) == ONE
    ]
    assert line_of(HOME, history) == pool.inventory.lines[ONE]

"""Access codes: hidden ticket types, and how much each code opens."""

import pytest

from tests.core.desk import HOLD_SECONDS, ONE, Desk, no, status
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.access_codes import ACCESS_CODES_MAX
from ticketd.core.ids import Instant, ReservationId
from ticketd.core.outcomes import AccessCode, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import TermsPatch


class Hidden(Desk):
    """Ten, and a code that opens three of them."""

    def __init__(self) -> None:
        super().__init__()
        self.send(c.SetAccessCode("fan", capacity=3))

    def take(self, name: str = ONE, quantity: int = 1, code: str = "fan") -> Outcome:
        return self.send(c.Reserve(ReservationId(name), quantity, HOLD_SECONDS, access_code=code))


def opens(room: int) -> Refusal:
    """The no to whoever wanted more of a code than that."""
    detail = f"This access code is good for only {room} more." if room else "This access code is used up."
    return Refusal(Reason.SOLD_OUT, detail, available=room)


def test_with_a_code_nothing_is_sold_without_one() -> None:
    desk = Hidden()
    assert no(desk.take(code="")) == Refusal(Reason.FORBIDDEN)
    assert no(desk.take(code="FAN")) == Refusal(Reason.FORBIDDEN)
    line = desk.take()
    assert isinstance(line, Line)
    assert line.access_code == "fan"


def test_the_first_code_hides_a_ticket_type_and_the_last_one_removed_shows_it() -> None:
    desk = Desk()
    hidden = []
    for command in (
        c.SetAccessCode("a"),
        c.SetAccessCode("b"),
        c.RemoveAccessCode("a"),
        c.RemoveAccessCode("b"),
    ):
        desk.send(command)
        offer = desk.inventory.offer()
        assert offer is not None
        hidden.append(offer.hidden)
        desk.check_ledger()
    assert hidden == [True, True, True, False]
    assert status(desk.reserve()) == "held"


@pytest.mark.parametrize("end", ["held", "paying", "paid", "released", "expired"])
def test_what_a_code_has_opened_counts_until_it_is_given_back(end: str) -> None:
    desk = Hidden()
    desk.take(quantity=2)
    match end:
        case "paying":
            desk.pay()
        case "paid":
            desk.buy()
        case "released":
            desk.send(c.Release(ONE))
        case "expired":
            desk.pass_time(HOLD_SECONDS)
            desk.send(c.ExpireDue())
        case _:
            pass
    given_back = end in ("released", "expired")
    assert desk.codes() == {"fan": 0 if given_back else 2}
    desk.check_ledger()
    available = 3 if given_back else 1
    assert desk.take("b", 4) == opens(available)
    assert status(desk.take("b", available)) == "held"


def test_a_code_never_opens_more_than_there_is() -> None:
    desk = Hidden()
    desk.send(c.SetAccessCode("all"))
    desk.take("a", 9, "all")
    assert desk.take("b", 2) == Refusal(Reason.SOLD_OUT, available=1)


def test_what_runs_out_just_then_is_open_again_for_the_same_command() -> None:
    desk = Hidden()
    desk.take("old", 3)
    desk.pass_time(HOLD_SECONDS)
    assert status(desk.take("new", 3)) == "held"
    assert [type(fact) for fact in desk.ledger[-2:]] == [f.Expired, f.Reserved]
    assert desk.codes() == {"fan": 3}


def test_a_code_has_its_own_end() -> None:
    desk = Desk()
    desk.send(c.SetAccessCode("early", until=Instant(desk.now + 1)))
    desk.send(c.SetAccessCode("late"))
    assert status(desk.send(c.Reserve(ONE, 1, HOLD_SECONDS, access_code="early"))) == "held"
    desk.pass_time(0.000001)
    late = [
        desk.send(c.Reserve(ReservationId(code), 1, HOLD_SECONDS, access_code=code))
        for code in ("early", "late")
    ]
    assert no(late[0]) == Refusal(Reason.NOT_ON_SALE)
    assert status(late[1]) == "held"
    assert status(desk.buy()) == "paid", "what it has opened can still be paid"


def test_a_code_that_is_removed_opens_nothing_and_its_lines_go_on() -> None:
    desk = Hidden()
    desk.send(c.SetAccessCode("other"))
    desk.take()
    desk.send(c.RemoveAccessCode("fan"))
    assert desk.codes() == {"other": 0}
    assert no(desk.take("b")) == Refusal(Reason.FORBIDDEN)
    assert status(desk.buy()) == "paid"
    desk.check_ledger()


def test_a_code_set_again_goes_on_counting() -> None:
    desk = Hidden()
    desk.take("paid", 1)
    desk.buy("paid")
    desk.take("held", 1)
    desk.send(c.RemoveAccessCode("fan"))
    desk.check_ledger()
    desk.send(c.SetAccessCode("fan", capacity=3))
    assert desk.take("b", 2) == opens(1)
    desk.send(c.SetAccessCode("fan", capacity=1))
    assert desk.take("b") == opens(0)
    assert desk.code("fan") == AccessCode("fan", 1, None, 2)
    desk.check_ledger()


def test_a_code_that_is_not_needed_is_not_noted() -> None:
    desk = Desk()
    line = desk.send(c.Reserve(ONE, 1, HOLD_SECONDS, access_code="whatever"))
    assert isinstance(line, Line)
    assert line.access_code == ""


def test_refusals_come_in_the_order_that_guests_rely_on() -> None:
    desk = Hidden()
    desk.send(c.ChangeTerms(TermsPatch(max_per_reservation=4, off_sale_at=Instant(desk.now))))
    assert no(desk.take(quantity=9, code="")).reason is Reason.FORBIDDEN
    assert no(desk.take(quantity=9)).reason is Reason.NOT_ON_SALE
    desk.send(c.ChangeTerms(TermsPatch(off_sale_at=None)))
    assert no(desk.take(quantity=9)).reason is Reason.LIMIT_EXCEEDED
    assert no(desk.take(quantity=4)).reason is Reason.SOLD_OUT


def test_a_code_that_is_not_there_cannot_be_removed() -> None:
    desk = Hidden()
    assert desk.send(c.RemoveAccessCode("none")) == Refusal(Reason.NOT_FOUND)
    desk.send(c.RemoveAccessCode("fan"))
    assert desk.send(c.RemoveAccessCode("fan")) == Refusal(Reason.NOT_FOUND)


def test_there_is_a_limit_to_the_codes_of_a_ticket_type() -> None:
    desk = Desk()
    for number in range(ACCESS_CODES_MAX):
        desk.inventory.apply(f.AccessCodeSet(desk.now, f"code {number}"))
    assert no(desk.send(c.SetAccessCode("one more"))).reason is Reason.INVALID
    desk.send(c.SetAccessCode("code 7", capacity=1))
    assert desk.code("code 7").capacity == 1


def test_a_deleted_ticket_type_has_no_codes() -> None:
    desk = Hidden()
    desk.send(c.Delete())
    for command in (c.ListAccessCodes(), c.SetAccessCode("a"), c.RemoveAccessCode("fan")):
        assert desk.send(command) == Refusal(Reason.NOT_FOUND)
    assert desk.take() == Refusal(Reason.NOT_FOUND)

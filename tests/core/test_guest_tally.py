"""Limits per guest: claims, one for each payment, in the inventory that counts them for the event."""

import pytest

from tests.core.desk import GUESTS, HOME, ONE, OTHER, Desk, no, status
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import SECOND, ReservationId
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.replay import line_of
from ticketd.core.reservations import Line
from ticketd.core.terms import TermsPatch

CLAIM_SECONDS = 60
LIMIT = 4


class Door(Desk):
    """An event of which a guest may have four."""

    def __init__(self) -> None:
        super().__init__(OTHER, capacity=1_000, profile=GUESTS)
        self.send(c.ChangeTerms(TermsPatch(max_per_reservation=LIMIT)))

    def claim(self, name: str = ONE, guest: str = "ada", quantity: int = 1) -> Outcome:
        return self.send(
            c.Reserve(ReservationId(name), quantity, CLAIM_SECONDS, parts=(HOME, OTHER), guest=guest)
        )

    def start(self, name: str = ONE, attempt: int = 1) -> Outcome:
        return self.send(c.StartPayment(ReservationId(name), attempt))

    def taken(self, guest: str = "ada") -> int:
        return self.inventory.guests.taken_by(guest)

    def history(self, name: str = ONE) -> list[tuple[int, f.AnyFact]]:
        return [
            (seq, fact)
            for seq, fact in enumerate(self.ledger, start=1)
            if getattr(fact, "reservation_id", None) == name
        ]


TOO_MANY = Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=LIMIT)


def test_a_guest_gets_no_more_than_the_limit_over_all_reservations() -> None:
    door = Door()
    assert status(door.claim("a", quantity=3)) == "held"
    assert door.claim("b", quantity=2) == TOO_MANY
    assert status(door.claim("b", quantity=1)) == "held"
    assert status(door.claim("c", guest="bob", quantity=LIMIT)) == "held"
    door.check_ledger()


@pytest.mark.parametrize("end", ["held", "paying", "paid", "failed", "released", "expired"])
def test_a_claim_counts_until_it_is_given_back(end: str) -> None:
    door = Door()
    door.claim(quantity=3)
    if end in ("paying", "paid", "failed"):
        door.start()
    match end:
        case "paid":
            door.send(c.Confirm(ONE, 1, ()))
            door.inventory.forget(ONE)
        case "failed":
            door.send(c.FailPayment(ONE, 1))
        case "released":
            door.send(c.Release(ONE))
        case "expired":
            door.pass_time(CLAIM_SECONDS)
            door.send(c.ExpireDue())
        case _:
            pass
    given_back = end in ("released", "expired")
    assert door.taken() == (0 if given_back else 3)
    door.check_ledger()
    assert (door.claim("b", quantity=2) == TOO_MANY) is not given_back


def test_a_claim_is_no_tentative_line_and_never_home() -> None:
    door = Door()
    line = door.claim()
    assert isinstance(line, Line)
    assert (line.tentative, line.is_home, line.guest) == (False, False, "ada")
    assert status(door.start()) == "paying"


def test_the_same_guest_again_has_the_same_claim() -> None:
    door = Door()
    first = door.claim(quantity=3)
    door.pass_time(1)
    assert door.claim(quantity=3) == first
    door.start()
    assert status(door.claim(quantity=3)) == "paying"
    assert door.taken() == 3


def test_another_address_at_the_second_try_takes_the_claim_along() -> None:
    door = Door()
    door.claim(quantity=3)
    door.start()
    door.send(c.FailPayment(ONE, 1))
    moved = door.claim(guest="bob", quantity=3)
    assert isinstance(moved, Line)
    assert (moved.status, moved.guest, moved.attempt) == ("held", "bob", 0)
    assert (door.taken("ada"), door.taken("bob")) == (0, 3)
    assert [type(fact) for fact in door.ledger[-2:]] == [f.Released, f.Reserved]
    door.check_ledger()


def test_a_claim_that_may_not_move_stays_where_it_is() -> None:
    door = Door()
    door.claim("other", guest="bob", quantity=2)
    door.claim(quantity=3)
    assert door.claim(guest="bob", quantity=3) == TOO_MANY
    assert (door.taken("ada"), door.taken("bob")) == (3, 2)


def test_a_claim_under_payment_is_nobody_elses() -> None:
    door = Door()
    door.claim()
    door.start()
    assert door.claim(guest="bob") == Refusal(Reason.PAYMENT_IN_PROGRESS)


@pytest.mark.parametrize("guest", ["ada", "bob"])
@pytest.mark.parametrize("swept", [True, False], ids=["swept before", "due"])
def test_a_claim_that_ran_out_is_made_anew(guest: str, swept: bool) -> None:
    door = Door()
    door.claim(quantity=LIMIT)
    door.pass_time(CLAIM_SECONDS)
    if swept:
        door.send(c.ExpireDue())
    anew = door.claim(guest=guest, quantity=LIMIT)
    assert isinstance(anew, Line)
    assert (anew.status, anew.guest, anew.deadline) == (
        "held",
        guest,
        door.now + CLAIM_SECONDS * SECOND,
    )
    assert [type(fact) for fact in door.ledger[-2:]] == [f.Expired, f.Reserved]
    assert door.taken(guest) == LIMIT
    door.check_ledger()


def test_what_another_reservations_claim_gives_back_just_then_is_there_for_the_same_command() -> None:
    door = Door()
    door.claim("old", quantity=LIMIT)
    door.pass_time(CLAIM_SECONDS)
    assert status(door.claim("new", quantity=LIMIT)) == "held"


def test_a_claim_of_two_lives_is_rebuilt_as_its_last_one() -> None:
    door = Door()
    door.claim()
    door.pass_time(CLAIM_SECONDS)
    door.send(c.ExpireDue())
    door.claim(guest="bob", quantity=2)
    door.start()
    door.send(c.Confirm(ONE, 1, ()))
    line = door.inventory.lines[ONE]
    assert line_of(OTHER, door.history()) == line
    # The ledger's index finds what closed the first life, but not what began it.
    assert line_of(OTHER, door.history()[1:]) == line


def test_a_lower_limit_stops_the_next_claim_and_takes_none_away() -> None:
    door = Door()
    door.claim(quantity=LIMIT)
    door.send(c.ChangeTerms(TermsPatch(max_per_reservation=1)))
    assert status(door.start()) == "paying"
    assert no(door.claim("b")) == Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=1)
    assert status(door.claim("c", guest="bob")) == "held"


def test_the_home_line_knows_the_claims_of_its_last_attempt() -> None:
    desk = Desk()
    desk.reserve()
    desk.send(c.StartPayment(ONE, claims=(OTHER,)))
    desk.check_ledger()
    desk.send(c.FailPayment(ONE, 1))
    line = desk.inventory.lines[ONE]
    assert line.claims == (OTHER,)
    desk.pay()
    assert desk.inventory.lines[ONE].claims == ()

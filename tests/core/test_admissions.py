"""An admission makes one reservation in an inventory; what came to nothing doesn't use it up."""

import pytest

from tests.core.desk import CART, HOLD_SECONDS, Desk, hall, status
from tests.core.soundness import replayed
from ticketd.core import commands as c
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.inventory import ADMISSION_USED
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.outcomes import Departed, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import TermsPatch

ADMISSION = "5:17"


@pytest.fixture(params=["plain", "seated"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk() if request.param == "plain" else Desk(hall=hall(10).encode())


def reserve(
    desk: Desk, name: str, *, key: str = "", parts: tuple[InventoryId, ...] = (), quantity: int = 1
) -> Outcome:
    seconds = 10 if parts else HOLD_SECONDS
    command = c.Reserve(
        ReservationId(name), quantity, seconds, key, str(quantity), parts, admission=ADMISSION
    )
    return desk.send(command)


def test_an_admission_is_good_for_one_reservation(desk: Desk) -> None:
    assert status(reserve(desk, "one")) == "held"
    assert reserve(desk, "two") == ADMISSION_USED
    other = c.Reserve(ReservationId("other"), 1, HOLD_SECONDS, admission="5:18")
    assert status(desk.send(other)) == "held"
    desk.check_ledger()


def test_a_repeat_gets_the_reservation_that_the_admission_made(desk: Desk) -> None:
    first = reserve(desk, "one", key="k")
    assert reserve(desk, "one", key="k") == first
    assert reserve(desk, "two", key="k") == first
    assert reserve(desk, "two", key="k", quantity=2) == Refusal(Reason.KEY_REUSED)
    assert reserve(desk, "two", key="other") == ADMISSION_USED


def test_who_is_not_admitted_gets_what_the_same_key_made_and_nothing_else(desk: Desk) -> None:
    def ask(name: str, key: str, quantity: int = 1) -> Outcome:
        return desk.send(
            c.Reserve(
                ReservationId(name), quantity, HOLD_SECONDS, key, str(quantity), admission=c.NOT_ADMITTED
            )
        )

    first = reserve(desk, "one", key="k")
    assert ask("two", "k") == first
    assert ask("two", "k", 2) == Refusal(Reason.KEY_REUSED)
    assert ask("two", "other") == Refusal(Reason.ADMISSION_REQUIRED)
    desk.check_ledger()


def test_who_repeats_a_reservation_that_has_left_memory_makes_no_second_one(desk: Desk) -> None:
    reserve(desk, "one")
    desk.send(c.Release(ReservationId("one")))
    desk.inventory.forget(ReservationId("one"))
    assert reserve(desk, "one") == Departed(ReservationId("one"))
    assert reserve(desk, "two") == ADMISSION_USED, "who gives back has had their turn"


def test_a_refusal_uses_no_admission_up(desk: Desk) -> None:
    assert reserve(desk, "too many", quantity=11) == Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=10)
    desk.send(c.ChangeTerms(TermsPatch(on_sale_at=Instant(desk.now + SECOND))))
    assert isinstance(reserve(desk, "too early"), Refusal)
    desk.pass_time(1)
    assert status(reserve(desk, "one")) == "held"


@pytest.mark.parametrize("swept", [True, False])
def test_a_cart_that_comes_to_nothing_gives_the_admission_back(desk: Desk, swept: bool) -> None:
    reserve(desk, "cart", parts=CART)
    assert reserve(desk, "two") == ADMISSION_USED
    desk.pass_time(10)
    if swept:
        desk.send(c.ExpireDue())
    assert status(reserve(desk, "two")) == "held"
    desk.check_ledger()


def test_a_sealed_cart_has_used_the_admission(desk: Desk) -> None:
    reserve(desk, "cart", parts=CART)
    desk.send(c.Seal(ReservationId("cart"), Instant(desk.now + SECOND)))
    desk.pass_time(1)
    desk.send(c.ExpireDue())
    assert reserve(desk, "two") == ADMISSION_USED


def test_an_admission_is_known_after_a_restart_and_forgotten_after_the_hour(desk: Desk) -> None:
    reserve(desk, "one")
    desk.buy("one")
    desk.inventory = replayed(desk.inventory.id, desk.ledger)
    assert reserve(desk, "two") == ADMISSION_USED
    desk.pass_time(KEY_SECONDS_MIN + 1)
    desk.reserve("somebody else's")
    assert status(reserve(desk, "two")) == "held"


def test_a_plain_inventory_says_no_in_the_same_words_with_and_without_an_admission() -> None:
    desk = Desk(capacity=2)
    desk.reserve("all but one")
    for quantity, patch in ((11, None), (2, None), (1, TermsPatch(on_sale_at=Instant(desk.now + 1)))):
        if patch is not None:
            desk.send(c.ChangeTerms(patch))
        plain = desk.send(c.Reserve(ReservationId("plain"), quantity, HOLD_SECONDS))
        assert isinstance(plain, Refusal)
        assert reserve(desk, "admitted", quantity=quantity) == plain
    desk.send(c.Release(ReservationId("all but one")))
    desk.send(c.Delete())
    assert reserve(desk, "admitted") == Refusal(Reason.NOT_FOUND)


def test_a_line_is_told_to_be_its_identitys() -> None:
    desk = Desk()
    line = desk.send(c.Reserve(ReservationId("one"), 1, HOLD_SECONDS, identity="net"))
    assert isinstance(line, Line)
    assert line.identity == "net"


def test_an_offer_says_when_the_next_held_line_runs_out(desk: Desk) -> None:
    def next_return_at() -> Instant | None:
        offer = desk.inventory.offer()
        assert offer is not None
        return offer.next_return_at

    assert next_return_at() is None
    first = Instant(desk.now + HOLD_SECONDS * SECOND)
    desk.reserve("one")
    desk.pass_time(1)
    desk.reserve("two")
    assert next_return_at() == first
    desk.pay("one")
    assert next_return_at() == first + SECOND, "what is being paid doesn't run out"
    desk.send(c.Release(ReservationId("two")))
    assert next_return_at() is None

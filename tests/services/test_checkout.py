"""Never charged twice, never paid without a ticket, whatever goes wrong on the way."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.eventually import SECONDS_MAX, eventually
from tests.fakes.clock import ManualClock
from tests.fakes.flaky_router import FlakyRouter, Mishap
from tests.fakes.gateway import FakeGateway
from ticketd.core.commands import (
    AnyCommand,
    ChangeEventWindow,
    Confirm,
    FailPayment,
    Open,
    Release,
    Reserve,
    Seal,
    StartPayment,
)
from ticketd.core.ids import (
    SECOND,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    ReservationId,
    TicketCode,
)
from ticketd.core.inventory import PAYMENT_ATTEMPTS_MAX, RETRY_SECONDS
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import EventStatus, EventWindow, Profile, Terms
from ticketd.services.charging import Charging, ChargingLimits
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.payment import Payment
from ticketd.services.payment_steps import BackOff

HELD, PAYING, PAID = ReservationStatus.HELD, ReservationStatus.PAYING, ReservationStatus.PAID
HOLD_SECONDS = 900
PRICE_CENTS = 1250
CARD = Payment("tok")


class FakeGuests:
    def __init__(self) -> None:
        self.people: dict[str, tuple[str, str]] = {}

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        self.people[reservation_id] = (email, name)


class NoLimits:
    limited = False
    """Whether to be asked for a claim, which is always granted."""

    def apply_to(self, held: Reservation) -> bool:
        return self.limited

    async def claim(self, held: Reservation, email: str) -> Reservation | Refusal:
        return held


class Shop:
    """A checkout with everything round it, and the guest's side of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.router = FlakyRouter(self.clock)
        self.bank = FakeGateway()
        self.guests = FakeGuests()
        self.guest_limits = NoLimits()
        self.checkout = self.new_checkout()
        self._numbers = count(1)

    def new_checkout(
        self,
        *,
        payments_max: int = 100,
        answer_seconds_max: float = SECONDS_MAX,
        close_seconds_max: float = SECONDS_MAX,
        charge_seconds_max: float = SECONDS_MAX,
    ) -> Checkout:
        charging = Charging(
            router=self.router,
            reservations=self.router,
            guests=self.guests,
            guest_limits=self.guest_limits,
            gateway=self.bank,
            limits=ChargingLimits(
                charge_seconds_max=charge_seconds_max,
                back_off=BackOff(first_seconds=0.0001, seconds_max=0.001),
            ),
        )
        limits = CheckoutLimits(
            payments_max=payments_max,
            answer_seconds_max=answer_seconds_max,
            close_seconds_max=close_seconds_max,
        )
        return Checkout(charging, limits)

    def restart(self) -> None:
        """A new process: nothing left of the old one, and nothing goes wrong any more."""
        self.checkout = self.new_checkout()
        self.router.mishap = lambda command: None

    def reserve(self, *, parts: int = 1, quantity: int = 2, price_cents: int = PRICE_CENTS) -> str:
        inventory_ids = tuple(InventoryId(number) for number in range(1, parts + 1))
        reservation_id = ReservationId(f"reservation-{next(self._numbers)}")
        cart = inventory_ids if parts > 1 else ()
        for inventory_id in inventory_ids:
            profile = Profile(OrganizerId(1), EventId(1), "code")
            self.router.do(inventory_id, Open(profile, Terms("VIP", 100, price_cents), EventWindow()))
            self.router.do(inventory_id, Reserve(reservation_id, quantity, HOLD_SECONDS, parts=cart))
            if cart:
                deadline = Instant(self.clock.now() + HOLD_SECONDS * SECOND)
                self.router.do(inventory_id, Seal(reservation_id, deadline))
        return reservation_id

    async def pay(self, reservation_id: str, payment: Payment = CARD) -> Reservation | Refusal:
        return await self.checkout.pay(reservation_id, payment)

    async def find(self, reservation_id: str) -> Reservation:
        found = await self.router.find(reservation_id)
        assert isinstance(found, Reservation)
        return found

    async def statuses(self, reservation_id: str) -> set[ReservationStatus]:
        return {line.status for line in (await self.find(reservation_id)).lines}

    async def until_quiet(self) -> None:
        await eventually(lambda: self.checkout.stats().running == 0)

    async def check_promise(self, reservation_id: str) -> None:
        """Charged once and every line paid, or not charged and no line paid; nothing left `paying`."""
        statuses = await self.statuses(reservation_id)
        if self.bank.charges():
            assert len(self.bank.charges()) == 1
            assert statuses == {PAID}
        else:
            assert statuses == {HELD}


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.bank.open.set()


def reason_of(answer: Reservation | Refusal) -> Reason:
    assert isinstance(answer, Refusal)
    return answer.reason


def status_of(answer: Reservation | Refusal) -> ReservationStatus:
    assert isinstance(answer, Reservation), answer
    return answer.home.status


# -- paying


async def test_paying_charges_the_total_once_and_issues_a_ticket_for_each_admission(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=2, quantity=3)
    paid = await shop.pay(reservation_id)
    assert isinstance(paid, Reservation)
    assert shop.bank.charges() == [(f"{reservation_id}-1", 6 * PRICE_CENTS)]
    assert [(line.status, len(line.ticket_codes)) for line in paid.lines] == [(PAID, 3), (PAID, 3)]
    assert len({code for line in paid.lines for code in line.ticket_codes}) == 6


async def test_a_paid_reservation_paid_again_shows_the_same_tickets_and_charges_nothing(shop: Shop) -> None:
    reservation_id = shop.reserve()
    assert await shop.pay(reservation_id) == await shop.pay(reservation_id)
    assert shop.bank.charge_calls == 1


async def test_two_payments_of_one_reservation_at_once_make_one_charge(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.bank.open.clear()
    first = asyncio.create_task(shop.pay(reservation_id))
    second = asyncio.create_task(shop.pay(reservation_id))
    assert status_of(await second) is PAYING
    shop.bank.open.set()
    assert status_of(await first) is PAID
    assert shop.bank.charge_calls == 1


async def test_one_who_waited_for_a_payment_that_never_started_pays_it_himself(shop: Shop) -> None:
    reservation_id = shop.reserve()
    first = asyncio.create_task(shop.pay(reservation_id, Payment(token=None)))
    second = asyncio.create_task(shop.pay(reservation_id))
    assert reason_of(await first) is Reason.INVALID
    assert status_of(await second) is PAID


async def test_a_free_reservation_is_paid_without_token_or_gateway(shop: Shop) -> None:
    reservation_id = shop.reserve(price_cents=0)
    assert status_of(await shop.pay(reservation_id, Payment(token=None, currency="USD"))) is PAID
    assert (shop.bank.charge_calls, shop.bank.lookup_calls) == (0, 0)
    assert shop.checkout.stats().outcomes == {"free": 1}


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_token_nothing_is_started(shop: Shop, token: str | None) -> None:
    reservation_id = shop.reserve()
    refusal = await shop.pay(reservation_id, Payment(token))
    assert isinstance(refusal, Refusal)
    assert [error.field for error in refusal.errors] == ["token"]
    assert shop.router.asked == []


# -- refused


@pytest.mark.parametrize(
    ("payment", "reason"),
    [
        (Payment("card_error"), Reason.CARD_ERROR),
        (Payment("payment_error"), Reason.PAYMENT_ERROR),
        (Payment("tok", currency="USD"), Reason.CURRENCY_ERROR),
    ],
)
async def test_a_refused_payment_leaves_the_cart_held_for_at_least_a_minute(
    shop: Shop, payment: Payment, reason: Reason
) -> None:
    reservation_id = shop.reserve(parts=3)
    shop.clock.advance(HOLD_SECONDS - 1)
    assert reason_of(await shop.pay(reservation_id, payment)) is reason
    for line in (await shop.find(reservation_id)).lines:
        assert line.status is HELD
        assert line.deadline - shop.clock.now() >= RETRY_SECONDS * SECOND
    assert shop.bank.charges() == []
    assert status_of(await shop.pay(reservation_id)) is PAID


async def test_after_too_many_attempts_the_gateway_is_not_asked_again(shop: Shop) -> None:
    reservation_id = shop.reserve()
    for _ in range(PAYMENT_ATTEMPTS_MAX):
        assert reason_of(await shop.pay(reservation_id, Payment("card_error"))) is Reason.CARD_ERROR
    assert reason_of(await shop.pay(reservation_id)) is Reason.LIMIT_EXCEEDED
    assert shop.bank.charge_calls == PAYMENT_ATTEMPTS_MAX


async def test_a_cart_with_one_line_that_refuses_is_held_again_and_not_charged(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=3)
    shop.router.do(InventoryId(3), ChangeEventWindow(EventWindow(EventStatus.CANCELLED)))
    assert reason_of(await shop.pay(reservation_id)) is Reason.NOT_ON_SALE
    assert await shop.statuses(reservation_id) == {HELD}
    assert shop.bank.charge_calls == 0


async def test_a_cart_with_one_line_gone_is_not_charged(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=3)
    shop.router.do(InventoryId(2), Release(ReservationId(reservation_id)))
    assert reason_of(await shop.pay(reservation_id)) is Reason.RESERVATION_CLOSED
    assert await shop.statuses(reservation_id) == {ReservationStatus.RELEASED}
    assert shop.bank.charge_calls == 0


async def test_a_cart_of_which_a_line_runs_out_while_the_payment_starts_is_given_back_whole(
    shop: Shop,
) -> None:
    reservation_id = shop.reserve(parts=3)

    def too_late_for_the_others(command: AnyCommand) -> None:
        if isinstance(command, StartPayment) and command.attempt:
            shop.clock.advance(HOLD_SECONDS)
            shop.router.mishap = lambda command: None

    shop.router.mishap = too_late_for_the_others
    assert reason_of(await shop.pay(reservation_id)) is Reason.RESERVATION_EXPIRED
    assert await shop.statuses(reservation_id) <= {ReservationStatus.RELEASED, ReservationStatus.EXPIRED}
    assert shop.bank.charge_calls == 0


async def test_what_is_closed_or_unknown_says_so(shop: Shop) -> None:
    released, expired = shop.reserve(), shop.reserve()
    shop.router.do(InventoryId(1), Release(ReservationId(released)))
    shop.clock.advance(HOLD_SECONDS)
    assert reason_of(await shop.pay(released)) is Reason.RESERVATION_CLOSED
    assert reason_of(await shop.pay(expired)) is Reason.RESERVATION_EXPIRED
    assert reason_of(await shop.pay("unknown")) is Reason.NOT_FOUND


@pytest.mark.parametrize("email", ["", "ada@example.org"])
@pytest.mark.parametrize("limited", [False, True], ids=["at a glance", "after a look"])
@pytest.mark.parametrize(
    ("is_late", "reason"), [(False, Reason.RESERVATION_CLOSED), (True, Reason.RESERVATION_EXPIRED)]
)
async def test_one_that_is_closed_between_look_and_start_is_not_charged(
    shop: Shop, *, email: str, limited: bool, is_late: bool, reason: Reason
) -> None:
    reservation_id = shop.reserve()
    shop.guest_limits.limited = limited

    def closed_first(command: AnyCommand) -> None:
        if is_late:
            shop.clock.advance(HOLD_SECONDS)
        else:
            shop.router.do(InventoryId(1), Release(ReservationId(reservation_id)))

    shop.router.mishap = closed_first
    assert reason_of(await shop.pay(reservation_id, Payment("tok", email))) is reason
    assert shop.bank.charge_calls == 0


async def test_one_that_is_paid_between_look_and_start_shows_its_tickets(shop: Shop) -> None:
    reservation_id = ReservationId(shop.reserve())

    def paid_first(command: AnyCommand) -> None:
        shop.router.do(InventoryId(1), StartPayment(reservation_id))
        shop.router.do(InventoryId(1), Confirm(reservation_id, 1, (TicketCode("A"), TicketCode("B"))))

    shop.router.mishap = paid_first
    paid = await shop.pay(reservation_id)
    assert isinstance(paid, Reservation)
    assert paid.home.ticket_codes == ("A", "B")
    assert shop.bank.charge_calls == 0


async def test_what_is_held_and_has_one_line_is_paid_without_a_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, cart = shop.reserve(), shop.reserve(parts=2)
    looked: list[str] = []
    find = shop.router.find

    async def noted(reservation_id: str) -> Reservation | Refusal:
        looked.append(reservation_id)
        return await find(reservation_id)

    monkeypatch.setattr(shop.router, "find", noted)
    assert {status_of(await shop.pay(each)) for each in (alone, cart)} == {PAID}
    assert looked == [cart]


# -- the order of the lines


@pytest.mark.parametrize(("token", "last_step"), [("tok", Confirm), ("card_error", FailPayment)])
async def test_the_home_line_is_the_first_to_be_paying_and_the_last_to_leave(
    shop: Shop, token: str, last_step: type[AnyCommand]
) -> None:
    await shop.pay(shop.reserve(parts=3), Payment(token))
    assert [(inventory_id, type(command)) for inventory_id, command in shop.router.asked] == [
        (1, StartPayment),
        (2, StartPayment),
        (3, StartPayment),
        (2, last_step),
        (3, last_step),
        (1, last_step),
    ]


# -- in doubt


async def test_a_gateway_that_breaks_after_charging_ends_in_tickets(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=2)
    shop.bank.breaks_after_charging = True
    shop.bank.lookups_to_break = 3
    assert status_of(await shop.pay(reservation_id)) is PAID
    await shop.check_promise(reservation_id)


async def test_a_doubt_is_logged_without_what_identifies_guest_or_reservation(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.bank.breaks_after_charging = True
    with capture_logs() as logged:
        await shop.pay(reservation_id, Payment("tok", email="ada@example.org", name="Ada"))
    assert [entry["error"] for entry in logged] == ["ConnectionResetError"]
    assert not any(secret in repr(logged) for secret in (reservation_id, "tok", "ada", "Ada"))


async def test_a_gateway_that_breaks_before_charging_ends_in_a_refusal(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=2)
    shop.bank.breaks_before_charging = True
    shop.bank.lookups_to_break = 3
    assert reason_of(await shop.pay(reservation_id)) is Reason.PAYMENT_ERROR
    await shop.check_promise(reservation_id)


async def test_a_charge_that_takes_too_long_is_given_up_for_good(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.checkout = shop.new_checkout(charge_seconds_max=0.01)
    shop.bank.open.clear()
    assert reason_of(await shop.pay(reservation_id)) is Reason.PAYMENT_ERROR
    shop.bank.open.set()
    await eventually(lambda: shop.bank.charges_at_once == 0)
    await shop.check_promise(reservation_id)


async def test_a_slow_payment_is_answered_as_paying_and_ends_by_itself(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.checkout = shop.new_checkout(answer_seconds_max=0.01)
    shop.bank.open.clear()
    assert status_of(await shop.pay(reservation_id)) is PAYING
    assert status_of(await shop.pay(reservation_id)) is PAYING
    shop.bank.open.set()
    await shop.until_quiet()
    assert status_of(await shop.pay(reservation_id)) is PAID
    assert len(shop.bank.charges()) == 1


async def test_a_guest_who_leaves_drops_the_answer_and_not_the_payment(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.bank.open.clear()
    request = asyncio.create_task(shop.pay(reservation_id))
    await eventually(lambda: shop.bank.charge_calls == 1)
    request.cancel()
    await asyncio.wait({request})
    assert request.cancelled()
    shop.bank.open.set()
    await shop.until_quiet()
    assert await shop.statuses(reservation_id) == {PAID}


# -- lost answers


@pytest.mark.parametrize("mishap", [Mishap.REFUSED, Mishap.LATE])
@pytest.mark.parametrize("overloaded", [1, 2], ids=["home", "other"])
async def test_a_start_that_gets_no_answer_is_taken_back_before_the_guest_hears_no(
    shop: Shop, mishap: Mishap, overloaded: int
) -> None:
    reservation_id = shop.reserve(parts=2)
    starts = count(1)

    def once(command: AnyCommand) -> Mishap | None:
        return mishap if isinstance(command, StartPayment) and next(starts) == overloaded else None

    shop.router.mishap = once
    assert reason_of(await shop.pay(reservation_id)) is Reason.OVERLOADED
    assert await shop.statuses(reservation_id) == {HELD}
    assert shop.bank.charge_calls == 0
    assert status_of(await shop.pay(reservation_id)) is PAID


@pytest.mark.parametrize("mishap", [Mishap.REFUSED, Mishap.LATE, Mishap.POISONED])
@pytest.mark.parametrize("token", ["tok", "card_error"])
async def test_an_outcome_is_told_again_until_every_line_has_heard_it(
    shop: Shop, mishap: Mishap, token: str
) -> None:
    reservation_id = shop.reserve(parts=3)
    steps = count(1)

    def often(command: AnyCommand) -> Mishap | None:
        return mishap if isinstance(command, Confirm | FailPayment) and next(steps) <= 7 else None

    shop.router.mishap = often
    await shop.pay(reservation_id, Payment(token))
    assert next(steps) > 7
    await shop.check_promise(reservation_id)


@settings(max_examples=200, deadline=None)
@given(
    mishaps=st.lists(st.sampled_from([None, Mishap.REFUSED, Mishap.LATE, Mishap.POISONED]), max_size=25),
    token=st.sampled_from(["tok", "tok", "card_error"]),
    breaks=st.sampled_from(["", "breaks_before_charging", "breaks_after_charging"]),
    price_cents=st.sampled_from([PRICE_CENTS, 0]),
)
def test_whatever_goes_wrong_the_promise_is_kept(
    mishaps: list[Mishap | None], token: str, breaks: str, price_cents: int
) -> None:
    async def scenario() -> None:
        shop = Shop()
        coming = iter(mishaps)
        shop.router.mishap = lambda command: next(coming, None)
        if breaks:
            setattr(shop.bank, breaks, True)
        reservation_id = shop.reserve(parts=3, price_cents=price_cents)
        answer = await shop.pay(reservation_id, Payment(token))
        await shop.until_quiet()
        if price_cents:
            await shop.check_promise(reservation_id)
        paid = isinstance(answer, Reservation)
        assert await shop.statuses(reservation_id) == {PAID if paid else HELD}

    asyncio.run(scenario())


# -- crashes


@pytest.mark.parametrize("steps_before", range(6))
@pytest.mark.parametrize("mishap", [Mishap.LOST, Mishap.UNANSWERED])
@pytest.mark.parametrize("price_cents", [PRICE_CENTS, 0])
@pytest.mark.parametrize("token", ["tok", "card_error"])
async def test_a_crash_at_any_step_is_settled_by_the_next_start(
    shop: Shop, steps_before: int, mishap: Mishap, price_cents: int, token: str
) -> None:
    asked = count()
    shop.router.mishap = lambda command: mishap if next(asked) >= steps_before else None
    reservation_id = shop.reserve(parts=3, price_cents=price_cents)
    shop.checkout = shop.new_checkout(close_seconds_max=0)
    request = asyncio.create_task(shop.pay(reservation_id, Payment(token)))
    await eventually(lambda: shop.router.silent)
    await shop.checkout.close()
    await request
    shop.restart()
    await shop.checkout.settle_unfinished(shop.router.paying())
    assert shop.router.paying() == []
    assert len(await shop.statuses(reservation_id)) == 1
    if price_cents:
        await shop.check_promise(reservation_id)


async def test_what_was_paid_in_part_is_paid_whole_whatever_the_gateway_has_forgotten(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=2)
    known = ReservationId(reservation_id)
    for inventory_id in (InventoryId(1), InventoryId(2)):
        shop.router.do(inventory_id, StartPayment(known))
    shop.router.do(InventoryId(2), Confirm(known, 1, (TicketCode("a"), TicketCode("b"))))
    await shop.checkout.settle_unfinished(shop.router.paying())
    assert await shop.statuses(reservation_id) == {PAID}
    assert shop.bank.lookup_calls == 0


async def test_a_charge_of_a_process_that_was_replaced_comes_too_late(shop: Shop) -> None:
    reservation_id = shop.reserve(parts=2)
    shop.bank.open.clear()
    shop.checkout = shop.new_checkout(close_seconds_max=0)
    request = asyncio.create_task(shop.pay(reservation_id))
    await eventually(lambda: shop.bank.charge_calls == 1)
    await shop.checkout.close()
    assert status_of(await request) is PAYING
    shop.restart()
    await shop.checkout.settle_unfinished(shop.router.paying())
    shop.bank.open.set()
    await eventually(lambda: shop.bank.charges_at_once == 0)
    await shop.check_promise(reservation_id)


async def test_a_start_does_not_wait_for_ever_for_a_gateway_that_says_nothing(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.router.do(InventoryId(1), StartPayment(ReservationId(reservation_id)))
    shop.bank.lookups_to_break = 1_000_000
    shop.checkout = shop.new_checkout(answer_seconds_max=0.01)
    await shop.checkout.settle_unfinished(shop.router.paying())
    assert status_of(await shop.pay(reservation_id)) is PAYING
    shop.bank.lookups_to_break = 0
    await shop.until_quiet()
    await shop.check_promise(reservation_id)


async def test_a_payment_under_way_is_not_settled_behind_its_back(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.bank.open.clear()
    request = asyncio.create_task(shop.pay(reservation_id))
    await eventually(lambda: shop.bank.charge_calls == 1)
    await shop.checkout.settle_unfinished(shop.router.paying())
    shop.bank.open.set()
    assert status_of(await request) is PAID
    assert shop.bank.lookup_calls == 0


async def test_a_payment_that_nobody_attends_to_is_settled_by_the_next_who_would_pay(shop: Shop) -> None:
    reservation_id = shop.reserve()
    shop.router.do(InventoryId(1), StartPayment(ReservationId(reservation_id)))
    await shop.bank.charge(f"{reservation_id}-1", 2 * PRICE_CENTS, "tok", "EUR")
    assert status_of(await shop.pay(reservation_id)) is PAID
    assert len(shop.bank.charges()) == 1


async def test_closing_waits_for_payments_under_way_and_takes_no_more(shop: Shop) -> None:
    first, second = shop.reserve(), shop.reserve()
    shop.bank.open.clear()
    request = asyncio.create_task(shop.pay(first))
    await eventually(lambda: shop.bank.charge_calls == 1)
    closing = asyncio.create_task(shop.checkout.close())
    await asyncio.sleep(0)
    assert reason_of(await shop.pay(second)) is Reason.OVERLOADED
    shop.bank.open.set()
    await closing
    assert status_of(await request) is PAID
    assert await shop.statuses(second) == {HELD}


async def test_more_payments_at_once_than_allowed_are_refused_before_they_start(shop: Shop) -> None:
    first, second = shop.reserve(), shop.reserve()
    shop.checkout = shop.new_checkout(payments_max=1)
    shop.bank.open.clear()
    request = asyncio.create_task(shop.pay(first))
    await eventually(lambda: shop.bank.charge_calls == 1)
    assert reason_of(await shop.pay(second)) is Reason.OVERLOADED
    shop.bank.open.set()
    assert status_of(await request) is PAID
    assert await shop.statuses(second) == {HELD}
    assert status_of(await shop.pay(second)) is PAID


# -- the guest's person


async def test_the_guest_is_kept_apart_from_commands_facts_and_the_gateway(shop: Shop) -> None:
    reservation_id = shop.reserve()
    payment = Payment("tok", email="ada@example.org", name="Ada Lovelace")
    shop.bank.open.clear()
    request = asyncio.create_task(shop.pay(reservation_id, payment))
    await eventually(lambda: shop.bank.charge_calls == 1)
    assert shop.guests.people == {reservation_id: ("ada@example.org", "Ada Lovelace")}
    shop.bank.open.set()
    answer = await request
    for shown in (repr(shop.router.asked), repr(shop.router.facts), repr(answer), repr(payment)):
        assert "ada" not in shown.lower()


async def test_a_second_attempt_without_a_name_keeps_the_one_given_before(shop: Shop) -> None:
    reservation_id = shop.reserve()
    ada = ("ada@example.org", "Ada 李\N{ZERO WIDTH NON-JOINER}")
    await shop.pay(reservation_id, Payment("card_error", *ada))
    await shop.pay(reservation_id)
    assert shop.guests.people == {reservation_id: ada}


@pytest.mark.parametrize("text", ["a\0", "\ud800", "a\nb", "x" * 300])
@pytest.mark.parametrize("field", ["email", "name"])
async def test_a_person_that_cannot_be_kept_is_refused_before_anything_starts(
    shop: Shop, field: str, text: str
) -> None:
    reservation_id = shop.reserve()
    refusal = await shop.pay(reservation_id, Payment("tok", **{field: text}))
    assert isinstance(refusal, Refusal)
    assert {error.field for error in refusal.errors} == {field}
    assert shop.router.asked == []


async def test_an_e_mail_address_must_look_like_one(shop: Shop) -> None:
    refusal = await shop.pay(shop.reserve(), Payment("tok", email="nobody"))
    assert isinstance(refusal, Refusal)
    assert [error.field for error in refusal.errors] == ["email"]


async def test_the_outcomes_are_counted(shop: Shop) -> None:
    for token in ("tok", "card_error", "tok"):
        await shop.pay(shop.reserve(), Payment(token))
    stats = shop.checkout.stats()
    assert (stats.running, stats.outcomes) == (0, {"paid": 2, "card_error": 1})

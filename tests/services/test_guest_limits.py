"""Limits per guest and event: claimed before any charge, and given back with what isn't paid."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eventually import SECONDS_MAX, eventually
from tests.fakes.clock import START, ManualClock
from tests.fakes.door import OpenDoor
from tests.fakes.flaky_router import FlakyRouter, Mishap
from tests.fakes.gateway import FakeGateway
from tests.fakes.journal import MemoryJournal
from tests.services.office import NoStore, line
from tests.services.test_checkout import FakeGuests, reason_of, status_of
from ticketd.core.catalogue import Event
from ticketd.core.commands import (
    AnyCommand,
    ChangeEventWindow,
    ChangeTerms,
    Confirm,
    ExpireDue,
    Inspect,
    Open,
    Release,
    Reserve,
    StartPayment,
)
from ticketd.core.facts import AnyFact
from ticketd.core.ids import SECOND, EventId, Instant, InventoryId, OrganizerId, ReservationId
from ticketd.core.outcomes import Figures
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import UNLIMITED, EventStatus, EventWindow, Kind, Profile, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.charging import Charging, ChargingLimits
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.guest_limits import CLAIM_SECONDS, GuestLimits
from ticketd.services.payment import Payment
from ticketd.services.payment_steps import BackOff
from ticketd.services.reservations import Reservations
from ticketd.services.sales import Granted, Sales

HELD, PAID = ReservationStatus.HELD, ReservationStatus.PAID
VIP, STALLS, COUPON, SHARED = InventoryId(1), InventoryId(2), InventoryId(3), InventoryId(4)
DOOR, OTHER_DOOR = InventoryId(8), InventoryId(9)
GALA, MATINEE = EventId(1), EventId(2)
LIMIT = 4
HOLD_SECONDS = 900
ADA = "ada@example.org"


class Ledger(MemoryJournal):
    """See `ports.Journal`: what a router's inventories have come to."""

    def __init__(self, router: FlakyRouter) -> None:
        super().__init__()
        self._router = router

    async def history(
        self, reservation_id: ReservationId, inventory_id: InventoryId
    ) -> list[tuple[int, AnyFact]]:
        """See `ports.Journal.history`."""
        facts = (fact for of, fact in self._router.facts if of == inventory_id)
        return [
            (seq, fact)
            for seq, fact in enumerate(facts, 1)
            if getattr(fact, "reservation_id", None) == reservation_id
        ]


class Gala:
    """An event of which each guest may have four, and another of which they may have one."""

    def __init__(self, *, price_cents: int = 5_00) -> None:
        self.clock = ManualClock()
        self.catalogue = Catalogue(NoStore())
        self.router = FlakyRouter(self.clock)
        self.router.observer = self.catalogue.follow
        self.bank = FakeGateway()
        self.guests = FakeGuests()
        self._open_all(price_cents)
        self.start()

    def _open_all(self, price_cents: int) -> None:
        for event_id, door, limit in ((GALA, DOOR, LIMIT), (MATINEE, OTHER_DOOR, 1)):
            starts_at = Instant(START + 86_400 * SECOND)
            event = Event(
                event_id, OrganizerId(1), "Gala", "", starts_at, "UTC", max_per_guest=limit, guests_id=door
            )
            self.catalogue.put_event(event)
            profile = Profile(OrganizerId(1), event_id, f"door {door}", Kind.GUESTS)
            self.router.do(door, Open(profile, Terms("Door", UNLIMITED, max_per_reservation=limit), None))
        for place, event_of in ((VIP, GALA), (STALLS, GALA), (COUPON, None), (SHARED, MATINEE)):
            profile = Profile(OrganizerId(1), event_of, str(place))
            self.router.do(place, Open(profile, Terms(f"Type {place}", 100, price_cents), None))

    def start(self) -> None:
        """A new process, on what the inventories are."""
        self.router.mishap = lambda command: None
        self.reservations = Reservations(
            router=self.router,
            journal=Ledger(self.router),
            catalogue=self.catalogue,
        )
        self.sales = Sales(
            router=self.router,
            reservations=self.reservations,
            catalogue=self.catalogue,
            clock=self.clock,
            door=OpenDoor(),
            hold_seconds=HOLD_SECONDS,
            tentative_hold_seconds=10,
            answer_seconds_max=10.0,
        )
        charging = Charging(
            router=self.router,
            reservations=self.reservations,
            guests=self.guests,
            guest_limits=GuestLimits(catalogue=self.catalogue, router=self.router, secret=b"secret"),
            gateway=self.bank,
            limits=ChargingLimits(back_off=BackOff(first_seconds=0.0001, seconds_max=0.001)),
        )
        limits = CheckoutLimits(answer_seconds_max=SECONDS_MAX, close_seconds_max=0)
        self.checkout = Checkout(charging, limits)

    async def reserve(self, quantity: int = 1, *places: InventoryId) -> str:
        """Hold so many of each place."""
        made = await self.sales.reserve([line(place, quantity) for place in places or (VIP,)], None)
        assert isinstance(made, Granted)
        return made.reservation.home.reservation_id

    async def pay(self, reservation_id: str, email: str = ADA, token: str = "tok") -> Reservation | Refusal:
        return await self.checkout.pay(reservation_id, Payment(token, email))

    async def buy(self, quantity: int, *places: InventoryId, email: str = ADA) -> Reservation | Refusal:
        return await self.pay(await self.reserve(quantity, *places), email)

    async def status(self, reservation_id: str) -> ReservationStatus:
        return status_of(await self.reservations.find(reservation_id))

    def door(self, door: InventoryId = DOOR) -> Figures:
        self.router.do(door, ExpireDue())
        return self.router.inventories[door].figures()

    def claimed(self, door: InventoryId = DOOR) -> int:
        figures = self.door(door)
        return figures.held + figures.paying + figures.sold


@pytest.fixture
async def gala() -> AsyncIterator[Gala]:
    gala = Gala()
    yield gala
    gala.bank.open.set()


TOO_MANY = Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=LIMIT)


# -- who counts as whom


async def test_a_guest_pays_for_no_more_than_the_limit_over_all_ticket_types_of_the_event(
    gala: Gala,
) -> None:
    assert status_of(await gala.buy(1, VIP, STALLS)) is PAID
    assert status_of(await gala.buy(1)) is PAID
    charges = gala.bank.charge_calls
    assert await gala.buy(2, STALLS) == TOO_MANY
    assert gala.bank.charge_calls == charges, "refused before any charge"
    assert status_of(await gala.buy(1, STALLS)) is PAID
    assert status_of(await gala.buy(LIMIT, email="bob@example.org")) is PAID
    assert gala.door().sold == 2 * LIMIT


@pytest.mark.parametrize(
    "again",
    [
        "ADA@example.org",
        "ada+gala@example.org",
        "Ada+x+y@EXAMPLE.ORG",
        " " + ADA,
        f"{ADA}.",
        '"ada"@example.org',
        '"ada+x"@example.org',
        "ada@ｅxample.org",
    ],
)
async def test_another_way_to_write_an_address_is_the_same_guest(gala: Gala, again: str) -> None:
    await gala.buy(LIMIT)
    held = await gala.reservations.find(await gala.reserve())
    assert isinstance(held, Reservation)
    limits = GuestLimits(catalogue=gala.catalogue, router=gala.router, secret=b"secret")
    assert await limits.claim(held, again) == TOO_MANY


@pytest.mark.parametrize(
    "other", ["a.da@example.org", "ada@example.com", "ad@example.org", "x+ada@example.org"]
)
async def test_another_address_is_another_guest(gala: Gala, other: str) -> None:
    await gala.buy(LIMIT)
    assert status_of(await gala.buy(1, email=other)) is PAID


async def test_without_an_address_nothing_is_started(gala: Gala) -> None:
    reservation_id = await gala.reserve()
    refusal = await gala.pay(reservation_id, "")
    assert isinstance(refusal, Refusal)
    assert [error.field for error in refusal.errors] == ["email"]
    assert await gala.status(reservation_id) is HELD
    assert gala.claimed() == 0


async def test_what_has_no_limit_needs_no_address_and_claims_nothing(gala: Gala) -> None:
    assert status_of(await gala.buy(LIMIT + 1, COUPON, email="")) is PAID
    assert status_of(await gala.buy(LIMIT, VIP, COUPON)) is PAID
    assert gala.door().sold == LIMIT


async def test_a_cart_counts_for_the_limit_of_each_of_its_events(gala: Gala) -> None:
    assert status_of(await gala.buy(1, VIP, SHARED)) is PAID
    assert (gala.door().sold, gala.door(OTHER_DOOR).sold) == (1, 1)
    refused = await gala.buy(1, VIP, SHARED)
    assert refused == Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=1)
    gala.clock.advance(CLAIM_SECONDS)
    assert gala.claimed() == 1, "what was claimed of the other event runs out by itself"


async def test_nobody_but_the_limit_sees_the_address(gala: Gala) -> None:
    await gala.buy(1)
    for shown in (repr(gala.router.asked), repr(gala.router.facts)):
        assert "ada" not in shown.lower()


async def test_a_lower_limit_counts_for_the_next_payment(gala: Gala) -> None:
    gala.router.do(DOOR, ChangeTerms(TermsPatch(max_per_reservation=1)))
    assert reason_of(await gala.buy(2)) is Reason.LIMIT_EXCEEDED
    assert status_of(await gala.buy(1)) is PAID


# -- races and second tries


async def test_of_two_payments_at_once_only_those_that_fit_the_limit_pass(gala: Gala) -> None:
    reservations = [await gala.reserve(3) for _ in range(2)]
    gala.bank.open.clear()
    paying = [asyncio.create_task(gala.pay(each)) for each in reservations]
    await eventually(lambda: gala.bank.charge_calls == 1)
    await eventually(lambda: any(each.done() for each in paying))
    gala.bank.open.set()
    answers = await asyncio.gather(*paying)
    assert TOO_MANY in answers
    assert len(gala.bank.charges()) == 1
    assert gala.door().sold == 3


async def test_what_a_failed_payment_claimed_is_given_back_at_once(gala: Gala) -> None:
    reservation_id = await gala.reserve(LIMIT)
    assert reason_of(await gala.pay(reservation_id, token="card_error")) is Reason.CARD_ERROR
    assert gala.claimed() == 0
    assert status_of(await gala.buy(LIMIT)) is PAID
    assert await gala.pay(reservation_id) == TOO_MANY
    assert await gala.status(reservation_id) is HELD


async def test_a_payment_that_could_not_start_keeps_no_claim(gala: Gala) -> None:
    reservation_id = await gala.reserve(LIMIT)
    gala.router.mishap = lambda command: Mishap.REFUSED if isinstance(command, StartPayment) else None
    assert reason_of(await gala.pay(reservation_id)) is Reason.OVERLOADED
    gala.router.mishap = lambda command: None
    assert gala.claimed() == 0
    assert status_of(await gala.pay(reservation_id)) is PAID
    assert gala.door().sold == LIMIT


async def test_a_payment_that_the_reservation_refuses_keeps_no_claim(gala: Gala) -> None:
    reservation_id = await gala.reserve(LIMIT)
    gala.router.do(VIP, ChangeEventWindow(EventWindow(EventStatus.CANCELLED)))
    assert reason_of(await gala.pay(reservation_id)) is Reason.NOT_ON_SALE
    assert gala.claimed() == 0


async def test_a_second_try_with_another_address_counts_for_that_one_alone(gala: Gala) -> None:
    reservation_id = await gala.reserve(LIMIT)
    await gala.pay(reservation_id, token="card_error")
    assert status_of(await gala.pay(reservation_id, "bob@example.org")) is PAID
    assert await gala.buy(1, email="bob@example.org") == TOO_MANY
    assert status_of(await gala.buy(LIMIT)) is PAID


@pytest.mark.parametrize("swept", [True, False])
async def test_a_claim_that_runs_out_while_the_payment_starts_costs_no_guest_the_reservation(
    gala: Gala, swept: bool
) -> None:
    reservation_id = await gala.reserve(1, VIP, STALLS)

    def slow_start(command: AnyCommand) -> None:
        if isinstance(command, StartPayment) and command.claims:
            gala.clock.advance(CLAIM_SECONDS)
            if swept:
                gala.router.do(DOOR, ExpireDue())
            gala.router.mishap = lambda command: None

    gala.router.mishap = slow_start
    assert reason_of(await gala.pay(reservation_id)) is Reason.OVERLOADED
    assert await gala.status(reservation_id) is HELD
    assert gala.bank.charge_calls == 0
    assert status_of(await gala.pay(reservation_id)) is PAID
    assert gala.door().sold == 2


# -- in which order


async def test_a_claim_is_made_first_starts_after_the_home_line_and_is_confirmed_before_it(
    gala: Gala,
) -> None:
    reservation_id = await gala.reserve(2, VIP, STALLS)
    gala.router.asked.clear()
    await gala.pay(reservation_id)
    steps = [(place, type(each)) for place, each in gala.router.asked if not isinstance(each, Inspect)]
    assert steps == [
        (DOOR, Reserve),
        (VIP, StartPayment),
        (STALLS, StartPayment),
        (DOOR, StartPayment),
        (STALLS, Confirm),
        (DOOR, Confirm),
        (VIP, Confirm),
    ]
    issued = {place: len(each.ticket_codes) for place, each in gala.router.asked if isinstance(each, Confirm)}
    assert issued == {STALLS: 2, DOOR: 0, VIP: 2}


# -- in doubt


async def test_a_payment_in_doubt_takes_its_claim_along(gala: Gala) -> None:
    gala.bank.breaks_after_charging = True
    gala.bank.lookups_to_break = 2
    assert status_of(await gala.buy(3)) is PAID
    assert (gala.door().sold, gala.claimed()) == (3, 3)


async def test_a_claim_of_two_lives_is_settled_as_it_stands_now(gala: Gala) -> None:
    reservation_id = await gala.reserve(2)
    gala.router.do(VIP, StartPayment(ReservationId(reservation_id), claims=(DOOR,)))
    claim = Reserve(ReservationId(reservation_id), 2, CLAIM_SECONDS, parts=(VIP, DOOR), guest="ada")
    gala.router.do(DOOR, claim)
    gala.clock.advance(CLAIM_SECONDS)
    gala.router.do(DOOR, ExpireDue())
    first = await gala.reservations.find(reservation_id)
    assert isinstance(first, Reservation)
    assert [each.status for each in first.claims] == [ReservationStatus.EXPIRED]
    gala.router.do(DOOR, claim)
    second = await gala.reservations.find(reservation_id)
    assert isinstance(second, Reservation)
    assert [each.status for each in second.claims] == [HELD]


@settings(max_examples=150, deadline=None)
@given(
    mishaps=st.lists(st.sampled_from([None, None, Mishap.REFUSED, Mishap.LATE]), max_size=25),
    token=st.sampled_from(["tok", "tok", "card_error"]),
    breaks=st.sampled_from(["", "breaks_before_charging", "breaks_after_charging"]),
    price_cents=st.sampled_from([5_00, 0]),
)
def test_whatever_goes_wrong_what_is_paid_is_claimed_and_nothing_else_stays(
    mishaps: list[Mishap | None], token: str, breaks: str, price_cents: int
) -> None:
    async def scenario() -> None:
        gala = Gala(price_cents=price_cents)
        reservation_id = await gala.reserve(2, VIP, STALLS)
        coming = iter(mishaps)
        gala.router.mishap = lambda command: next(coming, None)
        if breaks:
            setattr(gala.bank, breaks, True)
        answer = await gala.pay(reservation_id, token=token)
        await eventually(lambda: gala.checkout.stats().running == 0)
        await check(gala, reservation_id)
        assert (await gala.status(reservation_id) is PAID) is isinstance(answer, Reservation)

    asyncio.run(scenario())


async def check(gala: Gala, reservation_id: str) -> None:
    """Paid and claimed, or neither; nothing is left of what isn't paid."""
    gala.router.mishap = lambda command: None
    status = await gala.status(reservation_id)
    assert status in (HELD, PAID)
    gala.clock.advance(2 * CLAIM_SECONDS + 1)
    figures = gala.door()
    assert (figures.held, figures.paying) == (0, 0)
    assert figures.sold == (4 if status is PAID else 0)


@pytest.mark.parametrize("steps_before", range(9))
@pytest.mark.parametrize("mishap", [Mishap.LOST, Mishap.UNANSWERED])
@pytest.mark.parametrize("price_cents", [5_00, 0])
@pytest.mark.parametrize("token", ["tok", "card_error"])
async def test_after_a_crash_at_any_step_what_is_paid_is_claimed_and_nothing_else_stays(
    steps_before: int, mishap: Mishap, price_cents: int, token: str
) -> None:
    gala = Gala(price_cents=price_cents)
    reservation_id = await gala.reserve(2, VIP, STALLS)
    asked = count()

    def crash(command: AnyCommand) -> Mishap | None:
        if isinstance(command, Inspect):
            return None
        return mishap if next(asked) >= steps_before else None

    gala.router.mishap = crash
    request = asyncio.create_task(gala.pay(reservation_id, token=token))
    await eventually(lambda: gala.router.silent or request.done())
    await gala.checkout.close()
    await request
    gala.start()
    await gala.checkout.settle_unfinished(gala.router.paying())
    assert gala.router.paying() == []
    if len(gala.bank.charges()) == 1:
        assert await gala.status(reservation_id) is PAID
    await check(gala, reservation_id)


async def test_a_released_reservation_gives_its_claim_back_even_if_the_release_comes_first(
    gala: Gala,
) -> None:
    reservation_id = await gala.reserve(LIMIT)

    def released(command: AnyCommand) -> None:
        if isinstance(command, StartPayment):
            gala.router.mishap = lambda command: None
            gala.router.do(VIP, Release(ReservationId(reservation_id)))

    gala.router.mishap = released
    assert reason_of(await gala.pay(reservation_id)) is Reason.RESERVATION_CLOSED
    gala.clock.advance(CLAIM_SECONDS)
    assert gala.claimed() == 0

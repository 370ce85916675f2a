"""A payment that begins with what its actor has decided and the ledger doesn't know yet."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.actors.house import HOLD_SECONDS, VIP, turns
from tests.fakes.clock import ManualClock
from tests.fakes.gateway import FakeGateway
from tests.services.office import Office, cart, line, reason
from tests.services.test_checkout import CARD, FakeGuests, NoLimits
from ticketd.core import commands as c
from ticketd.core.facts import AnyFact, Reserved
from ticketd.core.ids import ReservationId, reservation_id
from ticketd.core.refusals import Reason
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.services.charging import Charging, ChargingLimits
from ticketd.services.checkout import Checkout, CheckoutLimits


class Till:
    """An office whose commits can be held back, and a checkout over it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.journal = office.house.journal
        self.bank = FakeGateway()
        charging = Charging(
            router=office.house.registry,
            reservations=office.reservations,
            guests=FakeGuests(),
            guest_limits=NoLimits(),
            gateway=self.bank,
            limits=ChargingLimits(),
        )
        self.checkout = Checkout(charging, CheckoutLimits())

    async def undurable(self) -> Line:
        """A line that is decided and no more."""
        self.journal.held = True
        made = self.office.house.new_id()
        self.office.house.ask(VIP, c.Reserve(made, 1, HOLD_SECONDS))
        await turns()
        held = self.office.house.registry.line(VIP, made)
        assert held is not None
        return held


@pytest.fixture
async def till(clock: ManualClock) -> AsyncIterator[Till]:
    office = await Office(clock).open()
    yield Till(office)
    office.house.registry.close()


async def test_a_glance_sees_what_is_not_durable_yet_and_a_look_waits_for_it(till: Till) -> None:
    held = await till.undurable()
    looking = asyncio.create_task(till.office.reservations.find(held.reservation_id))
    await turns()
    assert till.office.reservations.glance(held.reservation_id) == Reservation((held,))
    assert not looking.done()
    till.journal.let_go()
    assert await looking == Reservation((held,))


async def test_nobody_is_told_of_a_payment_nor_charged_before_its_start_is_durable(till: Till) -> None:
    held = await till.undurable()
    paying = asyncio.create_task(till.checkout.pay(held.reservation_id, CARD))
    await turns(50)
    assert (paying.done(), till.bank.charge_calls) == (False, 0)
    till.journal.let_go()
    paid = await paying
    assert isinstance(paid, Reservation)
    assert paid.home.status is ReservationStatus.PAID
    assert till.bank.charge_calls == 1


async def test_a_hold_that_never_becomes_durable_is_not_paid(till: Till) -> None:
    held = await till.undurable()
    paying = asyncio.create_task(till.checkout.pay(held.reservation_id, CARD))
    await turns(50)

    def is_poisoned(fact: AnyFact) -> bool:
        return isinstance(fact, Reserved) and fact.reservation_id == held.reservation_id

    till.journal.refuses = is_poisoned
    till.journal.let_go()
    assert reason(await paying) is Reason.NOT_FOUND
    assert till.bank.charge_calls == 0


async def test_a_start_whose_batch_is_lost_is_decided_again(till: Till) -> None:
    held = await till.undurable()
    paying = asyncio.create_task(till.checkout.pay(held.reservation_id, CARD))
    await turns(50)
    till.journal.lose()
    assert (
        till.office.reservations.glance(held.reservation_id) is None
    )  # nothing is known while it is read again
    till.journal.let_go()
    paid = await paying
    assert isinstance(paid, Reservation)
    assert paid.home.status is ReservationStatus.PAID


async def test_a_glance_says_nothing_of_a_cart_nor_of_what_is_closed_or_unknown(till: Till) -> None:
    sales = till.office.sales
    parts = await till.office.granted(*cart())
    released = await till.office.granted(line(VIP))
    await sales.release(released.home.reservation_id)
    unknown = reservation_id(home=VIP, now=till.office.clock.now(), random=bytes(16))
    for text in (parts.home.reservation_id, released.home.reservation_id, unknown, "nonsense"):
        assert till.office.reservations.glance(text) is None


async def test_a_glance_brings_nothing_into_memory(till: Till, clock: ManualClock) -> None:
    held = await till.office.granted(line(VIP))
    del till.office.house.registry._actors[VIP]
    before = till.office.house.registry.stats().actors
    assert till.office.reservations.glance(ReservationId(held.home.reservation_id)) is None
    assert till.office.house.registry.stats().actors == before


async def test_after_the_end_of_the_process_the_answer_is_no_at_once(till: Till) -> None:
    held = await till.office.granted(line(VIP))
    till.office.house.registry.close()
    assert reason(await till.checkout.pay(held.home.reservation_id, CARD)) is Reason.OVERLOADED
    assert till.checkout.stats().running == 0

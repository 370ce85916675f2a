"""Blocking gateways stay off the event loop, and can't use up its patience or its threads."""

import asyncio
import contextlib
from typing import Any

import pytest

from tests.eventually import SECONDS_MAX, eventually
from tests.fakes.gateway import FakeGateway
from ticketd.payments.offload import OffloadedGateway
from ticketd.ports import CardError, Charge


async def test_calls_return_and_raise_what_the_gateway_does() -> None:
    gateway = OffloadedGateway(FakeGateway())
    await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await gateway.lookup("a-1") is Charge.CHARGED
    with pytest.raises(CardError):
        await gateway.charge("a-2", 1250, "card_error", "EUR")


async def test_a_charge_that_takes_too_long_is_a_doubt_and_can_be_looked_up() -> None:
    slow = FakeGateway()
    slow.open.clear()
    gateway = OffloadedGateway(slow, charge_seconds_max=0.01, charges_at_once_max=1)
    with pytest.raises(TimeoutError):
        await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await gateway.lookup("a-1") is Charge.NOT_CHARGED
    slow.open.set()


async def test_no_more_charges_run_at_once_than_allowed_and_the_others_wait_their_turn() -> None:
    slow = FakeGateway()
    slow.open.clear()
    gateway = OffloadedGateway(slow, charges_at_once_max=2)
    charging = [asyncio.create_task(gateway.charge(f"a-{n}", 1250, "tok", "EUR")) for n in range(5)]
    await eventually(lambda: slow.charge_calls == 2)
    slow.open.set()
    await asyncio.gather(*charging)
    assert len(slow.charges()) == 5
    assert slow.most_charges_at_once == 2


async def test_a_thread_given_up_on_is_of_use_again_once_its_call_returns() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    slow = FakeGateway()
    slow.open.clear()
    gateway = OffloadedGateway(slow, charge_seconds_max=0.01, charges_at_once_max=1)
    for attempt_id in ("a-1", "a-2"):
        with pytest.raises(TimeoutError):
            await gateway.charge(attempt_id, 1250, "tok", "EUR")
    assert slow.charge_calls == 1
    slow.open.set()
    await eventually(lambda: len(slow.charges()) == 1)
    async with asyncio.timeout(SECONDS_MAX):
        while len(slow.charges()) < 2:
            with contextlib.suppress(TimeoutError):
                await gateway.charge("a-3", 1250, "tok", "EUR")
    assert complaints == []

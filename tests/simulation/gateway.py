"""The payment gateway across a network: the bank judges, and the weather has its way with the calls."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from tests.fakes.gateway import FakeBank
from tests.simulation.faults import BankFate, Weather
from tests.simulation.network import in_the_world
from ticketd.ports import Charge

T = TypeVar("T")


class Capture(NamedTuple):
    """Money that has moved."""

    attempt_id: str
    amount_cents: int
    at: float


class Bank(FakeBank):
    """Knows when it took which money."""

    def __init__(self) -> None:
        super().__init__()
        self.captures: list[Capture] = []

    def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        super().charge(attempt_id, amount_cents, token, currency)
        if all(capture.attempt_id != attempt_id for capture in self.captures):
            now = asyncio.get_running_loop().time()
            self.captures.append(Capture(attempt_id, self._amounts[attempt_id], now))


class RemoteGateway:
    """The way to the bank, a `ports.PaymentGateway`.

    A call that has been sent goes on when its caller gives up, is killed or is paused.
    """

    def __init__(self, bank: Bank, weather: Weather) -> None:
        self._bank = bank
        self._weather = weather

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        await self._call(partial(self._bank.charge, attempt_id, amount_cents, token, currency))

    async def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        return await self._call(partial(self._bank.lookup, attempt_id))

    async def _call(self, call: Callable[[], T]) -> T:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        fate = self._weather.of_bank_call()
        in_the_world(_travel(call, fate, answer))
        if fate.lost_after is not None:
            in_the_world(_lose(fate.lost_after, answer))
        result: T = await answer
        return result


async def _travel(call: Callable[[], T], fate: BankFate, answer: asyncio.Future[T]) -> None:
    if fate.arrives_after is None:
        return
    await asyncio.sleep(fate.arrives_after)
    try:
        deliver = partial(answer.set_result, call())
    except Exception as refusal:  # the bank's no travels back like its yes
        deliver = partial(answer.set_exception, refusal)
    if fate.answer_after is None:
        return
    await asyncio.sleep(fate.answer_after)
    if not answer.done():
        deliver()


async def _lose(seconds: float, answer: asyncio.Future[T]) -> None:
    await asyncio.sleep(seconds)
    if not answer.done():
        answer.set_exception(ConnectionResetError())
        answer.exception()  # nobody may wait for it any more

"""Who waits for a payment: one runs for each reservation, in a task of its own, however many ask for it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import msgspec
import structlog

from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.reservations import Line, Reservation
from ticketd.core.stats import PaymentStats
from ticketd.services.charging import Charging, FoundPaying, trace
from ticketd.services.payment import Payment
from ticketd.tasks import stop
from ticketd.timeouts import Timeouts

log = structlog.get_logger(__name__)


class CheckoutLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is taken on at once, and how long anyone waits for it."""

    payments_max: int = 1000
    answer_seconds_max: float = 10.0
    close_seconds_max: float = 5.0


class _Running:
    """The one payment of a reservation that is under way, whoever waits for it."""

    def __init__(self, reservation_id: str, work: "_Work", patience: "_Patience | None") -> None:
        self.reservation_id = reservation_id
        self.patience = patience
        """Of whoever began it, unless nobody waits for it."""
        loop = asyncio.get_running_loop()
        self.paying: asyncio.Future[Reservation] = loop.create_future()
        """Done once the reservation is known to be durably `paying`."""
        self.task = loop.create_task(work(self._found_paying))

    def _found_paying(self, reservation: Reservation) -> None:
        """Let the waiting know, if they don't yet."""
        if not self.paying.done():
            self.paying.set_result(reservation)


_Work = Callable[[FoundPaying], Coroutine[Any, Any, Reservation | Refusal]]
_Patience = asyncio.Future[None]
"""Of one who waits for an answer: done at the latest when that has taken as long as it may."""


class Checkout:
    """Takes payments on, one for each reservation: a guest who leaves drops only the answer."""

    def __init__(self, charging: Charging, limits: CheckoutLimits) -> None:
        self._charging = charging
        self._limits = limits
        self._running: dict[str, _Running] = {}
        self._patience: Timeouts[_Patience] = Timeouts(limits.answer_seconds_max, _wake)
        self._closing = False

    async def pay(self, reservation_id: str, payment: Payment) -> Reservation | Refusal:
        """The paid reservation; a `paying` one while an attempt runs or is in doubt; or why not."""
        if errors := payment.errors():
            return Refusal(Reason.INVALID, errors=errors)
        patience: _Patience = asyncio.get_running_loop().create_future()
        self._patience.begin(patience)
        try:
            while running := self._running.get(reservation_id):
                if (standing := await _standing(running, patience)) is not None:
                    return standing
            if self._closing or len(self._running) >= self._limits.payments_max:
                return TRY_AGAIN
            begun = self._begin(
                reservation_id, partial(self._charging.pay, reservation_id, payment), patience
            )
            await patience
            return _answer(begun)
        finally:
            self._patience.end(patience)

    async def settle_unfinished(self, homes: Iterable[Line]) -> None:
        """Settle with the gateway what an earlier process left `paying`.

        Returns when that is done; what takes longer than an answer may goes on by itself.
        """
        tasks = [
            self._begin(home.reservation_id, partial(self._charging.settle, home.reservation_id)).task
            for home in homes
            if home.reservation_id not in self._running
        ]
        if tasks:
            await asyncio.wait(tasks, timeout=self._limits.answer_seconds_max)

    async def close(self) -> None:
        """Take no more payments and wait for those under way; the next start settles what is cut off."""
        self._closing = True
        tasks = [running.task for running in self._running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._limits.close_seconds_max)
            await stop(*late)

    def stats(self) -> PaymentStats:
        """Payments under way, and how the others ended."""
        return PaymentStats(running=len(self._running), outcomes=dict(self._charging.outcomes))

    def _begin(self, reservation_id: str, work: _Work, patience: _Patience | None = None) -> _Running:
        running = _Running(reservation_id, work, patience)
        self._running[reservation_id] = running
        running.task.add_done_callback(partial(self._ended, running))
        return running

    def _ended(self, running: _Running, task: asyncio.Task[Reservation | Refusal]) -> None:
        del self._running[running.reservation_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("payment broke off before it started", **trace(error))
        if running.patience is not None:
            _wake(running.patience)


def _wake(patience: _Patience) -> None:
    if not patience.done():
        patience.set_result(None)


async def _standing(running: _Running, patience: _Patience) -> Reservation | Refusal | None:
    """What someone else's payment lets say of the reservation; None if it is over."""
    waiting: set[asyncio.Future[Any]] = {running.task, running.paying, patience}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    return None if running.task.done() else _so_far(running)


def _answer(running: _Running) -> Reservation | Refusal:
    """What it has come to, or how far."""
    ended = running.task.done() and not running.task.cancelled()
    return running.task.result() if ended else _so_far(running)


def _so_far(running: _Running) -> Reservation | Refusal:
    return running.paying.result() if running.paying.done() else TRY_AGAIN

"""Takes a guest's money once, and ends in tickets or in a refusal, whatever happens on the way."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Protocol, assert_never

import msgspec
import structlog

from ticketd.core.commands import StartPayment
from ticketd.core.decisions import closed_refusal
from ticketd.core.ids import ReservationId
from ticketd.core.money import EUR
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import FieldError, Reason, Refusal, invalid
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.core.stats import PaymentStats
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError, PaymentGateway, Router
from ticketd.services.answering import TRY_AGAIN
from ticketd.services.payment_steps import BackOff, PaymentSteps
from ticketd.services.texts import is_email, is_line
from ticketd.timeouts import TimeLimit, Timeouts

EMAIL_LENGTH_MAX = 254
NAME_LENGTH_MAX = 200

HELD, PAYING = ReservationStatus.HELD, ReservationStatus.PAYING

log = structlog.get_logger(__name__)


class Payment(msgspec.Struct, frozen=True):
    """What a guest pays with, and who that is."""

    token: str | None
    email: str = ""
    name: str = ""
    currency: str = EUR

    def __repr__(self) -> str:
        return "Payment(…)"  # a person and a card don't belong into a log

    def errors(self) -> tuple[FieldError, ...]:
        """The fields that can't be kept."""
        limits = (("email", self.email, EMAIL_LENGTH_MAX), ("name", self.name, NAME_LENGTH_MAX))
        unfit = [
            FieldError(field, f"At most {length_max} characters, and no control characters.")
            for field, text, length_max in limits
            if len(text) > length_max or not is_line(text)
        ]
        if self.email and not is_email(self.email):
            unfit.append(FieldError("email", "This isn't an e-mail address."))
        return tuple(unfit)


class CheckoutLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is taken on at once, and how long anyone waits for it."""

    payments_max: int = 1000
    answer_seconds_max: float = 10.0
    charge_seconds_max: float = 30.0
    lookup_seconds_max: float = 10.0
    close_seconds_max: float = 5.0
    back_off: BackOff = BackOff()


class Reservations(Protocol):
    """Reads reservations, closed ones included."""

    def glance(self, reservation_id: str) -> Reservation | None:
        """One that is held, as last decided and not to be told of; None if that takes a closer look."""

    async def find(self, reservation_id: str) -> Reservation | Refusal:
        """All lines as they durably stand."""

    def keep_closed(self, reservation: Reservation) -> None:
        """Have a reservation at hand that is durably closed: its guest looks at it next."""


class GuestLimits(Protocol):
    """Counts what each guest of an event has."""

    def apply_to(self, held: Reservation) -> bool:
        """Whether its payment needs a claim."""

    async def claim(self, held: Reservation, email: str) -> Reservation | Refusal:
        """The reservation with what it takes of its guest's limits, or why it can't have that."""


class Guests(Protocol):
    """Keeps the guest's person, apart from everything else."""

    async def remember(self, reservation_id: ReservationId, *, email: str, name: str) -> None:
        """Keep who pays for this reservation."""


class _Running:
    """The one payment of a reservation that is under way, whoever waits for it."""

    def __init__(self, reservation_id: str, work: "_Work", patience: "_Patience | None") -> None:
        self.reservation_id = reservation_id
        self.patience = patience
        """Of whoever began it, unless nobody waits for it."""
        loop = asyncio.get_running_loop()
        self.paying: asyncio.Future[Reservation] = loop.create_future()
        """Done once the reservation is known to be durably `paying`."""
        self.task = loop.create_task(work(self))

    def found_paying(self, reservation: Reservation) -> None:
        """Let the waiting know, if they don't yet."""
        if not self.paying.done():
            self.paying.set_result(reservation)


_Work = Callable[[_Running], Coroutine[Any, Any, Reservation | Refusal]]
_Patience = asyncio.Future[None]
"""Of one who waits for an answer: done at the latest when that has taken as long as it may."""


class Checkout:
    """Payments run in tasks of its own, one per reservation: a guest who leaves drops only the answer."""

    def __init__(
        self,
        *,
        router: Router,
        reservations: Reservations,
        guests: Guests,
        guest_limits: GuestLimits,
        gateway: PaymentGateway,
        limits: CheckoutLimits,
    ) -> None:
        self._reservations = reservations
        self._guests = guests
        self._guest_limits = guest_limits
        self._gateway = gateway
        self._limits = limits
        self._steps = PaymentSteps(router, limits.back_off)
        self._running: dict[str, _Running] = {}
        self._patience: Timeouts[_Patience] = Timeouts(limits.answer_seconds_max, _wake)
        self._charge_time = TimeLimit(limits.charge_seconds_max)
        self._closing = False
        self._outcomes: Counter[str] = Counter()

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
            begun = self._begin(reservation_id, lambda running: self._pay(running, payment), patience)
            await patience
            return _answer(begun)
        finally:
            self._patience.end(patience)

    async def settle_unfinished(self, homes: Iterable[Line]) -> None:
        """Settle with the gateway what an earlier process left `paying`.

        Returns when that is done; what takes longer than an answer may goes on by itself.
        """
        tasks = [
            self._begin(home.reservation_id, self._settle).task
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
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def stats(self) -> PaymentStats:
        """Payments under way, and how the others ended."""
        return PaymentStats(running=len(self._running), outcomes=dict(self._outcomes))

    # -- who waits

    def _begin(self, reservation_id: str, work: _Work, patience: _Patience | None = None) -> _Running:
        running = _Running(reservation_id, work, patience)
        self._running[reservation_id] = running
        running.task.add_done_callback(partial(self._ended, running))
        return running

    def _ended(self, running: _Running, task: asyncio.Task[Reservation | Refusal]) -> None:
        del self._running[running.reservation_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("payment broke off before it started", **_trace(error))
        if running.patience is not None:
            _wake(running.patience)

    # -- the work

    async def _pay(self, running: _Running, payment: Payment) -> Reservation | Refusal:
        glimpsed = self._reservations.glance(running.reservation_id) if payment.token else None
        if glimpsed is not None and not self._guest_limits.apply_to(glimpsed):
            return await self._pay_held(running, glimpsed, payment)
        reservation = await self._reservations.find(running.reservation_id)
        if isinstance(reservation, Refusal):
            return reservation
        if reservation.home.status is PAYING:
            return await self._settle(running)
        if reservation.home.status is not HELD:
            return _closed_answer(reservation)
        if not payment.token and reservation.total_cents > 0:
            return invalid("token", "A payment needs a token.")
        claimed = await self._guest_limits.claim(reservation, payment.email)
        return claimed if isinstance(claimed, Refusal) else await self._pay_held(running, claimed, payment)

    async def _pay_held(
        self, running: _Running, held: Reservation, payment: Payment
    ) -> Reservation | Refusal:
        if payment.email or payment.name:
            await self._guests.remember(held.home.reservation_id, email=payment.email, name=payment.name)
        try:
            return await self._attempt(running, held, payment)
        except Exception as error:
            log.warning("payment in doubt", **_trace(error))
            return await self._settle(running)

    async def _attempt(self, running: _Running, held: Reservation, payment: Payment) -> Reservation | Refusal:
        """One attempt to pay; any exception leaves in doubt whether money has moved."""
        started = await self._steps.start(held)
        match started:
            case Reservation():
                running.found_paying(started)
                return await self._charge(running, started, payment)
            case Departed() | Refusal(reason=Reason.PAYMENT_IN_PROGRESS):
                return await self._settle(running)
            case Refusal():
                return started
            case _:
                assert_never(started)

    async def _charge(
        self, running: _Running, paying: Reservation, payment: Payment
    ) -> Reservation | Refusal:
        try:
            if (total_cents := paying.total_cents) > 0:
                charging = self._gateway.charge(
                    _attempt_id(paying), total_cents, payment.token or "", payment.currency
                )
                await self._charge_time.keep(charging)
        except CardError:
            return await self._fail(paying, Reason.CARD_ERROR)
        except PaymentError:
            return await self._fail(paying, Reason.PAYMENT_ERROR)
        except CurrencyError:
            return await self._fail(paying, Reason.CURRENCY_ERROR)
        return await self._confirm(running, paying)

    async def _settle(self, running: _Running) -> Reservation | Refusal:
        """What has become of a reservation, once nobody doubts it; asks storage and gateway until then."""
        delays = self._limits.back_off.delays()
        while True:
            try:
                reservation = await self._reservations.find(running.reservation_id)
                if isinstance(reservation, Reservation):
                    return await self._settled(running, reservation)
                if reservation.reason is not Reason.OVERLOADED:
                    return reservation
            except Exception as error:
                log.warning("payment still in doubt", **_trace(error))
            await asyncio.sleep(next(delays))

    async def _settled(self, running: _Running, reservation: Reservation) -> Reservation | Refusal:
        if reservation.home.status is not PAYING:
            return _closed_answer(reservation)
        running.found_paying(reservation)
        if await self._is_charged(reservation):
            return await self._confirm(running, reservation)
        return await self._fail(reservation, Reason.PAYMENT_ERROR)

    async def _is_charged(self, paying: Reservation) -> bool:
        if paying.total_cents == 0:
            # Nobody to ask: it counts as paid from the moment when every line was `paying`.
            lines = (*paying.lines, *paying.claims)
            return all(line.status in (PAYING, ReservationStatus.PAID) for line in lines)
        async with asyncio.timeout(self._limits.lookup_seconds_max):
            return await self._gateway.lookup(_attempt_id(paying)) is Charge.CHARGED

    async def _confirm(self, running: _Running, paying: Reservation) -> Reservation | Refusal:
        confirmed = await self._steps.confirm(paying)
        self._outcomes["paid" if paying.total_cents > 0 else "free"] += 1
        if not isinstance(confirmed, Reservation):
            return await self._settle(running)
        self._reservations.keep_closed(confirmed)
        return confirmed

    async def _fail(self, paying: Reservation, reason: Reason) -> Refusal:
        await self._steps.fail(paying, attempt=paying.home.attempt)
        self._outcomes[reason] += 1
        return Refusal(reason)


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


def _attempt_id(paying: Reservation) -> str:
    return f"{paying.home.reservation_id}-{paying.home.attempt}"


def _closed_answer(reservation: Reservation) -> Reservation | Refusal:
    """What a reservation without a payment under way says to one who tried to pay for it.

    Held throughout means that the attempt was surely not charged.
    """
    for line in reservation.lines:
        if line.status is not HELD:
            return closed_refusal(StartPayment(line.reservation_id), line.status) or reservation
    return Refusal(Reason.PAYMENT_ERROR)


def _trace(error: BaseException) -> dict[str, str]:
    """An error for the log, without its message: a gateway's may name the reservation or the card."""
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{innermost.name}:{innermost.lineno}"}

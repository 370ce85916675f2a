"""Takes a guest's money once, and ends in tickets or in a refusal, whatever happens on the way."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Protocol, assert_never

import msgspec
import structlog

from ticketd.core.commands import StartPayment
from ticketd.core.decisions import closed_refusal
from ticketd.core.ids import ReservationId
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError, PaymentGateway, Router
from ticketd.services.payment import Payment
from ticketd.services.payment_steps import BackOff, PaymentSteps
from ticketd.timeouts import TimeLimit

HELD, PAYING = ReservationStatus.HELD, ReservationStatus.PAYING

FoundPaying = Callable[[Reservation], None]
"""Hears of a reservation as soon as it is known to be durably `paying`, and perhaps again."""

log = structlog.get_logger(__name__)


class ChargingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long the gateway may take, and how soon those are asked again who didn't answer."""

    charge_seconds_max: float = 30.0
    lookup_seconds_max: float = 10.0
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


class Charging:
    """The work of a payment, from the first look at the reservation to its end; one at a time for each."""

    def __init__(
        self,
        *,
        router: Router,
        reservations: Reservations,
        guests: Guests,
        guest_limits: GuestLimits,
        gateway: PaymentGateway,
        limits: ChargingLimits,
    ) -> None:
        self._reservations = reservations
        self._guests = guests
        self._guest_limits = guest_limits
        self._gateway = gateway
        self._limits = limits
        self._steps = PaymentSteps(router, limits.back_off)
        self._charge_time = TimeLimit(limits.charge_seconds_max)
        self.outcomes: Counter[str] = Counter()
        """How payments have ended."""

    async def pay(
        self, reservation_id: str, payment: Payment, found_paying: FoundPaying
    ) -> Reservation | Refusal:
        """The paid reservation, or why it couldn't be had."""
        glimpsed = self._reservations.glance(reservation_id) if payment.token else None
        if glimpsed is not None and not self._guest_limits.apply_to(glimpsed):
            return await self._pay_held(glimpsed, payment, found_paying)
        reservation = await self._reservations.find(reservation_id)
        if isinstance(reservation, Refusal):
            return reservation
        if reservation.home.status is PAYING:
            return await self.settle(reservation_id, found_paying)
        if reservation.home.status is not HELD:
            return _closed_answer(reservation)
        if not payment.token and reservation.total_cents > 0:
            return invalid("token", "A payment needs a token.")
        claimed = await self._guest_limits.claim(reservation, payment.email)
        if isinstance(claimed, Refusal):
            return claimed
        return await self._pay_held(claimed, payment, found_paying)

    async def settle(self, reservation_id: str, found_paying: FoundPaying) -> Reservation | Refusal:
        """What has become of a reservation, once nobody doubts it; asks storage and gateway until then."""
        delays = self._limits.back_off.delays()
        while True:
            try:
                reservation = await self._reservations.find(reservation_id)
                if isinstance(reservation, Reservation):
                    return await self._settled(reservation, found_paying)
                if reservation.reason is not Reason.OVERLOADED:
                    return reservation
            except Exception as error:
                log.warning("payment still in doubt", **trace(error))
            await asyncio.sleep(next(delays))

    async def _settled(self, reservation: Reservation, found_paying: FoundPaying) -> Reservation | Refusal:
        if reservation.home.status is not PAYING:
            return _closed_answer(reservation)
        found_paying(reservation)
        if await self._is_charged(reservation):
            return await self._confirm(reservation, found_paying)
        return await self._fail(reservation, Reason.PAYMENT_ERROR)

    async def _is_charged(self, paying: Reservation) -> bool:
        statuses = {line.status for line in (*paying.lines, *paying.claims)}
        if ReservationStatus.PAID in statuses:
            return True  # its home line is the last to hear it, and no line hears it before it is so
        if paying.total_cents == 0:
            # Nobody to ask: it counts as paid from the moment when every line was `paying`.
            return statuses == {PAYING}
        async with asyncio.timeout(self._limits.lookup_seconds_max):
            return await self._gateway.lookup(_attempt_id(paying)) is Charge.CHARGED

    async def _pay_held(
        self, held: Reservation, payment: Payment, found_paying: FoundPaying
    ) -> Reservation | Refusal:
        if payment.email or payment.name:
            await self._guests.remember(held.home.reservation_id, email=payment.email, name=payment.name)
        try:
            return await self._attempt(held, payment, found_paying)
        except Exception as error:
            log.warning("payment in doubt", **trace(error))
            return await self.settle(held.home.reservation_id, found_paying)

    async def _attempt(
        self, held: Reservation, payment: Payment, found_paying: FoundPaying
    ) -> Reservation | Refusal:
        """One attempt to pay; any exception leaves in doubt whether money has moved."""
        started = await self._steps.start(held)
        match started:
            case Reservation():
                found_paying(started)
                return await self._charge(started, payment, found_paying)
            case Departed() | Refusal(reason=Reason.PAYMENT_IN_PROGRESS):
                return await self.settle(held.home.reservation_id, found_paying)
            case Refusal():
                return started
            case _:
                assert_never(started)

    async def _charge(
        self, paying: Reservation, payment: Payment, found_paying: FoundPaying
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
        return await self._confirm(paying, found_paying)

    async def _confirm(self, paying: Reservation, found_paying: FoundPaying) -> Reservation | Refusal:
        confirmed = await self._steps.confirm(paying)
        self.outcomes["paid" if paying.total_cents > 0 else "free"] += 1
        if not isinstance(confirmed, Reservation):
            return await self.settle(paying.home.reservation_id, found_paying)
        self._reservations.keep_closed(confirmed)
        return confirmed

    async def _fail(self, paying: Reservation, reason: Reason) -> Refusal:
        await self._steps.fail(paying, attempt=paying.home.attempt)
        self.outcomes[reason] += 1
        return Refusal(reason)


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


def trace(error: BaseException) -> dict[str, str]:
    """An error for the log, without its message: a gateway's may name the reservation or the card."""
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{innermost.name}:{innermost.lineno}"}

"""Safeguards of carts and payments, each switched off."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tests.simulation.gateway import Bank, RemoteGateway
from tests.simulation.mutation import Mutation, Patches, into
from ticketd.core import commands as c
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.money import EUR
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import CardError, Charge
from ticketd.services.carts import Carts
from ticketd.services.charging import Charging
from ticketd.services.checkout import Checkout
from ticketd.services.payment_steps import PaymentSteps, Step

OF_SERVICES: Final[list[Mutation]] = []


# -- carts


@into(OF_SERVICES, "a cart's home line is sealed without waiting for the others")
def _() -> Patches:
    async def seal(
        self: Carts, reservation: ReservationId, inventory_ids: tuple[InventoryId, ...]
    ) -> Refusal | None:
        command = c.Seal(reservation, Instant(self._clock.now() + self._hold_seconds * SECOND))
        outcomes = await asyncio.gather(*(self._router.ask(each, command) for each in inventory_ids))
        return None if isinstance(outcomes[0], Line) else Refusal(Reason.OVERLOADED)

    return [(Carts, "_seal", seal)]


@into(OF_SERVICES, "a cart is kept though its last seal failed")
def _() -> Patches:
    async def seal(
        self: Carts, reservation: ReservationId, inventory_ids: tuple[InventoryId, ...]
    ) -> Refusal | None:
        command = c.Seal(reservation, Instant(self._clock.now() + self._hold_seconds * SECOND))
        for each in reversed(inventory_ids):
            await self._router.ask(each, command)
        return None

    return [(Carts, "_seal", seal)]


# -- money


@into(OF_SERVICES, "the charge goes out before the lines are durably paying")
def _() -> Patches:
    async def start(steps: PaymentSteps, held: Reservation) -> Reservation:
        attempt = held.home.attempt + 1
        for line in held.lines:
            steps._router.ask(line.inventory_id, c.StartPayment(line.reservation_id, attempt))
        return Reservation(tuple(_paying(line, attempt) for line in held.lines))

    return [(PaymentSteps, "start", start)]


@into(OF_SERVICES, "the charge goes out when only the home line is paying")
def _() -> Patches:
    async def start_others(steps: PaymentSteps, home: Line, held: Reservation) -> Reservation:
        others = held.lines[1:]
        for line in others:
            steps._router.ask(line.inventory_id, c.StartPayment(home.reservation_id, home.attempt))
        return Reservation((home, *(_paying(line, home.attempt) for line in others)))

    return [(PaymentSteps, "_start_others", start_others)]


def _paying(line: Line, attempt: int) -> Line:
    return msgspec.structs.replace(line, status=ReservationStatus.PAYING, attempt=attempt)


@into(OF_SERVICES, "the home line leaves paying first")
def _() -> Patches:
    async def home_first(
        steps: PaymentSteps, reservation: Reservation, step: Callable[[Line], Step]
    ) -> list[object]:
        return [await steps._take(line, step(line)) for line in reservation.lines]

    return [(PaymentSteps, "_home_last", home_first)]


@into(OF_SERVICES, "what a killed process left paying isn't settled at the start")
def _() -> Patches:
    async def nothing(*_: object) -> None:
        """Asks nobody."""

    return [(Checkout, "settle_unfinished", nothing)]


@into(OF_SERVICES, "a lost answer of the gateway counts as declined")
def _() -> Patches:
    charge = RemoteGateway.charge

    async def give_up(gateway: RemoteGateway, *arguments: Any) -> None:
        try:
            await charge(gateway, *arguments)
        except OSError as error:
            raise CardError from error

    return [(RemoteGateway, "charge", give_up)]


@into(OF_SERVICES, "a lost answer of the gateway counts as charged")
def _() -> Patches:
    charge = RemoteGateway.charge

    async def believe(gateway: RemoteGateway, *arguments: Any) -> None:
        with contextlib.suppress(OSError):
            await charge(gateway, *arguments)

    return [(RemoteGateway, "charge", believe)]


@into(OF_SERVICES, "a charge in doubt is made again under a new attempt id")
def _() -> Patches:
    async def charge_again(self: Charging, paying: Reservation) -> bool:
        attempt_id = f"{paying.home.reservation_id}-{paying.home.attempt}-again"
        await self._gateway.charge(attempt_id, paying.total_cents, "tok", EUR)
        return True

    return [(Charging, "_is_charged", charge_again)]


@into(OF_SERVICES, "the gateway's look-up isn't final (its contract, no safeguard of ours)")
def _() -> Patches:
    def glance(bank: Bank, attempt_id: str) -> Charge:
        charged = any(capture.attempt_id == attempt_id for capture in bank.captures)
        return Charge.CHARGED if charged else Charge.NOT_CHARGED

    return [(Bank, "lookup", glance)]

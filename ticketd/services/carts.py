"""Reservations over several inventories: all or nothing.

A cart's lines are first held tentatively, all at once; when all are durable they are sealed, the home line
last, so that a sealed home line means a whole cart. One task takes these steps, whoever waits for it: a
repeat of the request never takes them a second time. A crash before the end leaves tentative lines, which
run out by themselves, and sealed ones without a sealed home; `clear_strays` gives both back at the next
start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from ticketd.core.commands import Inspect, Release, Seal
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.outcomes import Departed, Outcome
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import Clock, Router
from ticketd.services.answering import hear, in_time, is_in_doubt
from ticketd.services.wishes import NO_KEY, Credentials, Part

_SEAL_RETRY_SECONDS = 0.5
_OPEN = (ReservationStatus.HELD, ReservationStatus.PAYING)


class Granted(NamedTuple):
    """A reservation; `repeated` when the idempotency key had made it before."""

    reservation: Reservation
    repeated: bool


Find = Callable[[str], Awaitable[Reservation | Refusal]]
"""Reads a reservation as it stands."""


async def repeat(find: Find, known: ReservationId) -> Granted | Refusal:
    """The reservation that a key has made before."""
    reservation = await find(known)
    if isinstance(reservation, Reservation):
        return Granted(reservation, repeated=True)
    if reservation.reason is Reason.NOT_FOUND:
        return TRY_AGAIN  # a cart that came to nothing: its key is about to be free again
    return reservation


class Carts:
    """Makes carts, and gives back what remains of those that came to nothing."""

    def __init__(
        self,
        *,
        router: Router,
        clock: Clock,
        find: Find,
        hold_seconds: int,
        tentative_hold_seconds: int,
        answer_seconds_max: float,
    ) -> None:
        self._router = router
        self._clock = clock
        self._find = find
        self._hold_seconds = hold_seconds
        self._tentative_hold_seconds = tentative_hold_seconds
        self._answer_seconds_max = answer_seconds_max
        self._making: dict[ReservationId, asyncio.Task[Granted | Refusal]] = {}
        self._settling: set[asyncio.Task[None]] = set()
        """Carts whose last seal is in doubt."""

    async def reserve(
        self,
        new_id: ReservationId,
        parts: dict[InventoryId, Part],
        shown: Credentials,
    ) -> Granted | Refusal:
        """Hold all these parts or none; the lowest inventory is the home, which `new_id` names."""
        cart = asyncio.create_task(self._make(new_id, parts, shown))
        self._making[new_id] = cart
        cart.add_done_callback(lambda _: self._making.pop(new_id))
        cart.add_done_callback(hear)
        return await in_time(cart, seconds_max=self._answer_seconds_max)

    async def _make(
        self,
        new_id: ReservationId,
        parts: dict[InventoryId, Part],
        shown: Credentials,
    ) -> Granted | Refusal:
        inventory_ids = tuple(sorted(parts))
        held = await self._hold(new_id, inventory_ids, parts, shown)
        known = _other_reservation(held, new_id)
        refusal = _first_refusal(held, parts)
        if known is not None or refusal is not None:
            # What is in doubt is tentative, and runs out by itself.
            self._give_back(new_id, _inventories_held(held, inventory_ids))
        if known is not None:
            return await self._repeat(known)
        if refusal is None:
            refusal = await self._seal(new_id, inventory_ids)
        if refusal is not None:
            return refusal
        reservation = await self._find(new_id)
        return reservation if isinstance(reservation, Refusal) else Granted(reservation, repeated=False)

    async def _repeat(self, known: ReservationId) -> Granted | Refusal:
        first = self._making.get(known)
        if first is None:
            return await repeat(self._find, known)
        made = await in_time(first, seconds_max=self._answer_seconds_max)
        return made if isinstance(made, Refusal) else made._replace(repeated=True)

    async def _hold(
        self,
        reservation: ReservationId,
        inventory_ids: tuple[InventoryId, ...],
        parts: dict[InventoryId, Part],
        shown: Credentials,
    ) -> list[Outcome]:
        without_key = shown._replace(key=NO_KEY)
        commands = [
            parts[each].command(
                reservation,
                hold_seconds=self._tentative_hold_seconds,
                shown=shown if each == inventory_ids[0] else without_key,
                parts=inventory_ids,
            )
            for each in inventory_ids
        ]
        return await asyncio.gather(*map(self._router.ask, inventory_ids, commands))

    async def _seal(
        self, reservation: ReservationId, inventory_ids: tuple[InventoryId, ...]
    ) -> Refusal | None:
        deadline = Instant(self._clock.now() + self._hold_seconds * SECOND)
        home, *others = inventory_ids
        command = Seal(reservation, deadline)
        outcomes = await asyncio.gather(*(self._router.ask(each, command) for each in others))
        sealed_lines = [outcome for outcome in outcomes if isinstance(outcome, Line)]
        if len(sealed_lines) == len(others):
            # Habits may have shortened some: the home line speaks for all, and outlasts none of them.
            command = Seal(reservation, min([deadline, *(line.deadline for line in sealed_lines)]))
            sealed = await self._router.ask(home, command)
            if isinstance(sealed, Line):
                return None
            if is_in_doubt(sealed):
                # It may be sealed yet, and then it is the guest's, found by its key.
                self._settling.add(task := asyncio.create_task(self._settle_seal(command, inventory_ids)))
                task.add_done_callback(self._settling.discard)
                return TRY_AGAIN
        self._give_back(reservation, inventory_ids)
        return TRY_AGAIN

    async def _settle_seal(self, command: Seal, inventory_ids: tuple[InventoryId, ...]) -> None:
        """Ask until it is known whether the home line is sealed; if it isn't, nobody has the cart."""
        sealed: Outcome = TRY_AGAIN
        while is_in_doubt(sealed):
            await asyncio.sleep(_SEAL_RETRY_SECONDS)
            sealed = await self._router.ask(inventory_ids[0], command)
        if not isinstance(sealed, Line):
            self._give_back(command.reservation_id, inventory_ids)

    def _give_back(self, reservation: ReservationId, inventory_ids: Iterable[InventoryId]) -> None:
        """Release whatever of this cart is held; nobody needs to wait for it."""
        for each in inventory_ids:
            self._router.ask(each, Release(reservation))

    async def clear_strays(self, strays: Iterable[Line]) -> None:
        """At start, before anyone reserves: give back what belongs to no whole cart."""
        for line in strays:
            if line.status is ReservationStatus.HELD and not await self._is_of_a_whole_cart(line):
                self._router.ask(line.inventory_id, Release(line.reservation_id))

    async def _is_of_a_whole_cart(self, line: Line) -> bool:
        if line.tentative:
            return False
        home = await self._router.ask(line.parts[0], Inspect(line.reservation_id))
        if isinstance(home, Refusal):
            return True  # nobody can tell now: rather let it run out than take it from a guest
        return isinstance(home, Line) and not home.tentative and home.status in _OPEN


def _inventories_held(outcomes: Sequence[Outcome], inventory_ids: Sequence[InventoryId]) -> list[InventoryId]:
    return [each for each, outcome in zip(inventory_ids, outcomes, strict=True) if isinstance(outcome, Line)]


def _other_reservation(outcomes: Sequence[Outcome], new_id: ReservationId) -> ReservationId | None:
    """The reservation that the home line's idempotency key had made before, if it had."""
    home = outcomes[0]
    if isinstance(home, Line | Departed) and home.reservation_id != new_id:
        return home.reservation_id
    return None


def _first_refusal(outcomes: Sequence[Outcome], parts: dict[InventoryId, Part]) -> Refusal | None:
    """The no that a guest should hear: in the order in which refusals are checked."""
    refusals = [
        outcome
        if outcome.ticket_type_id is not None
        else msgspec.structs.replace(outcome, ticket_type_id=parts[each].ticket_type_id)
        for each, outcome in zip(sorted(parts), outcomes, strict=True)
        if isinstance(outcome, Refusal)
    ]
    return min(refusals, key=lambda refusal: _CHECKED_FIRST.get(refusal.reason, 0), default=None)


_CHECKED_FIRST = {
    reason: rank
    for rank, reason in enumerate(
        (
            Reason.OVERLOADED,
            Reason.KEY_REUSED,
            Reason.ADMISSION_REQUIRED,
            Reason.NOT_FOUND,
            Reason.INVALID,
            Reason.FORBIDDEN,
            Reason.NOT_ON_SALE,
            Reason.LIMIT_EXCEEDED,
            Reason.SOLD_OUT,
            Reason.SEAT_TAKEN,
        )
    )
}

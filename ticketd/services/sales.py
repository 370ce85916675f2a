"""What guests do before they pay: reserve and release."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import assert_never

from ticketd.core.catalogue import TicketType
from ticketd.core.commands import NOT_ADMITTED, Release, Reserve
from ticketd.core.decisions import closed_refusal
from ticketd.core.ids import (
    RANDOM_BYTES,
    InventoryId,
    ReservationId,
    reservation_id,
)
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal, invalid
from ticketd.core.reservations import Line, Reservation
from ticketd.ports import Clock, Router
from ticketd.services.answering import hear, in_time, is_in_doubt
from ticketd.services.carts import Carts, Granted, repeat
from ticketd.services.catalogue import Catalogue
from ticketd.services.door import FREE, UNKNOWN, Door, Visitor
from ticketd.services.randomness import RandomBytes
from ticketd.services.reservations import Reservations
from ticketd.services.wishes import (
    NO_KEY,
    Credentials,
    LineRequest,
    key_of,
    manner_refusal,
    part_of,
    parts_of,
)

__all__ = ["Granted", "LineRequest", "Sales"]

_NOT_FOUND = Refusal(Reason.NOT_FOUND)
_RELEASE_RETRY_SECONDS = 0.5


class Sales:
    """Reservations from the first hold to the moment a payment starts."""

    def __init__(
        self,
        *,
        router: Router,
        reservations: Reservations,
        catalogue: Catalogue,
        clock: Clock,
        door: Door,
        hold_seconds: int,
        tentative_hold_seconds: int,
        answer_seconds_max: float,
    ) -> None:
        self._router = router
        self._reservations = reservations
        self._catalogue = catalogue
        self._clock = clock
        self._door = door
        self._hold_seconds = hold_seconds
        self._answer_seconds_max = answer_seconds_max
        self._random = RandomBytes()
        self._carts = Carts(
            router=router,
            clock=clock,
            find=reservations.find,
            hold_seconds=hold_seconds,
            tentative_hold_seconds=tentative_hold_seconds,
            answer_seconds_max=answer_seconds_max,
        )
        self._releasing: set[asyncio.Task[Reservation | Refusal]] = set()

    # -- reserving

    async def reserve(
        self,
        lines: Sequence[LineRequest],
        key: str | None,
        access_code: str = "",
        visitor: Visitor = UNKNOWN,
    ) -> Granted | Refusal:
        """Hold all these lines or none; a code opens those of them that need one.

        ADMISSION_REQUIRED for a visitor who has to pass a waiting room first.
        """
        ticket_types = self._ticket_types(lines)
        if isinstance(ticket_types, Refusal):
            return ticket_types
        used = NO_KEY if key is None else key_of(key, lines, access_code)
        entry = self._door.enter(ticket_types, visitor, used.digest)
        if isinstance(entry, Refusal):
            return await self._repeat_or(entry, lines, ticket_types, Credentials(used, access_code))
        shown = Credentials(used, access_code, entry.admission, entry.identity)
        if entry is FREE:
            return await self._reserve(lines, ticket_types, shown)
        outcome: Granted | Refusal = TRY_AGAIN
        try:
            outcome = await self._reserve(lines, ticket_types, shown)
        finally:
            self._door.leave(entry, outcome, used.digest)
        return outcome

    async def _repeat_or(
        self,
        refusal: Refusal,
        lines: Sequence[LineRequest],
        ticket_types: Sequence[TicketType],
        shown: Credentials,
    ) -> Granted | Refusal:
        """What the same key has made before, whoever may come in now; else the refusal."""
        if shown.key is NO_KEY:
            return refusal
        outcome = await self._reserve(lines, ticket_types, shown._replace(admission=NOT_ADMITTED))
        is_new = isinstance(outcome, Refusal) and outcome.reason is Reason.ADMISSION_REQUIRED
        return refusal if is_new else outcome

    async def _reserve(
        self, lines: Sequence[LineRequest], ticket_types: Sequence[TicketType], shown: Credentials
    ) -> Granted | Refusal:
        if len(lines) == 1:
            home, part = ticket_types[0].inventory_id, part_of(lines[0], ticket_types[0])
        else:
            parts = parts_of(zip(lines, ticket_types, strict=True))
            if len(parts) > 1:
                return await self._carts.reserve(self._new_id(min(parts)), parts, shown)
            ((home, part),) = parts.items()
        new_id = self._new_id(home)
        command = part.command(new_id, hold_seconds=self._hold_seconds, shown=shown)
        return await self._reserve_one(home, command)

    def _ticket_types(self, lines: Sequence[LineRequest]) -> list[TicketType] | Refusal:
        ticket_types: list[TicketType] = []
        unknown: Refusal | None = None
        for index, line in enumerate(lines):
            ticket_type = self._catalogue.ticket_type(line.ticket_type_id)
            if ticket_type is None or not self._catalogue.visible(ticket_type):
                unknown = unknown or Refusal(Reason.NOT_FOUND, ticket_type_id=line.ticket_type_id)
                continue
            if refusal := manner_refusal(index, line, ticket_type):
                return refusal
            ticket_types.append(ticket_type)
        if len(ticket_types) > 1 and len({each.profile.organizer_id for each in ticket_types}) > 1:
            return invalid("lines", "All ticket types must be of one organizer.")
        return ticket_types if unknown is None else unknown

    async def _reserve_one(self, home: InventoryId, command: Reserve) -> Granted | Refusal:
        outcome = await self._router.ask(home, command)
        match outcome:
            case Line():
                repeated = outcome.reservation_id != command.reservation_id
                return Granted(Reservation((outcome,)), repeated)
            case Departed():
                return await repeat(self._reservations.find, outcome.reservation_id)
            case Refusal():
                return outcome
            case _:
                assert_never(outcome)

    def _new_id(self, home: InventoryId) -> ReservationId:
        return reservation_id(home=home, now=self._clock.now(), random=self._random.take(RANDOM_BYTES))

    async def clear_strays(self, strays: Iterable[Line]) -> None:
        """At start, before anyone reserves: give back what belongs to no whole cart."""
        await self._carts.clear_strays(strays)

    # -- releasing

    async def release(self, text: str) -> Reservation | Refusal:
        """Give a reservation back; the home line first, which speaks for all."""
        releasing = asyncio.create_task(self._release(text))
        self._releasing.add(releasing)
        releasing.add_done_callback(self._releasing.discard)
        releasing.add_done_callback(hear)
        return await in_time(releasing, seconds_max=self._answer_seconds_max)

    async def _release(self, text: str) -> Reservation | Refusal:
        reservation = await self._reservations.find(text)
        if isinstance(reservation, Refusal):
            return reservation
        command = Release(reservation.home.reservation_id)
        outcome = await self._release_home(reservation.home.inventory_id, command)
        if isinstance(outcome, Refusal):
            return outcome
        if isinstance(outcome, Line):
            for claim in outcome.claims:  # of a payment that failed; nobody needs to wait for it
                self._router.ask(claim, command)
            if len(reservation.lines) == 1:
                return Reservation((outcome,))
        else:  # it was over before, and perhaps its other lines are still to follow
            reservation = await self._reservations.find(text)
            if isinstance(reservation, Refusal):
                return reservation
            refusal = closed_refusal(command, reservation.home.status)
            if refusal is not None or len(reservation.lines) == 1:
                return refusal or reservation
        others = reservation.lines[1:]
        await asyncio.gather(*(self._router.ask(line.inventory_id, command) for line in others))
        return await self._reservations.find(text)

    async def _release_home(self, home: InventoryId, command: Release) -> Line | Departed | Refusal:
        """What became of it: it happens even if nobody can tell in time, and then the others must follow."""
        outcome = await self._router.ask(home, command)
        while is_in_doubt(outcome):
            await asyncio.sleep(_RELEASE_RETRY_SECONDS)
            outcome = await self._router.ask(home, command)
        return outcome

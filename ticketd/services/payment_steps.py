"""The three steps of a payment, each taken by every line of a reservation."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import msgspec

from ticketd.core.commands import Confirm, FailPayment, Release, StartPayment
from ticketd.core.ids import TICKET_CODE_LENGTH, ticket_code
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import Router
from ticketd.services.randomness import RandomBytes

Step = Confirm | FailPayment

_GONE = (Refusal(Reason.RESERVATION_EXPIRED), Refusal(Reason.RESERVATION_CLOSED))


class InconsistentLine(Exception):
    """A line refuses what has already been decided about its payment."""


class BackOff(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before asking again: longer each time."""

    first_seconds: float = 0.05
    seconds_max: float = 10.0

    def delays(self) -> Iterator[float]:
        """Seconds before the second try, the third, and so on for ever."""
        delay = self.first_seconds
        while True:
            yield delay
            delay = min(2 * delay, self.seconds_max)


class PaymentSteps:
    """Takes a reservation into `paying` and out of it.

    Invariant: the home line is the first that is `paying` and the last that leaves it. So it alone tells
    whether a payment is under way, however many lines a crash left behind.
    """

    def __init__(self, router: Router, back_off: BackOff) -> None:
        self._router = router
        self._back_off = back_off
        self._random = RandomBytes()

    async def start(self, held: Reservation) -> Reservation | Refusal | Departed:
        """Every line durably `paying` the same attempt; or else, with the attempt taken back, why not.

        Departed: a line has been closed in the meantime.
        """
        claims = tuple([claim.inventory_id for claim in held.claims])
        command = StartPayment(held.home.reservation_id, claims=claims)
        home = _started(await self._router.ask(held.home.inventory_id, command))
        match home:
            case Line():
                started = await self._start_others(home, held)
            case Refusal(reason=Reason.OVERLOADED):
                started = home  # it may start yet, but before what is sent to it next
            case Refusal(reason=Reason.PAYMENT_IN_PROGRESS):
                return home
            case Refusal() | Departed():
                self._give_back_claims(held)
                return home
            case _:
                assert_never(home)
        if not isinstance(started, Reservation):
            await self.fail(held, attempt=held.home.attempt + 1)
        if isinstance(started, Departed) or started in _GONE:
            await self._give_back(held)
        return started

    async def _give_back(self, held: Reservation) -> None:
        """A line ran out just as the payment began: the cart can't be had whole any more."""
        for line in (*held.lines, *held.claims):
            await self._router.ask(line.inventory_id, Release(line.reservation_id))

    async def _start_others(self, home: Line, held: Reservation) -> Reservation | Refusal | Departed:
        others = held.others
        if not others:
            return Reservation((home,))
        command = StartPayment(home.reservation_id, home.attempt)
        lines = [home]
        outcomes = await asyncio.gather(*(self._router.ask(line.inventory_id, command) for line in others))
        for other, outcome in zip(others, outcomes, strict=True):
            line = _started(outcome)
            if other.guest and (isinstance(line, Departed) or line in _GONE):
                return TRY_AGAIN  # a claim that ran out on the way, while the reservation itself is whole
            if not isinstance(line, Line):
                return line
            lines.append(line)
        return _like(held, lines)

    async def confirm(self, paying: Reservation) -> Reservation | Departed:
        """Every line paid, with a ticket for each admission. Departed: it is, but out of memory."""
        attempt = paying.home.attempt

        def step(line: Line) -> Confirm:
            admissions = 0 if line.guest else line.quantity
            codes = [ticket_code(self._random.take(TICKET_CODE_LENGTH)) for _ in range(admissions)]
            return Confirm(line.reservation_id, attempt, tuple(codes))

        lines: list[Line] = []
        for line in await self._home_last(paying, step):
            if isinstance(line, Departed):
                return line
            lines.append(line)
        return _like(paying, lines)

    async def fail(self, paying: Reservation, *, attempt: int) -> None:
        """No line is `paying` this attempt any more, and its guest's limits are as before it."""
        await self._home_last(paying, lambda line: FailPayment(line.reservation_id, attempt))
        self._give_back_claims(paying)

    def _give_back_claims(self, reservation: Reservation) -> None:
        """The next attempt claims anew; nobody needs to wait for this."""
        for claim in reservation.claims:
            self._router.ask(claim.inventory_id, Release(claim.reservation_id))

    async def _home_last(
        self, reservation: Reservation, step: Callable[[Line], Step]
    ) -> list[Line | Departed]:
        home, others = reservation.home, reservation.others
        taken = await self._take_all(others, step) if others else []
        return [await self._take(home, step(home)), *taken]

    async def _take_all(self, lines: Sequence[Line], step: Callable[[Line], Step]) -> list[Line | Departed]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._take(line, step(line))) for line in lines]
        return [task.result() for task in tasks]

    async def _take(self, line: Line, step: Step) -> Line | Departed:
        """The line's answer to a step that must not be lost: asked until there is one."""
        delays = self._back_off.delays()
        while True:
            outcome = await self._router.ask(line.inventory_id, step)
            match outcome:
                case Line() | Departed():
                    return outcome
                case Refusal(reason=Reason.OVERLOADED):
                    await asyncio.sleep(next(delays))
                case Refusal():
                    raise InconsistentLine(f"{type(step).__name__}: {outcome.reason}")
                case _:
                    assert_never(outcome)


def _like(reservation: Reservation, lines: Sequence[Line]) -> Reservation:
    """These lines, of which the last are claims."""
    count = len(reservation.lines)
    return Reservation(tuple(lines[:count]), tuple(lines[count:]))


def _started(outcome: Line | Departed | Refusal) -> Line | Departed | Refusal:
    """A line that isn't `paying` was closed in the meantime."""
    if isinstance(outcome, Line) and outcome.status is not ReservationStatus.PAYING:
        return Departed(outcome.reservation_id)
    return outcome

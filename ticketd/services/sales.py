"""What guests do before they pay: reserve, look, release.

A reservation over several ticket types is a cart. Its lines are first held tentatively, all at once;
when all are durable they are sealed, the home line last, so that a sealed home line means a whole cart.
One task takes these steps, whoever waits for it: a repeat of the request never takes them a second time.
A crash before the end leaves tentative lines, and sealed ones without a sealed home; `clear_strays` gives
both back at the next start.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar, assert_never

import msgspec

from ticketd.core.commands import Inspect, Release, Reserve, Seal
from ticketd.core.decisions import closed_refusal
from ticketd.core.ids import (
    ID_MAX,
    MICROSECONDS,
    RANDOM_BYTES,
    Instant,
    InventoryId,
    ReservationId,
    TicketTypeId,
    home_inventory,
    inventory_of,
    reservation_id,
)
from ticketd.core.outcomes import Departed, Outcome
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.replay import line_of
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import Clock, Journal, Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.closed_lines import ClosedLines
from ticketd.services.randomness import RandomBytes

T = TypeVar("T")

_NOT_FOUND = Refusal(Reason.NOT_FOUND)
_TRY_AGAIN = Refusal(Reason.OVERLOADED, retry_after_seconds=1)
_KEY_DIGEST_BYTES = 16
_SEAL_RETRY_SECONDS = 0.5


class LineRequest(msgspec.Struct, frozen=True):
    """How many of which ticket type."""

    ticket_type_id: TicketTypeId
    quantity: int


class Granted(NamedTuple):
    """A reservation; `repeated` when the idempotency key had made it before."""

    reservation: Reservation
    repeated: bool


class _Key(NamedTuple):
    """An idempotency key and the request it came with, as the home inventory remembers them."""

    digest: str = ""
    request: str = ""


class Sales:
    """Reservations from the first hold to the moment a payment starts."""

    def __init__(
        self,
        *,
        router: Router,
        journal: Journal,
        catalogue: Catalogue,
        clock: Clock,
        hold_seconds: int,
        tentative_hold_seconds: int,
        answer_seconds_max: float = 10.0,
    ) -> None:
        self._router = router
        self._journal = journal
        self._catalogue = catalogue
        self._clock = clock
        self._hold_seconds = hold_seconds
        self._tentative_hold_seconds = tentative_hold_seconds
        self._answer_seconds_max = answer_seconds_max
        self._random = RandomBytes()
        self._closed = ClosedLines()
        self._carts: dict[ReservationId, asyncio.Task[Granted | Refusal]] = {}
        """Those under way."""
        self._releasing: set[asyncio.Task[Reservation | Refusal]] = set()
        self._settling: set[asyncio.Task[None]] = set()
        """Carts whose last seal is in doubt."""

    # -- reserving

    async def reserve(self, lines: Sequence[LineRequest], key: str | None) -> Granted | Refusal:
        """Hold all these lines or none."""
        refusal = self._check(lines)
        if refusal is not None:
            return refusal
        used = _NO_KEY if key is None else _key(key, lines)
        if len(lines) == 1:
            return await self._reserve_one(lines[0], used)
        return await self._reserve_cart({inventory_of(line.ticket_type_id): line for line in lines}, used)

    def _check(self, lines: Sequence[LineRequest]) -> Refusal | None:
        sellers = set()
        for line in lines:
            ticket_type = self._catalogue.ticket_type(line.ticket_type_id)
            if ticket_type is None or not self._catalogue.visible(ticket_type):
                return Refusal(Reason.NOT_FOUND, ticket_type_id=line.ticket_type_id)
            sellers.add(ticket_type.profile.organizer_id)
        if len(sellers) > 1:
            return invalid("lines", "All ticket types must be of one organizer.")
        return None

    async def _reserve_one(self, line: LineRequest, key: _Key) -> Granted | Refusal:
        home = inventory_of(line.ticket_type_id)
        new_id = self._new_id(home)
        outcome = await self._router.ask(
            home, Reserve(new_id, line.quantity, self._hold_seconds, key.digest, key.request)
        )
        match outcome:
            case Line():
                return Granted(Reservation((outcome,)), outcome.reservation_id != new_id)
            case Departed():
                return await self._repeat(outcome.reservation_id)
            case _:
                return _refused(outcome)

    async def _repeat(self, known: ReservationId) -> Granted | Refusal:
        reservation = await self.find(known)
        match reservation:
            case Reservation():
                return Granted(reservation, repeated=True)
            case Refusal(reason=Reason.NOT_FOUND):
                return _TRY_AGAIN  # a cart that came to nothing: its key is about to be free again
            case Refusal():
                return reservation
            case _:
                assert_never(reservation)

    def _new_id(self, home: InventoryId) -> ReservationId:
        return reservation_id(home=home, now=self._clock.now(), random=self._random.take(RANDOM_BYTES))

    # -- carts

    async def _reserve_cart(self, wanted: dict[InventoryId, LineRequest], key: _Key) -> Granted | Refusal:
        new_id = self._new_id(min(wanted))
        cart = asyncio.create_task(self._make_cart(new_id, wanted, key))
        self._carts[new_id] = cart
        cart.add_done_callback(lambda _: self._carts.pop(new_id))
        cart.add_done_callback(_hear)
        return await self._in_time(cart)

    async def _in_time(self, work: asyncio.Task[T]) -> T | Refusal:
        """What it comes to. OVERLOADED if its steps together take longer than an answer may: it goes on."""
        await asyncio.wait({work}, timeout=self._answer_seconds_max)
        return work.result() if work.done() else _TRY_AGAIN

    async def _make_cart(
        self, new_id: ReservationId, wanted: dict[InventoryId, LineRequest], key: _Key
    ) -> Granted | Refusal:
        parts = tuple(sorted(wanted))
        held = await self._hold(new_id, parts, wanted, key)
        known = _other_reservation(held, new_id)
        refusal = _first_refusal(held, wanted)
        if known is not None or refusal is not None:
            # What is in doubt is tentative, and runs out by itself.
            self._give_back(new_id, _parts_held(held, parts))
        if known is not None:
            return await self._repeat_cart(known)
        if refusal is None:
            refusal = await self._seal(new_id, parts)
        if refusal is not None:
            return refusal
        reservation = await self.find(new_id)
        return reservation if isinstance(reservation, Refusal) else Granted(reservation, repeated=False)

    async def _repeat_cart(self, known: ReservationId) -> Granted | Refusal:
        first = self._carts.get(known)
        if first is None:
            return await self._repeat(known)
        made = await self._in_time(first)
        return made if isinstance(made, Refusal) else made._replace(repeated=True)

    async def _hold(
        self,
        reservation: ReservationId,
        parts: tuple[InventoryId, ...],
        wanted: dict[InventoryId, LineRequest],
        key: _Key,
    ) -> list[Outcome]:
        seconds = self._tentative_hold_seconds
        return await asyncio.gather(
            *(
                self._router.ask(
                    part,
                    Reserve(
                        reservation,
                        wanted[part].quantity,
                        seconds,
                        *(key if part == parts[0] else _NO_KEY),
                        parts,
                    ),
                )
                for part in parts
            )
        )

    async def _seal(self, reservation: ReservationId, parts: tuple[InventoryId, ...]) -> Refusal | None:
        deadline = Instant(self._clock.now() + self._hold_seconds * MICROSECONDS)
        home, *others = parts
        command = Seal(reservation, deadline)
        outcomes = await asyncio.gather(*(self._router.ask(part, command) for part in others))
        if all(isinstance(outcome, Line) for outcome in outcomes):
            sealed = await self._router.ask(home, command)
            if isinstance(sealed, Line):
                return None
            if _is_in_doubt(sealed):
                # It may be sealed yet, and then it is the guest's, found by its key.
                self._settling.add(task := asyncio.create_task(self._settle_seal(command, parts)))
                task.add_done_callback(self._settling.discard)
                return _TRY_AGAIN
        self._give_back(reservation, parts)
        return _TRY_AGAIN

    async def _settle_seal(self, command: Seal, parts: tuple[InventoryId, ...]) -> None:
        """Ask until it is known whether the home line is sealed; if it isn't, nobody has the cart."""
        sealed: Outcome = _TRY_AGAIN
        while _is_in_doubt(sealed):
            await asyncio.sleep(_SEAL_RETRY_SECONDS)
            sealed = await self._router.ask(parts[0], command)
        if not isinstance(sealed, Line):
            self._give_back(command.reservation_id, parts)

    def _give_back(self, reservation: ReservationId, parts: Iterable[InventoryId]) -> None:
        """Release whatever of this cart is held; nobody needs to wait for it."""
        for part in parts:
            self._router.ask(part, Release(reservation))

    # -- looking

    async def find(self, text: str) -> Reservation | Refusal:
        """A reservation as it stands, open or closed."""
        try:
            async with asyncio.timeout(self._answer_seconds_max):
                return await self._find(text)
        except TimeoutError:
            return _TRY_AGAIN

    async def _find(self, text: str) -> Reservation | Refusal:
        try:
            home = home_inventory(text)
        except ValueError:
            return _NOT_FOUND
        known = ReservationId(text)
        line = await self._line(home, known)
        if isinstance(line, Refusal):
            return line
        if line.tentative:
            return _NOT_FOUND
        if not line.parts:
            return Reservation((line,))
        lines = [line]
        for other in await asyncio.gather(*(self._line(part, known) for part in line.parts[1:])):
            if isinstance(other, Refusal):
                return other
            lines.append(other)
        return Reservation(tuple(lines))

    def keep_closed(self, reservation: Reservation) -> None:
        """Have a reservation at hand that is durably closed."""
        for line in reservation.lines:
            self._closed.put(line)

    async def _line(self, inventory: InventoryId, known: ReservationId) -> Line | Refusal:
        if closed := self._closed.get(known, inventory):
            return closed
        if inventory <= ID_MAX and self._catalogue.ticket_type(TicketTypeId(inventory)) is not None:
            outcome = await self._router.ask(inventory, Inspect(known))
            if isinstance(outcome, Line | Refusal):
                return outcome
        line = line_of(inventory, await self._journal.history(known, inventory))
        if line is None:
            return _NOT_FOUND
        self._closed.put(line)
        return line

    # -- releasing

    async def release(self, text: str) -> Reservation | Refusal:
        """Give a reservation back; the home line first, which speaks for all."""
        releasing = asyncio.create_task(self._release(text))
        self._releasing.add(releasing)
        releasing.add_done_callback(self._releasing.discard)
        releasing.add_done_callback(_hear)
        return await self._in_time(releasing)

    async def _release(self, text: str) -> Reservation | Refusal:
        reservation = await self.find(text)
        if isinstance(reservation, Refusal):
            return reservation
        home, *others = reservation.lines
        command = Release(home.reservation_id)
        outcome = await self._router.ask(home.inventory_id, command)
        match outcome:
            case Refusal():
                return outcome
            case Line() if not others:
                return Reservation((outcome,))
            case Line():
                await asyncio.gather(*(self._router.ask(line.inventory_id, command) for line in others))
                return await self.find(text)
            case _:
                return await self._released_before(text, command)

    async def _released_before(self, text: str, command: Release) -> Reservation | Refusal:
        reservation = await self.find(text)
        if isinstance(reservation, Refusal):
            return reservation
        return closed_refusal(command, reservation.home.status) or reservation

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


_NO_KEY = _Key()
_OPEN = (ReservationStatus.HELD, ReservationStatus.PAYING)


def _hear(work: asyncio.Task[Any]) -> None:
    """Nobody may be there any more to hear of its fault."""
    if not work.cancelled():
        work.exception()


def _key(key: str, lines: Sequence[LineRequest]) -> _Key:
    """Scoped to the ticket types of the request; the rest of the request decides what is a repeat."""
    ordered = sorted((line.ticket_type_id, line.quantity) for line in lines)
    scope = ",".join(str(ticket_type_id) for ticket_type_id, _ in ordered)
    digest = hashlib.blake2b(f"{scope}\n{key}".encode(), digest_size=_KEY_DIGEST_BYTES).hexdigest()
    return _Key(digest, ",".join(str(quantity) for _, quantity in ordered))


def _refused(outcome: Outcome) -> Refusal:
    assert isinstance(outcome, Refusal), "a Reserve is answered with a line or a refusal"
    return outcome


def _is_in_doubt(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.reason is Reason.OVERLOADED


def _parts_held(outcomes: Sequence[Outcome], parts: Sequence[InventoryId]) -> list[InventoryId]:
    return [part for part, outcome in zip(parts, outcomes, strict=True) if isinstance(outcome, Line)]


def _other_reservation(outcomes: Sequence[Outcome], new_id: ReservationId) -> ReservationId | None:
    """The reservation that the home line's idempotency key had made before, if it had."""
    home = outcomes[0]
    if isinstance(home, Line | Departed) and home.reservation_id != new_id:
        return home.reservation_id
    return None


def _first_refusal(outcomes: Sequence[Outcome], wanted: dict[InventoryId, LineRequest]) -> Refusal | None:
    """The no that a guest should hear: in the order in which refusals are checked."""
    refusals = [
        msgspec.structs.replace(outcome, ticket_type_id=wanted[part].ticket_type_id)
        for part, outcome in zip(sorted(wanted), outcomes, strict=True)
        if isinstance(outcome, Refusal)
    ]
    return min(refusals, key=lambda refusal: _CHECKED_FIRST.get(refusal.reason, 0), default=None)


_CHECKED_FIRST = {
    reason: rank
    for rank, reason in enumerate(
        (
            Reason.OVERLOADED,
            Reason.KEY_REUSED,
            Reason.NOT_FOUND,
            Reason.NOT_ON_SALE,
            Reason.LIMIT_EXCEEDED,
            Reason.SOLD_OUT,
        )
    )
}

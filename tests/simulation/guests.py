"""Guests and owners: several at once, impatient, forgetful and repeating themselves."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, Protocol

import msgspec

from tests.simulation.history import Answer, Call, Kind, Unknown
from tests.simulation.programme import (
    POOL,
    SHELVES,
    Programme,
    by_inventory,
    count_of,
    inventory_for,
    moment,
    shelf_of,
)
from tests.simulation.statements import POISONED_QUANTITY
from ticketd.core.commands import (
    AnyCommand,
    ChangeEventWindow,
    ChangeTerms,
    Delete,
    RemoveAccessCode,
)
from ticketd.core.ids import Instant, InventoryId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import EventStatus, EventWindow, TermsPatch
from ticketd.services.door import Visitor
from ticketd.services.payment import Payment
from ticketd.services.sales import Granted, LineRequest
from ticketd.web.context import Services

TRIES_MAX = 3
_WHIMS = ("delete", "event", "open later", "close sooner", "sell for ever", "price", "limit", "capacity")
_WHIM_WEIGHTS = (1, 2, 1, 1, 12, 4, 2, 8)
_CODE_SHARE = 0.35
"""Of an owner's whims, where there is something hidden."""
_PEOPLE = ("ada@example.org", "Ada+second@Example.org", "bob@example.org")
"""Two."""
_TOKENS = ("card_error", "payment_error", "tok", "tok", "tok", "tok")

Work = Callable[[Services], Coroutine[Any, Any, Granted | Reservation | Offer | Refusal]]


class Town(Protocol):
    """Where guests live."""

    random: Random
    programme: Programme
    pause_seconds: float
    """How long people think before they go on, on average."""
    poisonous: bool
    """Whether someone asks for what Postgres refuses."""
    keyless: bool
    """Whether nobody uses idempotency keys; then inventories leave memory early."""

    @property
    def stormy(self) -> bool:
        """Whether people still come."""

    async def call(self, kind: Kind, subject: tuple[Any, ...], work: Work) -> Answer:
        """Ask whichever process can be reached."""

    def now(self) -> Instant:
        """Microseconds since the epoch."""


class Guest:
    """One person; everything that they do is drawn from the town's seed."""

    def __init__(self, town: Town, number: int) -> None:
        self._town = town
        self._random = town.random
        self._number = number
        self._keys = 0

    async def visit(self) -> None:
        """Come back until the storm is over."""
        while self._town.stormy:
            await self._pause()
            granted = await self._reserve()
            if granted is not None:
                await self._go_on(granted.reservation.home.reservation_id)

    # -- reserving

    async def _reserve(self) -> Granted | None:
        lines = self._lines()
        key = self._key()
        code = self._town.programme.code()
        visitor = self._town.programme.visitor()
        if (key or visitor.queue_token) and self._random.random() < 0.15:
            await asyncio.gather(
                reserve(self._town, lines, key, code, visitor),
                reserve(self._town, self._lines(lines), key, code, visitor),
            )
        for _ in range(self._random.randint(1, TRIES_MAX)):
            answer = await reserve(self._town, lines, key, code, visitor)
            if isinstance(answer, Granted):
                return answer
            if not isinstance(answer, Unknown) or key is None or not self._town.stormy:
                return None
            await self._pause()
        return None

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.expovariate(1 / self._town.pause_seconds))

    def _lines(self, same_types: Sequence[LineRequest] = ()) -> list[LineRequest]:
        chosen = self._town.programme.ticket_types
        if same_types:
            chosen = [line.ticket_type_id for line in same_types]
        else:
            count = self._random.choice((1, 1, 1, 2, 2, 3))
            chosen = self._random.sample(chosen, min(count, len(chosen)))
        return [self._town.programme.line(each, self._quantity()) for each in chosen]

    def _quantity(self) -> int:
        if self._town.poisonous and self._random.random() < 0.1:
            return POISONED_QUANTITY
        return self._random.choice((1, 1, 1, 1, 2, 3))

    def _key(self) -> str | None:
        if self._town.keyless or self._random.random() < 0.3:
            return None
        if not self._keys or self._random.random() < 0.8:
            self._keys += 1
        return f"guest-{self._number}-key-{self._keys:016d}"

    # -- afterwards

    async def _go_on(self, reservation_id: str) -> None:
        for _ in range(self._random.randint(0, 5)):
            await self._pause()
            match self._random.choice(("pay", "pay", "pay", "pay", "pay twice", "look", "release", "race")):
                case "pay":
                    answer = await pay(self._town, reservation_id, self._payment())
                    if isinstance(answer, Reservation) and answer.home.status is ReservationStatus.PAID:
                        return
                case "pay twice":
                    await asyncio.gather(
                        *(pay(self._town, reservation_id, self._payment()) for _ in range(2))
                    )
                case "look":
                    await look(self._town, reservation_id)
                case "release":
                    await release(self._town, reservation_id)
                case _:
                    await asyncio.gather(
                        pay(self._town, reservation_id, self._payment()),
                        release(self._town, reservation_id),
                        look(self._town, reservation_id),
                    )

    def _payment(self) -> Payment:
        if self._town.programme.max_per_guest is None:
            email = self._random.choice(("", "", "guest@example.org"))
        else:
            email = self._random.choice((*_PEOPLE, *_PEOPLE, ""))
        return Payment(self._random.choice(_TOKENS), email)


class Boss:
    """An owner who can't leave the terms alone."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._random = town.random

    async def meddle(self) -> None:
        """Change things until the storm is over."""
        while self._town.stormy:
            await asyncio.sleep(self._random.expovariate(1 / (3 * self._town.pause_seconds)))
            programme = self._town.programme
            if programme.hidden is not None and self._random.random() < _CODE_SHARE:
                for code_command in self._code_commands(programme.hidden):
                    await change(self._town, inventory_for(programme.hidden), code_command)
                continue
            ticket_type_id = self._random.choice(programme.ticket_types)
            whole = ticket_type_id in SHELVES and self._random.random() < 0.3
            command = self._capacity() if whole else self._command(shelf_of(ticket_type_id))
            await change(self._town, POOL if whole else inventory_for(ticket_type_id), command)

    def _code_commands(self, ticket_type_id: TicketTypeId) -> Sequence[AnyCommand]:
        put = self._town.programme.new_code(ticket_type_id)
        remove = RemoveAccessCode(put.code, put.ticket_type_id)
        match self._random.choice(("set", "end", "remove", "again", "again")):
            case "set":
                return [put]
            case "end":
                return [msgspec.structs.replace(put, until=moment(self._random, self._town.now()))]
            case "remove":
                return [remove]
            case _:
                return [remove, put]

    def _capacity(self) -> AnyCommand:
        return ChangeTerms(TermsPatch(capacity=self._random.randint(0, 12)))

    def _command(self, shelf_id: TicketTypeId) -> AnyCommand:
        soon = moment(self._random, self._town.now())
        match self._random.choices(_WHIMS, _WHIM_WEIGHTS)[0]:
            case "delete":
                return Delete(shelf_id)
            case "event":
                status = self._random.choice(
                    (EventStatus.CANCELLED, EventStatus.PUBLISHED, EventStatus.PUBLISHED)
                )
                return ChangeEventWindow(EventWindow(status), shelf_id)
            case "open later":
                patch = TermsPatch(on_sale_at=soon)
            case "close sooner":
                patch = TermsPatch(off_sale_at=soon)
            case "sell for ever":
                patch = TermsPatch(on_sale_at=None, off_sale_at=None)
            case "price":
                patch = TermsPatch(price_cents=self._random.randrange(0, 9_00))
            case "limit":
                patch = TermsPatch(max_per_reservation=self._random.randint(1, 8))
            case _:
                patch = TermsPatch(capacity=self._random.randint(0, self._town.programme.capacity_max))
        return ChangeTerms(patch, shelf_id)


def wants_poison(call: Call) -> bool:
    """Whether a reservation would hold what Postgres refuses."""
    lines, *_ = call.subject
    totals = [sum(count_of(line) for line in each) for each in by_inventory(lines).values()]
    return POISONED_QUANTITY in totals or any(count_of(line) == POISONED_QUANTITY for line in lines)


# -- the calls themselves


async def reserve(
    town: Town, lines: Sequence[LineRequest], key: str | None, code: str, visitor: Visitor
) -> Answer:
    """POST /reservations."""

    async def work(services: Services) -> Granted | Refusal:
        return await services.sales.reserve(lines, key, code, visitor)

    return await town.call(Kind.RESERVE, (tuple(lines), key, code, visitor), work)


async def pay(town: Town, reservation_id: str, payment: Payment) -> Answer:
    """POST /reservations/{id}/payment."""

    async def work(services: Services) -> Reservation | Refusal:
        return await services.checkout.pay(reservation_id, payment)

    return await town.call(Kind.PAY, (reservation_id, payment.token, payment.email), work)


async def release(town: Town, reservation_id: str) -> Answer:
    """DELETE /reservations/{id}."""

    async def work(services: Services) -> Reservation | Refusal:
        return await services.sales.release(reservation_id)

    return await town.call(Kind.RELEASE, (reservation_id,), work)


async def look(town: Town, reservation_id: str) -> Answer:
    """GET /reservations/{id}."""

    async def work(services: Services) -> Reservation | Refusal:
        return await services.reservations.find(reservation_id)

    return await town.call(Kind.LOOK, (reservation_id,), work)


async def change(town: Town, inventory_id: InventoryId, command: AnyCommand) -> Answer:
    """What an owner's page sends to the actor."""

    async def work(services: Services) -> Offer | Refusal:
        outcome = await services.router.ask(inventory_id, command)
        assert isinstance(outcome, Offer | Refusal), "an inventory answers changes with its offer"
        return outcome

    return await town.call(Kind.CHANGE, (inventory_id, command), work)

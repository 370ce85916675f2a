"""Guests who ask an inventory's actor directly, without HTTP and without a payment gateway."""

from itertools import count

from ticketd.core.commands import Confirm, Reserve, StartPayment
from ticketd.core.ids import RANDOM_BYTES, TICKET_CODE_LENGTH, InventoryId, reservation_id, ticket_code
from ticketd.core.outcomes import Outcome
from ticketd.core.reservations import Line
from ticketd.services.randomness import RandomBytes
from ticketd.web.context import Services


class Guests:
    """All guests of one ticket type; each asks for one admission, with a key of its own if wanted."""

    def __init__(self, services: Services, inventory_id: InventoryId, *, with_keys: bool) -> None:
        self._router = services.router
        self._clock = services.clock
        self._hold_seconds = services.settings.hold_seconds
        self._inventory_id = inventory_id
        self._with_keys = with_keys
        self._numbers = count()
        self._random = RandomBytes()

    async def hold(self) -> Line:
        """A reservation that is durably held."""
        made = reservation_id(
            home=self._inventory_id, now=self._clock.now(), random=self._random.take(RANDOM_BYTES)
        )
        key, request = (f"{next(self._numbers):032x}", "1") if self._with_keys else ("", "")
        return _line(
            await self._router.ask(self._inventory_id, Reserve(made, 1, self._hold_seconds, key, request))
        )

    async def pay(self, held: Line) -> Line:
        """The reservation durably paid, after it was durably paying."""
        paying = _line(await self._router.ask(self._inventory_id, StartPayment(held.reservation_id)))
        codes = (ticket_code(self._random.take(TICKET_CODE_LENGTH)),)
        confirm = Confirm(held.reservation_id, paying.attempt, codes)
        return _line(await self._router.ask(self._inventory_id, confirm))


def _line(outcome: Outcome) -> Line:
    if not isinstance(outcome, Line):
        raise SystemExit(f"a guest was answered with {outcome}")
    return outcome

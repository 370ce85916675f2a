"""A router whose answers can go missing, and whose closed lines leave memory as they do in real life."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from tests.fakes.router import InstantRouter
from ticketd.core.commands import AnyCommand, Inspect
from ticketd.core.ids import InventoryId, ReservationId
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import Clock

OPEN = (ReservationStatus.HELD, ReservationStatus.PAYING)


class Mishap(Enum):
    """What can happen to a command and its answer."""

    REFUSED = auto()
    """No room in the mailbox: OVERLOADED, and nothing happens."""
    LATE = auto()
    """The answer takes too long: OVERLOADED, and yet it happens."""
    POISONED = auto()
    """The answer is an exception, and nothing happens."""
    LOST = auto()
    """No answer ever, and nothing happens."""
    UNANSWERED = auto()
    """No answer ever, and yet it happens."""


class FlakyRouter(InstantRouter):
    """Also finds reservations, as `Sales.find` does."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._closed: list[Line] = []
        self.asked: list[tuple[InventoryId, AnyCommand]] = []
        self.mishap: Callable[[AnyCommand], Mishap | None] = lambda command: None
        """Chooses what happens to each command that is asked."""
        self.silent = False
        """Whether some command has been left without an answer."""

    def ask(self, inventory_id: InventoryId, command: Any) -> asyncio.Future[Any]:
        """See `ports.Router.ask`."""
        self.asked.append((inventory_id, command))
        mishap = self.mishap(command)
        happens = mishap in (None, Mishap.LATE, Mishap.UNANSWERED)
        outcome = self.do(inventory_id, command) if happens else None
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        match mishap:
            case None:
                assert outcome is not None
                answer.set_result(outcome)
            case Mishap.REFUSED | Mishap.LATE:
                answer.set_result(Refusal(Reason.OVERLOADED))
            case Mishap.POISONED:
                answer.set_exception(RuntimeError("poisoned"))
            case Mishap.LOST | Mishap.UNANSWERED:
                self.silent = True
        return answer

    def do(self, inventory_id: InventoryId, command: AnyCommand) -> Outcome:
        """Have a command decided, past all mishaps."""
        outcome: Outcome = super().ask(inventory_id, command).result()
        inventory = self.inventories[inventory_id]
        closed = [line for line in inventory.lines.values() if line.status not in OPEN]
        for line in closed:
            inventory.forget(line.reservation_id)
        self._closed += closed
        return outcome

    def paying(self) -> list[Line]:
        """Home lines with a payment under way, as a start finds them."""
        return [line for line in self._open() if line.status is ReservationStatus.PAYING and line.is_home]

    def glance(self, reservation_id: str) -> Reservation | None:
        """See `services.charging.Reservations.glance`."""
        lines = [line for line in self._open() if line.reservation_id == reservation_id]
        return Reservation((lines[0],)) if len(lines) == 1 and _is_held_alone(lines[0]) else None

    async def find(self, reservation_id: str) -> Reservation | Refusal:
        """See `services.charging.Reservations.find`."""
        for inventory_id in list(self.inventories):
            self.do(inventory_id, Inspect(ReservationId(reservation_id)))
        lines = [line for line in self._open() + self._closed if line.reservation_id == reservation_id]
        if not lines:
            return Refusal(Reason.NOT_FOUND)
        return Reservation(tuple(sorted(lines, key=lambda line: not line.is_home)))

    def keep_closed(self, reservation: Reservation) -> None:
        """See `services.charging.Reservations.keep_closed`: it has them anyway."""

    def _open(self) -> list[Line]:
        return [line for inventory in self.inventories.values() for line in inventory.lines.values()]


def _is_held_alone(line: Line) -> bool:
    return line.status is ReservationStatus.HELD and not line.tentative and not line.parts

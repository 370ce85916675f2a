"""Reservations as they stand: open ones as their actors have them, closed ones out of the ledger."""

import asyncio

from ticketd.core.commands import Inspect
from ticketd.core.ids import InventoryId, ReservationId, TicketTypeId, home_inventory
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.replay import StillOpen, line_of
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.ports import Journal, Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.closed_lines import ClosedLines
from ticketd.timeouts import TimeLimit

_NOT_FOUND = Refusal(Reason.NOT_FOUND)


class Reservations:
    """Reads reservations, in time for an answer."""

    def __init__(
        self, *, router: Router, journal: Journal, catalogue: Catalogue, answer_seconds_max: float = 10.0
    ) -> None:
        self._router = router
        self._journal = journal
        self._catalogue = catalogue
        self._answer_time = TimeLimit(answer_seconds_max)
        self._closed = ClosedLines()

    def glance(self, text: str) -> Reservation | None:
        """One that is held and has one line, as last decided: see `ports.Router.line`. None: `find` it."""
        try:
            home = home_inventory(text)
        except ValueError:
            return None
        line = self._router.line(home, ReservationId(text))
        if line is None or line.status is not ReservationStatus.HELD or line.tentative or line.parts:
            return None
        return Reservation((line,))

    async def find(self, text: str) -> Reservation | Refusal:
        """A reservation as it stands, open or closed."""
        try:
            return await self._answer_time.keep(self._find(text))
        except TimeoutError:
            return TRY_AGAIN

    async def _find(self, text: str) -> Reservation | Refusal:
        try:
            home = home_inventory(text)
        except ValueError:
            return _NOT_FOUND
        known = ReservationId(text)
        line = await (self._line(home, known) if self._exists(home) else self._closed_line(home, known))
        if isinstance(line, Refusal):
            return line
        if line.tentative:
            return _NOT_FOUND
        claims = line.claims if line.status is ReservationStatus.PAYING else ()
        if not line.parts and not claims:
            return Reservation((line,))
        lines = [line]
        for other in await asyncio.gather(*(self._line(part, known) for part in (*line.parts[1:], *claims))):
            if isinstance(other, Refusal):
                return other
            lines.append(other)
        parts = len(lines) - len(claims)
        return Reservation(tuple(lines[:parts]), tuple(lines[parts:]))

    def keep_closed(self, reservation: Reservation) -> None:
        """Have a reservation at hand that is durably closed."""
        for line in reservation.lines:
            self._closed.put(line)

    def _exists(self, home: InventoryId) -> bool:
        """Whether to ask it: anybody can make up an id, and an inventory that is asked comes into memory."""
        return (
            self._catalogue.ticket_type(TicketTypeId(home)) is not None
            or self._catalogue.capacity(home) is not None
        )

    async def _line(self, inventory: InventoryId, known: ReservationId) -> Line | Refusal:
        if closed := self._closed.get(known, inventory):
            return closed
        outcome = await self._router.ask(inventory, Inspect(known))
        return await self._closed_line(inventory, known) if isinstance(outcome, Departed) else outcome

    async def _closed_line(self, inventory: InventoryId, known: ReservationId) -> Line | Refusal:
        if closed := self._closed.get(known, inventory):
            return closed
        try:
            line = line_of(inventory, await self._journal.history(known, inventory))
        except StillOpen:  # in a process that has taken this one's place
            return TRY_AGAIN
        if line is None:
            return _NOT_FOUND
        if not line.guest:  # a claim that is over can be made anew
            self._closed.put(line)
        return line

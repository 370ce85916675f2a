"""The lines that were closed last, for those who look at their tickets right after paying."""

from collections import OrderedDict

from ticketd.core.ids import InventoryId, ReservationId
from ticketd.core.reservations import Line

LINES_MAX = 10_000


class ClosedLines:
    """Closed lines don't change any more; the oldest leave when there is no room."""

    def __init__(self, lines_max: int = LINES_MAX) -> None:
        self._lines_max = lines_max
        # The first of a plain dictionary takes longer to find the more have left before it.
        self._lines: OrderedDict[tuple[ReservationId, InventoryId], Line] = OrderedDict()

    def put(self, line: Line) -> None:
        """Keep a line that is durably closed."""
        self._lines[line.reservation_id, line.inventory_id] = line
        if len(self._lines) > self._lines_max:
            self._lines.popitem(last=False)

    def get(self, reservation_id: ReservationId, inventory_id: InventoryId) -> Line | None:
        """The line, if it is still here."""
        return self._lines.get((reservation_id, inventory_id))

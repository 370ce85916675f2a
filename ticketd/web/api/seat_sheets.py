"""Sheets of all the seats of a hall, each rendered once for as long as no seat changes.

A stadium's sheet is some megabytes of JSON: it is made in a thread, one at a time for each hall, and not
again before the hall has rested. Whoever asks meanwhile waits, and gets no sheet older than their question.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from ticketd.core.hall import Hall
from ticketd.core.ids import SECOND, Instant, InventoryId
from ticketd.core.seat_views import SeatView
from ticketd.ports import Clock
from ticketd.web.api.seat_text import HallText
from ticketd.web.rendered import CompressedText

REST_SECONDS_PER_SEAT: Final = 4e-6
"""Between two renderings: a stadium of 60,000 seats is rendered at most four times a second."""
SEATS_KEPT_MAX: Final = 600_000
"""On all sheets together, at about 125 bytes each; the sheet that nobody has asked for the longest goes."""
UNUSED_SECONDS_MAX: Final = 60
"""A sheet that nobody has asked for so long goes when another is asked for."""


class SeatSheets:
    """The sheets of the halls that are being looked at."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sheets: dict[InventoryId, _Sheet] = {}
        """The one that was asked for last comes last."""
        self._seats = 0

    async def read(self, inventory_id: InventoryId, view: SeatView) -> CompressedText:
        """All seats of this inventory, as of now or later."""
        sheet = self._sheets.pop(inventory_id, None)
        if sheet is None:
            sheet = _Sheet(view.hall)
            self._seats += sheet.seats
        sheet.used_at = self._clock.now()
        self._let_go(sheet.used_at)
        self._sheets[inventory_id] = sheet
        return await sheet.read(view)

    def _let_go(self, now: Instant) -> None:
        unused_since = now - UNUSED_SECONDS_MAX * SECOND
        for inventory_id, sheet in list(self._sheets.items()):
            if self._seats <= SEATS_KEPT_MAX and sheet.used_at > unused_since:
                break
            del self._sheets[inventory_id]
            self._seats -= sheet.seats


class _Sheet:
    """All seats of one hall, as they were when somebody last asked."""

    def __init__(self, hall: Hall) -> None:
        self.seats = len(hall)
        self.used_at = Instant(0)
        self._text: HallText | None = None
        self._rendered: CompressedText | None = None
        self._version = -1
        """The version of the seats that `_text` and `_rendered` show."""
        self._rested_at = 0.0
        """By the event loop's clock."""
        self._at_work = asyncio.Lock()

    async def read(self, view: SeatView) -> CompressedText:
        """The seats as of now or later."""
        wanted = view.version
        if self._rendered is not None and self._version >= wanted:
            return self._rendered
        async with self._at_work:
            if self._rendered is None or self._version < wanted:
                self._rendered = await self._render(view)
            return self._rendered

    async def _render(self, view: SeatView) -> CompressedText:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._rested_at - loop.time())
        version, text = view.version, self._text
        changed = None if text is None else view.changed_since(self._version)
        self._text = None  # if this is cancelled, the thread still writes there
        if text is None or changed is None:
            text, rendered = await asyncio.to_thread(_begun, view.hall, bytes(view.statuses), version)
        else:
            changes = [(index, view.statuses[index]) for index in changed]
            rendered = await asyncio.to_thread(_continued, text, changes, version)
        self._text, self._version = text, version
        self._rested_at = loop.time() + self.seats * REST_SECONDS_PER_SEAT
        return rendered


def _begun(hall: Hall, statuses: bytes, version: int) -> tuple[HallText, CompressedText]:
    text = HallText(hall, statuses)
    return text, text.compressed(version)


def _continued(text: HallText, changes: Sequence[tuple[int, int]], version: int) -> CompressedText:
    text.follow(changes)
    return text.compressed(version)

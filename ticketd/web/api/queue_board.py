"""How waiting rooms stand, for everybody to read."""

import msgspec

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId
from ticketd.core.refusals import Refusal
from ticketd.services.standings import Notice
from ticketd.services.waiting_rooms import WaitingRooms
from ticketd.web.api.presenters import optional_instant
from ticketd.web.api.queue_shapes import Queue
from ticketd.web.rendered import Text

_encode = msgspec.json.Encoder().encode


class QueueBoard:
    """What everybody may know of each waiting room, rendered once for as long as it stays true."""

    def __init__(self, rooms: WaitingRooms) -> None:
        self._rooms = rooms
        self._rendered: dict[EventId, tuple[Notice, Text]] = {}

    async def read(self, event: Event) -> Text | Refusal:
        """The room's state; the same object until it changes."""
        notice = await self._rooms.notice(event)
        if isinstance(notice, Refusal):
            self._rendered.pop(event.id, None)
            return notice
        known = self._rendered.get(event.id)
        if known is not None and known[0] is notice:
            return known[1]
        text = Text(_encode(queue_shape(notice)))
        self._rendered[event.id] = (notice, text)
        return text


def queue_shape(notice: Notice) -> Queue:
    """A waiting room as everybody may see it."""
    return Queue(
        event_id=notice.event_id,
        opens_at=optional_instant(notice.opens_at),
        joined=notice.joined,
        admitted_to=notice.admitted_to,
        drawn=notice.drawn,
        commitment=notice.commitment,
        seed=notice.seed,
        admitted_per_minute=notice.admitted_per_minute,
        paused=notice.paused,
        in_baskets=notice.in_baskets,
        next_return_at=optional_instant(notice.next_return_at),
    )

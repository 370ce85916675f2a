"""Live views of events: one look for all who watch an event, and the same bytes for each of them.

One task for each watched event looks four times a second whether anything has changed. A sale knows nothing
of it, and viewers get at most four sights a second, however much is sold. Nobody is waited for: who doesn't
take what is sent is cut, comes back, and sees what is true then.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from typing import Final

import structlog
from aiohttp import web

from ticketd.core.clients import Client
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, Refusal
from ticketd.metrics import StreamStats
from ticketd.ports import StorageUnavailable
from ticketd.web.sights import Sight
from ticketd.web.viewers import Viewer, hand_over

CONNECTIONS_SHARE_MAX: Final = 0.8
"""Viewers never take all connections."""

LOOK_SECONDS: Final = 0.25
HEARTBEAT_LOOKS: Final = 60
"""After so many looks without news, 15 s, viewers and the proxies between get a sign of life."""

HEARTBEAT: Final = b":\n\n"
SLICE_VIEWERS: Final = 250
"""So many are written to before others have their turn."""

RETRY_MS: Final = range(2000, 8001)
"""When a viewer comes back whose stream has ended."""

RETRY_STEP_MS: Final = 3709
"""From one viewer to the next: all those times are taken evenly, and neighbours are far from each other."""

FULL_RETRY_SECONDS: Final = 30
"""When one for whom there is no room may try again; the event's page says the same to whoever asks."""

Look = Callable[[EventId, Sight | None], Awaitable[Sight | None]]
"""What there is to see of an event: the known sight if it is that; None if guests may not know of it."""

Sleep = Callable[[float], Awaitable[object]]

log = structlog.get_logger(__name__)


class Streams:
    """All watched events and their viewers."""

    def __init__(
        self,
        look: Look,
        *,
        viewers_max: int,
        viewers_per_network_max: int,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._look = look
        self._viewers_max = viewers_max
        self._viewers_per_network_max = viewers_per_network_max
        self._sleep = sleep
        self._watches: dict[EventId, _Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._networks: Counter[str] = Counter()
        self._viewers = 0
        self._cut = 0
        self._numbers = count()
        self._closed = False

    def fit_into(self, connections_max: int) -> None:
        """Leave a share of so many connections to others."""
        self._viewers_max = min(self._viewers_max, int(connections_max * CONNECTIONS_SHARE_MAX))

    def viewers(self) -> int:
        """How many watch."""
        return self._viewers

    def refusal(self, client: Client) -> Refusal | None:
        """Why this client can't watch anything now."""
        if self._closed or self._viewers >= self._viewers_max:
            return Refusal(Reason.OVERLOADED, retry_after_seconds=FULL_RETRY_SECONDS)
        if self._is_full(client):
            return Refusal(Reason.TOO_MANY_REQUESTS, retry_after_seconds=FULL_RETRY_SECONDS)
        return None

    async def look(self, event_id: EventId) -> Sight | None:
        """What there is to see of an event now; None if guests may not know of it."""
        watch = self._watches.get(event_id)
        return await self._look(event_id, None if watch is None else watch.sight)

    def open(
        self, event_id: EventId, sight: Sight, client: Client, handler: web.RequestHandler, *, head: bytes
    ) -> None:
        """Make a viewer of the connection whose request is read: head and sight leave at once."""
        if self._closed:
            return
        watch = self._watches.get(event_id) or self._begin(event_id, sight)
        viewer = Viewer(sight, leave=partial(self._leave, watch, client.network))
        if not hand_over(handler, viewer):
            return
        watch.viewers.add(viewer)
        self._networks[client.network] += 1
        self._viewers += 1
        viewer.send(b"%bretry: %d\n\n" % (head, self._next_retry_ms()))
        viewer.send(sight.whole)

    def stats(self) -> StreamStats:
        """What it counts."""
        return StreamStats(viewers=self._viewers, events=len(self._watches), cut=self._cut)

    async def close(self) -> None:
        """End all streams, and open no more."""
        self._closed = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for watch in self._watches.values():  # whose task had not even begun
            watch.end()

    def _is_full(self, client: Client) -> bool:
        """Whether the client's network has as many viewers as it may have."""
        return not client.is_exempt and self._networks[client.network] >= self._viewers_per_network_max

    def _next_retry_ms(self) -> int:
        return RETRY_MS[next(self._numbers) * RETRY_STEP_MS % len(RETRY_MS)]

    def _leave(self, watch: "_Watch", network: str, viewer: Viewer) -> None:
        watch.viewers.remove(viewer)
        self._viewers -= 1
        self._networks[network] -= 1
        if not self._networks[network]:
            del self._networks[network]

    def _begin(self, event_id: EventId, sight: Sight) -> "_Watch":
        watch = self._watches[event_id] = _Watch(sight)
        task = asyncio.create_task(self._keep(event_id, watch))
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return watch

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("a stream was ended by a fault", exc_info=fault)

    async def _keep(self, event_id: EventId, watch: "_Watch") -> None:
        """Look and tell for as long as somebody watches and there is something to see."""
        try:
            while True:
                await self._sleep(LOOK_SECONDS)
                if not watch.viewers:
                    return
                sight = await self._look_again(event_id, watch.sight)
                if sight is None:
                    return
                self._cut += await watch.tell(sight)
        finally:
            del self._watches[event_id]
            watch.end()

    async def _look_again(self, event_id: EventId, known: Sight) -> Sight | None:
        try:
            return await self._look(event_id, known)
        except StorageUnavailable:
            return known  # it stands until there is an answer


class _Watch:
    """The viewers of an event, and what they see."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.viewers: set[Viewer] = set()
        self._quiet_looks = 0

    async def tell(self, sight: Sight) -> int:
        """Send to each viewer what is new to them, or at times a sign of life; returns how many were cut."""
        if sight is self.sight:
            self._quiet_looks += 1
        else:
            self.sight, self._quiet_looks = sight, 0
        if self._quiet_looks == HEARTBEAT_LOOKS:
            self._quiet_looks = 0
            return await _in_slices(tuple(self.viewers), lambda viewer: viewer.send(HEARTBEAT))
        behind = [viewer for viewer in self.viewers if viewer.seen is not sight]
        return await _in_slices(behind, lambda viewer: viewer.show(sight))

    def end(self) -> None:
        """Hang up on all of them."""
        for viewer in self.viewers:
            viewer.end()


async def _in_slices(viewers: Sequence[Viewer], send: Callable[[Viewer], bool]) -> int:
    """Send to all of them and let others have their turn; returns how many were cut."""
    cut = 0
    for start in range(0, len(viewers), SLICE_VIEWERS):
        cut += sum(not send(viewer) for viewer in viewers[start : start + SLICE_VIEWERS])
        await asyncio.sleep(0)
    return cut

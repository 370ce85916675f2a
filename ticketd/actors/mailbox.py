"""An actor's mailbox: bounded by count and by age, urgent commands first."""

import asyncio
from collections import deque
from itertools import chain

import msgspec

from ticketd.core.commands import URGENT, AnyCommand, Inspect, StartPayment
from ticketd.core.ids import SECOND, Instant
from ticketd.core.outcomes import Outcome

_END_NOTHING = frozenset({StartPayment, Inspect})


class Envelope(msgspec.Struct, frozen=True, eq=False):
    """A command, when it came, and where its outcome goes."""

    command: AnyCommand
    reply: asyncio.Future[Outcome]
    arrived_at: Instant

    def answer(self, outcome: Outcome) -> None:
        """Tell the asker, unless it has left or has been answered already."""
        if not self.reply.done():
            self.reply.set_result(outcome)


class Mailbox:
    """Two queues. Urgent commands end what a Reserve began: they come first and always find room,
    except StartPayment and Inspect, which end nothing and so can be refused."""

    def __init__(self, *, length_max: int, age_seconds_max: float) -> None:
        self._length_max = length_max
        self._age_max = int(age_seconds_max * SECOND)
        self._urgent: deque[Envelope] = deque()
        self._ordinary: deque[Envelope] = deque()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._ordinary)

    def put(self, envelope: Envelope) -> bool:
        """Take an envelope in; False when there is no room."""
        if type(envelope.command) in URGENT:
            if len(self._urgent) >= self._length_max and type(envelope.command) in _END_NOTHING:
                return False
            self._urgent.append(envelope)
            return True
        queue = self._ordinary
        if queue and (
            len(queue) >= self._length_max or envelope.arrived_at - queue[0].arrived_at > self._age_max
        ):
            return False
        queue.append(envelope)
        return True

    def drain(self, count_max: int) -> list[Envelope]:
        """Up to `count_max` envelopes, in the order they are to be decided."""
        drained: list[Envelope] = []
        for queue in (self._urgent, self._ordinary):
            while queue and len(drained) < count_max:
                drained.append(queue.popleft())
        return drained

    def drop_older(self, than: Instant) -> list[Envelope]:
        """Take out the ordinary envelopes that came before `than`."""
        dropped: list[Envelope] = []
        while self._ordinary and self._ordinary[0].arrived_at < than:
            dropped.append(self._ordinary.popleft())
        return dropped

    def urgent_older(self, than: Instant) -> list[Envelope]:
        """The urgent envelopes that came before `than`; they stay where they are."""
        return [envelope for envelope in self._urgent if envelope.arrived_at < than]

    def oldest(self) -> Instant | None:
        """When the envelope that has waited longest came."""
        arrivals = [queue[0].arrived_at for queue in (self._urgent, self._ordinary) if queue]
        return min(arrivals, default=None)

    def empty(self) -> list[Envelope]:
        """Take everything out."""
        envelopes = list(chain(self._urgent, self._ordinary))
        self._urgent.clear()
        self._ordinary.clear()
        return envelopes

"""Who has joined which event's queue, and how fast it grows; what is remembered is bounded."""

from collections import OrderedDict
from math import exp
from typing import NamedTuple

from ticketd.core.ids import SECOND, EventId, Instant

NETWORKS_MAX = 100_000
"""Some 35 MB. Of more, those are forgotten that haven't joined for the longest time."""
EVENTS_MAX = 10_000
RATE_SECONDS = 5.0
"""A rate is a mean that forgets with this time constant."""


class NetworkTally:
    """How often each network was counted in each event."""

    def __init__(self, networks_max: int = NETWORKS_MAX) -> None:
        self._networks_max = networks_max
        self._counts: OrderedDict[tuple[EventId, str], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, event_id: EventId, network: str) -> int:
        """How often this network was counted in this event so far."""
        return self._counts.get((event_id, network), 0)

    def add(self, event_id: EventId, network: str) -> None:
        """Count this network once more in this event."""
        key = event_id, network
        self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > self._networks_max:
            self._counts.popitem(last=False)


class _Rate(NamedTuple):
    per_second: float
    at: Instant

    def decayed(self, now: Instant) -> float:
        return self.per_second * exp(-max(now - self.at, 0) / (RATE_SECONDS * SECOND))


class JoinRates:
    """How many guests a second join each event's queue."""

    def __init__(self, events_max: int = EVENTS_MAX) -> None:
        self._events_max = events_max
        self._rates: OrderedDict[EventId, _Rate] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rates)

    def per_second(self, event_id: EventId, now: Instant) -> float:
        """How many guests a second have joined the event's queue of late."""
        rate = self._rates.get(event_id)
        return 0.0 if rate is None else rate.decayed(now)

    def add(self, event_id: EventId, now: Instant) -> None:
        """Count one more guest who joins the event's queue now."""
        self._rates[event_id] = _Rate(self.per_second(event_id, now) + 1 / RATE_SECONDS, now)
        self._rates.move_to_end(event_id)
        if len(self._rates) > self._events_max:
            self._rates.popitem(last=False)

"""When events whose waiting room may open by itself need one: more come than the shop can take."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import structlog

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId
from ticketd.core.terms import Switch
from ticketd.services.catalogue import Catalogue
from ticketd.services.room_gauges import Gauges

STRAINED_TICKS: Final = 6
"""After so many in a row the events that press get a waiting room."""
CALM_TICKS: Final = 120
"""After so many in a row with nobody waiting, it closes again."""
STRAINED_SECONDS: Final = 1.0
"""Commands or commits that take longer are a strain."""
PRESSING_SHARE: Final = 0.1
"""An event that makes up less of what is asked for isn't what the strain comes from."""

log = structlog.get_logger(__name__)


class Pressure:
    """Which events press, tick by tick."""

    def __init__(
        self, *, catalogue: Catalogue, gauges: Gauges, turned_away: Callable[[], int] = lambda: 0
    ) -> None:
        self._catalogue = catalogue
        self._gauges = gauges
        self.turned_away = turned_away
        """Counts reservations that were refused unread, because too many were under way."""
        self._turned_away_before = 0
        self._asked: Counter[EventId] = Counter()
        self._strained_ticks = 0
        self._calm_ticks: dict[EventId, int] = {}
        """Of the events that press."""

    def __contains__(self, event_id: EventId) -> bool:
        return event_id in self._calm_ticks

    def asked(self, event_id: EventId) -> None:
        """Somebody wants to reserve something of this event."""
        self._asked[event_id] += 1

    def goes_on(self, event_id: EventId) -> None:
        """This event pressed when the last process stopped."""
        self._calm_ticks[event_id] = 0

    def tick(self, waiting: Callable[[EventId], int]) -> None:
        """Find out anew; `waiting` says how many guests an event's room has."""
        asked, self._asked = self._asked, Counter()
        pressing = list(self._pressing(asked))
        self._strained_ticks = self._strained_ticks + 1 if self._is_strained(pressing) else 0
        if self._strained_ticks >= STRAINED_TICKS:
            for event in pressing:
                if event.id not in self._calm_ticks:
                    log.info("waiting room opens by itself", event_id=event.id)
                self._calm_ticks[event.id] = 0
        for event_id in list(self._calm_ticks):
            self._count_calm(event_id, waiting(event_id))

    def _pressing(self, asked: Counter[EventId]) -> Iterator[Event]:
        enough = asked.total() * PRESSING_SHARE
        for event_id, count in asked.items():
            event = self._catalogue.event(event_id)
            if event is not None and event.waiting_room is Switch.AUTO and count >= enough:
                yield event

    def _is_strained(self, pressing: list[Event]) -> bool:
        turned_away = self.turned_away()
        is_shedding, self._turned_away_before = turned_away > self._turned_away_before, turned_away
        return (
            is_shedding
            or self._gauges.commit_seconds > STRAINED_SECONDS
            or any(self._gauges.mailbox_age_seconds(event.id) > STRAINED_SECONDS for event in pressing)
        )

    def _count_calm(self, event_id: EventId, waiting: int) -> None:
        is_calm = not self._strained_ticks and not waiting
        self._calm_ticks[event_id] = self._calm_ticks[event_id] + 1 if is_calm else 0
        if self._calm_ticks[event_id] >= CALM_TICKS:
            log.info("waiting room closes again", event_id=event_id)
            del self._calm_ticks[event_id]

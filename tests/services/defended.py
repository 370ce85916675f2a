"""An event with its defences switched."""

from tests.fakes.clock import START
from ticketd.core.catalogue import Defences, Event
from ticketd.core.ids import EventId, OrganizerId


def defended(defences: Defences, event_id: int = 7) -> Event:
    """A concert."""
    return Event(EventId(event_id), OrganizerId(1), "Concert", "", START, "Europe/Vienna", defences=defences)

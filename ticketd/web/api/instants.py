"""Instants in the bodies of owners' requests, read in the event's time zone."""

from typing import TypeVar

from msgspec import UnsetType

from ticketd.core.ids import EventId, Instant
from ticketd.core.refusals import invalid
from ticketd.services.catalogue import Catalogue
from ticketd.services.timezones import is_timezone
from ticketd.web.parsing import RefusedRequest, parse_instant

Absent = TypeVar("Absent", None, UnsetType, UnsetType | None)


class InstantReader:
    """Reads the instants of one body; local ones are in `timezone`, without one they need an offset."""

    def __init__(self, timezone: str | None) -> None:
        if timezone is not None and not is_timezone(timezone):
            raise RefusedRequest(
                invalid("timezone", "This must be the name of a time zone, like Europe/Vienna.")
            )
        self._timezone = timezone

    def read(self, field: str, text: str) -> Instant:
        """The instant; RefusedRequest if there is none like that."""
        try:
            return parse_instant(text, self._timezone)
        except ValueError as error:
            raise RefusedRequest(invalid(field, str(error))) from error

    def read_optional(self, field: str, given: str | Absent) -> Instant | Absent:
        """The instant, or what stands for none; RefusedRequest for a text that is no instant."""
        return self.read(field, given) if isinstance(given, str) else given


def timezone_of_event(catalogue: Catalogue, event_id: EventId | None) -> str | None:
    """The time zone that an event's local times are in."""
    event = None if event_id is None else catalogue.event(event_id)
    return None if event is None else event.timezone

"""The same event on another day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from ticketd.core.catalogue import Event
from ticketd.core.ids import Instant
from ticketd.core.instants import instant_of, moment_of
from ticketd.core.terms import EventStatus, Terms
from ticketd.services.drafts import EventDraft


def duplicate_of(event: Event, starts_at: Instant) -> EventDraft:
    """A draft like this event, at another time; its sale window moves along."""
    return EventDraft(
        event.name,
        starts_at,
        event.timezone,
        event.description,
        _moved(event.on_sale_at, event, starts_at),
        _moved(event.off_sale_at, event, starts_at),
        EventStatus.DRAFT,
        event.venue_id,
        event.max_per_guest,
        event.waiting_room,
        event.defences,
    )


def terms_moved(terms: Terms, event: Event, starts_at: Instant) -> Terms:
    """The terms of one of the event's ticket types, with the sale window moved along."""
    return msgspec.structs.replace(
        terms,
        on_sale_at=_moved(terms.on_sale_at, event, starts_at),
        off_sale_at=_moved(terms.off_sale_at, event, starts_at),
    )


def _moved(instant: Instant | None, event: Event, starts_at: Instant) -> Instant | None:
    """As long before the new beginning as it was before the old, by the clock on the event's wall."""
    if instant is None:
        return None
    zone = ZoneInfo(event.timezone)
    wall = _wall(instant, zone) + (_wall(starts_at, zone) - _wall(event.starts_at, zone))
    return instant_of(wall.replace(tzinfo=zone))


def _wall(instant: Instant, zone: ZoneInfo) -> datetime:
    """The naive local time."""
    return moment_of(instant).astimezone(zone).replace(tzinfo=None)

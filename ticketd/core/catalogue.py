"""What organizers show: events and ticket types, as guests and owners see them."""

import msgspec

from ticketd.core.ids import MICROSECONDS, EventId, Instant, OrganizerId, TicketTypeId
from ticketd.core.terms import EventStatus, EventWindow, Profile, Terms

EVENT_SECONDS_ASSUMED = 6 * 3600
"""An event has no end of its own: it counts as over this long after its start."""


class Organizer(msgspec.Struct, frozen=True):
    """Who sells, known by its URL slug."""

    id: OrganizerId
    slug: str
    name: str


class Event(msgspec.Struct, frozen=True):
    """A concert or dinner with a date."""

    id: EventId
    organizer_id: OrganizerId
    name: str
    description: str
    starts_at: Instant
    timezone: str
    """IANA name of the place's time zone."""
    on_sale_at: Instant | None = None
    off_sale_at: Instant | None = None
    status: EventStatus = EventStatus.PUBLISHED

    @property
    def over_at(self) -> Instant:
        """When it no longer interests guests."""
        return Instant(self.starts_at + EVENT_SECONDS_ASSUMED * MICROSECONDS)

    def window(self) -> EventWindow:
        """What it says about the sale of its ticket types; without an end of its own the sale ends
        when the event is over."""
        return EventWindow(
            self.status, self.on_sale_at, self.over_at if self.off_sale_at is None else self.off_sale_at
        )


class TicketType(msgspec.Struct, frozen=True):
    """What is sold, as of fact `seq` of its inventory."""

    id: TicketTypeId
    seq: int
    profile: Profile
    terms: Terms

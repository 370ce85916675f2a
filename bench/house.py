"""ticketd's composition without its web server, in this process, on an embedded Postgres."""

import gc
from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop

from bench.subjects import CAPACITY, EMAIL
from ticketd.app import open_services
from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, InventoryId
from ticketd.core.outcomes import Offer
from ticketd.core.terms import Terms
from ticketd.embedded import EmbeddedPostgres
from ticketd.server import COLLECTOR_THRESHOLDS
from ticketd.services.accounts import Owner
from ticketd.services.drafts import EventDraft, EventPatch, TicketTypeDraft
from ticketd.settings import Settings
from ticketd.web.context import Services

T = TypeVar("T")
SLUG = "bench"


def in_house(settings: Settings, work: Callable[[Services], Awaitable[T]]) -> T:
    """What the work returns, done with the services of a house on this data directory."""
    postgres = EmbeddedPostgres(settings.data_dir)
    postgres.start()
    try:
        return uvloop.run(_work(settings, postgres.dsn, work))
    finally:
        postgres.stop()


async def _work(settings: Settings, dsn: str, work: Callable[[Services], Awaitable[T]]) -> T:
    async with open_services(settings, dsn, fatal=_end) as services:
        gc.collect()  # as the server does
        gc.freeze()
        gc.set_threshold(*COLLECTOR_THRESHOLDS)
        return await work(services)


def _end(reason: BaseException) -> None:
    raise SystemExit(f"the house can't go on: {reason!r}")


class Stall:
    """An owner who puts ticket types on sale."""

    def __init__(self, services: Services, owner: Owner) -> None:
        self._events = services.events
        self._ticket_types = services.ticket_types
        self._owner = owner

    @classmethod
    async def open(cls, services: Services) -> "Stall":
        """A new owner with an organizer; the database has none yet."""
        owner = await services.accounts.add(EMAIL, "Bench", "bench-password")
        assert isinstance(owner, Owner), owner
        await services.organizers.create(owner.id, name="Bench", slug=SLUG)
        return cls(services, owner)

    async def announce(self, draft: EventDraft) -> Event:
        """A new event."""
        event = await self._events.create(self._owner.id, SLUG, draft)
        assert isinstance(event, Event), event
        return event

    async def change(self, event: Event, patch: EventPatch) -> Event:
        """The event with that changed."""
        changed = await self._events.change(self._owner.id, event.id, patch)
        assert isinstance(changed, Event), changed
        return changed

    async def put_on_sale(self, event_id: EventId | None = None) -> InventoryId:
        """The inventory of a new ticket type."""
        draft = TicketTypeDraft(Terms("General Admission", capacity=CAPACITY, price_cents=1500), event_id)
        offer = await self._ticket_types.create(self._owner.id, SLUG, draft)
        assert isinstance(offer, Offer), offer
        return offer.inventory_id

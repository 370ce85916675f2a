"""What owners do: organizers, events, ticket types, orders.

What affects a sale is the actors' state, changed by commands only; an event's row is stored first, so
that a change cut short by a crash is known, and finished by `realign_events` at the next start.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from itertools import islice
from typing import TypeVar
from weakref import WeakValueDictionary

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.commands import ChangeTerms, Open
from ticketd.core.ids import EventId, Instant, InventoryId, OwnerId, TicketTypeId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import FieldError, Reason, Refusal, invalid
from ticketd.core.terms import EventWindow, Profile, TermsPatch
from ticketd.ports import Router, StorageUnavailable
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import (
    EventDraft,
    EventPatch,
    TicketTypeDraft,
    event_refusal,
    stripped,
    terms_refusal,
)
from ticketd.services.event_actors import EventActors
from ticketd.services.order_lists import OrderPage, cursor_after, position_of
from ticketd.services.slugs import slug_error, slugs_for
from ticketd.services.texts import name_errors
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.orders import NEWEST, Order, OrderLine, OrderStore, Position

__all__ = [
    "EventDraft",
    "EventPatch",
    "Management",
    "Order",
    "OrderLine",
    "OrderPage",
    "TicketTypeDraft",
]

ORDERS_PER_PAGE_MAX = 200
SLUGS_TRIED_MAX = 1000


Written = TypeVar("Written")


class Management:
    """Owners' use cases; to an owner, what isn't theirs doesn't exist."""

    def __init__(
        self, *, catalogue: Catalogue, store: CatalogueStore, orders: OrderStore, router: Router
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._orders = orders
        self._router = router
        self._actors = EventActors(catalogue, router)
        self._write_in_doubt = False
        self._event_locks: WeakValueDictionary[EventId, asyncio.Lock] = WeakValueDictionary()
        """One change of an event at a time, so that no ticket type opens on a window just replaced."""

    # -- keeping the catalogue in step with what is written

    async def _write(self, writing: Awaitable[Written]) -> Written:
        try:
            return await writing
        except StorageUnavailable:
            self._write_in_doubt = True
            raise

    async def _catch_up(self) -> None:
        """A write whose answer was lost may have happened: read what is there before anyone goes on."""
        if self._write_in_doubt:
            await self._catalogue.load()
            self._write_in_doubt = False

    # -- organizers

    async def organizers_of(self, owner_id: OwnerId) -> Sequence[Organizer]:
        """The organizers that this owner may act for, by name."""
        return await self._store.organizers_of(owner_id)

    async def access(self, owner_id: OwnerId, slug: str) -> Organizer | Refusal:
        """The organizer with this slug, if the owner may act for it."""
        await self._catch_up()
        organizer = self._catalogue.organizer(slug)
        if organizer is None or not await self._store.may_act_for(owner_id, organizer.id):
            return Refusal(Reason.NOT_FOUND)
        return organizer

    async def create_organizer(
        self, owner_id: OwnerId, *, name: str, slug: str | None = None
    ) -> Organizer | Refusal:
        """A new organizer that this owner may act for; without a slug it gets one from its name."""
        name = name.strip()
        errors = name_errors(name)
        if slug is not None and (message := slug_error(slug)):
            errors += (FieldError("slug", message),)
        if errors:
            return Refusal(Reason.INVALID, errors=errors)
        await self._catch_up()
        candidates = islice(slugs_for(name), SLUGS_TRIED_MAX) if slug is None else (slug,)
        return await self._create_with_first_free(owner_id, name, candidates)

    async def _create_with_first_free(
        self, owner_id: OwnerId, name: str, slugs: Iterable[str]
    ) -> Organizer | Refusal:
        for slug in slugs:
            if self._catalogue.organizer(slug) is not None:
                continue
            organizer = await self._write(self._store.insert_organizer(owner_id, slug=slug, name=name))
            if organizer is not None:
                self._catalogue.put_organizer(organizer)
                return organizer
        return Refusal(Reason.SLUG_TAKEN)

    # -- events

    async def create_event(self, owner_id: OwnerId, slug: str, draft: EventDraft) -> Event | Refusal:
        """A new event of this organizer."""
        organizer = await self.access(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        event = draft.event_of(organizer.id)
        refusal = event_refusal(event)
        if refusal is not None:
            return refusal
        event = await self._write(self._store.insert_event(event))
        self._catalogue.put_event(event)
        return event

    async def change_event(self, owner_id: OwnerId, event_id: EventId, patch: EventPatch) -> Event | Refusal:
        """The changed event, once all its ticket types follow it.

        OVERLOADED means that some may not follow yet; the same change again brings them there.
        """
        async with self._event_lock(event_id):
            found = await self.own_event(owner_id, event_id)
            if isinstance(found, Refusal):
                return found
            event = patch.applied_to(found)
            refusal = event_refusal(event)
            if refusal is not None:
                return refusal
            await self._write(self._store.update_event(event))
            self._catalogue.put_event(event)
            return await self._actors.announce(event) or event

    async def delete_event(self, owner_id: OwnerId, event_id: EventId) -> Refusal | None:
        """None once the event and its ticket types are gone; HAS_SALES if anything of it is taken."""
        async with self._event_lock(event_id):
            event = await self.own_event(owner_id, event_id)
            if isinstance(event, Refusal):
                return event
            refusal = await self._actors.delete_ticket_types(event)
            if refusal is not None:
                return refusal
            await self._store.delete_event(event_id)
            self._catalogue.drop_event(event_id)
            return None

    def followers(self, now: Instant) -> Iterable[InventoryId]:
        """The inventories that `realign_events` looks at."""
        return self._actors.windows(now)

    async def realign_events(self, now: Instant) -> Refusal | None:
        """Make every ticket type follow its event again, for the start; None when all do."""
        return await self._actors.realign(now)

    def _event_lock(self, event_id: EventId) -> asyncio.Lock:
        return self._event_locks.setdefault(event_id, asyncio.Lock())

    async def own_event(self, owner_id: OwnerId, event_id: EventId) -> Event | Refusal:
        """The event, if the owner may act for its organizer."""
        await self._catch_up()
        event = self._catalogue.event(event_id)
        if event is None or not await self._store.may_act_for(owner_id, event.organizer_id):
            return Refusal(Reason.NOT_FOUND)
        return event

    # -- ticket types

    async def create_ticket_type(
        self, owner_id: OwnerId, slug: str, draft: TicketTypeDraft
    ) -> Offer | Refusal:
        """A new ticket type on sale, for one of the organizer's events or for none."""
        organizer = await self.access(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        refusal = terms_refusal(draft.stripped_terms())
        if refusal is not None:
            return refusal
        if draft.event_id is None:
            return await self._open(organizer, draft, window=None)
        async with self._event_lock(draft.event_id):
            event = self._catalogue.event(draft.event_id)
            if event is None or event.organizer_id != organizer.id:
                return Refusal(Reason.NOT_FOUND, "The organizer has no such event.")
            return await self._open(organizer, draft, window=event.window())

    async def change_ticket_type(
        self, owner_id: OwnerId, ticket_type_id: TicketTypeId, patch: TermsPatch
    ) -> Offer | Refusal:
        """The ticket type on its changed terms."""
        ticket_type = await self.own_ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        patch = stripped(patch)
        refusal = terms_refusal(patch.applied_to(ticket_type.terms))
        if refusal is not None:
            return refusal
        return await self._ask(inventory_of(ticket_type_id), ChangeTerms(patch))

    async def delete_ticket_type(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> Refusal | None:
        """None once it is gone; HAS_SALES if anything of it is sold, held or paying."""
        ticket_type = await self.own_ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        return await self._actors.delete(inventory_of(ticket_type_id))

    async def _open(
        self, organizer: Organizer, draft: TicketTypeDraft, *, window: EventWindow | None
    ) -> Offer | Refusal:
        ticket_type_id = await self._store.next_ticket_type_id()
        profile = Profile(organizer.id, draft.event_id, str(uuid.uuid4()))
        return await self._ask(inventory_of(ticket_type_id), Open(profile, draft.stripped_terms(), window))

    async def _ask(self, inventory_id: InventoryId, command: Open | ChangeTerms) -> Offer | Refusal:
        outcome = await self._router.ask(inventory_id, command)
        assert isinstance(outcome, Offer | Refusal), "an inventory answers changes with its offer"
        return outcome

    async def own_ticket_type(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> TicketType | Refusal:
        """The ticket type, if the owner may act for its organizer."""
        ticket_type = self._catalogue.ticket_type(ticket_type_id)
        if ticket_type is None or not await self._store.may_act_for(
            owner_id, ticket_type.profile.organizer_id
        ):
            return Refusal(Reason.NOT_FOUND)
        return ticket_type

    # -- orders

    async def orders(
        self, owner_id: OwnerId, slug: str, *, cursor: str | None = None, limit: int = 50
    ) -> OrderPage | Refusal:
        """A page of the organizer's orders, newest first."""
        organizer = await self.access(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        if not 1 <= limit <= ORDERS_PER_PAGE_MAX:
            return invalid("limit", f"From 1 to {ORDERS_PER_PAGE_MAX}.")
        try:
            after = position_of(cursor)
        except ValueError:
            return invalid("cursor", "Not a cursor of this list.")
        items = await self._orders.page(organizer.id, after=after, limit=limit + 1)
        more = len(items) > limit
        return OrderPage(tuple(items[:limit]), cursor_after(items[limit - 1]) if more else None)

    async def all_orders(self, owner_id: OwnerId, slug: str) -> AsyncIterator[Order] | Refusal:
        """Every order of the organizer, newest first, read in pages."""
        organizer = await self.access(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        return self._orders_of(organizer)

    async def _orders_of(self, organizer: Organizer) -> AsyncIterator[Order]:
        after = NEWEST
        while page := await self._orders.page(organizer.id, after=after, limit=ORDERS_PER_PAGE_MAX):
            for order in page:
                yield order
            after = Position(page[-1].created_at, page[-1].number)

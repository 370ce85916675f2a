"""What owners do: organizers, events, ticket types, orders.

What affects a sale is the actors' state, changed by commands only; an event's row is stored first, so
that a change cut short by a crash is known, and finished by `realign_events` at the next start.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from weakref import WeakValueDictionary

import msgspec

from ticketd.core.catalogue import Event, Organizer
from ticketd.core.commands import ChangeTerms
from ticketd.core.ids import EventId, Instant, InventoryId, OwnerId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import FieldError, Reason, Refusal, invalid
from ticketd.core.terms import EventStatus, TermsPatch
from ticketd.ports import Clock, Router
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import (
    EventDraft,
    EventPatch,
    TicketTypeDraft,
    event_refusal,
    stripped,
    terms_refusal,
)
from ticketd.services.duplicates import duplicate_of, terms_moved
from ticketd.services.event_actors import EventActors
from ticketd.services.offers import Offers
from ticketd.services.openings import Openings
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


class Management:
    """Owners' use cases; to an owner, what isn't theirs doesn't exist."""

    def __init__(
        self,
        *,
        access: Access,
        catalogue: Catalogue,
        store: CatalogueStore,
        orders: OrderStore,
        openings: Openings,
        router: Router,
        clock: Clock,
    ) -> None:
        self._access = access
        self._catalogue = catalogue
        self._store = store
        self._orders = orders
        self._openings = openings
        self._router = router
        self._offers = Offers(router)
        self._clock = clock
        self._actors = EventActors(catalogue, store, router)
        self._event_locks: WeakValueDictionary[EventId, asyncio.Lock] = WeakValueDictionary()
        """One change of an event at a time, so that no ticket type opens on a window just replaced, nor
        on seats just sold."""
        # What pages and the API look up before they ask for anything else.
        self.access = access.organizer
        self.organizers_of = access.organizers_of
        self.own_event = access.event
        self.own_ticket_type = access.ticket_type

    # -- organizers

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
        await self._access.catch_up()
        candidates = islice(slugs_for(name), SLUGS_TRIED_MAX) if slug is None else (slug,)
        return await self._create_with_first_free(owner_id, name, candidates)

    async def _create_with_first_free(
        self, owner_id: OwnerId, name: str, slugs: Iterable[str]
    ) -> Organizer | Refusal:
        for slug in slugs:
            if self._catalogue.organizer(slug) is not None:
                continue
            organizer = await self._access.write(self._store.insert_organizer(owner_id, slug=slug, name=name))
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
        async with self._access.venue_lock(event.venue_id):
            refusal = self._event_refusal(event, known=None)
            if refusal is not None:
                return refusal
            made = await self._insert(event)
            if isinstance(made, Event):
                self._catalogue.put_event(made)
            return made

    async def _insert(self, event: Event) -> Event | Refusal:
        if event.max_per_guest is None:
            return await self._access.write(self._store.insert_event(event))
        # Nobody sees it until there is an inventory to keep its limit, which has to know the event's id.
        hidden = msgspec.structs.replace(event, status=EventStatus.DRAFT, max_per_guest=None)
        made = await self._access.write(self._store.insert_event(hidden))
        limited = await self._actors.with_guest_limit(msgspec.structs.replace(event, id=made.id))
        if isinstance(limited, Refusal):
            await self._store.delete_event(made.id)
        else:
            await self._access.write(self._store.update_event(limited))
        return limited

    async def change_event(self, owner_id: OwnerId, event_id: EventId, patch: EventPatch) -> Event | Refusal:
        """The changed event, once all its ticket types follow it.

        OVERLOADED means that some may not follow yet; the same change again brings them there.
        """
        async with self._event_lock(event_id):
            found = await self.own_event(owner_id, event_id)
            if isinstance(found, Refusal):
                return found
            changed = patch.applied_to(found)
            async with self._access.venue_lock(changed.venue_id):
                refusal = self._event_refusal(changed, known=found)
                if refusal is not None:
                    return refusal
                event = await self._actors.with_guest_limit(changed)
                if isinstance(event, Refusal):
                    return event
                await self._access.write(self._store.update_event(event))
                self._catalogue.put_event(event)
            return await self._actors.announce(event) or event

    def _event_refusal(self, event: Event, *, known: Event | None) -> Refusal | None:
        """Why an event can't be as it is, or become so from what is known of it; None if it can."""
        refusal = event_refusal(event)
        if refusal is not None:
            return refusal
        if (known is None or event.starts_at != known.starts_at) and event.starts_at <= self._clock.now():
            return invalid("starts_at", "This has passed already.")
        venue = self._catalogue.venue_of(event)
        if event.venue_id is not None and (venue is None or venue.organizer_id != event.organizer_id):
            return invalid("venue_id", "The organizer has no such venue.")
        if known is not None and event.venue_id != known.venue_id and self._sells_seats(known):
            return invalid("venue_id", "Seats of the venue are on sale for this event.")
        return None

    def _sells_seats(self, event: Event) -> bool:
        return any(each.is_seated for each in self._catalogue.ticket_types_of_event(event.id))

    async def duplicate_event(
        self, owner_id: OwnerId, event_id: EventId, starts_at: Instant
    ) -> Event | Refusal:
        """A draft like this event at another time, with copies of its ticket types and of the capacities that
        they share, but not of access codes.

        Sale windows move along, by the clock on the wall.
        """
        original = await self.own_event(owner_id, event_id)
        if isinstance(original, Refusal):
            return original
        organizer = self._catalogue.organizer_by_id(original.organizer_id)
        event = await self.create_event(owner_id, organizer.slug, duplicate_of(original, starts_at))
        if isinstance(event, Refusal):
            return event
        offers = await self._offers.of(self._catalogue.ticket_types_of_event(event_id))
        copy = self._openings.copier(event)
        for offer in offers.values():
            outcome = await copy.open(offer, terms_moved(offer.terms, original, starts_at))
            if isinstance(outcome, Refusal):
                await self.delete_event(owner_id, event.id)  # if this is refused, too, a draft stays
                return outcome
        return event

    async def delete_event(self, owner_id: OwnerId, event_id: EventId) -> Refusal | None:
        """None once the event and its ticket types are gone; HAS_SALES if anything of it is taken."""
        async with self._event_lock(event_id):
            event = await self.own_event(owner_id, event_id)
            if isinstance(event, Refusal):
                return event
            refusal = await self._actors.delete_all(event)
            if refusal is not None:
                return refusal
            await self._store.delete_event(event_id)
            self._catalogue.drop_event(event_id)
            return None

    def followers(self, now: Instant) -> Iterable[InventoryId]:
        """The inventories that `realign_events` looks at."""
        return self._actors.inventories(now)

    async def realign_events(self, now: Instant) -> Refusal | None:
        """Make every ticket type follow its event again, for the start; None when all do."""
        return await self._actors.realign(now)

    def _event_lock(self, event_id: EventId) -> asyncio.Lock:
        return self._event_locks.setdefault(event_id, asyncio.Lock())

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
            return await self._openings.open(organizer, draft, None)
        async with self._event_lock(draft.event_id):
            event = self._catalogue.event(draft.event_id)
            if event is None or event.organizer_id != organizer.id:
                return Refusal(Reason.NOT_FOUND, "The organizer has no such event.")
            return await self._openings.open(organizer, draft, event)

    async def change_ticket_type(
        self, owner_id: OwnerId, ticket_type_id: TicketTypeId, patch: TermsPatch
    ) -> Offer | Refusal:
        """The ticket type on its changed terms."""
        ticket_type = await self.own_ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        patch = stripped(patch)
        terms = patch.applied_to(ticket_type.terms)
        refusal = terms_refusal(terms)
        if refusal is not None:
            return refusal
        if ticket_type.is_seated and terms.capacity != ticket_type.terms.capacity:
            return invalid("capacity", "It has as many as there are seats.")
        outcome = await self._router.ask(
            ticket_type.inventory_id, ChangeTerms(patch, ticket_type_id=ticket_type.shelf_id)
        )
        if isinstance(outcome, Refusal):
            return outcome
        return outcome.of(ticket_type_id) or Refusal(Reason.NOT_FOUND)

    async def delete_ticket_type(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> Refusal | None:
        """None once it is gone; HAS_SALES if anything of it is sold, held or paying."""
        ticket_type = await self.own_ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        return await self._actors.delete(ticket_type)

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

"""Keeping the actors of an event in step with it: those of its ticket types, and of its guest limit."""

import asyncio
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, assert_never

import msgspec

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.commands import ChangeEventWindow, ChangeTerms, Delete, Open
from ticketd.core.facts import OWN
from ticketd.core.ids import Instant, InventoryId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import UNLIMITED, Kind, Profile, Terms, TermsPatch
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.offers import Offers
from ticketd.storage.catalogue import CatalogueStore


class _Order(NamedTuple):
    """A command for an inventory; one with a shared capacity gets several."""

    inventory_id: InventoryId
    command: ChangeEventWindow | ChangeTerms | Delete


class EventActors:
    """Sends an event's changes to all whom they concern."""

    def __init__(self, catalogue: Catalogue, store: CatalogueStore, router: Router) -> None:
        self._catalogue = catalogue
        self._store = store
        self._router = router
        self._offers = Offers(router)

    async def with_guest_limit(self, event: Event) -> Event | Refusal:
        """The event, with an inventory that knows how many each guest has if it has come to need one."""
        if event.max_per_guest is None or event.guests_id is not None:
            return event
        guests_id = inventory_of(await self._store.next_ticket_type_id())
        profile = Profile(event.organizer_id, event.id, str(uuid.uuid4()), kind=Kind.GUESTS)
        terms = Terms(event.name, capacity=UNLIMITED, max_per_reservation=event.max_per_guest)
        outcome = await self._router.ask(guests_id, Open(profile, terms, None))
        if isinstance(outcome, Refusal):
            return outcome
        return msgspec.structs.replace(event, guests_id=guests_id)

    async def announce(self, event: Event) -> Refusal | None:
        """None once every ticket type of the event, and its guest limit, follow it durably."""
        return await self._ask_all(self._orders(event))

    async def delete_all(self, event: Event) -> Refusal | None:
        """None once its ticket types and its limit are gone; HAS_SALES, and all stay, if anything is taken.

        A guest who reserves between the look and the deletion keeps that one ticket type alive.
        """
        ticket_types = self._catalogue.ticket_types_of_event(event.id)
        figures = [offer.figures for offer in (await self._offers.of(ticket_types)).values()]
        sold = sum(each.sold for each in figures)
        held = sum(each.in_baskets for each in figures)
        if sold or held:
            return Refusal(Reason.HAS_SALES, sold=sold, held=held)
        refusal = await self._ask_all(map(_deletion, ticket_types))
        if refusal is None and event.guests_id is not None:
            # Last, for a ticket type that stays needs it; claims that came to nothing run out by themselves.
            await self._router.ask(event.guests_id, Delete())
        return refusal

    async def delete(self, ticket_type: TicketType) -> Refusal | None:
        """None once this one is gone."""
        return await self._ask_all([_deletion(ticket_type)])

    def inventories(self, now: Instant) -> set[InventoryId]:
        """Those that have to follow an event that isn't over."""
        return {order.inventory_id for event in self._not_over(now) for order in self._orders(event)}

    async def realign(self, now: Instant) -> Refusal | None:
        """Finish what a crash cut short: tell those that don't follow their event what it says."""
        offers = await self._router.offers(self.inventories(now))
        return await self._ask_all(
            order
            for event in self._not_over(now)
            for order in self._orders(event)
            if (offer := offers.get(order.inventory_id)) is not None and not _follows(offer, order.command)
        )

    async def _ask_all(self, orders: Iterable[_Order]) -> Refusal | None:
        # NOT_FOUND is the answer of what is gone, by this very command or by another.
        outcomes = await asyncio.gather(*(self._router.ask(*order) for order in orders))
        refusals = (outcome for outcome in outcomes if isinstance(outcome, Refusal))
        return next((refusal for refusal in refusals if refusal.reason is not Reason.NOT_FOUND), None)

    def _not_over(self, now: Instant) -> Sequence[Event]:
        return [event for event in self._catalogue.events() if event.over_at > now]

    def _orders(self, event: Event) -> Iterator[_Order]:
        window = event.window()
        for each in self._catalogue.ticket_types_of_event(event.id):
            yield _Order(each.inventory_id, ChangeEventWindow(window, ticket_type_id=each.shelf_id))
        if event.guests_id is not None:
            limit = UNLIMITED if event.max_per_guest is None else event.max_per_guest
            yield _Order(event.guests_id, ChangeTerms(TermsPatch(max_per_reservation=limit)))


def _deletion(ticket_type: TicketType) -> _Order:
    return _Order(ticket_type.inventory_id, Delete(ticket_type_id=ticket_type.shelf_id))


def _follows(offer: Offer, command: ChangeEventWindow | ChangeTerms | Delete) -> bool:
    """Whether what an inventory shows is what the command would make of it."""
    match command:
        case ChangeEventWindow(window=window, ticket_type_id=shelf_id):
            shown = offer if shelf_id == OWN else offer.of(shelf_id)
            return shown is None or shown.window == window
        case ChangeTerms(patch=patch):
            return patch.applied_to(offer.terms) == offer.terms
        case Delete():
            return False
        case unreachable:
            assert_never(unreachable)

"""Capacities that several ticket types share."""

import uuid
from collections.abc import Sequence

from ticketd.core.commands import ChangeTerms, Delete, Open
from ticketd.core.ids import InventoryId, OwnerId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Kind, Profile, Terms, TermsPatch
from ticketd.ports import Router
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import stripped, terms_refusal
from ticketd.storage.catalogue import CatalogueStore


class Capacities:
    """Owners' shared capacities; each is shown by its offer, whose shelves are its ticket types."""

    def __init__(
        self, *, access: Access, catalogue: Catalogue, store: CatalogueStore, router: Router
    ) -> None:
        self._access = access
        self._catalogue = catalogue
        self._store = store
        self._router = router

    async def of_organizer(self, owner_id: OwnerId, slug: str) -> Sequence[Offer] | Refusal:
        """The organizer's shared capacities, by id."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        known = self._catalogue.capacities_of_organizer(organizer.id)
        offers = await self._router.offers([each.id for each in known])
        return [offers[each.id] for each in known if each.id in offers]

    async def create(self, owner_id: OwnerId, slug: str, *, name: str, capacity: int) -> Offer | Refusal:
        """A new capacity that the organizer's ticket types can share."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        terms = Terms(name.strip(), capacity)
        refusal = terms_refusal(terms)
        if refusal is not None:
            return refusal
        capacity_id = inventory_of(await self._store.next_ticket_type_id())
        profile = Profile(organizer.id, None, str(uuid.uuid4()), kind=Kind.CAPACITY)
        return await self._router.ask(capacity_id, Open(profile, terms, None))

    async def change(self, owner_id: OwnerId, capacity_id: InventoryId, patch: TermsPatch) -> Offer | Refusal:
        """The changed capacity; only `name` and `capacity` mean anything here."""
        known = await self._access.capacity(owner_id, capacity_id)
        if isinstance(known, Refusal):
            return known
        patch = stripped(patch)
        refusal = terms_refusal(patch.applied_to(known.terms))
        if refusal is not None:
            return refusal
        return await self._router.ask(capacity_id, ChangeTerms(patch))

    async def delete(self, owner_id: OwnerId, capacity_id: InventoryId) -> Refusal | None:
        """None once it is gone; HAS_SALES while ticket types draw on it."""
        known = await self._access.capacity(owner_id, capacity_id)
        if isinstance(known, Refusal):
            return known
        if self._catalogue.ticket_types_on(capacity_id):
            return Refusal(Reason.HAS_SALES, "Ticket types draw on it. Please delete them first.")
        outcome = await self._router.ask(capacity_id, Delete())
        # NOT_FOUND is the answer of what is gone, by this very command or by another.
        if isinstance(outcome, Refusal) and outcome.reason is not Reason.NOT_FOUND:
            return outcome
        return None

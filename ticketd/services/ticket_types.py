"""Ticket types: what owners sell, for their events or for none."""

from ticketd.core.commands import ChangeTerms
from ticketd.core.ids import OwnerId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.terms import TermsPatch
from ticketd.ports import Router
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft, stripped, terms_refusal
from ticketd.services.event_actors import EventActors
from ticketd.services.openings import Openings


class TicketTypes:
    """Owners' ticket types; their terms are the actors' state, changed by commands only."""

    def __init__(
        self,
        *,
        access: Access,
        catalogue: Catalogue,
        openings: Openings,
        actors: EventActors,
        router: Router,
    ) -> None:
        self._access = access
        self._catalogue = catalogue
        self._openings = openings
        self._actors = actors
        self._router = router

    async def create(self, owner_id: OwnerId, slug: str, draft: TicketTypeDraft) -> Offer | Refusal:
        """A new ticket type on sale, for one of the organizer's events or for none."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        refusal = terms_refusal(draft.stripped_terms())
        if refusal is not None:
            return refusal
        if draft.event_id is None:
            return await self._openings.open(organizer, draft, None)
        async with self._access.event_lock(draft.event_id):
            event = self._catalogue.event(draft.event_id)
            if event is None or event.organizer_id != organizer.id:
                return Refusal(Reason.NOT_FOUND, "The organizer has no such event.")
            return await self._openings.open(organizer, draft, event)

    async def change(
        self, owner_id: OwnerId, ticket_type_id: TicketTypeId, patch: TermsPatch
    ) -> Offer | Refusal:
        """The ticket type on its changed terms."""
        ticket_type = await self._access.ticket_type(owner_id, ticket_type_id)
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

    async def delete(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> Refusal | None:
        """None once it is gone; HAS_SALES if anything of it is sold, held or paying."""
        ticket_type = await self._access.ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        return await self._actors.delete(ticket_type)

"""Access codes: whoever knows one may buy a ticket type that nobody else sees."""

from ticketd.core.catalogue import TicketType
from ticketd.core.commands import ListAccessCodes, RemoveAccessCode, SetAccessCode
from ticketd.core.ids import Instant, OwnerId, TicketTypeId
from ticketd.core.outcomes import AccessCode, AccessCodes
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import Router
from ticketd.services.access import Access
from ticketd.services.drafts import code_refusal


class AccessCodeDesk:
    """Owners' access codes; they live in the inventory, where they are counted."""

    def __init__(self, *, access: Access, router: Router) -> None:
        self._access = access
        self._router = router

    async def of_ticket_type(self, owner_id: OwnerId, ticket_type_id: TicketTypeId) -> AccessCodes | Refusal:
        """All codes of a ticket type, by name."""
        ticket_type = await self._access.ticket_type(owner_id, ticket_type_id)
        return ticket_type if isinstance(ticket_type, Refusal) else await self._listed(ticket_type)

    async def set(
        self,
        owner_id: OwnerId,
        ticket_type_id: TicketTypeId,
        *,
        code: str,
        capacity: int | None = None,
        until: Instant | None = None,
    ) -> AccessCode | Refusal:
        """The code as it counts from now on, new or changed; with the first one the ticket type is hidden."""
        ticket_type = await self._access.ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        code = code.strip()
        refusal = code_refusal(code, capacity=capacity, until=until)
        if refusal is not None:
            return refusal
        command = SetAccessCode(code, capacity, until, ticket_type_id=ticket_type.shelf_id)
        outcome = await self._router.ask(ticket_type.inventory_id, command)
        if isinstance(outcome, Refusal):
            return outcome
        codes = await self._listed(ticket_type)
        if isinstance(codes, Refusal):
            return codes
        found = (each for each in codes.codes if each.code == code)
        return next(found, Refusal(Reason.NOT_FOUND))  # removed at this very moment

    async def remove(self, owner_id: OwnerId, ticket_type_id: TicketTypeId, code: str) -> Refusal | None:
        """None once it opens nothing any more; without the last one, everybody may buy."""
        ticket_type = await self._access.ticket_type(owner_id, ticket_type_id)
        if isinstance(ticket_type, Refusal):
            return ticket_type
        command = RemoveAccessCode(code, ticket_type_id=ticket_type.shelf_id)
        outcome = await self._router.ask(ticket_type.inventory_id, command)
        return outcome if isinstance(outcome, Refusal) else None

    async def _listed(self, ticket_type: TicketType) -> AccessCodes | Refusal:
        command = ListAccessCodes(ticket_type_id=ticket_type.shelf_id)
        return await self._router.ask(ticket_type.inventory_id, command)

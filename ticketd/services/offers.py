"""What ticket types show of themselves to those who only look."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ticketd.core.catalogue import TicketType
from ticketd.core.ids import InventoryId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.ports import Router


class AsOf(NamedTuple):
    """An inventory, and the last fact that was known of it."""

    inventory_id: InventoryId
    seq: int


class Offers:
    """Finds the last durable offers of ticket types, whatever inventories they draw on."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def of(self, ticket_types: Iterable[TicketType]) -> dict[TicketTypeId, Offer]:
        """Their offers in the same order; one deleted at this moment has none."""
        wanted = list(ticket_types)
        return shown_by(wanted, await self.inventories(wanted))

    async def one(self, ticket_type: TicketType) -> Offer | None:
        """The offer of one ticket type; None if it is deleted at this moment."""
        return (await self.of([ticket_type])).get(ticket_type.id)

    async def inventories(self, ticket_types: Sequence[TicketType]) -> Sequence[Offer | None]:
        """For each ticket type the offer of the whole inventory that it draws on.

        Nothing is waited for unless one isn't in memory.
        """
        at_hand = [self._router.offer(each.inventory_id) for each in ticket_types]
        if None not in at_hand:
            return at_hand
        found = await self._router.offers({each.inventory_id for each in ticket_types})
        return [found.get(each.inventory_id) for each in ticket_types]

    def are_at(self, facts: Iterable[AsOf]) -> bool:
        """Whether all these inventories are in memory, and nothing has happened to them since."""
        for inventory_id, seq in facts:
            offer = self._router.offer(inventory_id)
            if offer is None or offer.seq != seq:
                return False
        return True


def shown_by(
    ticket_types: Sequence[TicketType], inventories: Sequence[Offer | None]
) -> dict[TicketTypeId, Offer]:
    """The offer of each ticket type, out of those of the inventories that they draw on."""
    return {
        ticket_type.id: offer
        for ticket_type, inventory in zip(ticket_types, inventories, strict=True)
        if inventory is not None and (offer := inventory.of(ticket_type.id)) is not None
    }

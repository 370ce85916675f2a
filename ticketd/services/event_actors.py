"""Keeping the actors of an event's ticket types in step with the event."""

import asyncio
from collections.abc import Mapping, Sequence

from ticketd.core.catalogue import Event
from ticketd.core.commands import AnyCommand, ChangeEventWindow, Delete
from ticketd.core.ids import Instant, InventoryId, inventory_of
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventWindow
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue


class EventActors:
    """Sends an event's changes to all its ticket types."""

    def __init__(self, catalogue: Catalogue, router: Router) -> None:
        self._catalogue = catalogue
        self._router = router

    async def announce(self, event: Event) -> Refusal | None:
        """None once every ticket type of the event follows it durably."""
        command = ChangeEventWindow(event.window())
        return await self._ask_all(dict.fromkeys(self._inventories_of(event), command))

    async def delete_ticket_types(self, event: Event) -> Refusal | None:
        """None once they are gone; HAS_SALES, and all of them stay, if anything is taken.

        A guest who reserves between the look and the deletion keeps that one ticket type alive.
        """
        inventories = self._inventories_of(event)
        figures = [offer.figures for offer in (await self._router.offers(inventories)).values()]
        sold = sum(each.sold for each in figures)
        held = sum(each.held + each.paying for each in figures)
        if sold or held:
            return Refusal(Reason.HAS_SALES, sold=sold, held=held)
        return await self._ask_all(dict.fromkeys(inventories, Delete()))

    async def delete(self, inventory_id: InventoryId) -> Refusal | None:
        """None once this one is gone."""
        return await self._ask_all({inventory_id: Delete()})

    def windows(self, now: Instant) -> dict[InventoryId, EventWindow]:
        """What each ticket type of an event that isn't over has to follow."""
        return {
            inventory_id: event.window()
            for event in self._catalogue.events()
            if event.over_at > now
            for inventory_id in self._inventories_of(event)
        }

    async def realign(self, now: Instant) -> Refusal | None:
        """Finish what a crash cut short: tell those that don't follow their event what it says."""
        windows = self.windows(now)
        offers = await self._router.offers(windows)
        return await self._ask_all(
            {
                inventory_id: ChangeEventWindow(windows[inventory_id])
                for inventory_id, offer in offers.items()
                if offer.window != windows[inventory_id]
            }
        )

    async def _ask_all(self, commands: Mapping[InventoryId, AnyCommand]) -> Refusal | None:
        # NOT_FOUND is the answer of what is gone, by this very command or by another.
        outcomes = await asyncio.gather(
            *(self._router.ask(inventory_id, command) for inventory_id, command in commands.items())
        )
        refusals = (outcome for outcome in outcomes if isinstance(outcome, Refusal))
        return next((refusal for refusal in refusals if refusal.reason is not Reason.NOT_FOUND), None)

    def _inventories_of(self, event: Event) -> Sequence[InventoryId]:
        return [inventory_of(each.id) for each in self._catalogue.ticket_types_of_event(event.id)]

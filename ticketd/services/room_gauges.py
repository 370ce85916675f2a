"""How the shop of an event does: what admission goes by, and what waiting guests are told."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ticketd.core.ids import END_OF_TIME, SECOND, EventId, Instant, InventoryId
from ticketd.core.outcomes import Offer
from ticketd.core.stats import JournalStats
from ticketd.core.terms import SaleStatus, sale_status, sale_time
from ticketd.ports import Clock, Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.offers import Offers, shown_by


class Stock(NamedTuple):
    """What there is of an event's tickets, all ticket types together."""

    free: int
    """Of those on sale."""
    unsold: int
    """The same, with those that are to be sold later."""
    in_baskets: int
    """Held or being paid."""
    sold: int
    next_return_at: Instant | None
    """When the first basket runs out, unless it is paid."""
    opens_at: Instant
    """When the first of its sales begins."""
    ends_at: Instant
    """When the last of them does."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left, and nothing can come back."""
        return self.unsold == 0 and self.in_baskets == 0


class Gauges:
    """Reads what the shop of an event shows."""

    def __init__(
        self, *, catalogue: Catalogue, router: Router, clock: Clock, journal: Callable[[], JournalStats]
    ) -> None:
        self._catalogue = catalogue
        self._router = router
        self._offers = Offers(router)
        self._clock = clock
        self._journal = journal
        self._commits = (0, 0.0)
        self.commit_seconds = 0.0
        """How long groups took to become durable between the last two readings, on average."""

    async def stock(self, event_id: EventId) -> Stock:
        """What there is of an event's tickets."""
        ticket_types = self._catalogue.ticket_types_of_event(event_id)
        at_hand = await self._offers.inventories(ticket_types)
        now = self._clock.now()
        inventories = {offer.inventory_id: offer for offer in at_hand if offer is not None}
        shown = list(shown_by(ticket_types, at_hand).values())
        # What needs an access code is nothing that the crowd waits for, unless there is nothing else.
        public = [offer for offer in shown if not offer.hidden] or shown
        times = [sale_time(offer.terms, offer.window) for offer in public]
        standing = [(sale_status(offer.terms, offer.window, free=1, now=now), offer) for offer in public]
        drawn_on = [inventories[inventory_id] for inventory_id in {offer.inventory_id for offer in public}]
        returns = [offer.next_return_at for offer in drawn_on if offer.next_return_at is not None]
        return Stock(
            free=_free(inventories, [offer for status, offer in standing if status is SaleStatus.ON_SALE]),
            unsold=_free(
                inventories, [offer for status, offer in standing if status is not SaleStatus.ENDED]
            ),
            in_baskets=sum(offer.figures.in_baskets for offer in drawn_on),
            sold=sum(offer.figures.sold for offer in public),
            next_return_at=min(returns, default=None),
            opens_at=min((time.opens_at for time in times), default=END_OF_TIME),
            ends_at=max((time.ends_at for time in times), default=END_OF_TIME),
        )

    def mailbox_age_seconds(self, event_id: EventId) -> float:
        """How long the oldest command for the event has been waiting."""
        now = self._clock.now()
        ticket_types = self._catalogue.ticket_types_of_event(event_id)
        waiting = [
            at for each in ticket_types if (at := self._router.waiting_since(each.inventory_id)) is not None
        ]
        return (now - min(waiting, default=now)) / SECOND

    def read_commits(self) -> None:
        """Take a new reading of how long commits take; without any since the last one nothing is slow."""
        seconds = self._journal().commit_seconds
        count, total = sum(seconds.counts), seconds.total
        before, total_before = self._commits
        self._commits = (count, total)
        self.commit_seconds = (total - total_before) / (count - before) if count > before else 0.0


def _free(inventories: Mapping[InventoryId, Offer], offers: Iterable[Offer]) -> int:
    """How many can be had of these together, of which some may share a capacity."""
    wanted: Counter[InventoryId] = Counter()
    for offer in offers:
        wanted[offer.inventory_id] += offer.figures.free
    return sum(min(free, inventories[each].figures.free) for each, free in wanted.items())

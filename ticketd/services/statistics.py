"""What an owner has sold: by event, by ticket type, by the name of the ticket type, and in all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from ticketd.core.catalogue import Event, Organizer
from ticketd.core.ids import EventId, InventoryId, OrganizerId, OwnerId, TicketTypeId
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.offers import Offers
from ticketd.storage.catalogue import CatalogueStore


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Figures summed up; `held` includes what is being paid, `reserved` is held and sold.

    What several ticket types share is counted once.
    """

    capacity: int
    available: int
    held: int
    sold: int
    reserved: int
    revenue_cents: int


class TicketTypeRow(Row, frozen=True, kw_only=True):
    """One ticket type's figures."""

    ticket_type_id: TicketTypeId
    name: str
    organizer: str
    """The organizer's slug."""
    event_id: EventId | None
    capacity_id: InventoryId | None
    """The shared capacity that it draws on."""


class EventRow(Row, frozen=True, kw_only=True):
    """One event's figures, and those of its ticket types."""

    event_id: EventId
    name: str
    ticket_types: Sequence[TicketTypeRow]


class NameRow(Row, frozen=True, kw_only=True):
    """The figures of all ticket types with the same name."""

    name: str


class StatisticsReport(msgspec.Struct, frozen=True):
    """The same sales, seen four ways."""

    totals: Row
    events: Sequence[EventRow]
    """Soonest first."""
    ticket_types: Sequence[TicketTypeRow]
    """All, those without an event (coupons) included, by id."""
    by_ticket_type_name: Sequence[NameRow]
    """By name."""


class Statistics:
    """Reports made of the inventories' own figures; nothing is counted again."""

    def __init__(self, *, catalogue: Catalogue, store: CatalogueStore, router: Router) -> None:
        self._catalogue = catalogue
        self._store = store
        self._router = router
        self._offers = Offers(router)

    async def of(
        self,
        owner_id: OwnerId,
        *,
        organizer: str | None = None,
        event_id: EventId | None = None,
        ticket_type_name: str | None = None,
    ) -> StatisticsReport | Refusal:
        """The owner's sales, narrowed by what is given; NOT_FOUND for what isn't theirs."""
        mine = {each.id: each for each in await self._store.organizers_of(owner_id)}
        organizers = {each.id: each for each in mine.values() if organizer in (None, each.slug)}
        if organizer is not None and not organizers:
            return Refusal(Reason.NOT_FOUND)
        events = self._events(organizers, event_id)
        if event_id is not None and not events:
            return Refusal(Reason.NOT_FOUND)
        rows = await self._rows(organizers)
        if event_id is not None:
            rows = [row for row in rows if row.event_id == event_id]
        if ticket_type_name is not None:
            rows = [row for row in rows if row.name == ticket_type_name]
        shared = await self._router.offers({row.capacity_id for row in rows if row.capacity_id is not None})
        figures = {capacity_id: offer.figures for capacity_id, offer in shared.items()}
        return _report(events, rows, figures, with_empty_events=ticket_type_name is None)

    def _events(self, organizers: dict[OrganizerId, Organizer], event_id: EventId | None) -> Sequence[Event]:
        return [
            event
            for event in self._catalogue.events()
            if event.organizer_id in organizers and event_id in (None, event.id)
        ]

    async def _rows(self, organizers: dict[OrganizerId, Organizer]) -> list[TicketTypeRow]:
        ticket_types = [
            ticket_type
            for organizer_id in organizers
            for ticket_type in self._catalogue.ticket_types_of_organizer(organizer_id)
        ]
        offers = await self._offers.of(sorted(ticket_types, key=lambda each: each.id))
        return [_ticket_type_row(offer, organizers) for offer in offers.values()]


def _report(
    events: Sequence[Event],
    rows: Sequence[TicketTypeRow],
    shared: Mapping[InventoryId, Figures],
    *,
    with_empty_events: bool,
) -> StatisticsReport:
    of_event: defaultdict[EventId | None, list[TicketTypeRow]] = defaultdict(list)
    of_name: defaultdict[str, list[TicketTypeRow]] = defaultdict(list)
    for row in rows:
        of_event[row.event_id].append(row)
        of_name[row.name].append(row)
    return StatisticsReport(
        Row(**_sums(rows, shared)),
        [
            EventRow(
                event_id=event.id,
                name=event.name,
                ticket_types=of_event[event.id],
                **_sums(of_event[event.id], shared),
            )
            for event in events
            if with_empty_events or event.id in of_event
        ],
        rows,
        [NameRow(name=name, **_sums(of_name[name], shared)) for name in sorted(of_name)],
    )


def _ticket_type_row(offer: Offer, organizers: dict[OrganizerId, Organizer]) -> TicketTypeRow:
    figures = offer.figures
    held = figures.in_baskets
    return TicketTypeRow(
        ticket_type_id=offer.ticket_type_id,
        name=offer.terms.name,
        organizer=organizers[offer.profile.organizer_id].slug,
        event_id=offer.profile.event_id,
        capacity_id=offer.profile.capacity_id,
        capacity=figures.capacity,
        available=figures.free,
        held=held,
        sold=figures.sold,
        reserved=held + figures.sold,
        revenue_cents=figures.revenue_cents,
    )


def _sums(rows: Sequence[TicketTypeRow], shared: Mapping[InventoryId, Figures]) -> dict[str, int]:
    sums = {field: sum(getattr(row, field) for row in rows) for field in Row.__struct_fields__}
    for capacity_id, figures in shared.items():
        sharing = [row for row in rows if row.capacity_id == capacity_id]
        sums["capacity"] -= max(0, sum(row.capacity for row in sharing) - figures.capacity)
        sums["available"] -= max(0, sum(row.available for row in sharing) - figures.free)
    return sums

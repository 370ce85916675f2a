"""What an owner has sold: by event, by ticket type, by the name of the ticket type, and in all."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from ticketd.core.catalogue import Event, Organizer
from ticketd.core.ids import EventId, OrganizerId, OwnerId, TicketTypeId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue
from ticketd.storage.catalogue import CatalogueStore


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Figures summed up; `held` includes what is being paid, `reserved` is held and sold."""

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
        return _report(events, rows, with_empty_events=ticket_type_name is None)

    def _events(self, organizers: dict[OrganizerId, Organizer], event_id: EventId | None) -> Sequence[Event]:
        return [
            event
            for event in self._catalogue.events()
            if event.organizer_id in organizers and event_id in (None, event.id)
        ]

    async def _rows(self, organizers: dict[OrganizerId, Organizer]) -> list[TicketTypeRow]:
        inventories = [
            inventory_of(ticket_type.id)
            for organizer_id in organizers
            for ticket_type in self._catalogue.ticket_types_of_organizer(organizer_id)
        ]
        offers = await self._router.offers(inventories)
        return [
            _ticket_type_row(offers[inventory_id], organizers)
            for inventory_id in sorted(inventories)
            if inventory_id in offers
        ]


def _report(
    events: Sequence[Event], rows: Sequence[TicketTypeRow], *, with_empty_events: bool
) -> StatisticsReport:
    of_event: defaultdict[EventId | None, list[TicketTypeRow]] = defaultdict(list)
    of_name: defaultdict[str, list[TicketTypeRow]] = defaultdict(list)
    for row in rows:
        of_event[row.event_id].append(row)
        of_name[row.name].append(row)
    return StatisticsReport(
        Row(**_sums(rows)),
        [
            EventRow(
                event_id=event.id,
                name=event.name,
                ticket_types=of_event[event.id],
                **_sums(of_event[event.id]),
            )
            for event in events
            if with_empty_events or event.id in of_event
        ],
        rows,
        [NameRow(name=name, **_sums(of_name[name])) for name in sorted(of_name)],
    )


def _ticket_type_row(offer: Offer, organizers: dict[OrganizerId, Organizer]) -> TicketTypeRow:
    figures = offer.figures
    held = figures.held + figures.paying
    return TicketTypeRow(
        ticket_type_id=TicketTypeId(offer.inventory_id),
        name=offer.terms.name,
        organizer=organizers[offer.profile.organizer_id].slug,
        event_id=offer.profile.event_id,
        capacity=figures.capacity,
        available=figures.free,
        held=held,
        sold=figures.sold,
        reserved=held + figures.sold,
        revenue_cents=figures.revenue_cents,
    )


def _sums(rows: Iterable[Row]) -> dict[str, int]:
    sums = dict.fromkeys(Row.__struct_fields__, 0)
    for row in rows:
        for field in sums:
            sums[field] += getattr(row, field)
    return sums

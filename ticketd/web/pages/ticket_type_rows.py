"""Ticket types in an owner's lists."""

from collections.abc import Sequence

import msgspec

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.outcomes import Offer
from ticketd.web.context import Services
from ticketd.web.pages import words
from ticketd.web.pages.guards import Desk
from ticketd.web.pages.offers import left
from ticketd.web.pages.words import Moment, moment

COUPON = "Coupon"


class TicketTypeRow(msgspec.Struct, frozen=True):
    """A ticket type in a list."""

    name: str
    path: str
    event: str
    starts: Moment | None
    purchased: str
    held: str
    price: str
    sale: str
    """What guests are told: how many are left, or when it is sold."""
    is_hidden: bool


async def ticket_type_rows(
    services: Services, desk: Desk, ticket_types: Sequence[TicketType]
) -> Sequence[TicketTypeRow]:
    """The rows of these ticket types, in the same order."""
    offers = await services.offers.of(ticket_types)
    return [
        _row(services, desk, offer, services.catalogue.event_of(each))
        for each in ticket_types
        if (offer := offers.get(each.id)) is not None
    ]


def _row(services: Services, desk: Desk, offer: Offer, event: Event | None) -> TicketTypeRow:
    figures = offer.figures
    timezone = words.UTC_NAME if event is None else event.timezone
    return TicketTypeRow(
        offer.terms.name,
        f"{desk.path}/tickets/{offer.ticket_type_id}",
        COUPON if event is None else event.name,
        None if event is None else moment(event.starts_at, timezone),
        f"{figures.sold:,} of {figures.capacity:,}",
        f"{figures.in_baskets:,}",
        words.price(offer.terms.price_cents),
        left(offer, services.clock.now(), timezone=timezone),
        offer.hidden,
    )

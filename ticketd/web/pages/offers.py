"""Ticket types as guests see them on the pages that sell."""

import secrets
from collections.abc import Sequence

import msgspec

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import Instant
from ticketd.core.outcomes import Offer
from ticketd.core.terms import SaleStatus, opening, sale_status
from ticketd.web.pages import words
from ticketd.web.pages.fields import Choice
from ticketd.web.pages.words import Moment, moment

_KEY_BYTES = 18


class EventLine(msgspec.Struct, frozen=True):
    """An event in one line."""

    name: str
    path: str
    starts: Moment


class OfferView(msgspec.Struct, frozen=True):
    """One ticket type, with the form that buys it if it can be bought now."""

    name: str
    path: str
    price: str
    left: str
    quantities: Sequence[Choice]
    key: str
    """Makes one reservation of a form that is sent twice."""


def event_line(event: Event) -> EventLine:
    """The event in one line."""
    return EventLine(event.name, f"/events/{event.id}", moment(event.starts_at, event.timezone))


def purchase_path(organizer_slug: str, ticket_type: TicketType) -> str:
    """The public page that sells this ticket type."""
    return f"/{organizer_slug}/purchase/{ticket_type.profile.code}"


def status(offer: Offer, now: Instant) -> SaleStatus:
    """Where its sale stands."""
    return sale_status(offer.terms, offer.window, free=offer.figures.free, now=now)


def left(offer: Offer, now: Instant, *, timezone: str) -> str:
    """What a guest can still get of it, in words."""
    opens_at = opening(offer.terms, offer.window)
    opens = None if opens_at is None else moment(opens_at, timezone)
    figures = offer.figures
    return words.left(status(offer, now), figures.free, figures.held + figures.paying, opens)


def offer_view(
    offer: Offer, *, path: str, event: Event | None, now: Instant, quantity: int = 1, key: str | None = None
) -> OfferView:
    """The ticket type as its buyers see it, `quantity` chosen if there are as many.

    A form that is shown again keeps its `key`, for the answer before may have been a yes that got lost.
    """
    most = min(offer.figures.free, offer.terms.max_per_reservation)
    on_sale = status(offer, now) is SaleStatus.ON_SALE
    return OfferView(
        offer.terms.name,
        path,
        words.price(offer.terms.price_cents),
        left(offer, now, timezone=event.timezone if event else words.UTC_NAME),
        tuple(Choice(str(n), str(n), chosen=n == quantity) for n in range(1, most + 1)) if on_sale else (),
        key or secrets.token_urlsafe(_KEY_BYTES),
    )

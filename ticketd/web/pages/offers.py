"""Ticket types as guests see them on the pages that sell."""

from collections.abc import Sequence

import msgspec

from ticketd.core.catalogue import Event, TicketType, Venue
from ticketd.core.ids import SECOND, Instant
from ticketd.core.money import format_cents
from ticketd.core.outcomes import Offer
from ticketd.core.terms import SaleStatus, opening, sale_status
from ticketd.web.pages import words
from ticketd.web.pages.fields import Choice
from ticketd.web.pages.words import Moment, moment


class EventLine(msgspec.Struct, frozen=True):
    """An event in one line."""

    name: str
    path: str
    starts: Moment


class Countdown(msgspec.Struct, frozen=True):
    """When a sale opens, and how far away that is by the server's clock."""

    opens: Moment
    seconds: int


class OfferView(msgspec.Struct, frozen=True):
    """One ticket type, with what its form offers if it can be bought now."""

    id: int
    name: str
    path: str
    price: str
    left: str
    countdown: Countdown | None
    is_on_sale: bool
    is_seated: bool
    quantities: Sequence[Choice]
    """Empty if it can't be bought now, or is sold by the seat."""
    error: str = ""


def event_line(event: Event) -> EventLine:
    """The event in one line."""
    return EventLine(event.name, f"/events/{event.id}", moment(event.starts_at, event.timezone))


def dated(event: Event) -> str:
    """The event's name with its time: one of the same name may take place on another day."""
    return f"{event.name}, {words.day_and_time(event.starts_at, event.timezone)}"


def place(venue: Venue | None) -> str:
    """Where an event takes place, in one line; "" if its owner hasn't said."""
    return "" if venue is None else ", ".join(filter(None, (venue.name, venue.address)))


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
    return words.left(status(offer, now), figures.free, figures.in_baskets, opens)


def countdown(offer: Offer, now: Instant, *, timezone: str) -> Countdown | None:
    """How long until it is on sale; None if it has been, or if nobody knows."""
    opens_at = opening(offer.terms, offer.window)
    if opens_at is None or status(offer, now) is not SaleStatus.NOT_YET:
        return None
    return Countdown(moment(opens_at, timezone), max(0, -((now - opens_at) // SECOND)))


def lowest_price(offers: Sequence[Offer]) -> str:
    """ "from €20.00", "Free to €90.00", or the one price that all have; "" for none."""
    prices = sorted({offer.terms.price_cents for offer in offers})
    if len(prices) <= 1:
        return words.price(prices[0]) if prices else ""
    return f"from {format_cents(prices[0])}" if prices[0] else f"Free to {format_cents(prices[-1])}"


def most_at_once(offer: Offer, event: Event | None) -> int:
    """How many one guest can reserve of it now, and pay for as the event's guest."""
    most = min(offer.figures.free, offer.terms.max_per_reservation)
    return most if event is None or event.max_per_guest is None else min(most, event.max_per_guest)


def quantities(most: int, *, least: int, chosen: int) -> Sequence[Choice]:
    """A dropdown's numbers."""
    return tuple(Choice(str(n), str(n), chosen=n == chosen) for n in range(least, most + 1))


def offer_view(
    offer: Offer,
    *,
    path: str,
    event: Event | None,
    now: Instant,
    quantity: int = 1,
    least: int = 1,
    error: str = "",
) -> OfferView:
    """The ticket type as its buyers see it, `quantity` chosen or as many as there are."""
    timezone = event.timezone if event else words.UTC_NAME
    is_on_sale = status(offer, now) is SaleStatus.ON_SALE
    by_number = is_on_sale and offer.hall is None
    most = most_at_once(offer, event)
    return OfferView(
        offer.ticket_type_id,
        offer.terms.name,
        path,
        words.price(offer.terms.price_cents),
        left(offer, now, timezone=timezone),
        countdown(offer, now, timezone=timezone),
        is_on_sale,
        offer.hall is not None,
        quantities(most, least=least, chosen=min(quantity, most)) if by_number else (),
        error,
    )

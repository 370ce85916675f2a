"""Events and coupons as the lists show them that guests choose from."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.terms import SaleStatus
from ticketd.services.catalogue import Catalogue
from ticketd.web.context import Services
from ticketd.web.pages import words
from ticketd.web.pages.offers import Countdown, countdown, left, lowest_price, purchase_path, status
from ticketd.web.pages.words import Moment, moment


class Link(msgspec.Struct, frozen=True):
    """A name that leads somewhere."""

    name: str
    path: str


class Card(msgspec.Struct, frozen=True):
    """An event, or a coupon that belongs to none."""

    name: str
    path: str
    organizer: Link
    price: str
    left: str
    countdown: Countdown | None = None
    starts: Moment | None = None
    venue: str = ""


class Cards(msgspec.Struct, frozen=True):
    """What a list has of each."""

    events: Sequence[Card]
    coupons: Sequence[Card]


def organizer_link(organizer: Organizer) -> Link:
    """The organizer's public page."""
    return Link(organizer.name, f"/{organizer.slug}")


def listing(
    catalogue: Catalogue, events: Iterable[Event], coupons: Iterable[TicketType]
) -> list[Event | TicketType]:
    """All that a list consists of, events first."""
    return [*events, *catalogue.listed(coupons)]


async def cards_of(services: Services, listed: Sequence[Event | TicketType], now: Instant) -> Cards:
    """These events and coupons as cards."""
    catalogue = services.catalogue
    events = [each for each in listed if isinstance(each, Event)]
    coupons = [each for each in listed if isinstance(each, TicketType)]
    sold = {event.id: catalogue.listed(catalogue.ticket_types_of_event(event.id)) for event in events}
    wanted = [*coupons, *(each for of_event in sold.values() for each in of_event)]
    offers = await services.offers.of(wanted)
    return Cards(
        [_event_card(catalogue, event, _known(offers, sold[event.id]), now) for event in events],
        [
            _coupon_card(catalogue, coupon, offers[coupon.id], now)
            for coupon in coupons
            if coupon.id in offers
        ],
    )


def _known(offers: Mapping[TicketTypeId, Offer], ticket_types: Iterable[TicketType]) -> Sequence[Offer]:
    return [offers[each.id] for each in ticket_types if each.id in offers]


def _event_card(catalogue: Catalogue, event: Event, offers: Sequence[Offer], now: Instant) -> Card:
    venue = catalogue.venue_of(event)
    words_left, until = _left_of_all(offers, now, timezone=event.timezone)
    return Card(
        event.name,
        f"/events/{event.id}",
        organizer_link(catalogue.organizer_by_id(event.organizer_id)),
        lowest_price(offers),
        words_left,
        until,
        moment(event.starts_at, event.timezone),
        "" if venue is None else venue.name,
    )


def _coupon_card(catalogue: Catalogue, coupon: TicketType, offer: Offer, now: Instant) -> Card:
    organizer = catalogue.organizer_by_id(coupon.profile.organizer_id)
    return Card(
        offer.terms.name,
        purchase_path(organizer.slug, coupon),
        organizer_link(organizer),
        words.price(offer.terms.price_cents),
        left(offer, now, timezone=words.UTC_NAME),
        countdown(offer, now, timezone=words.UTC_NAME),
    )


def _left_of_all(offers: Sequence[Offer], now: Instant, *, timezone: str) -> tuple[str, Countdown | None]:
    if not offers:
        return "No tickets yet", None
    on_sale = [offer for offer in offers if status(offer, now) is SaleStatus.ON_SALE]
    if on_sale:
        return f"{_free(on_sale):,} left", None
    first = min(offers, key=lambda offer: (_SAID_FIRST.index(status(offer, now)), _opens_in(offer, now)))
    return left(first, now, timezone=timezone), countdown(first, now, timezone=timezone)


def _free(offers: Iterable[Offer]) -> int:
    """How many are left of all; what is left of a shared capacity counts once."""
    free: dict[int, list[int]] = {}
    for offer in offers:
        free.setdefault(offer.profile.capacity_id or offer.inventory_id, []).append(offer.figures.free)
    return sum(max(each) for each in free.values())


def _opens_in(offer: Offer, now: Instant) -> int:
    until = countdown(offer, now, timezone=words.UTC_NAME)
    return 0 if until is None else until.seconds


_SAID_FIRST = (SaleStatus.ON_SALE, SaleStatus.NOT_YET, SaleStatus.SOLD_OUT, SaleStatus.ENDED)

"""How many are left, rendered once for as long as it stays true."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from ticketd.core.catalogue import TicketType
from ticketd.core.ids import END_OF_TIME, EventId, Instant
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import sale_status, sale_time
from ticketd.ports import Clock
from ticketd.services.offers import AsOf, Offers, shown_by
from ticketd.web.api import shapes
from ticketd.web.parsing import RefusedRequest, format_instant
from ticketd.web.rendered import Text

BOARD_LENGTH_MAX: Final = 10_000
"""What was rendered longest ago gives way."""

Shape = Callable[[int, Sequence[Offer], Instant], object]
"""What is shown of a subject: its number, the offers of its ticket types, the time."""

_encode = msgspec.json.Encoder().encode


class _Notice(NamedTuple):
    """What is shown, and what it was rendered from."""

    ticket_types: Sequence[TicketType]
    as_of: Sequence[AsOf]
    until: Instant
    """The next time that a sale opens or ends."""
    text: Text


class Board:
    """What is left of each subject, an event or a ticket type, as of its last durable change."""

    def __init__(self, offers: Offers, clock: Clock, shape: Shape) -> None:
        self._offers = offers
        self._clock = clock
        self._shape = shape
        self._notices: OrderedDict[int, _Notice] = OrderedDict()  # a dict would go over all that have left it

    async def read(self, subject: int, ticket_types: Sequence[TicketType]) -> Text:
        """What is left of the subject, which these ticket types are sold for."""
        notice = self._valid(subject, ticket_types)
        if notice is None:
            inventories = await self._offers.inventories(ticket_types)
            # It is valid all the same if it was only that one of them had left memory.
            notice = self._valid(subject, ticket_types) or self._renew(subject, ticket_types, inventories)
        return notice.text

    def _valid(self, subject: int, ticket_types: Sequence[TicketType]) -> _Notice | None:
        """The notice that hangs there, if it still says what is true."""
        notice = self._notices.get(subject)
        if (
            notice is None
            or self._clock.now() >= notice.until
            or notice.ticket_types != ticket_types
            or not self._offers.are_at(notice.as_of)
        ):
            return None
        return notice

    def _renew(
        self, subject: int, ticket_types: Sequence[TicketType], inventories: Sequence[Offer | None]
    ) -> _Notice:
        now = self._clock.now()
        offers = tuple(shown_by(ticket_types, inventories).values())
        text = Text(_encode(self._shape(subject, offers, now)))
        self._notices.pop(subject, None)
        if len(self._notices) >= BOARD_LENGTH_MAX:
            self._notices.popitem(last=False)
        as_of = [AsOf(each.inventory_id, each.seq) for each in inventories if each is not None]
        notice = _Notice(ticket_types, as_of, _next_turn(offers, now), text)
        self._notices[subject] = notice
        return notice


def _next_turn(offers: Sequence[Offer], now: Instant) -> Instant:
    turns = (turn for offer in offers for turn in sale_time(offer.terms, offer.window) if turn > now)
    return min(turns, default=END_OF_TIME)


def event_availability(event_id: int, offers: Sequence[Offer], now: Instant) -> shapes.EventAvailability:
    """How many are left of each ticket type of an event."""
    return shapes.EventAvailability(
        EventId(event_id), format_instant(now), tuple(_availability(offer, now) for offer in offers)
    )


def availability(_: int, offers: Sequence[Offer], now: Instant) -> shapes.Availability:
    """How many are left of a ticket type; RefusedRequest (not found) if it is deleted at this moment."""
    if not offers:
        raise RefusedRequest(Refusal(Reason.NOT_FOUND))
    return _availability(offers[0], now)


def _availability(offer: Offer, now: Instant) -> shapes.Availability:
    terms, figures = offer.terms, offer.figures
    return shapes.Availability(
        id=offer.ticket_type_id,
        name=terms.name,
        price_cents=terms.price_cents,
        currency=terms.currency,
        capacity=figures.capacity,
        available=figures.free,
        held=figures.in_baskets,
        sold=figures.sold,
        status=sale_status(terms, offer.window, free=figures.free, now=now),
        as_of=format_instant(now),
    )

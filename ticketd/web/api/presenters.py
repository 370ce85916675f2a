"""Answers of the services as the API's JSON."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from aiohttp import hdrs

from ticketd.core import catalogue as core
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.money import EUR
from ticketd.core.outcomes import Offer
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import sale_status
from ticketd.services.catalogue import Catalogue
from ticketd.services.management import Order
from ticketd.web.answers import Answer, head, header_line
from ticketd.web.api import shapes
from ticketd.web.parsing import format_instant
from ticketd.web.problems import PRIVATE_HEADERS

API: Final = "/api/v1"

_JSON: Final[Mapping[str, str]] = {hdrs.CONTENT_TYPE: "application/json"}
_PUBLIC: Final = head(200, _JSON)
_PRIVATE: Final = {status: head(status, {**_JSON, **PRIVATE_HEADERS}) for status in (200, 201, 202)}

_encode = msgspec.json.Encoder().encode


# -- answers


def public_answer(shape: object) -> Answer:
    """The shape as JSON that anybody may see."""
    return Answer(_PUBLIC, _encode(shape))


def private_answer(shape: object, *, status: int = 200) -> Answer:
    """The shape as JSON that nobody between here and the asker may keep."""
    return Answer(_PRIVATE[status], _encode(shape))


def created_answer(shape: object, *, location: str) -> Answer:
    """201, where the new thing is, and the thing as JSON that nobody in between may keep."""
    return Answer(_PRIVATE[201], _encode(shape), header_line("Location", location))


# -- what is on offer


def organizer_shape(organizer: core.Organizer) -> shapes.Organizer:
    """Who sells."""
    return shapes.Organizer(organizer.slug, organizer.name)


def ticket_type_shape(ticket_type: core.TicketType, catalogue: Catalogue) -> shapes.TicketType:
    """A ticket type as guests see it."""
    return shapes.TicketType(**_ticket_type_members(ticket_type, catalogue))


def own_ticket_type_shape(offer: Offer, catalogue: Catalogue) -> shapes.OwnTicketType:
    """A ticket type as its owner sees it."""
    ticket_type = core.TicketType(TicketTypeId(offer.inventory_id), offer.seq, offer.profile, offer.terms)
    figures = offer.figures
    return shapes.OwnTicketType(
        **_ticket_type_members(ticket_type, catalogue),
        capacity=figures.capacity,
        available=figures.free,
        held=figures.held + figures.paying,
        sold=figures.sold,
        revenue_cents=figures.revenue_cents,
    )


def _ticket_type_members(ticket_type: core.TicketType, catalogue: Catalogue) -> dict[str, Any]:
    profile, terms = ticket_type.profile, ticket_type.terms
    organizer = catalogue.organizer_by_id(profile.organizer_id)
    return {
        "id": ticket_type.id,
        "code": profile.code,
        "purchase_url": f"/{organizer.slug}/purchase/{profile.code}",
        "name": terms.name,
        "organizer": organizer_shape(organizer),
        "event_id": profile.event_id,
        "price_cents": terms.price_cents,
        "currency": terms.currency,
        "max_per_reservation": terms.max_per_reservation,
        "on_sale_at": _optional_instant(terms.on_sale_at),
        "off_sale_at": _optional_instant(terms.off_sale_at),
    }


def event_shape(event: core.Event, catalogue: Catalogue) -> shapes.Event:
    """An event and what is sold for it."""
    return shapes.Event(
        id=event.id,
        organizer=organizer_shape(catalogue.organizer_by_id(event.organizer_id)),
        name=event.name,
        description=event.description,
        venue=None,
        starts_at=format_instant(event.starts_at),
        timezone=event.timezone,
        on_sale_at=_optional_instant(event.on_sale_at),
        off_sale_at=_optional_instant(event.off_sale_at),
        status=event.status,
        ticket_types=tuple(
            ticket_type_shape(each, catalogue) for each in catalogue.ticket_types_of_event(event.id)
        ),
    )


def availability_shape(offer: Offer, now: Instant) -> shapes.Availability:
    """How many are left."""
    terms, figures = offer.terms, offer.figures
    return shapes.Availability(
        id=TicketTypeId(offer.inventory_id),
        name=terms.name,
        price_cents=terms.price_cents,
        currency=terms.currency,
        capacity=figures.capacity,
        available=figures.free,
        held=figures.held + figures.paying,
        sold=figures.sold,
        status=sale_status(terms, offer.window, free=figures.free, now=now),
        as_of=format_instant(now),
    )


def _optional_instant(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


# -- reservations


def reservation_shape(reservation: Reservation, catalogue: Catalogue) -> shapes.Reservation:
    """What a guest may know of a reservation: no e-mail, no name."""
    home = reservation.home
    return shapes.Reservation(
        home.reservation_id,
        reservation.number,
        home.status,
        format_instant(home.created_at),
        format_instant(home.deadline),
        tuple(
            [
                shapes.ReservationLine(
                    TicketTypeId(line.inventory_id),
                    _name(TicketTypeId(line.inventory_id), catalogue),
                    line.quantity,
                    (),
                    line.unit_price_cents,
                )
                for line in reservation.lines
            ]
        ),
        reservation.total_cents,
        EUR,
        _tickets(reservation),
    )


def _name(ticket_type_id: TicketTypeId, catalogue: Catalogue) -> str:
    ticket_type = catalogue.ticket_type(ticket_type_id)
    return "" if ticket_type is None else ticket_type.terms.name  # deleted: nobody has anything of it


def _tickets(reservation: Reservation) -> tuple[shapes.Ticket, ...]:
    if not reservation.home.ticket_codes:
        return ()
    status: Literal["valid", "void"] = (
        "valid" if reservation.home.status is ReservationStatus.PAID else "void"
    )
    return tuple(
        shapes.Ticket(code, TicketTypeId(line.inventory_id), None, status)
        for line in reservation.lines
        for code in line.ticket_codes
    )


def order_shape(order: Order) -> shapes.Order:
    """An order as its owner sees it."""
    return shapes.Order(
        order.number,
        order.status,
        format_instant(order.created_at),
        tuple(
            shapes.OrderLine(line.ticket_type_id, line.name, line.quantity, line.unit_price_cents)
            for line in order.lines
        ),
        order.total_cents,
        EUR,
        shapes.Guest(order.email, order.name),
    )

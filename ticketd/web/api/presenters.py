"""Answers of the services as the API's JSON."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import Any, Final, Literal

import msgspec
from aiohttp import hdrs, web

from ticketd.core import catalogue as core
from ticketd.core.ids import Instant, SeatId, TicketCode, TicketTypeId
from ticketd.core.money import EUR
from ticketd.core.outcomes import AccessCode, Offer
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.services.catalogue import Catalogue
from ticketd.services.order_lists import Order
from ticketd.services.venues import SeatMapSummary
from ticketd.web.answers import Answer, head, header_line
from ticketd.web.api import owner_shapes, shapes
from ticketd.web.parsing import format_instant
from ticketd.web.problems import PRIVATE_HEADERS, problem

API: Final = "/api/v1"

_JSON: Final[Mapping[str, str]] = {hdrs.CONTENT_TYPE: "application/json"}
_PUBLIC: Final = head(200, _JSON)
_PRIVATE: Final = {status: head(status, {**_JSON, **PRIVATE_HEADERS}) for status in (200, 201, 202)}

_encode = msgspec.json.Encoder().encode


# -- answers


def public_answer(shape: object) -> Answer:
    """The shape as JSON that anybody may see."""
    return Answer(_PUBLIC, _encode(shape))


def private_answer(shape: object, *, status: int = 200, headers: bytes = b"") -> Answer:
    """The shape as JSON that nobody between here and the asker may keep."""
    return Answer(_PRIVATE[status], _encode(shape), headers)


def created_answer(shape: object, *, location: str) -> Answer:
    """201, where the new thing is, and the thing as JSON that nobody in between may keep."""
    return Answer(_PRIVATE[201], _encode(shape), header_line("Location", location))


def deleted_answer(refusal: Refusal | None) -> web.StreamResponse:
    """204, or why it is still there."""
    return web.Response(status=204) if refusal is None else problem(refusal)


# -- what is on offer


def organizer_shape(organizer: core.Organizer) -> shapes.Organizer:
    """Who sells."""
    return shapes.Organizer(organizer.slug, organizer.name)


def ticket_type_shape(ticket_type: core.TicketType, catalogue: Catalogue) -> shapes.TicketType:
    """A ticket type as guests see it."""
    return shapes.TicketType(**_ticket_type_members(ticket_type, catalogue))


def own_ticket_type_shape(offer: Offer, catalogue: Catalogue) -> owner_shapes.OwnTicketType:
    """A ticket type as its owner sees it."""
    ticket_type = core.TicketType(offer.ticket_type_id, offer.seq, offer.profile, offer.terms, offer.hidden)
    figures = offer.figures
    return owner_shapes.OwnTicketType(
        **_ticket_type_members(ticket_type, catalogue),
        hidden=offer.hidden,
        capacity=figures.capacity,
        available=figures.free,
        held=figures.in_baskets,
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
        "on_sale_at": optional_instant(terms.on_sale_at),
        "off_sale_at": optional_instant(terms.off_sale_at),
        "seated": ticket_type.is_seated,
        "position": terms.position,
        "capacity_id": profile.capacity_id,
    }


def venue_shape(venue: core.Venue, seat_map: SeatMapSummary | None) -> owner_shapes.OwnVenue:
    """A venue as its owner sees it."""
    return owner_shapes.OwnVenue(
        id=venue.id,
        name=venue.name,
        address=venue.address,
        timezone=venue.timezone,
        seat_map=None
        if seat_map is None
        else owner_shapes.SeatMapSummary(seat_map.version, seat_map.seats, seat_map.sections),
    )


def capacity_shape(offer: Offer) -> owner_shapes.Capacity:
    """A shared capacity as its owner sees it."""
    figures = offer.figures
    return owner_shapes.Capacity(
        id=offer.inventory_id,
        name=offer.terms.name,
        capacity=figures.capacity,
        available=figures.free,
        held=figures.in_baskets,
        sold=figures.sold,
        ticket_types=tuple(shelf.ticket_type_id for shelf in offer.shelves),
    )


def access_code_shape(code: AccessCode) -> owner_shapes.AccessCode:
    """An access code as its owner sees it."""
    return owner_shapes.AccessCode(code.code, code.capacity, optional_instant(code.until), code.used)


def event_shape(event: core.Event, catalogue: Catalogue) -> shapes.Event:
    """An event and what guests see of what is sold for it."""
    ticket_types = catalogue.ticket_types_of_event(event.id)
    return _event_shape(event, [each for each in ticket_types if not each.hidden], catalogue)


def own_event_shape(event: core.Event, catalogue: Catalogue) -> shapes.Event:
    """An event and all that is sold for it."""
    return _event_shape(event, catalogue.ticket_types_of_event(event.id), catalogue)


def _event_shape(
    event: core.Event, ticket_types: Iterable[core.TicketType], catalogue: Catalogue
) -> shapes.Event:
    venue = catalogue.venue_of(event)
    return shapes.Event(
        id=event.id,
        organizer=organizer_shape(catalogue.organizer_by_id(event.organizer_id)),
        name=event.name,
        description=event.description,
        venue=None if venue is None else shapes.Venue(venue.name, venue.address),
        starts_at=format_instant(event.starts_at),
        timezone=event.timezone,
        on_sale_at=optional_instant(event.on_sale_at),
        off_sale_at=optional_instant(event.off_sale_at),
        status=event.status,
        ticket_types=tuple(ticket_type_shape(each, catalogue) for each in ticket_types),
        venue_id=event.venue_id,
        max_per_guest=event.max_per_guest,
        waiting_room=shapes.switched(event.waiting_room),
        defences=shapes.Defences(
            proof_of_work=shapes.switched(event.defences.proof_of_work),
            signed_forms=shapes.switched(event.defences.signed_forms),
            address_limits=shapes.switched(event.defences.address_limits),
            hold_limits=shapes.switched(event.defences.hold_limits),
        ),
    )


def optional_instant(instant: Instant | None) -> str | None:
    """As answers have it."""
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
                    share.ticket_type_id,
                    _name(share.ticket_type_id, catalogue),
                    share.quantity,
                    line.seats,
                    share.unit_price_cents,
                )
                for line in reservation.lines
                for share in line.of_ticket_types
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
        [
            shapes.Ticket(code, ticket_type_id, seat, status)
            for line in reservation.lines
            for code, ticket_type_id, seat in _admissions(line)
        ]
    )


def _admissions(line: Line) -> Iterator[tuple[TicketCode, TicketTypeId, SeatId | None]]:
    """Each ticket's code, and what it is good for."""
    ticket_types = chain.from_iterable(
        repeat(share.ticket_type_id, share.quantity) for share in line.of_ticket_types
    )
    return zip(line.ticket_codes, ticket_types, line.seats or repeat(None), strict=False)


def order_shape(order: Order) -> owner_shapes.Order:
    """An order as its owner sees it."""
    return owner_shapes.Order(
        order.number,
        order.status,
        format_instant(order.created_at),
        tuple(
            owner_shapes.OrderLine(
                line.ticket_type_id,
                line.name,
                line.event_id,
                line.event_name,
                line.quantity,
                line.seats,
                line.unit_price_cents,
            )
            for line in order.lines
        ),
        order.total_cents,
        EUR,
        owner_shapes.Guest(order.email, order.name),
    )

"""What a reservation's page shows: its lines, its form, its tickets and their QR codes."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

import msgspec
import segno

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import Instant, TicketCode
from ticketd.core.money import format_cents
from ticketd.core.reservations import Line, Reservation, Share
from ticketd.core.terms import EventStatus
from ticketd.services.catalogue import Catalogue
from ticketd.services.texts import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX
from ticketd.web.context import Services
from ticketd.web.pages import words
from ticketd.web.pages.fields import Field, FormState, filled
from ticketd.web.pages.offers import EventLine, event_line, left, place, purchase_path
from ticketd.web.pages.paging import Pager
from ticketd.web.pages.seat_names import seat_in_words

_QUIET_ZONE_MODULES = 3


class LineView(msgspec.Struct, frozen=True):
    """How many of what, for how much."""

    quantity: int
    name: str
    price: str
    seats: Sequence[str] = ()
    event: EventLine | None = None
    venue: str = ""
    organizer: str = ""


class TicketView(msgspec.Struct, frozen=True):
    """One admission of a line, with its code as SVG."""

    line: LineView
    seat: str
    position: int
    code: TicketCode
    qr_svg: str


class PayForm(msgspec.Struct, frozen=True):
    """What it takes to pay."""

    title: str
    fields: Sequence[Field]
    button: str


class StillLeft(msgspec.Struct, frozen=True):
    """What can be bought in place of a reservation that is over."""

    name: str
    path: str
    left: str


class ReservationView(msgspec.Struct, frozen=True, kw_only=True):
    """The reservation's page."""

    number: str
    title: str
    sentence: str
    seconds_left: int | None
    look_again_seconds: int
    error: str
    contents_title: str
    lines: Sequence[LineView]
    total: str
    pay: PayForm | None
    can_be_released: bool
    tickets: Sequence[TicketView]
    ticket_count: int
    is_cancelled: bool
    pager: Pager
    still_left: Sequence[StillLeft]


class NamedLine(NamedTuple):
    """What a reservation has of one ticket type, which it may outlive once it is closed."""

    ticket_type: TicketType | None
    ticket_codes: Sequence[TicketCode]
    view: LineView


class Admission(NamedTuple):
    """One ticket among all of its reservation."""

    line: LineView
    seat: str
    position: int
    code: TicketCode


def lines_of(reservation: Reservation, catalogue: Catalogue) -> Sequence[NamedLine]:
    """What the reservation has of each ticket type, with their names."""
    return [named for line in reservation.lines for named in _named(line, catalogue)]


def _named(line: Line, catalogue: Catalogue) -> Iterator[NamedLine]:
    first = 0
    for share in line.of_ticket_types:
        its_own = slice(first, first + share.quantity)
        seats = [seat_in_words(seat) for seat in line.seats[its_own]]
        ticket_type = catalogue.ticket_type(share.ticket_type_id)
        yield NamedLine(
            ticket_type, line.ticket_codes[its_own], _line_view(share, ticket_type, seats, catalogue)
        )
        first += share.quantity


def _line_view(
    share: Share, ticket_type: TicketType | None, seats: Sequence[str], catalogue: Catalogue
) -> LineView:
    cost = words.price(share.quantity * share.unit_price_cents)
    if ticket_type is None:
        return LineView(share.quantity, "No longer offered", cost, seats)
    event = catalogue.event_of(ticket_type)
    return LineView(
        share.quantity,
        ticket_type.terms.name,
        cost,
        seats,
        None if event is None else event_line(event),
        "" if event is None else place(catalogue.venue_of(event)),
        catalogue.organizer_by_id(ticket_type.profile.organizer_id).name,
    )


def pay_form(reservation: Reservation, state: FormState, *, max_per_guest: int | None) -> PayForm:
    """The form that pays, with what was typed into it before; the token is never shown again.

    Where an event limits each guest, they have to say who they are.
    """
    kept = {name: value for name, value in state.values.items() if name != "token"}
    is_limited = max_per_guest is not None
    person = (
        Field(
            name="email",
            label="E-mail" if is_limited else "E-mail (optional)",
            kind="email",
            hint=f"At most {max_per_guest:,} for each guest." if is_limited else "",
            required=is_limited,
            autocomplete="email",
            attributes={"maxlength": str(EMAIL_LENGTH_MAX)},
        ),
        Field(
            name="name",
            label="Name (optional)",
            autocomplete="name",
            attributes={"maxlength": str(NAME_LENGTH_MAX)},
        ),
    )
    token = Field(
        name="token",
        label="Payment token",
        hint="This is a sandbox: any word pays, card_error and payment_error don't.",
        required=True,
    )
    if reservation.total_cents == 0:
        return PayForm("Take your tickets", filled(person, kept, state.errors), "Get the tickets")
    button = f"Pay {format_cents(reservation.total_cents)}"
    return PayForm("Pay", filled((token, *person), kept, state.errors), button)


def admissions(lines: Sequence[NamedLine]) -> Sequence[Admission]:
    """Every ticket, numbered through."""
    tickets = [
        (each.view, seat, code)
        for each in lines
        for seat, code in zip(each.view.seats or repeat(""), each.ticket_codes, strict=False)
    ]
    return [Admission(line, seat, position, code) for position, (line, seat, code) in enumerate(tickets, 1)]


def printed(tickets: Sequence[Admission]) -> Sequence[TicketView]:
    """The tickets with their QR codes; 2 ms each, so not for the event loop."""
    return [TicketView(*ticket, _qr_svg(ticket.code)) for ticket in tickets]


def _qr_svg(code: TicketCode) -> str:
    drawn: str = segno.make_qr(code, error="m").svg_inline(border=_QUIET_ZONE_MODULES, omitsize=True)
    return drawn


async def left_now(services: Services, lines: Sequence[NamedLine], *, now: Instant) -> Sequence[StillLeft]:
    """What is left of everything that was in the reservation."""
    known = [each.ticket_type for each in lines if each.ticket_type is not None]
    offers = await services.offers.of(known)
    return [
        StillLeft(
            offers[ticket_type.id].terms.name,
            purchase_path(
                services.catalogue.organizer_by_id(ticket_type.profile.organizer_id).slug, ticket_type
            ),
            left(offers[ticket_type.id], now, timezone=_timezone(services.catalogue, ticket_type)),
        )
        for ticket_type in known
        if ticket_type.id in offers
    ]


def cancelled_by(lines: Sequence[NamedLine], catalogue: Catalogue) -> str | None:
    """The organizer who has cancelled an event that it is for; None if nobody has."""
    cancelled = (event for event in _events(lines, catalogue) if event.status is EventStatus.CANCELLED)
    return next((catalogue.organizer_by_id(event.organizer_id).name for event in cancelled), None)


def max_per_guest(lines: Sequence[NamedLine], catalogue: Catalogue) -> int | None:
    """The narrowest limit for each guest among its events, if any has one."""
    limits = (event.max_per_guest for event in _events(lines, catalogue))
    return min((limit for limit in limits if limit is not None), default=None)


def timezone_of(lines: Sequence[NamedLine], catalogue: Catalogue) -> str | None:
    """The time zone of its first event; None if it has none."""
    return next((event.timezone for event in _events(lines, catalogue)), None)


def _events(lines: Sequence[NamedLine], catalogue: Catalogue) -> Iterator[Event]:
    events = (catalogue.event_of(each.ticket_type) for each in lines if each.ticket_type is not None)
    return (event for event in events if event is not None)


def _timezone(catalogue: Catalogue, ticket_type: TicketType) -> str:
    event = catalogue.event_of(ticket_type)
    return words.UTC_NAME if event is None else event.timezone

"""A reservation in words: its standing, its lines, its tickets and their QR codes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple, assert_never

import msgspec
import segno

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import SECOND, Instant, SeatId, TicketCode
from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus, Share
from ticketd.core.terms import EventStatus
from ticketd.services.catalogue import Catalogue
from ticketd.services.checkout import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX
from ticketd.web.context import Services
from ticketd.web.pages import words
from ticketd.web.pages.fields import Field, filled
from ticketd.web.pages.offers import EventLine, event_line, left, purchase_path
from ticketd.web.pages.paging import Pager

_LOOK_AGAIN_SECONDS = 3
_QUIET_ZONE_MODULES = 3


class LineView(msgspec.Struct, frozen=True):
    """How many of what, for how much."""

    quantity: int
    name: str
    event: EventLine | None
    price: str
    seats: Sequence[str] = ()


class TicketView(msgspec.Struct, frozen=True):
    """One admission, with its code as SVG."""

    name: str
    event: EventLine | None
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
    tickets: Sequence[TicketView]
    ticket_count: int
    pager: Pager
    still_left: Sequence[StillLeft]


class NamedLine(NamedTuple):
    """What a reservation has of one ticket type, which it may outlive once it is closed."""

    ticket_type: TicketType | None
    ticket_codes: Sequence[TicketCode]
    view: LineView


class Said(NamedTuple):
    """A reservation's standing in words."""

    title: str
    sentence: str
    contents_title: str
    total: str
    seconds_left: int | None = None
    look_again_seconds: int = 0


class Admission(NamedTuple):
    """One ticket among all of its reservation."""

    name: str
    event: EventLine | None
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
        return LineView(share.quantity, "No longer offered", None, cost, seats)
    event = _event_of(catalogue, ticket_type)
    line = None if event is None else event_line(event)
    return LineView(share.quantity, ticket_type.terms.name, line, cost, seats)


def seat_in_words(seat: SeatId) -> str:
    """ "Stalls · Row A · Seat 12"."""
    section, row, number = seat.split("-")
    return f"{section} · Row {row} · Seat {number}"


def said(reservation: Reservation, *, timezone: str, now: Instant) -> Said:
    """How the reservation stands."""
    total = format_cents(reservation.total_cents)
    match reservation.home.status:
        case ReservationStatus.HELD:
            deadline = reservation.home.deadline
            seconds = max(0, (deadline - now) // SECOND)
            until = words.moment(deadline, timezone).words
            todo = "pay" if reservation.total_cents else "take them"
            return Said(
                "Reserved for you",
                f"You have {words.time_left(seconds)} to {todo}: until {until}.",
                "You have reserved",
                total,
                seconds_left=seconds,
            )
        case ReservationStatus.PAYING:
            return Said(
                "Your payment is under way",
                "We are asking the bank. Your tickets are safe meanwhile; please don't pay again.",
                "You are buying",
                total,
                look_again_seconds=_LOOK_AGAIN_SECONDS,
            )
        case ReservationStatus.PAID:
            return Said("Here are your tickets", "Everything is paid. Enjoy!", "You have bought", total)
        case ReservationStatus.RELEASED:
            return Said(
                "Given back",
                "You gave these tickets back, and they are on sale again. Nothing was charged.",
                "You had reserved",
                total,
            )
        case ReservationStatus.EXPIRED:
            return Said(
                "Time is up",
                "The time to pay ran out, and the tickets went back on sale. Nothing was charged.",
                "You had reserved",
                total,
            )
        case ReservationStatus.REFUNDED:
            return Said(
                "Refunded",
                "These tickets are no longer valid, and your money has been sent back.",
                "You had bought",
                total,
            )
        case _ as unknown:
            assert_never(unknown)


def said_when_cancelled(reservation: Reservation) -> Said:
    """How a reservation stands that can't be paid any more."""
    return Said(
        "The event has been cancelled",
        "These tickets can't be paid for any more. Nothing was charged.",
        "You had reserved",
        format_cents(reservation.total_cents),
    )


def pay_form(
    reservation: Reservation,
    values: Mapping[str, str],
    refusal: Refusal | None,
    *,
    max_per_guest: int | None,
) -> PayForm:
    """The form that pays, with what was typed into it before; the token is never shown again.

    Where an event limits each guest, they have to say who they are.
    """
    kept = {name: value for name, value in values.items() if name != "token"}
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
    errors = () if refusal is None else refusal.errors
    if reservation.total_cents == 0:
        return PayForm("Take your tickets", filled(person, kept, errors), "Get the tickets")
    button = f"Pay {format_cents(reservation.total_cents)}"
    return PayForm("Pay", filled((token, *person), kept, errors), button)


def admissions(lines: Sequence[NamedLine]) -> Sequence[Admission]:
    """Every ticket, numbered through."""
    tickets = [
        (each.view, seat, code)
        for each in lines
        for seat, code in zip(each.view.seats or repeat(""), each.ticket_codes, strict=False)
    ]
    return [
        Admission(line.name, line.event, seat, position, code)
        for position, (line, seat, code) in enumerate(tickets, 1)
    ]


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


def cancelled(lines: Sequence[NamedLine], catalogue: Catalogue) -> bool:
    """Whether an event that it is for has been cancelled."""
    return any(event.status is EventStatus.CANCELLED for event in _events(lines, catalogue))


def max_per_guest(lines: Sequence[NamedLine], catalogue: Catalogue) -> int | None:
    """The narrowest limit for each guest among its events, if any has one."""
    limits = (event.max_per_guest for event in _events(lines, catalogue))
    return min((limit for limit in limits if limit is not None), default=None)


def timezone_of(lines: Sequence[NamedLine], catalogue: Catalogue) -> str:
    """The time zone in which this reservation's guest thinks: its first event's, or UTC."""
    zones = (_timezone(catalogue, each.ticket_type) for each in lines if each.ticket_type is not None)
    return next(zones, words.UTC_NAME)


def _events(lines: Sequence[NamedLine], catalogue: Catalogue) -> Iterator[Event]:
    events = (_event_of(catalogue, each.ticket_type) for each in lines if each.ticket_type is not None)
    return (event for event in events if event is not None)


def _timezone(catalogue: Catalogue, ticket_type: TicketType) -> str:
    event = _event_of(catalogue, ticket_type)
    return words.UTC_NAME if event is None else event.timezone


def _event_of(catalogue: Catalogue, ticket_type: TicketType) -> Event | None:
    event_id = ticket_type.profile.event_id
    return None if event_id is None else catalogue.event(event_id)

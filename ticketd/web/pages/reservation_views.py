"""A reservation in words: its standing, its lines, its tickets and their QR codes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, assert_never

import msgspec
import segno

from ticketd.core.catalogue import TicketType
from ticketd.core.ids import MICROSECONDS, Instant, TicketCode, TicketTypeId, inventory_of
from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
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


class TicketView(msgspec.Struct, frozen=True):
    """One admission, with its code as SVG."""

    name: str
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
    """A line with what it is called; a closed one may outlive its ticket type."""

    line: Line
    ticket_type: TicketType | None
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
    position: int
    code: TicketCode


def lines_of(reservation: Reservation, catalogue: Catalogue) -> Sequence[NamedLine]:
    """The reservation's lines with their names."""
    return [_named(line, catalogue) for line in reservation.lines]


def _named(line: Line, catalogue: Catalogue) -> NamedLine:
    ticket_type = catalogue.ticket_type(TicketTypeId(line.inventory_id))
    if ticket_type is None:
        view = LineView(line.quantity, "No longer offered", None, _cost(line))
        return NamedLine(line, None, view)
    event_id = ticket_type.profile.event_id
    event = None if event_id is None else catalogue.event(event_id)
    view = LineView(
        line.quantity, ticket_type.terms.name, None if event is None else event_line(event), _cost(line)
    )
    return NamedLine(line, ticket_type, view)


def _cost(line: Line) -> str:
    return words.price(line.quantity * line.unit_price_cents)


def said(reservation: Reservation, *, timezone: str, now: Instant) -> Said:
    """How the reservation stands."""
    total = format_cents(reservation.total_cents)
    match reservation.home.status:
        case ReservationStatus.HELD:
            deadline = reservation.home.deadline
            seconds = max(0, (deadline - now) // MICROSECONDS)
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


def pay_form(reservation: Reservation, values: Mapping[str, str], refusal: Refusal | None) -> PayForm:
    """The form that pays, with what was typed into it before; the token is never shown again."""
    kept = {name: value for name, value in values.items() if name != "token"}
    person = (
        Field(
            name="email",
            label="E-mail (optional)",
            kind="email",
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
    codes = [(each.view.name, code) for each in lines for code in each.line.ticket_codes]
    return [Admission(name, position, code) for position, (name, code) in enumerate(codes, start=1)]


def printed(tickets: Sequence[Admission]) -> Sequence[TicketView]:
    """The tickets with their QR codes; 2 ms each, so not for the event loop."""
    return [TicketView(name, position, code, _qr_svg(code)) for name, position, code in tickets]


def _qr_svg(code: TicketCode) -> str:
    drawn: str = segno.make_qr(code, error="m").svg_inline(border=_QUIET_ZONE_MODULES, omitsize=True)
    return drawn


async def left_now(services: Services, lines: Sequence[NamedLine], *, now: Instant) -> Sequence[StillLeft]:
    """What is left of everything that was in the reservation."""
    known = [each.ticket_type for each in lines if each.ticket_type is not None]
    offers = await services.router.offers(inventory_of(each.id) for each in known)
    return [
        StillLeft(
            offer.terms.name,
            purchase_path(
                services.catalogue.organizer_by_id(ticket_type.profile.organizer_id).slug, ticket_type
            ),
            left(offer, now, timezone=_timezone(services.catalogue, ticket_type)),
        )
        for ticket_type in known
        if (offer := offers.get(inventory_of(ticket_type.id))) is not None
    ]


def cancelled(lines: Sequence[NamedLine], catalogue: Catalogue) -> bool:
    """Whether an event that it is for has been cancelled."""
    ids = (each.ticket_type.profile.event_id for each in lines if each.ticket_type is not None)
    events = (catalogue.event(event_id) for event_id in ids if event_id is not None)
    return any(event is not None and event.status is EventStatus.CANCELLED for event in events)


def timezone_of(lines: Sequence[NamedLine], catalogue: Catalogue) -> str:
    """The time zone in which this reservation's guest thinks: its first event's, or UTC."""
    zones = (_timezone(catalogue, each.ticket_type) for each in lines if each.ticket_type is not None)
    return next(zones, words.UTC_NAME)


def _timezone(catalogue: Catalogue, ticket_type: TicketType) -> str:
    event_id = ticket_type.profile.event_id
    event = None if event_id is None else catalogue.event(event_id)
    return words.UTC_NAME if event is None else event.timezone

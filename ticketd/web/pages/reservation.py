"""A guest's reservation, from the first minute to the tickets: `/r/{reservation_id}`.

One form address, told apart by `action`: `pay` (also when it is missing) or `release`.
"""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from ticketd.core.money import format_cents
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.services.payment import Payment
from ticketd.services.texts import without_direction_marks
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.fields import FormState
from ticketd.web.pages.guards import capability_page
from ticketd.web.pages.paging import page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.reservation_views import (
    ReservationView,
    admissions,
    cancelled_by,
    left_now,
    lines_of,
    max_per_guest,
    pay_form,
    printed,
    timezone_of,
)
from ticketd.web.pages.reservation_words import can_be_tried_again, said
from ticketd.web.parsing import read_form
from ticketd.web.problems import sentence

_TICKETS_SHOWN_MAX = 20


@capability_page
async def show_reservation(request: web.Request) -> web.StreamResponse:
    """How the reservation stands, and what can be done about it."""
    return await _page(request, FormState())


@capability_page
async def act_on_reservation(request: web.Request) -> web.StreamResponse:
    """Pay for it, or give it back."""
    form = await read_form(request)
    reservation_id = request.match_info["reservation_id"]
    services = request.app[SERVICES]
    result: Reservation | Refusal
    if form.get("action") == "release":
        result = await services.sales.release(reservation_id)
    else:
        payment = Payment(form.get("token") or None, _of_person(form, "email"), _of_person(form, "name"))
        result = await services.checkout.pay(reservation_id, payment)
    if isinstance(result, Refusal):
        return await _page(request, FormState(form, result))
    return see_other(f"/r/{reservation_id}")


async def _page(request: web.Request, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    reservation = await services.reservations.find(request.match_info["reservation_id"])
    if isinstance(reservation, Refusal):
        return refusal_page(request, reservation)
    now = services.clock.now()
    status = reservation.home.status
    lines = lines_of(reservation, services.catalogue)
    canceller = cancelled_by(lines, services.catalogue)
    is_open = status is ReservationStatus.HELD and canceller is None
    words = said(
        reservation, cancelled_by=canceller, timezone=timezone_of(lines, services.catalogue), now=now
    )
    all_tickets = admissions(lines)
    shown, pager = page_of(request, all_tickets, size=_TICKETS_SHOWN_MAX)
    over = status in (ReservationStatus.RELEASED, ReservationStatus.EXPIRED, ReservationStatus.REFUNDED)
    view = ReservationView(
        number=reservation.number,
        title=words.title,
        sentence=words.sentence,
        seconds_left=words.seconds_left,
        look_again_seconds=words.look_again_seconds,
        error="" if state.refusal is None else _in_words(state.refusal),
        contents_title=words.contents_title,
        lines=[line.view for line in lines],
        total=format_cents(reservation.total_cents),
        pay=pay_form(reservation, state, max_per_guest=max_per_guest(lines, services.catalogue))
        if is_open and can_be_tried_again(reservation)
        else None,
        can_be_released=is_open,
        tickets=await asyncio.to_thread(printed, shown),
        ticket_count=len(all_tickets),
        is_cancelled=canceller is not None,
        pager=pager,
        still_left=await left_now(services, lines, now=now) if over else (),
    )
    return render(request, "reservation.html", view, refusal=state.refusal)


def _of_person(form: Mapping[str, str], field: str) -> str:
    """What was typed or pasted; nobody is refused for invisible marks that a phone has put there."""
    return without_direction_marks(form.get(field, "")).strip()


def _in_words(refusal: Refusal) -> str:
    if refusal.reason is Reason.RESERVATION_EXPIRED:
        return "Too late: the time was up before this arrived."
    return sentence(refusal)

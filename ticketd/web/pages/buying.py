"""From a guest's form to a reservation: what all pages that sell have in common."""

import secrets
from collections.abc import Mapping, Sequence

from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import Reservation
from ticketd.services.payment import Payment
from ticketd.services.sales import LineRequest
from ticketd.services.signed_forms import FormKind
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.conversations import crowded
from ticketd.web.pages.admissions import visitor_of
from ticketd.web.pages.fields import FormState
from ticketd.web.pages.seat_names import seats_in_words
from ticketd.web.parsing import whole_number
from ticketd.web.problems import sentence
from ticketd.web.reserving import reserve_lines

QUANTITY_MAX = 1000
NO_QUANTITY = invalid("quantity", "Please choose how many.")

_KEY_BYTES = 18
_KEY_LENGTHS = range(16, 256)
_BAD_KEY = invalid("key", "Please press the button once more.")


async def reserve(
    request: web.Request,
    form: Mapping[str, str],
    lines: Sequence[LineRequest],
    *,
    event: Event | None,
    access_code: str = "",
) -> Reservation | Refusal:
    """All of it reserved, and paid at once if there is nothing to pay."""
    services = request.app[SERVICES]
    refusal = services.signed_forms.refusal(form, FormKind.BUY, event, services.clock.now())
    if refusal is not None:
        return refusal
    key = form.get("key")
    if key is not None and not (len(key) in _KEY_LENGTHS and key.isascii() and key.isprintable()):
        return _BAD_KEY
    refusal = crowded(request)
    if refusal is not None:
        return refusal
    granted = await reserve_lines(
        services, client_of(request), lines, key, access_code, visitor_of(request, event)
    )
    if isinstance(granted, Refusal):
        return granted
    if granted.reservation.total_cents == 0:
        # Should this be refused, the reservation's own page says how it stands and offers it again.
        await services.checkout.pay(granted.reservation.home.reservation_id, Payment(token=None))
    return granted.reservation


def reservation_path(reservation: Reservation) -> str:
    """The page from which a reservation is paid."""
    return f"/r/{reservation.home.reservation_id}"


def key_for(state: FormState) -> str:
    """What makes one reservation of a form that is sent twice.

    A form keeps its key as long as it may, for the answer before may have been a yes that got lost.
    """
    refusal = state.refusal
    is_spent = refusal is not None and (refusal is _BAD_KEY or refusal.reason is Reason.KEY_REUSED)
    kept = "" if is_spent else state.values.get("key", "")
    return kept or secrets.token_urlsafe(_KEY_BYTES)


def access_code_in(form: Mapping[str, str]) -> str:
    """The access code that came with a form; "" if none did."""
    return form.get("access_code", "").strip()


def quantity_of(text: str) -> int | None:
    """The number asked for; None if it is none that anybody may ask for."""
    return whole_number(text, QUANTITY_MAX)


def in_words(refusal: Refusal) -> str:
    """What a guest is told who wanted to buy."""
    match refusal:
        case Refusal(reason=Reason.SOLD_OUT, detail=str(detail)):
            return detail
        case Refusal(reason=Reason.SOLD_OUT, available=0):
            return "Too late: the last ticket has just been taken."
        case Refusal(reason=Reason.SOLD_OUT, available=1):
            return "Too late: only 1 ticket is left."
        case Refusal(reason=Reason.SOLD_OUT, available=int(available)):
            return f"Too late: only {available} tickets are left."
        case Refusal(reason=Reason.SEAT_TAKEN, taken_seats=seats) if seats:
            taken = listed(seats_in_words(seats))
            return f"Too late: {taken} {'has' if len(seats) == 1 else 'have'} just been taken."
        case Refusal(reason=Reason.KEY_REUSED):
            return "You have already bought from this page. To buy more, press Buy once more."
        case Refusal(reason=Reason.INVALID, errors=errors) if errors:
            return " ".join(error.message for error in errors)
        case _:
            return sentence(refusal)


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))

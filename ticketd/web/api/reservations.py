"""Guests' reservations: hold, look, release, pay."""

from typing import Final

import msgspec
from multidict import istr

from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.services.payment import Payment
from ticketd.services.request_limits import RequestKind
from ticketd.services.texts import without_direction_marks
from ticketd.web.answers import Answer
from ticketd.web.api import shapes
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation, Parameter
from ticketd.web.api.presenters import API, created_answer, private_answer, reservation_shape
from ticketd.web.api.visitors import TOKEN_PARAMETER, token_of, visitor_at
from ticketd.web.calls import Call, answers_call, answers_reservation
from ticketd.web.parsing import RefusedRequest
from ticketd.web.problems import problem
from ticketd.web.reserving import reserve_lines

KEY_LENGTH_MIN: Final = 16
KEY_LENGTH_MAX: Final = 255

_KEY_HEADER: Final = istr("Idempotency-Key")
_KEY_PARAMETER: Final = Parameter(
    "Idempotency-Key",
    "header",
    {
        "type": "string",
        "minLength": KEY_LENGTH_MIN,
        "maxLength": KEY_LENGTH_MAX,
        "pattern": "^[\\x20-\\x7e]*$",
    },
    "A secret of the guest's: a repeat of the same request with it gets the same reservation.",
)

_reservation_request: Final = BodyReader(shapes.ReservationRequest)
_payment_request: Final = BodyReader(shapes.PaymentRequest)


@Operation(
    tag="Reservations",
    body=shapes.ReservationRequest,
    answers={201: shapes.Reservation, 200: shapes.Reservation},
    reasons=(
        Reason.NOT_FOUND,
        Reason.FORBIDDEN,
        Reason.ADMISSION_REQUIRED,
        Reason.TOO_MANY_REQUESTS,
        Reason.NOT_ON_SALE,
        Reason.LIMIT_EXCEEDED,
        Reason.SOLD_OUT,
        Reason.SEAT_TAKEN,
        Reason.INVALID,
        Reason.KEY_REUSED,
    ),
    parameters=(_KEY_PARAMETER, TOKEN_PARAMETER),
)
@answers_reservation
async def reserve(call: Call) -> Answer:
    """Hold tickets for a guest; 200 if the idempotency key had done so before."""
    services, client = call.services, call.client
    refusal = services.request_limits.refusal(client, RequestKind.RESERVATION, services.clock.now())
    if refusal is not None:
        return problem(refusal)
    key = _idempotency_key(call)
    wanted = _reservation_request.of(call)
    _refuse_unclear(wanted.lines)
    visitor = visitor_at(client, token_of(call.headers))
    granted = await reserve_lines(services, client, wanted.lines, key, wanted.access_code, visitor)
    if isinstance(granted, Refusal):
        return problem(_located(granted, wanted.lines))
    shape = reservation_shape(granted.reservation, services.catalogue)
    if granted.repeated:
        return private_answer(shape)
    return created_answer(shape, location=f"{API}/reservations/{shape.id}")


@Operation(
    tag="Reservations",
    answers={200: shapes.Reservation},
    reasons=(Reason.NOT_FOUND,),
)
@answers_call
async def get_reservation(call: Call) -> Answer:
    """A reservation as it stands."""
    return _show(call, await call.services.reservations.find(call.subject))


@Operation(
    tag="Reservations",
    answers={200: shapes.Reservation},
    reasons=(Reason.NOT_FOUND, Reason.PAYMENT_IN_PROGRESS, Reason.RESERVATION_CLOSED),
)
@answers_call
async def release(call: Call) -> Answer:
    """Give a held reservation back."""
    return _show(call, await call.services.sales.release(call.subject))


@Operation(
    tag="Reservations",
    body=shapes.PaymentRequest,
    answers={200: shapes.Reservation, 202: shapes.Reservation},
    reasons=(
        Reason.CARD_ERROR,
        Reason.PAYMENT_ERROR,
        Reason.NOT_FOUND,
        Reason.NOT_ON_SALE,
        Reason.LIMIT_EXCEEDED,
        Reason.RESERVATION_CLOSED,
        Reason.RESERVATION_EXPIRED,
        Reason.CURRENCY_ERROR,
        Reason.INVALID,
    ),
)
@answers_call
async def pay(call: Call) -> Answer:
    """Pay; 202 while the outcome isn't known yet: ask for the reservation again."""
    body = _payment_request.of(call)
    payment = Payment(
        token=body.token,
        email=without_direction_marks(body.email),
        name=without_direction_marks(body.name),
        currency=body.currency,
    )
    paid = await call.services.checkout.pay(call.subject, payment)
    if isinstance(paid, Reservation) and paid.home.status is ReservationStatus.PAYING:
        return _show(call, paid, status=202)
    return _show(call, paid)


def _show(call: Call, found: Reservation | Refusal, *, status: int = 200) -> Answer:
    if isinstance(found, Refusal):
        return problem(found)
    return private_answer(reservation_shape(found, call.services.catalogue), status=status)


def _idempotency_key(call: Call) -> str | None:
    key = call.headers.get(_KEY_HEADER)
    if key is None:
        return None
    if KEY_LENGTH_MIN <= len(key) <= KEY_LENGTH_MAX and key.isascii() and key.isprintable():
        return key
    raise RefusedRequest(
        invalid("Idempotency-Key", f"{KEY_LENGTH_MIN} to {KEY_LENGTH_MAX} printable ASCII characters.")
    )


def _refuse_unclear(lines: tuple[shapes.Line, ...]) -> None:
    seen: set[int] = set()
    for index, line in enumerate(lines):
        if line.ticket_type_id in seen:
            raise _invalid_line(index, "ticket_type_id", "This ticket type is in the request already.")
        seen.add(line.ticket_type_id)
        if line.seats or line.best_available or not line.quantity:
            _refuse_unclear_manner(index, line)


def _refuse_unclear_manner(index: int, line: shapes.Line) -> None:
    if bool(line.quantity) + bool(line.seats) + bool(line.best_available) != 1:
        raise _invalid_line(index, "quantity", "Exactly one of quantity, seats and best_available.")
    seen: set[str] = set()
    for place, seat in enumerate(line.seats):
        if seat in seen:
            raise _invalid_line(index, f"seats[{place}]", "This seat is in the request already.")
        seen.add(seat)


def _located(refusal: Refusal, lines: tuple[shapes.Line, ...]) -> Refusal:
    """With the line that it is about in front of the field, if an inventory refuses one."""
    if refusal.reason is not Reason.INVALID:
        return refusal
    index = next((n for n, line in enumerate(lines) if line.ticket_type_id == refusal.ticket_type_id), 0)
    errors = [
        msgspec.structs.replace(error, field=f"lines[{index}].seats") if error.field == "seats" else error
        for error in refusal.errors
    ]
    return msgspec.structs.replace(refusal, errors=tuple(errors))


def _invalid_line(index: int, field: str, message: str) -> RefusedRequest:
    return RefusedRequest(invalid(f"lines[{index}].{field}", message))

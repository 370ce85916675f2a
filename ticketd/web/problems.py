"""Refusals as the outside sees them: a status, a code, a sentence."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from aiohttp import hdrs

from ticketd.core.ids import SeatId
from ticketd.core.refusals import Challenge, FieldError, Reason, Refusal
from ticketd.web.answers import Answer, head, header_lines
from ticketd.web.parsing import format_instant

INTERNAL_CODE: Final = "internal"
"""The code of a fault, which is no refusal."""

PRIVATE_HEADERS: Final[Mapping[str, str]] = {
    hdrs.CACHE_CONTROL: "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""On everything whose URL or content nobody else should keep."""

RETRY_AFTER_SECONDS: Final = 1
SEATS_NAMED_MAX: Final = 10
"""In a sentence."""


class Presentation(NamedTuple):
    """How a reason is shown."""

    status: int
    title: str
    sentence: str


PRESENTATIONS: Final[Mapping[Reason, Presentation]] = {
    Reason.MALFORMED: Presentation(400, "Malformed request", "The request can't be read."),
    Reason.UNAUTHORIZED: Presentation(401, "Not logged in", "Please log in first."),
    Reason.CARD_ERROR: Presentation(402, "Card declined", "The card was declined. Nothing was charged."),
    Reason.PAYMENT_ERROR: Presentation(
        402, "Payment failed", "The payment didn't go through. Nothing was charged; please try again."
    ),
    Reason.FORBIDDEN: Presentation(403, "Forbidden", "This isn't allowed."),
    Reason.NOT_FOUND: Presentation(404, "Not found", "There is nothing here."),
    Reason.METHOD_NOT_ALLOWED: Presentation(405, "Method not allowed", "This can't be done here."),
    Reason.SOLD_OUT: Presentation(409, "Sold out", "There aren't enough tickets left."),
    Reason.SEAT_TAKEN: Presentation(409, "Seat taken", "Some of these seats are taken already."),
    Reason.LIMIT_EXCEEDED: Presentation(409, "Limit exceeded", "That is more than one guest may have."),
    Reason.ADMISSION_REQUIRED: Presentation(
        409, "Admission required", "Many want these tickets. Please take a place in the waiting room first."
    ),
    Reason.PROOF_REQUIRED: Presentation(
        403, "Proof required", "Please solve the challenge first, and send it along with its solution."
    ),
    Reason.NOT_ON_SALE: Presentation(409, "Not on sale", "These tickets aren't on sale now."),
    Reason.RESERVATION_CLOSED: Presentation(
        409, "Reservation closed", "This reservation is closed and can't be changed any more."
    ),
    Reason.PAYMENT_IN_PROGRESS: Presentation(
        409, "Payment in progress", "This reservation is being paid at this moment."
    ),
    Reason.CAPACITY_BELOW_SOLD: Presentation(
        409, "Capacity below sold", "The capacity can't be less than what is sold or held already."
    ),
    Reason.HAS_SALES: Presentation(
        409, "Has sales", "This can't be deleted, because tickets are sold or held already."
    ),
    Reason.SLUG_TAKEN: Presentation(409, "Slug taken", "This short name is taken by another organizer."),
    Reason.RESERVATION_EXPIRED: Presentation(
        410, "Reservation expired", "The time to pay ran out, and the tickets went back on sale."
    ),
    Reason.TOO_LARGE: Presentation(413, "Too large", "The request is too large."),
    Reason.UNSUPPORTED_MEDIA_TYPE: Presentation(
        415, "Unsupported media type", "The request's content type isn't one that is understood here."
    ),
    Reason.INVALID: Presentation(422, "Invalid", "Some of this can't be accepted."),
    Reason.KEY_REUSED: Presentation(
        422, "Key reused", "This idempotency key was used for a different request before."
    ),
    Reason.CURRENCY_ERROR: Presentation(422, "Currency not supported", "Only payments in euros are taken."),
    Reason.TOO_MANY_REQUESTS: Presentation(
        429, "Too many requests", "That was too often. Please wait a little and try again."
    ),
    Reason.OVERLOADED: Presentation(
        503, "Overloaded", "The server has more to do than it can. Please try again in a moment."
    ),
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, as RFC 9457 wants it; `code` is stable, and only members that help are there."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    ticket_type_id: int | None = None
    available: int | None = None
    held: int | None = None
    sold: int | None = None
    max_per_reservation: int | None = None
    max_per_guest: int | None = None
    taken_seats: tuple[SeatId, ...] = ()
    on_sale_at: str | None = None
    errors: tuple[FieldError, ...] = ()
    queue_url: str | None = None
    queue_page: str | None = None
    challenge: Challenge | None = None


_HEADS: Final = {
    status: head(status, {hdrs.CONTENT_TYPE: "application/problem+json", **PRIVATE_HEADERS})
    for status in {500, *(presentation.status for presentation in PRESENTATIONS.values())}
}
_encode = msgspec.json.Encoder().encode


def status_of(refusal: Refusal) -> int:
    """The HTTP status that answers a refusal."""
    return PRESENTATIONS[refusal.reason].status


def sentence(refusal: Refusal) -> str:
    """What a person is told; details of the refusal where they help."""
    if refusal.detail is not None:
        return refusal.detail
    match refusal:
        case Refusal(reason=Reason.SOLD_OUT, available=0):
            return "There are no tickets left."
        case Refusal(reason=Reason.SOLD_OUT, available=int(available)):
            return f"There aren't enough tickets left: only {available}."
        case Refusal(reason=Reason.SEAT_TAKEN, taken_seats=(first,)):
            return f"The seat {first} is taken already."
        case Refusal(reason=Reason.SEAT_TAKEN, taken_seats=(_, *_) as taken):
            more = f" and {len(taken) - SEATS_NAMED_MAX} more" if len(taken) > SEATS_NAMED_MAX else ""
            return f"These seats are taken already: {', '.join(taken[:SEATS_NAMED_MAX])}{more}."
        case Refusal(reason=Reason.LIMIT_EXCEEDED, max_per_guest=int(most)):
            return f"One guest can have at most {most} for this event, orders made before included."
        case Refusal(reason=Reason.LIMIT_EXCEEDED, max_per_reservation=int(most)):
            return f"At most {most} can be had in one reservation."
        case Refusal(reason=Reason.CAPACITY_BELOW_SOLD, sold=int(sold), held=int(held)):
            return f"The capacity can't be less than the {sold} sold and {held} held already."
        case _:
            return PRESENTATIONS[refusal.reason].sentence


def problem(refusal: Refusal, *, headers: Mapping[str, str] | None = None) -> Answer:
    """The `application/problem+json` answer to a refusal."""
    status, title, _ = PRESENTATIONS[refusal.reason]
    body = Problem(
        type=f"urn:ticketd:problem:{refusal.reason}",
        title=title,
        status=status,
        detail=sentence(refusal),
        code=refusal.reason,
        ticket_type_id=refusal.ticket_type_id,
        available=refusal.available,
        held=refusal.held,
        sold=refusal.sold,
        max_per_reservation=refusal.max_per_reservation,
        max_per_guest=refusal.max_per_guest,
        taken_seats=refusal.taken_seats,
        on_sale_at=None if refusal.on_sale_at is None else format_instant(refusal.on_sale_at),
        errors=refusal.errors,
        queue_url=None if refusal.event_id is None else f"/api/v1/events/{refusal.event_id}/queue",
        queue_page=None if refusal.event_id is None else f"/events/{refusal.event_id}/queue",
        challenge=refusal.challenge,
    )
    challenge: dict[str, str] = (
        {hdrs.WWW_AUTHENTICATE: "Bearer"} if refusal.reason is Reason.UNAUTHORIZED else {}
    )
    return _respond(body, {**challenge, **_retry_headers(refusal), **(headers or {})})


def internal_problem() -> Answer:
    """The answer to a fault: no word about what broke."""
    return _respond(
        Problem(
            type=f"urn:ticketd:problem:{INTERNAL_CODE}",
            title="Internal error",
            status=500,
            detail="Something broke on our side. It has been noted.",
            code=INTERNAL_CODE,
        ),
        {},
    )


def _retry_headers(refusal: Refusal) -> Mapping[str, str]:
    """When to try again, for the refusals that pass by themselves."""
    if refusal.reason in (Reason.OVERLOADED, Reason.TOO_MANY_REQUESTS):
        return {hdrs.RETRY_AFTER: str(refusal.retry_after_seconds or RETRY_AFTER_SECONDS)}
    return {}


def _respond(body: Problem, headers: Mapping[str, str]) -> Answer:
    return Answer(_HEADS[body.status], _encode(body), header_lines(headers))

"""The expected ways to say no."""

from enum import StrEnum

import msgspec

from ticketd.core.ids import EventId, Instant, SeatId, TicketTypeId


class Reason(StrEnum):
    """Why; the value is the `code` that clients see."""

    MALFORMED = "malformed"
    UNAUTHORIZED = "unauthorized"
    CARD_ERROR = "card_error"
    PAYMENT_ERROR = "payment_error"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    SOLD_OUT = "sold_out"
    SEAT_TAKEN = "seat_taken"
    LIMIT_EXCEEDED = "limit_exceeded"
    ADMISSION_REQUIRED = "admission_required"
    PROOF_REQUIRED = "proof_required"
    NOT_ON_SALE = "not_on_sale"
    RESERVATION_CLOSED = "reservation_closed"
    PAYMENT_IN_PROGRESS = "payment_in_progress"
    CAPACITY_BELOW_SOLD = "capacity_below_sold"
    HAS_SALES = "has_sales"
    SLUG_TAKEN = "slug_taken"
    RESERVATION_EXPIRED = "reservation_expired"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    CURRENCY_ERROR = "currency_error"
    TOO_MANY_REQUESTS = "too_many_requests"
    OVERLOADED = "overloaded"


class FieldError(msgspec.Struct, frozen=True, gc=False):
    """One field of a request that can't be accepted, and why."""

    field: str
    message: str


class Challenge(msgspec.Struct, frozen=True, gc=False):
    """A proof of work to be done, as ALTCHA has it: find the number up to `maxnumber` that, written after
    the salt, hashes to `challenge`."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class Refusal(msgspec.Struct, frozen=True):
    """A no, with what helps the asker to go on; None where a detail doesn't apply."""

    reason: Reason
    detail: str | None = None
    """A sentence more exact than the reason's own."""
    ticket_type_id: TicketTypeId | None = None
    """The line that was refused, when a request has several."""
    available: int | None = None
    held: int | None = None
    sold: int | None = None
    max_per_reservation: int | None = None
    max_per_guest: int | None = None
    taken_seats: tuple[SeatId, ...] = ()
    on_sale_at: Instant | None = None
    retry_after_seconds: int | None = None
    errors: tuple[FieldError, ...] = ()
    event_id: EventId | None = None
    """Whose waiting room has to be passed first."""
    challenge: Challenge | None = None
    """What has to be solved first."""


TRY_AGAIN = Refusal(Reason.OVERLOADED, retry_after_seconds=1)
"""Nobody can tell now whether it happens; the same request a little later finds out."""


def invalid(field: str, message: str) -> Refusal:
    """A refusal of one field's value."""
    return Refusal(Reason.INVALID, errors=(FieldError(field, message),))

"""Every refusal has one status, one title and one sentence."""

import json

import pytest

from tests.web.wire import headers_of
from ticketd.core.ids import Instant, SeatId
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.web.problems import PRESENTATIONS, problem, sentence, status_of

STATUSES = {
    Reason.MALFORMED: 400,
    Reason.UNAUTHORIZED: 401,
    Reason.CARD_ERROR: 402,
    Reason.PAYMENT_ERROR: 402,
    Reason.FORBIDDEN: 403,
    Reason.NOT_FOUND: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.SOLD_OUT: 409,
    Reason.SEAT_TAKEN: 409,
    Reason.LIMIT_EXCEEDED: 409,
    Reason.ADMISSION_REQUIRED: 409,
    Reason.PROOF_REQUIRED: 403,
    Reason.NOT_ON_SALE: 409,
    Reason.RESERVATION_CLOSED: 409,
    Reason.PAYMENT_IN_PROGRESS: 409,
    Reason.CAPACITY_BELOW_SOLD: 409,
    Reason.HAS_SALES: 409,
    Reason.SLUG_TAKEN: 409,
    Reason.RESERVATION_EXPIRED: 410,
    Reason.TOO_LARGE: 413,
    Reason.UNSUPPORTED_MEDIA_TYPE: 415,
    Reason.INVALID: 422,
    Reason.KEY_REUSED: 422,
    Reason.CURRENCY_ERROR: 422,
    Reason.TOO_MANY_REQUESTS: 429,
    Reason.OVERLOADED: 503,
}
"""What clients rely on, written down a second time."""


TWELVE_SEATS = tuple(SeatId(f"S-A-{number}") for number in range(1, 13))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_status_a_title_and_a_sentence(reason: Reason) -> None:
    assert PRESENTATIONS[reason].status == status_of(Refusal(reason)) == STATUSES[reason]
    assert PRESENTATIONS[reason].title
    assert PRESENTATIONS[reason].sentence.endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_a_problem_that_nobody_keeps(reason: Reason) -> None:
    answer = problem(Refusal(reason))
    body = json.loads(answer.body)
    assert answer.status == STATUSES[reason]
    assert headers_of(answer)["Content-Type"] == "application/problem+json"
    assert headers_of(answer)["Cache-Control"] == "no-store"
    assert body == {
        "type": f"urn:ticketd:problem:{reason}",
        "title": PRESENTATIONS[reason].title,
        "status": STATUSES[reason],
        "detail": PRESENTATIONS[reason].sentence,
        "code": reason.value,
    }


@pytest.mark.parametrize("reason", Reason)
def test_only_what_passes_by_itself_says_when_to_try_again(reason: Reason) -> None:
    passes = reason in (Reason.OVERLOADED, Reason.TOO_MANY_REQUESTS)
    assert ("Retry-After" in headers_of(problem(Refusal(reason)))) is passes
    if passes:
        assert headers_of(problem(Refusal(reason, retry_after_seconds=9)))["Retry-After"] == "9"


def test_a_problem_has_every_member_that_helps() -> None:
    refusal = Refusal(
        Reason.INVALID,
        "Look again.",
        available=0,
        held=1,
        sold=2,
        max_per_reservation=3,
        max_per_guest=4,
        taken_seats=(SeatId("Stalls-A-1"),),
        on_sale_at=Instant(0),
        errors=(FieldError("name", "A name is needed."),),
    )
    body = json.loads(problem(refusal).body)
    assert body["detail"] == "Look again."
    assert (body["available"], body["held"], body["sold"], body["max_per_reservation"]) == (0, 1, 2, 3)
    assert (body["max_per_guest"], body["taken_seats"]) == (4, ["Stalls-A-1"])
    assert body["on_sale_at"] == "1970-01-01T00:00:00.000000Z"
    assert body["errors"] == [{"field": "name", "message": "A name is needed."}]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(Reason.SOLD_OUT, available=0), "no tickets left"),
        (Refusal(Reason.SOLD_OUT, available=3), "only 3"),
        (Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=4), "At most 4"),
        (Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=4), "at most 4 for this event"),
        (Refusal(Reason.SEAT_TAKEN, taken_seats=(SeatId("Stalls-A-1"),)), "The seat Stalls-A-1 is"),
        (Refusal(Reason.SEAT_TAKEN, taken_seats=TWELVE_SEATS), "S-A-9, S-A-10 and 2 more."),
        (Refusal(Reason.CAPACITY_BELOW_SOLD, sold=5, held=6), "5 sold and 6 held"),
        (Refusal(Reason.SOLD_OUT, "Gone."), "Gone."),
    ],
)
def test_the_sentence_says_what_is_left(refusal: Refusal, words: str) -> None:
    assert words in sentence(refusal)

"""When a sale is open, and what its owner may change."""

import msgspec
import pytest

from ticketd.core.ids import Instant
from ticketd.core.terms import (
    EventStatus,
    EventWindow,
    SaleStatus,
    Terms,
    TermsPatch,
    opening,
    sale_status,
    window_errors,
)

EARLY, OPENS, ON, CLOSES, LATE = (Instant(each) for each in (1, 10, 15, 20, 30))
ALWAYS = Terms("VIP", 5)
BETWEEN = Terms("VIP", 5, on_sale_at=OPENS, off_sale_at=CLOSES)


def window(
    status: EventStatus = EventStatus.PUBLISHED, opens: Instant | None = None, closes: Instant | None = None
) -> EventWindow:
    return EventWindow(status, opens, closes)


@pytest.mark.parametrize(
    ("terms", "event", "now", "expected"),
    [
        (ALWAYS, None, EARLY, SaleStatus.ON_SALE),
        (BETWEEN, None, Instant(OPENS - 1), SaleStatus.NOT_YET),
        (BETWEEN, None, OPENS, SaleStatus.ON_SALE),
        (BETWEEN, None, Instant(CLOSES - 1), SaleStatus.ON_SALE),
        (BETWEEN, None, CLOSES, SaleStatus.ENDED),
        (ALWAYS, window(opens=OPENS), EARLY, SaleStatus.NOT_YET),
        (ALWAYS, window(closes=CLOSES), CLOSES, SaleStatus.ENDED),
        (BETWEEN, window(opens=ON), OPENS, SaleStatus.NOT_YET),
        (BETWEEN, window(closes=ON), ON, SaleStatus.ENDED),
        (BETWEEN, window(opens=EARLY, closes=LATE), EARLY, SaleStatus.NOT_YET),
        (BETWEEN, window(opens=EARLY, closes=LATE), CLOSES, SaleStatus.ENDED),
        (ALWAYS, window(EventStatus.DRAFT), ON, SaleStatus.NOT_YET),
        (ALWAYS, window(EventStatus.DRAFT, closes=CLOSES), LATE, SaleStatus.ENDED),
        (ALWAYS, window(EventStatus.CANCELLED), ON, SaleStatus.ENDED),
        (BETWEEN, window(EventStatus.CANCELLED), EARLY, SaleStatus.ENDED),
    ],
)
def test_the_sale_is_open_where_both_windows_are(
    terms: Terms, event: EventWindow | None, now: Instant, expected: SaleStatus
) -> None:
    assert sale_status(terms, event, free=1, now=now) is expected


@pytest.mark.parametrize(("now", "expected"), [(EARLY, "not_yet"), (ON, "sold_out"), (LATE, "ended")])
def test_sold_out_is_said_only_while_the_sale_is_open(now: Instant, expected: str) -> None:
    assert sale_status(BETWEEN, window(), free=0, now=now) == expected


def test_a_sale_opens_with_the_later_of_its_windows() -> None:
    assert opening(ALWAYS, None) is None
    assert opening(BETWEEN, None) == OPENS
    assert opening(BETWEEN, window(opens=ON)) == ON
    assert opening(BETWEEN, window(opens=EARLY)) == OPENS
    assert opening(ALWAYS, window(opens=EARLY)) == EARLY


@pytest.mark.parametrize(
    ("opens", "closes", "wrong"),
    [
        (None, None, 0),
        (OPENS, None, 0),
        (None, CLOSES, 0),
        (OPENS, CLOSES, 0),
        (OPENS, OPENS, 1),
        (CLOSES, OPENS, 1),
    ],
)
def test_a_sale_must_end_after_it_begins(opens: Instant | None, closes: Instant | None, wrong: int) -> None:
    assert len(window_errors(opens, closes)) == wrong


def test_a_patch_changes_what_it_names_and_can_take_a_window_away() -> None:
    patch = TermsPatch(price_cents=0, off_sale_at=None)
    assert patch.applied_to(BETWEEN) == msgspec.structs.replace(BETWEEN, price_cents=0, off_sale_at=None)
    assert TermsPatch().applied_to(BETWEEN) == BETWEEN

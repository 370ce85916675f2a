"""What may be wrong with events and terms."""

import pytest

from ticketd.core.catalogue import Event, Venue
from ticketd.core.ids import SECOND, EventId, Instant, OrganizerId, VenueId
from ticketd.core.money import PRICE_CENTS_MAX
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.drafts import (
    CAPACITY_MAX,
    DESCRIPTION_LENGTH_MAX,
    INSTANT_MAX,
    EventDraft,
    EventPatch,
    TicketTypeDraft,
    VenueDraft,
    VenuePatch,
    event_refusal,
    stripped,
    terms_refusal,
    venue_refusal,
)

NOON = Instant(1_800_000_000 * SECOND)
NEXT_DAY = Instant(NOON + 86_400 * SECOND)
CONCERT = Event(EventId(1), OrganizerId(1), "Concert", "Loud", NOON, "Europe/Vienna")

MEADOW = Venue(VenueId(1), OrganizerId(1), "Meadow", "", "Europe/Vienna")

UNFIT_NAMES = [
    "",
    "a\x00b",
    "a\ud800b",
    "a\x1bb",
    "a\x85b",
    "a\nb",
    "a\u2028b",
    "a\u202eb",
    "a\u2066b",
    "x" * 201,
]


def refused_fields(refusal: Refusal | None) -> list[str]:
    assert refusal is not None
    assert refusal.reason is Reason.INVALID
    return [error.field for error in refusal.errors]


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        *((EventPatch(name=name), "name") for name in UNFIT_NAMES),
        *((EventPatch(description=text), "description") for text in ("a\x00b", "a\udfffb", "a\x1bb")),
        (EventPatch(description="x" * (DESCRIPTION_LENGTH_MAX + 1)), "description"),
        *((EventPatch(timezone=name), "timezone") for name in ("", "Mars/Olympus", "Europe", "../UTC")),
        *((EventPatch(timezone=name), "timezone") for name in ("localtime", "UTC\x00", "\ud800", "utc")),
        *((EventPatch(starts_at=Instant(at)), "starts_at") for at in (-1, INSTANT_MAX, 2**63)),
        (EventPatch(on_sale_at=Instant(-1)), "on_sale_at"),
        (EventPatch(off_sale_at=INSTANT_MAX), "off_sale_at"),
        (EventPatch(on_sale_at=NOON, off_sale_at=NOON), "off_sale_at"),
        (EventPatch(on_sale_at=NEXT_DAY), "on_sale_at"),  # when the event is over
        *((EventPatch(max_per_guest=most), "max_per_guest") for most in (-1, 0, 1001)),
    ],
)
def test_an_unfit_event_is_refused(patch: EventPatch, field: str) -> None:
    assert refused_fields(event_refusal(patch.applied_to(CONCERT))) == [field]


def test_a_fit_event_is_not_refused() -> None:
    patch = EventPatch(
        name="Ünïcödé 🎺 👨‍👩‍👧",
        description="One\r\n\tTwo\n" + "x" * 9000,
        timezone="America/Argentina/Buenos_Aires",
        on_sale_at=NOON,
        off_sale_at=NEXT_DAY,
    )
    assert event_refusal(patch.applied_to(CONCERT)) is None


def test_all_that_is_wrong_is_said_at_once() -> None:
    patch = EventPatch(name="", timezone="Nowhere", starts_at=Instant(-1))
    assert refused_fields(event_refusal(patch.applied_to(CONCERT))) == ["name", "timezone", "starts_at"]


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        *((VenuePatch(name=name), "name") for name in UNFIT_NAMES),
        *((VenuePatch(address=text), "address") for text in ("a\x00b", "a\nb", "x" * 501)),
        *((VenuePatch(timezone=name), "timezone") for name in ("", "Mars/Olympus")),
    ],
)
def test_an_unfit_venue_is_refused(patch: VenuePatch, field: str) -> None:
    assert refused_fields(venue_refusal(patch.applied_to(MEADOW))) == [field]


def test_a_fit_venue_is_not_refused() -> None:
    assert venue_refusal(VenuePatch(address="x" * 500, timezone="UTC").applied_to(MEADOW)) is None


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        *((Terms(name, capacity=1), "name") for name in UNFIT_NAMES),
        *((Terms("x", capacity=number), "capacity") for number in (-1, 0, CAPACITY_MAX + 1, 2**63)),
        *((Terms("x", 1, price_cents=cents), "price_cents") for cents in (-1, PRICE_CENTS_MAX + 1)),
        *((Terms("x", 1, max_per_reservation=most), "max_per_reservation") for most in (0, 1001)),
        (Terms("x", 1, on_sale_at=NEXT_DAY, off_sale_at=NOON), "off_sale_at"),
        (Terms("x", 1, on_sale_at=Instant(2**63)), "on_sale_at"),
        *((Terms("x", 1, position=place), "position") for place in (-1, 1001)),
    ],
)
def test_unfit_terms_are_refused(terms: Terms, field: str) -> None:
    assert refused_fields(terms_refusal(terms)) == [field]


def test_the_widest_terms_are_not_refused() -> None:
    assert terms_refusal(Terms("x" * 200, CAPACITY_MAX, PRICE_CENTS_MAX, max_per_reservation=1000)) is None
    assert terms_refusal(Terms("x", capacity=1, price_cents=0, max_per_reservation=1)) is None


def test_only_euros_are_taken() -> None:
    assert terms_refusal(Terms("x", 1, currency="USD")) == Refusal(Reason.CURRENCY_ERROR)


def test_names_are_kept_without_the_space_around_them() -> None:
    assert EventDraft(" a b ", NOON, "UTC").event_of(OrganizerId(1)).name == "a b"
    assert EventPatch(name=" a b ").applied_to(CONCERT).name == "a b"
    venue = VenueDraft(" a b ", "UTC", " c ").venue_of(OrganizerId(1))
    assert (venue.name, venue.address) == ("a b", "c")
    assert VenuePatch(address=" d ").applied_to(venue).address == "d"
    assert TicketTypeDraft(Terms(" a b ", 1)).stripped_terms().name == "a b"
    assert stripped(TermsPatch(name=" a b ")) == TermsPatch(name="a b")

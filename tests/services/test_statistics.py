"""What owners are told about their sales."""

from collections.abc import Sequence

import pytest

from tests.fakes.clock import START
from tests.services.conftest import Guests, People, ticket_type_of
from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, Instant, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.drafts import EventDraft, TicketTypeDraft
from ticketd.services.owners import OwnerServices
from ticketd.services.statistics import Row, Statistics, StatisticsReport


class Season:
    """Two organizers of Alice's: two events with a Regular each, one with a VIP too, and a coupon."""

    early: Event
    late: Event
    ticket_types: Sequence[TicketTypeId]


@pytest.fixture
async def season(owners: OwnerServices, people: People, guests: Guests) -> Season:
    await owners.organizers.create(people.alice, name="Boxes", slug="boxes")
    season = Season()
    season.late = await make_event(owners, people, "aurora", starts_at=2)
    season.early = await make_event(owners, people, "boxes", starts_at=1)
    season.ticket_types = [
        await make_ticket_type(owners, people, "aurora", "Regular", 10_00, season.late.id),
        await make_ticket_type(owners, people, "aurora", "VIP", 99_00, season.late.id),
        await make_ticket_type(owners, people, "boxes", "Regular", 20_00, season.early.id),
        await make_ticket_type(owners, people, "boxes", "Coupon", 0, None),
    ]
    regular, vip, boxes_regular, coupon = season.ticket_types
    await guests.buy(regular, 3)
    await guests.hold(regular, 2)
    await guests.start_paying(vip, 1)
    await guests.buy(boxes_regular, 1)
    await guests.buy(coupon, 4)
    return season


async def make_event(owners: OwnerServices, people: People, slug: str, *, starts_at: int) -> Event:
    draft = EventDraft(f"Concert {starts_at}", Instant(START + starts_at), "UTC")
    event = await owners.events.create(people.alice, slug, draft)
    assert isinstance(event, Event)
    return event


async def make_ticket_type(
    owners: OwnerServices, people: People, slug: str, name: str, price_cents: int, event_id: EventId | None
) -> TicketTypeId:
    draft = TicketTypeDraft(Terms(name, capacity=100, price_cents=price_cents), event_id)
    offer = await owners.ticket_types.create(people.alice, slug, draft)
    assert isinstance(offer, Offer)
    return ticket_type_of(offer)


def numbers(row: Row) -> tuple[int, int, int, int, int, int]:
    return (row.capacity, row.available, row.held, row.sold, row.reserved, row.revenue_cents)


@pytest.fixture
async def report(statistics: Statistics, people: People, season: Season) -> StatisticsReport:
    report = await statistics.of(people.alice)
    assert isinstance(report, StatisticsReport)
    return report


async def test_every_ticket_type_has_its_figures(report: StatisticsReport, season: Season) -> None:
    regular, vip, boxes_regular, coupon = season.ticket_types
    assert {row.ticket_type_id: (row.organizer, row.name, numbers(row)) for row in report.ticket_types} == {
        regular: ("aurora", "Regular", (100, 95, 2, 3, 5, 30_00)),
        vip: ("aurora", "VIP", (100, 99, 1, 0, 1, 0)),
        boxes_regular: ("boxes", "Regular", (100, 99, 0, 1, 1, 20_00)),
        coupon: ("boxes", "Coupon", (100, 96, 0, 4, 4, 0)),
    }


async def test_events_sum_their_ticket_types_soonest_first(report: StatisticsReport, season: Season) -> None:
    assert [(row.event_id, row.name, numbers(row)) for row in report.events] == [
        (season.early.id, "Concert 1", (100, 99, 0, 1, 1, 20_00)),
        (season.late.id, "Concert 2", (200, 194, 3, 3, 6, 30_00)),
    ]
    assert [[each.name for each in row.ticket_types] for row in report.events] == [
        ["Regular"],
        ["Regular", "VIP"],
    ]


async def test_names_are_summed_across_events(report: StatisticsReport) -> None:
    assert [(row.name, numbers(row)) for row in report.by_ticket_type_name] == [
        ("Coupon", (100, 96, 0, 4, 4, 0)),
        ("Regular", (200, 194, 2, 4, 6, 50_00)),
        ("VIP", (100, 99, 1, 0, 1, 0)),
    ]


async def test_the_totals_include_coupons(report: StatisticsReport) -> None:
    assert numbers(report.totals) == (400, 389, 3, 8, 11, 50_00)


async def test_one_organizer_alone(statistics: Statistics, people: People, season: Season) -> None:
    report = await statistics.of(people.alice, organizer="boxes")
    assert isinstance(report, StatisticsReport)
    assert [row.event_id for row in report.events] == [season.early.id]
    assert numbers(report.totals) == (200, 195, 0, 5, 5, 20_00)


async def test_one_event_alone_leaves_coupons_out(
    statistics: Statistics, people: People, season: Season
) -> None:
    report = await statistics.of(people.alice, event_id=season.early.id)
    assert isinstance(report, StatisticsReport)
    assert [row.event_id for row in report.events] == [season.early.id]
    assert numbers(report.totals) == (100, 99, 0, 1, 1, 20_00)


async def test_one_name_alone_leaves_other_events_out(
    statistics: Statistics, people: People, season: Season
) -> None:
    report = await statistics.of(people.alice, ticket_type_name="VIP")
    assert isinstance(report, StatisticsReport)
    assert [row.event_id for row in report.events] == [season.late.id]
    assert [row.name for row in report.by_ticket_type_name] == ["VIP"]
    assert numbers(report.totals) == numbers(report.events[0]) == (100, 99, 1, 0, 1, 0)


async def test_a_name_that_nothing_has_gives_zeros(
    statistics: Statistics, people: People, season: Season
) -> None:
    report = await statistics.of(people.alice, ticket_type_name="Nothing")
    assert isinstance(report, StatisticsReport)
    assert (report.events, report.ticket_types) == ([], [])
    assert numbers(report.totals) == (0, 0, 0, 0, 0, 0)


async def test_an_event_of_another_organizer_is_not_found(
    statistics: Statistics, people: People, season: Season
) -> None:
    outcome = await statistics.of(people.alice, organizer="aurora", event_id=season.early.id)
    assert outcome == Refusal(Reason.NOT_FOUND)


async def test_another_owners_sales_are_not_found(
    statistics: Statistics, people: People, season: Season
) -> None:
    assert await statistics.of(people.bob, organizer="aurora") == Refusal(Reason.NOT_FOUND)
    assert await statistics.of(people.bob, event_id=season.early.id) == Refusal(Reason.NOT_FOUND)
    report = await statistics.of(people.bob)
    assert isinstance(report, StatisticsReport)
    assert (report.events, report.ticket_types, report.by_ticket_type_name) == ([], [], [])


async def test_renaming_moves_the_sales_to_the_new_name(
    statistics: Statistics, owners: OwnerServices, people: People, season: Season
) -> None:
    await owners.ticket_types.change(people.alice, season.ticket_types[1], TermsPatch(name="Gold"))
    report = await statistics.of(people.alice)
    assert isinstance(report, StatisticsReport)
    assert [row.name for row in report.by_ticket_type_name] == ["Coupon", "Gold", "Regular"]

"""Capacities that ticket types share."""

import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.router import InstantRouter
from tests.services.conftest import People
from tests.services.owners import make_event, reason, refused_fields
from ticketd.core.catalogue import Event
from ticketd.core.commands import Reserve, Wanted
from ticketd.core.ids import InventoryId, TicketTypeId, reservation_id
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import UNLIMITED, EventStatus, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventPatch, TicketTypeDraft
from ticketd.services.owners import OwnerServices
from ticketd.services.statistics import Statistics, StatisticsReport


@pytest.fixture
async def room(owners: OwnerServices, people: People) -> InventoryId:
    """Room for a hundred."""
    made = await owners.capacities.create(people.alice, "aurora", name=" Room ", capacity=100)
    assert isinstance(made, Offer)
    assert (made.terms.name, made.figures.capacity, made.shelves) == ("Room", 100, ())
    return made.inventory_id


async def open_on(
    owners: OwnerServices, people: People, room: InventoryId, name: str, *, ceiling: int = UNLIMITED
) -> TicketTypeId:
    draft = TicketTypeDraft(Terms(name, ceiling), capacity_id=room)
    offer = await owners.ticket_types.create(people.alice, "aurora", draft)
    assert isinstance(offer, Offer)
    return offer.ticket_type_id


@pytest.fixture
async def regular(owners: OwnerServices, people: People, room: InventoryId) -> TicketTypeId:
    return await open_on(owners, people, room, "Regular")


@pytest.fixture
async def student(owners: OwnerServices, people: People, room: InventoryId) -> TicketTypeId:
    return await open_on(owners, people, room, "Student", ceiling=20)


async def hold(router: InstantRouter, clock: ManualClock, room: InventoryId, *wanted: Wanted) -> None:
    made = reservation_id(home=room, now=clock.now(), random=bytes(16))
    quantity = sum(each.quantity for each in wanted)
    outcome = await router.ask(room, Reserve(made, quantity, hold_seconds=900, wanted=wanted))
    assert not isinstance(outcome, Refusal), outcome


async def test_ticket_types_on_it_are_found_like_any_other(
    catalogue: Catalogue, people: People, room: InventoryId, regular: TicketTypeId, student: TicketTypeId
) -> None:
    listed = catalogue.ticket_types_of_organizer(people.aurora.id)
    assert [each.id for each in listed] == [regular, student]
    assert {each.inventory_id for each in listed} == {room}
    assert [each.shelf_id for each in listed] == [regular, student]
    assert catalogue.ticket_type(TicketTypeId(room)) is None


async def test_it_is_listed_with_its_ticket_types(
    owners: OwnerServices, people: People, room: InventoryId, regular: TicketTypeId, student: TicketTypeId
) -> None:
    offers = await owners.capacities.of_organizer(people.alice, "aurora")
    assert not isinstance(offers, Refusal)
    assert [each.inventory_id for each in offers] == [room]
    assert [shelf.ticket_type_id for shelf in offers[0].shelves] == [regular, student]


async def test_one_ticket_type_changes_alone(
    owners: OwnerServices, people: People, catalogue: Catalogue, regular: TicketTypeId, student: TicketTypeId
) -> None:
    offer = await owners.ticket_types.change(people.alice, student, TermsPatch(price_cents=9_00))
    assert isinstance(offer, Offer)
    assert (offer.ticket_type_id, offer.terms.price_cents, offer.figures.capacity) == (student, 9_00, 20)
    prices = [each.terms.price_cents for each in catalogue.ticket_types_of_organizer(people.aurora.id)]
    assert prices == [0, 9_00]


async def test_one_ticket_type_is_deleted_alone(
    owners: OwnerServices, people: People, catalogue: Catalogue, regular: TicketTypeId, student: TicketTypeId
) -> None:
    assert await owners.ticket_types.delete(people.alice, student) is None
    assert [each.id for each in catalogue.ticket_types_of_organizer(people.aurora.id)] == [regular]


async def test_it_cannot_go_while_ticket_types_draw_on_it(
    owners: OwnerServices, people: People, catalogue: Catalogue, room: InventoryId, regular: TicketTypeId
) -> None:
    assert reason(await owners.capacities.delete(people.alice, room)) is Reason.HAS_SALES
    assert await owners.ticket_types.delete(people.alice, regular) is None
    assert await owners.capacities.delete(people.alice, room) is None
    assert catalogue.capacity(room) is None


async def test_it_cannot_shrink_below_what_is_taken(
    owners: OwnerServices,
    people: People,
    router: InstantRouter,
    clock: ManualClock,
    room: InventoryId,
    regular: TicketTypeId,
    student: TicketTypeId,
) -> None:
    await hold(router, clock, room, Wanted(regular, 5), Wanted(student, 4))
    refusal = await owners.capacities.change(people.alice, room, TermsPatch(capacity=8))
    assert refusal == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=0, held=9)
    changed = await owners.capacities.change(people.alice, room, TermsPatch(name="Hall", capacity=9))
    assert isinstance(changed, Offer)
    assert (changed.terms.name, changed.figures.free) == ("Hall", 0)


async def test_another_organizers_cannot_be_drawn_on(
    owners: OwnerServices, people: People, room: InventoryId
) -> None:
    await owners.organizers.create(people.bob, name="Bob", slug="bobs")
    for capacity_id in (room, InventoryId(room + 1000)):
        draft = TicketTypeDraft(Terms("Mine", UNLIMITED), capacity_id=capacity_id)
        outcome = await owners.ticket_types.create(people.bob, "bobs", draft)
        assert refused_fields(outcome) == ["capacity_id"]


async def test_to_others_it_does_not_exist(owners: OwnerServices, people: People, room: InventoryId) -> None:
    outcomes = [
        await owners.capacities.of_organizer(people.bob, "aurora"),
        await owners.capacities.create(people.bob, "aurora", name="Mine", capacity=1),
        await owners.capacities.change(people.bob, room, TermsPatch(capacity=1)),
        await owners.capacities.delete(people.bob, room),
    ]
    assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * len(outcomes)


class TestSharedByAnEvent:
    @pytest.fixture
    async def event(self, owners: OwnerServices, people: People) -> Event:
        return await make_event(owners, people)

    @pytest.fixture
    async def both(
        self, owners: OwnerServices, people: People, room: InventoryId, event: Event
    ) -> list[TicketTypeId]:
        made = [
            await owners.ticket_types.create(
                people.alice, "aurora", TicketTypeDraft(Terms(name, 60), event.id, capacity_id=room)
            )
            for name in ("Regular", "Student")
        ]
        return [offer.ticket_type_id for offer in made if isinstance(offer, Offer)]

    async def test_every_ticket_type_follows_the_event(
        self,
        owners: OwnerServices,
        people: People,
        router: InstantRouter,
        event: Event,
        room: InventoryId,
        both: list[TicketTypeId],
    ) -> None:
        patch = EventPatch(status=EventStatus.CANCELLED)
        assert isinstance(await owners.events.change(people.alice, event.id, patch), Event)
        offer = router.offer(room)
        assert offer is not None
        assert offer.window is None
        windows = [shelf.window for shelf in offer.shelves]
        assert [window.status for window in windows if window] == [EventStatus.CANCELLED] * 2

    async def test_the_one_left_behind_is_brought_in_line_at_the_next_start(
        self,
        owners: OwnerServices,
        people: People,
        router: InstantRouter,
        clock: ManualClock,
        event: Event,
        room: InventoryId,
        both: list[TicketTypeId],
    ) -> None:
        router.refuse_next(room, Refusal(Reason.OVERLOADED, retry_after_seconds=1))
        await owners.events.change(people.alice, event.id, EventPatch(status=EventStatus.DRAFT))
        router.commands.clear()
        assert await owners.events.realign(clock.now()) is None
        assert [inventory_id for inventory_id, _ in router.commands] == [room]
        offer = router.offer(room)
        assert offer is not None
        windows = [shelf.window for shelf in offer.shelves]
        assert [window.status for window in windows if window] == [EventStatus.DRAFT] * 2

    async def test_deleting_the_event_leaves_the_capacity(
        self,
        owners: OwnerServices,
        people: People,
        catalogue: Catalogue,
        event: Event,
        room: InventoryId,
        both: list[TicketTypeId],
    ) -> None:
        assert await owners.events.delete(people.alice, event.id) is None
        assert catalogue.ticket_types_on(room) == []
        assert catalogue.capacity(room) is not None


async def test_statistics_count_it_once_however_many_share_it(
    statistics: Statistics,
    people: People,
    router: InstantRouter,
    clock: ManualClock,
    room: InventoryId,
    regular: TicketTypeId,
    student: TicketTypeId,
) -> None:
    await hold(router, clock, room, Wanted(regular, 5), Wanted(student, 4))
    report = await statistics.of(people.alice)
    assert isinstance(report, StatisticsReport)
    assert [(row.ticket_type_id, row.capacity, row.held) for row in report.ticket_types] == [
        (regular, 100, 5),
        (student, 20, 4),
    ]
    assert (report.totals.capacity, report.totals.available, report.totals.reserved) == (100, 91, 9)
    students = await statistics.of(people.alice, ticket_type_name="Student")
    assert isinstance(students, StatisticsReport)
    assert (students.totals.capacity, students.totals.available, students.totals.reserved) == (20, 16, 4)

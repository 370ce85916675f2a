"""Ticket types that are sold by the seat, in a venue's hall."""

import asyncio

import pytest

from tests.fakes.clock import START
from tests.fakes.router import InstantRouter
from tests.services.conftest import People
from tests.services.owners import OVERLOADED, reason, refused_fields
from ticketd.core.catalogue import Event, Venue
from ticketd.core.commands import Open
from ticketd.core.hall import Hall
from ticketd.core.ids import SECOND, Instant, InventoryId, SeatId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.terms import UNLIMITED, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch, TicketTypeDraft, VenueDraft
from ticketd.services.owners import OwnerServices

TOMORROW = Instant(START + 86_400 * SECOND)


def section(name: str, rows: int, *, blocked: frozenset[str] = frozenset()) -> Section:
    """Rows A, B, … of four seats."""
    return Section(
        name,
        tuple(
            Row(
                chr(65 + row),
                tuple(
                    Seat(str(number), float(number), float(row), blocked=str(number) in blocked)
                    for number in range(1, 5)
                ),
            )
            for row in range(rows)
        ),
    )


HOUSE = SeatMap((section("Stalls", 2), section("Balcony", 1, blocked=frozenset({"4"}))))


@pytest.fixture
async def venue(owners: OwnerServices, people: People) -> Venue:
    made = await owners.venues.create(people.alice, "aurora", VenueDraft("Playhouse", "Europe/Vienna"), HOUSE)
    assert isinstance(made, Venue)
    return made


@pytest.fixture
async def evening(owners: OwnerServices, people: People, venue: Venue) -> Event:
    draft = EventDraft("Hamlet", TOMORROW, "Europe/Vienna", venue_id=venue.id)
    made = await owners.events.create(people.alice, "aurora", draft)
    assert isinstance(made, Event)
    return made


class Desk:
    """Opens ticket types for one event."""

    def __init__(self, owners: OwnerServices, people: People, event: Event) -> None:
        self._owners, self._people, self._event = owners, people, event

    async def open(self, *, sections: tuple[str, ...] = (), seats: tuple[str, ...] = ()) -> object:
        draft = TicketTypeDraft(
            Terms("Regular", UNLIMITED),
            self._event.id,
            sections=sections,
            seats=tuple(SeatId(seat) for seat in seats),
        )
        return await self._owners.ticket_types.create(self._people.alice, "aurora", draft)


@pytest.fixture
def desk(owners: OwnerServices, people: People, evening: Event) -> Desk:
    return Desk(owners, people, evening)


async def test_sections_make_the_hall_and_its_capacity(
    desk: Desk, venue: Venue, catalogue: Catalogue
) -> None:
    offer = await desk.open(sections=("Balcony",))
    assert isinstance(offer, Offer)
    assert offer.hall == Hall.of(HOUSE, sections=["Balcony"])
    assert offer.figures.capacity == offer.terms.capacity == 3
    known = catalogue.ticket_type(offer.ticket_type_id)
    assert known is not None
    assert known.is_seated
    assert known.profile.seat_map_id == venue.seat_map_id


async def test_so_do_single_seats(desk: Desk) -> None:
    offer = await desk.open(seats=("Stalls-B-2", "Stalls-A-1"))
    assert isinstance(offer, Offer)
    assert offer.hall is not None
    assert [offer.hall.seat_id(index) for index in range(len(offer.hall))] == ["Stalls-A-1", "Stalls-B-2"]


@pytest.mark.parametrize(
    ("sections", "seats", "field"),
    [
        (("Stalls", "Gallery"), (), "sections[1]"),
        ((), ("Stalls-A-1", "Stalls-A-5"), "seats[1]"),
        ((), ("Stalls",), "seats[0]"),
        ((), ("Balcony-A-4",), "seats"),  # the only one isn't sold
        ((), ("Stalls-A-1", "Stalls-A-2", "Stalls-A-1"), "seats[2]"),
        (("Stalls", "Stalls"), (), "sections[1]"),
    ],
)
async def test_what_the_map_cannot_give_is_named(
    desk: Desk, router: InstantRouter, sections: tuple[str, ...], seats: tuple[str, ...], field: str
) -> None:
    assert refused_fields(await desk.open(sections=sections, seats=seats)) == [field]
    assert router.commands == []


@pytest.mark.parametrize(
    ("sections", "seats", "field"),
    [
        (("Balcony", "Stalls"), (), "sections[1]"),
        ((), ("Balcony-A-1", "Stalls-B-3", "Stalls-B-2"), "seats[2]"),
    ],
)
async def test_a_seat_belongs_to_one_ticket_type_of_an_event(
    desk: Desk, sections: tuple[str, ...], seats: tuple[str, ...], field: str
) -> None:
    assert isinstance(await desk.open(seats=("Stalls-B-2",)), Offer)
    assert refused_fields(await desk.open(sections=sections, seats=seats)) == [field]
    assert isinstance(await desk.open(seats=("Stalls-B-3",)), Offer)


async def test_seats_need_an_event_at_a_venue_with_a_map(owners: OwnerServices, people: People) -> None:
    bare = await owners.venues.create(people.alice, "aurora", VenueDraft("Meadow", "UTC"))
    assert isinstance(bare, Venue)
    for venue_id in (None, bare.id):
        draft = EventDraft("Fair", TOMORROW, "UTC", venue_id=venue_id)
        event = await owners.events.create(people.alice, "aurora", draft)
        assert isinstance(event, Event)
        assert refused_fields(await Desk(owners, people, event).open(sections=("Stalls",))) == ["event_id"]
    coupon = TicketTypeDraft(Terms("Coupon", UNLIMITED), sections=("Stalls",))
    outcome = await owners.ticket_types.create(people.alice, "aurora", coupon)
    assert refused_fields(outcome) == ["event_id"]


async def test_seats_are_not_sold_from_a_shared_capacity(
    owners: OwnerServices, people: People, evening: Event
) -> None:
    pool = await owners.capacities.create(people.alice, "aurora", name="Room", capacity=9)
    assert isinstance(pool, Offer)
    draft = TicketTypeDraft(
        Terms("Regular", UNLIMITED), evening.id, capacity_id=pool.inventory_id, sections=("Stalls",)
    )
    outcome = await owners.ticket_types.create(people.alice, "aurora", draft)
    assert refused_fields(outcome) == ["capacity_id"]


async def test_their_number_cannot_be_changed_but_all_else_can(
    desk: Desk, owners: OwnerServices, people: People
) -> None:
    offer = await desk.open(sections=("Stalls",))
    assert isinstance(offer, Offer)
    change, ticket_type_id = owners.ticket_types.change, offer.ticket_type_id
    outcome = await change(people.alice, ticket_type_id, TermsPatch(capacity=7))
    assert refused_fields(outcome) == ["capacity"]
    changed = await change(people.alice, ticket_type_id, TermsPatch(capacity=8, price_cents=45_00))
    assert isinstance(changed, Offer)
    assert changed.terms.price_cents == 45_00


async def test_a_new_version_of_the_map_leaves_what_is_on_sale_alone(
    desk: Desk, owners: OwnerServices, people: People, venue: Venue, router: InstantRouter
) -> None:
    before = await desk.open(sections=("Stalls",))
    assert isinstance(before, Offer)
    rebuilt = SeatMap((section("Stalls", 1), section("Gallery", 1)))
    assert isinstance(await owners.venues.change(people.alice, venue.id, seat_map=rebuilt), Venue)
    assert router.offer(before.inventory_id) == before
    later = await desk.open(sections=("Gallery",))
    assert isinstance(later, Offer)
    assert later.profile.seat_map_id != before.profile.seat_map_id


async def test_the_venue_stays_while_its_seats_are_on_sale(
    desk: Desk, owners: OwnerServices, people: People, evening: Event
) -> None:
    await desk.open(sections=("Stalls",))
    change = owners.events.change
    assert refused_fields(await change(people.alice, evening.id, EventPatch(venue_id=None))) == ["venue_id"]
    assert isinstance(await change(people.alice, evening.id, EventPatch(name="Macbeth")), Event)


async def test_a_venue_with_events_cannot_be_deleted(
    owners: OwnerServices, people: People, venue: Venue, evening: Event
) -> None:
    assert reason(await owners.venues.delete(people.alice, venue.id)) is Reason.HAS_SALES
    assert await owners.events.delete(people.alice, evening.id) is None
    assert await owners.venues.delete(people.alice, venue.id) is None
    assert reason(await owners.access.venue(people.alice, venue.id)) is Reason.NOT_FOUND


async def test_the_opening_fact_explains_the_seats(desk: Desk, router: InstantRouter) -> None:
    await desk.open(sections=("Stalls",))
    ((_, command),) = router.commands
    assert isinstance(command, Open)
    assert Hall.decode(command.hall) == Hall.of(HOUSE, sections=["Stalls"])


async def test_of_two_who_ask_for_a_seat_at_the_same_time_one_gets_it(desk: Desk) -> None:
    asked = (desk.open(seats=("Stalls-A-1", f"Stalls-B-{number}")) for number in range(1, 5))
    outcomes = await asyncio.gather(*asked)
    assert sum(isinstance(outcome, Offer) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 3


async def test_while_an_opening_is_in_doubt_nobody_else_gets_its_seats(
    desk: Desk, router: InstantRouter
) -> None:
    first = InventoryId(1)
    router.refuse_next(first, OVERLOADED)
    assert await desk.open(seats=("Stalls-A-1",)) == OVERLOADED
    router.refuse_next(first, OVERLOADED)
    assert await desk.open(seats=("Stalls-A-1",)) == OVERLOADED
    ((_, late), _) = router.commands
    await router.ask(first, late)
    assert refused_fields(await desk.open(seats=("Stalls-A-1",))) == ["seats[0]"]
    assert isinstance(await desk.open(seats=("Stalls-A-2",)), Offer)


async def test_an_opening_that_came_to_nothing_keeps_no_seats(desk: Desk, router: InstantRouter) -> None:
    router.refuse_next(InventoryId(1), OVERLOADED)
    assert await desk.open(seats=("Stalls-A-1",)) == OVERLOADED
    assert isinstance(await desk.open(seats=("Stalls-A-1",)), Offer)

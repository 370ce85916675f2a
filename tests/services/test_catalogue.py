"""The catalogue in memory follows what happens."""

from typing import Any

import msgspec
import pytest

from tests.services.conftest import Guests, People
from ticketd.core.catalogue import Event, Organizer, Venue
from ticketd.core.ids import (
    SECOND,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    TicketTypeId,
    VenueId,
)
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.terms import EventStatus, Kind, Profile, Terms
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft
from ticketd.services.owners import OwnerServices
from ticketd.storage.catalogue import CatalogueStore

NOON = Instant(1_800_000_000 * SECOND)
HOUR = 3600 * SECOND
AURORA = OrganizerId(1)


class EmptyStore(CatalogueStore):
    """A database without a row."""

    def __init__(self) -> None:
        """No connections are needed."""

    async def organizers(self) -> list[Organizer]:
        return []


@pytest.fixture
def memory() -> Catalogue:
    return Catalogue(EmptyStore())


def event(number: int, **changes: Any) -> Event:
    concert = Event(EventId(number), AURORA, f"Concert {number}", "", NOON, "UTC")
    return msgspec.structs.replace(concert, **changes)


def offer(number: int, *, seq: int = 1, event_id: int | None = None, name: str = "Regular") -> Offer:
    profile = Profile(AURORA, None if event_id is None else EventId(event_id), f"code-{number}")
    figures = Figures(10, 10, 0, 0, 0, 0)
    terms = Terms(name, capacity=10)
    return Offer(InventoryId(number), TicketTypeId(number), seq, profile, terms, None, figures)


def shelf(number: int, seq: int, *, event_id: int | None = None, name: str = "Regular") -> Offer:
    """A ticket type on the shared capacity 7."""
    own = offer(number, seq=seq, event_id=event_id, name=name)
    profile = msgspec.structs.replace(own.profile, capacity_id=InventoryId(7))
    return msgspec.structs.replace(own, inventory_id=InventoryId(7), profile=profile)


def shared(number: int, seq: int, *shelves: Offer) -> Offer:
    own = offer(number, seq=seq)
    profile = msgspec.structs.replace(own.profile, kind=Kind.CAPACITY)
    return msgspec.structs.replace(own, profile=profile, shelves=shelves)


def follow(catalogue: Catalogue, *offers: Offer) -> None:
    for each in offers:
        catalogue.follow(each.inventory_id, each)


def test_events_come_soonest_first(memory: Catalogue) -> None:
    for number, starts_at in ((1, NOON + HOUR), (2, NOON), (3, NOON)):
        memory.put_event(event(number, starts_at=starts_at))
    assert [each.id for each in memory.events()] == [2, 3, 1]
    memory.put_event(event(1, starts_at=NOON - HOUR))
    assert [each.id for each in memory.events_of_organizer(AURORA)] == [1, 2, 3]
    memory.drop_event(EventId(2))
    assert [each.id for each in memory.events()] == [1, 3]
    assert memory.events_of_organizer(OrganizerId(2)) == []


def test_on_show_is_what_is_published_and_not_over(memory: Catalogue) -> None:
    memory.put_event(event(1))
    memory.put_event(event(2, status=EventStatus.DRAFT))
    memory.put_event(event(3, status=EventStatus.CANCELLED))
    over_at = event(1).over_at
    assert [each.id for each in memory.on_show(Instant(over_at - 1))] == [1]
    assert memory.on_show(over_at) == []


def test_ticket_types_are_found_by_id_code_event_and_organizer(memory: Catalogue) -> None:
    follow(memory, offer(3, event_id=1), offer(2), offer(1, event_id=1))
    assert [each.id for each in memory.ticket_types_of_event(EventId(1))] == [1, 3]
    assert [each.id for each in memory.ticket_types_of_organizer(AURORA)] == [1, 2, 3]
    assert [each.id for each in memory.coupons()] == [2]
    assert memory.ticket_type_by_code("code-2") == memory.ticket_type(TicketTypeId(2)) is not None


def test_what_was_never_heard_of_is_not_there(memory: Catalogue) -> None:
    assert memory.organizer("aurora") is None
    assert memory.event(EventId(1)) is None
    assert memory.ticket_type(TicketTypeId(1)) is None
    assert memory.ticket_type_by_code("code-1") is None
    assert memory.ticket_types_of_event(EventId(1)) == []
    assert memory.ticket_types_of_organizer(AURORA) == []


def test_a_deleted_ticket_type_is_nowhere(memory: Catalogue) -> None:
    follow(memory, offer(1, event_id=1), offer(2))
    for number in (1, 2, 2, 3):
        memory.follow(InventoryId(number), None)
    assert memory.ticket_type(TicketTypeId(1)) is None
    assert memory.ticket_type_by_code("code-1") is None
    assert memory.ticket_types_of_event(EventId(1)) == []
    assert memory.ticket_types_of_organizer(AURORA) == []
    assert memory.coupons() == []


def test_an_older_offer_changes_nothing(memory: Catalogue) -> None:
    follow(memory, offer(1, seq=5, name="new"), offer(1, seq=4, name="old"))
    found = memory.ticket_type(TicketTypeId(1))
    assert found is not None
    assert (found.seq, found.terms.name) == (5, "new")


def test_a_newer_offer_replaces_the_terms(memory: Catalogue) -> None:
    follow(memory, offer(1, seq=4, name="old"), offer(1, seq=5, name="new"))
    assert [each.terms.name for each in memory.ticket_types_of_organizer(AURORA)] == ["new"]


def test_what_draws_on_a_shared_capacity_comes_and_goes_with_it(memory: Catalogue) -> None:
    room = InventoryId(7)
    memory.follow(room, shared(7, 1, shelf(8, 2), shelf(9, 3, event_id=1)))
    capacity = memory.capacity(room)
    assert capacity is not None
    assert memory.capacities_of_organizer(AURORA) == [capacity]
    assert memory.ticket_type(TicketTypeId(7)) is None
    assert [each.id for each in memory.ticket_types_on(room)] == [8, 9]
    assert [each.id for each in memory.ticket_types_of_event(EventId(1))] == [9]
    memory.follow(room, shared(7, 5, shelf(9, 4, event_id=1, name="new")))
    assert [each.terms.name for each in memory.ticket_types_on(room)] == ["new"]
    assert memory.ticket_type_by_code("code-8") is None
    memory.follow(room, shared(7, 3, shelf(8, 2)))
    assert [each.id for each in memory.ticket_types_on(room)] == [9], "an older offer changes nothing"
    memory.follow(room, None)
    assert memory.capacity(room) is None
    assert memory.ticket_types_of_organizer(AURORA) == []


def test_guest_limits_are_shown_nowhere(memory: Catalogue) -> None:
    limit = offer(7, event_id=1)
    profile = msgspec.structs.replace(limit.profile, kind=Kind.GUESTS)
    follow(memory, msgspec.structs.replace(limit, profile=profile))
    assert memory.ticket_type(TicketTypeId(7)) is None
    assert memory.ticket_types_of_event(EventId(1)) == []
    assert memory.capacity(InventoryId(7)) is None


def test_what_needs_a_code_is_visible_but_not_listed(memory: Catalogue) -> None:
    follow(memory, offer(1), msgspec.structs.replace(offer(2), hidden=True))
    both = memory.coupons()
    assert [memory.visible(each) for each in both] == [True, True]
    assert [each.id for each in memory.listed(both)] == [1]


def test_venues_come_by_name(memory: Catalogue) -> None:
    for number, name in ((1, "Opera"), (2, "Arena")):
        memory.put_venue(Venue(VenueId(number), AURORA, name, "", "UTC"))
    assert [venue.id for venue in memory.venues_of_organizer(AURORA)] == [2, 1]
    assert memory.venues_of_organizer(OrganizerId(2)) == []
    concert = event(1, venue_id=VenueId(1))
    assert memory.venue_of(concert) == memory.venue(VenueId(1)) is not None
    assert memory.venue_of(event(2)) is None
    memory.drop_venue(VenueId(1))
    assert memory.venue_of(concert) is None


@pytest.mark.parametrize(
    ("status", "visible"),
    [(EventStatus.DRAFT, False), (EventStatus.PUBLISHED, True), (EventStatus.CANCELLED, True)],
)
def test_guests_see_no_ticket_types_of_drafts(memory: Catalogue, status: EventStatus, visible: bool) -> None:
    memory.put_event(event(1, status=status))
    follow(memory, offer(1, event_id=1))
    assert memory.visible(memory.ticket_types_of_event(EventId(1))[0]) is visible


def test_guests_see_coupons_but_nothing_of_a_deleted_event(memory: Catalogue) -> None:
    follow(memory, offer(1), offer(2, event_id=1))
    coupon, orphan = memory.ticket_types_of_organizer(AURORA)
    assert memory.visible(coupon)
    assert not memory.visible(orphan)


async def test_loading_finds_what_owners_have_stored(
    store: CatalogueStore, owners: OwnerServices, people: People
) -> None:
    made = await owners.events.create(
        people.alice, "aurora", EventDraft("Concert", Instant(NOON + HOUR), "UTC")
    )
    assert isinstance(made, Event)
    loaded = Catalogue(store)
    await loaded.load()
    assert loaded.organizer("aurora") == people.aurora == loaded.organizer_by_id(people.aurora.id)
    assert loaded.event(made.id) == made


async def test_sales_leave_the_catalogue_alone(
    catalogue: Catalogue, coupon: TicketTypeId, guests: Guests
) -> None:
    before = catalogue.ticket_type(coupon)
    await guests.buy(coupon)
    assert catalogue.ticket_type(coupon) == before

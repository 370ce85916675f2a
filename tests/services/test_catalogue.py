"""The catalogue in memory follows what happens."""

from typing import Any

import msgspec
import pytest

from tests.services.conftest import Guests, People
from ticketd.core.catalogue import Event, Organizer
from ticketd.core.ids import (
    MICROSECONDS,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    TicketTypeId,
)
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.terms import EventStatus, Profile, Terms
from ticketd.services.catalogue import Catalogue
from ticketd.services.management import EventDraft, Management
from ticketd.storage.catalogue import CatalogueStore

NOON = Instant(1_800_000_000 * MICROSECONDS)
HOUR = 3600 * MICROSECONDS
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
    return Offer(InventoryId(number), seq, profile, Terms(name, capacity=10), None, figures)


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


async def test_loading_finds_what_management_has_stored(
    store: CatalogueStore, management: Management, people: People
) -> None:
    made = await management.create_event(people.alice, "aurora", EventDraft("Concert", NOON, "UTC"))
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

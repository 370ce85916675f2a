"""The same event on another day."""

from datetime import datetime

from tests.fakes.clock import START
from tests.fakes.router import InstantRouter
from tests.services.conftest import People
from tests.services.owners import (
    CONCERT,
    DAY,
    OVERLOADED,
    TOMORROW,
    make_event,
    make_ticket_type,
    refused_fields,
)
from ticketd.core.catalogue import Event, Venue
from ticketd.core.ids import (
    SECOND,
    Instant,
    InventoryId,
)
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Refusal
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.terms import UNLIMITED, EventStatus, Terms
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, TicketTypeDraft, VenueDraft
from ticketd.services.owners import OwnerServices
from ticketd.storage.catalogue import CatalogueStore

HOUSE = SeatMap((Section("Stalls", (Row("A", tuple(Seat(str(n), float(n), 0.0) for n in range(1, 9))),)),))


def at(text: str) -> Instant:
    """The instant of an ISO time with its offset."""
    return Instant(int(datetime.fromisoformat(text).timestamp()) * SECOND)


class TestADuplicate:
    async def test_is_a_draft_with_all_but_sales_and_codes(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        venue = await owners.venues.create(people.alice, "aurora", VenueDraft("Playhouse", "UTC"), HOUSE)
        room = await owners.capacities.create(people.alice, "aurora", name="Room", capacity=9)
        assert isinstance(venue, Venue)
        assert isinstance(room, Offer)
        event = await make_event(
            owners,
            people,
            EventDraft("Hamlet", TOMORROW, "UTC", "Sad.", venue_id=venue.id, max_per_guest=4),
        )
        drafts = [
            TicketTypeDraft(Terms("Seated", UNLIMITED, 45_00, position=2), event.id, sections=("Stalls",)),
            TicketTypeDraft(Terms("Pooled", 5, position=1), event.id, capacity_id=room.inventory_id),
            TicketTypeDraft(Terms("Plain", 7, max_per_reservation=2), event.id),
        ]
        offers = [await owners.ticket_types.create(people.alice, "aurora", draft) for draft in drafts]
        assert isinstance(offers[2], Offer)
        await owners.access_codes.set(people.alice, offers[2].ticket_type_id, code="FRIENDS")

        copy = await owners.events.duplicate(people.alice, event.id, Instant(TOMORROW + DAY))
        assert isinstance(copy, Event)
        assert copy.status is EventStatus.DRAFT
        assert (copy.name, copy.description, copy.starts_at) == ("Hamlet", "Sad.", TOMORROW + DAY)
        assert (copy.venue_id, copy.max_per_guest) == (venue.id, 4)
        assert copy.guests_id not in (None, event.guests_id)
        originals = catalogue.ticket_types_of_event(event.id)
        copies = catalogue.ticket_types_of_event(copy.id)
        assert [each.terms for each in copies] == [each.terms for each in originals]
        assert [each.profile.seat_map_id for each in copies] == [None, None, venue.seat_map_id]
        shared = copies[1].profile.capacity_id
        assert shared not in (None, room.inventory_id)
        copied = None if shared is None else catalogue.capacity(shared)
        assert copied is not None
        assert copied.terms == room.terms
        assert [each.hidden for each in copies] == [False] * 3
        codes = {each.profile.code for each in (*originals, *copies)}
        assert len(codes) == 6

    async def test_has_the_same_seats_even_if_the_map_has_changed(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, router: InstantRouter
    ) -> None:
        venue = await owners.venues.create(people.alice, "aurora", VenueDraft("Playhouse", "UTC"), HOUSE)
        assert isinstance(venue, Venue)
        event = await make_event(owners, people, EventDraft("Hamlet", TOMORROW, "UTC", venue_id=venue.id))
        draft = TicketTypeDraft(Terms("Seated", UNLIMITED), event.id, sections=("Stalls",))
        original = await owners.ticket_types.create(people.alice, "aurora", draft)
        smaller = SeatMap((Section("Stalls", (Row("A", (Seat("1", 0.0, 0.0),)),)),))
        await owners.venues.change(people.alice, venue.id, seat_map=smaller)
        copy = await owners.events.duplicate(people.alice, event.id, Instant(TOMORROW + DAY))
        assert isinstance(original, Offer)
        assert isinstance(copy, Event)
        (ticket_type,) = catalogue.ticket_types_of_event(copy.id)
        offer = router.offer(ticket_type.inventory_id)
        assert offer is not None
        assert offer.hall == original.hall

    async def test_opens_its_sale_at_the_same_time_of_day(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        # Between the two, summer time begins in Vienna.
        draft = EventDraft(
            "Concert", at("2027-03-20T19:30+01:00"), "Europe/Vienna", on_sale_at=at("2027-03-13T10:00+01:00")
        )
        event = await make_event(owners, people, draft)
        terms = Terms("Regular", 5, off_sale_at=at("2027-03-20T12:00+01:00"))
        await owners.ticket_types.create(people.alice, "aurora", TicketTypeDraft(terms, event.id))
        copy = await owners.events.duplicate(people.alice, event.id, at("2027-04-10T20:00+02:00"))
        assert isinstance(copy, Event)
        assert copy.on_sale_at == at("2027-04-03T10:30+02:00")
        (ticket_type,) = catalogue.ticket_types_of_event(copy.id)
        assert ticket_type.terms.off_sale_at == at("2027-04-10T12:30+02:00")

    async def test_leaves_nothing_when_it_cannot_be_finished(
        self, owners: OwnerServices, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people)
        last = [await make_ticket_type(owners, people, event) for _ in range(2)][-1]
        router.refuse_next(InventoryId(last + 2), OVERLOADED)
        outcome = await owners.events.duplicate(people.alice, event.id, Instant(TOMORROW + DAY))
        assert outcome == OVERLOADED
        assert await store.events() == [event]

    async def test_is_not_made_in_the_past(self, owners: OwnerServices, people: People) -> None:
        event = await make_event(owners, people)
        outcome = await owners.events.duplicate(people.alice, event.id, START)
        assert refused_fields(outcome) == ["starts_at"]

    async def test_is_for_its_owner_only(self, owners: OwnerServices, people: People) -> None:
        event = await make_event(owners, people, CONCERT)
        outcome = await owners.events.duplicate(people.bob, event.id, Instant(TOMORROW + DAY))
        assert isinstance(outcome, Refusal)

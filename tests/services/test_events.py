"""Events: when they may be, how many each guest may have, and the same again on another day."""

from datetime import datetime

import pytest

from tests.fakes.clock import START, ManualClock
from tests.fakes.router import InstantRouter
from tests.services.conftest import People
from tests.services.test_management import (
    CONCERT,
    DAY,
    OVERLOADED,
    TOMORROW,
    make_event,
    make_ticket_type,
    refused_fields,
)
from ticketd.core.catalogue import Event, Venue
from ticketd.core.ids import SECOND, Instant, InventoryId, VenueId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.terms import UNLIMITED, EventStatus, Kind, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch, TicketTypeDraft, VenueDraft
from ticketd.services.management import Management
from ticketd.services.owners import OwnerServices
from ticketd.storage.catalogue import CatalogueStore

HOUSE = SeatMap((Section("Stalls", (Row("A", tuple(Seat(str(n), float(n), 0.0) for n in range(1, 9))),)),))


def at(text: str) -> Instant:
    """The instant of an ISO time with its offset."""
    return Instant(int(datetime.fromisoformat(text).timestamp()) * SECOND)


class TestThePast:
    @pytest.mark.parametrize("starts_at", [START, START - 1])
    async def test_no_event_is_made_in_it(
        self, management: Management, people: People, catalogue: Catalogue, starts_at: int
    ) -> None:
        draft = EventDraft("Concert", Instant(starts_at), "UTC")
        assert refused_fields(await management.create_event(people.alice, "aurora", draft)) == ["starts_at"]
        assert catalogue.events() == []

    async def test_no_event_is_moved_into_it(self, management: Management, people: People) -> None:
        event = await make_event(management, people)
        patch = EventPatch(starts_at=Instant(START - DAY))
        assert refused_fields(await management.change_event(people.alice, event.id, patch)) == ["starts_at"]

    async def test_an_event_that_is_past_can_still_be_corrected_or_held_again(
        self, management: Management, people: People, clock: ManualClock
    ) -> None:
        event = await make_event(management, people)
        clock.advance(2 * 86_400)
        same = EventPatch(name="Concert in memory", starts_at=event.starts_at)
        assert isinstance(await management.change_event(people.alice, event.id, same), Event)
        later = EventPatch(starts_at=Instant(clock.now() + DAY))
        assert isinstance(await management.change_event(people.alice, event.id, later), Event)


class TestTheGuestLimit:
    async def test_is_kept_by_an_inventory_of_its_own(
        self, management: Management, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people, limited(4))
        assert limit_of(event, router) == 4
        assert await store.events() == [event]

    async def test_follows_the_event(
        self, management: Management, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        made = await make_event(management, people)
        assert made.guests_id is None
        limits = []
        for max_per_guest in (2, 5, None, 3):
            patch = EventPatch(max_per_guest=max_per_guest)
            event = await management.change_event(people.alice, made.id, patch)
            assert isinstance(event, Event)
            assert await store.events() == [event]
            limits.append((event.max_per_guest, limit_of(event, router)))
        assert limits == [(2, 2), (5, 5), (None, UNLIMITED), (3, 3)]

    async def test_goes_with_the_event(
        self, management: Management, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(management, people, limited(4))
        assert await management.delete_event(people.alice, event.id) is None
        assert event.guests_id is not None
        assert router.offer(event.guests_id) is None

    async def test_stays_as_long_as_a_ticket_type_does(
        self, management: Management, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(management, people, limited(4))
        dinner = await make_ticket_type(management, people, event)
        just_bought = Refusal(Reason.HAS_SALES, sold=1, held=0)
        router.refuse_next(inventory_of(dinner), just_bought)
        assert await management.delete_event(people.alice, event.id) == just_bought
        assert limit_of(event, router) == 4

    async def test_does_not_keep_an_event_for_a_claim_that_came_to_nothing(
        self, management: Management, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people, limited(4))
        assert event.guests_id is not None
        router.refuse_next(event.guests_id, Refusal(Reason.HAS_SALES, sold=0, held=1))
        assert await management.delete_event(people.alice, event.id) is None
        assert await store.events() == []

    async def test_is_shown_nowhere(
        self, management: Management, people: People, catalogue: Catalogue
    ) -> None:
        event = await make_event(management, people, limited(4))
        assert catalogue.ticket_types_of_event(event.id) == []
        assert catalogue.ticket_types_of_organizer(people.aurora.id) == []
        assert catalogue.capacities_of_organizer(people.aurora.id) == []

    @pytest.mark.parametrize("most", [0, -1, 1001])
    async def test_is_from_one_to_a_thousand(self, management: Management, people: People, most: int) -> None:
        outcome = await management.create_event(people.alice, "aurora", limited(most))
        assert refused_fields(outcome) == ["max_per_guest"]

    async def test_without_it_no_event_is_made(
        self, management: Management, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        router.refuse_next(InventoryId(1), OVERLOADED)
        assert await management.create_event(people.alice, "aurora", limited(4)) == OVERLOADED
        assert await store.events() == []

    async def test_one_left_behind_is_brought_in_line_at_the_next_start(
        self, management: Management, people: People, router: InstantRouter, clock: ManualClock
    ) -> None:
        event = await make_event(management, people, limited(4))
        assert event.guests_id is not None
        router.refuse_next(event.guests_id, OVERLOADED)
        patch = EventPatch(max_per_guest=1)
        assert await management.change_event(people.alice, event.id, patch) == OVERLOADED
        assert limit_of(event, router) == 4
        assert event.guests_id in management.followers(clock.now())
        assert await management.realign_events(clock.now()) is None
        assert limit_of(event, router) == 1
        router.commands.clear()
        assert await management.realign_events(clock.now()) is None
        assert router.commands == []


def limited(most: int) -> EventDraft:
    return EventDraft("Concert", TOMORROW, "UTC", max_per_guest=most)


def limit_of(event: Event, router: InstantRouter) -> int:
    assert event.guests_id is not None
    offer = router.offer(event.guests_id)
    assert offer is not None
    assert offer.profile.kind is Kind.GUESTS
    return offer.terms.max_per_reservation


class TestTheVenue:
    @pytest.fixture
    async def bobs(self, owners: OwnerServices, people: People) -> Venue:
        await owners.management.create_organizer(people.bob, name="Bob", slug="bobs")
        venue = await owners.venues.create(people.bob, "bobs", VenueDraft("Bob's", "UTC"))
        assert isinstance(venue, Venue)
        return venue

    async def test_is_one_of_the_organizers_own(
        self, management: Management, people: People, bobs: Venue
    ) -> None:
        event = await make_event(management, people)
        for venue_id in (bobs.id, VenueId(bobs.id + 1)):
            draft = EventDraft("Concert", TOMORROW, "UTC", venue_id=venue_id)
            assert refused_fields(await management.create_event(people.alice, "aurora", draft)) == [
                "venue_id"
            ]
            patch = EventPatch(venue_id=venue_id)
            outcome = await management.change_event(people.alice, event.id, patch)
            assert refused_fields(outcome) == ["venue_id"]


class TestADuplicate:
    async def test_is_a_draft_with_all_but_sales_and_codes(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        management = owners.management
        venue = await owners.venues.create(people.alice, "aurora", VenueDraft("Playhouse", "UTC"), HOUSE)
        room = await owners.capacities.create(people.alice, "aurora", name="Room", capacity=9)
        assert isinstance(venue, Venue)
        assert isinstance(room, Offer)
        event = await make_event(
            management,
            people,
            EventDraft("Hamlet", TOMORROW, "UTC", "Sad.", venue_id=venue.id, max_per_guest=4),
        )
        drafts = [
            TicketTypeDraft(Terms("Seated", UNLIMITED, 45_00, position=2), event.id, sections=("Stalls",)),
            TicketTypeDraft(Terms("Pooled", 5, position=1), event.id, capacity_id=room.inventory_id),
            TicketTypeDraft(Terms("Plain", 7, max_per_reservation=2), event.id),
        ]
        offers = [await management.create_ticket_type(people.alice, "aurora", draft) for draft in drafts]
        assert isinstance(offers[2], Offer)
        await owners.access_codes.set(people.alice, offers[2].ticket_type_id, code="FRIENDS")

        copy = await management.duplicate_event(people.alice, event.id, Instant(TOMORROW + DAY))
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
        management = owners.management
        venue = await owners.venues.create(people.alice, "aurora", VenueDraft("Playhouse", "UTC"), HOUSE)
        assert isinstance(venue, Venue)
        event = await make_event(management, people, EventDraft("Hamlet", TOMORROW, "UTC", venue_id=venue.id))
        draft = TicketTypeDraft(Terms("Seated", UNLIMITED), event.id, sections=("Stalls",))
        original = await management.create_ticket_type(people.alice, "aurora", draft)
        smaller = SeatMap((Section("Stalls", (Row("A", (Seat("1", 0.0, 0.0),)),)),))
        await owners.venues.change(people.alice, venue.id, seat_map=smaller)
        copy = await management.duplicate_event(people.alice, event.id, Instant(TOMORROW + DAY))
        assert isinstance(original, Offer)
        assert isinstance(copy, Event)
        (ticket_type,) = catalogue.ticket_types_of_event(copy.id)
        offer = router.offer(ticket_type.inventory_id)
        assert offer is not None
        assert offer.hall == original.hall

    async def test_opens_its_sale_at_the_same_time_of_day(
        self, management: Management, people: People, catalogue: Catalogue
    ) -> None:
        # Between the two, summer time begins in Vienna.
        draft = EventDraft(
            "Concert", at("2027-03-20T19:30+01:00"), "Europe/Vienna", on_sale_at=at("2027-03-13T10:00+01:00")
        )
        event = await make_event(management, people, draft)
        terms = Terms("Regular", 5, off_sale_at=at("2027-03-20T12:00+01:00"))
        await management.create_ticket_type(people.alice, "aurora", TicketTypeDraft(terms, event.id))
        copy = await management.duplicate_event(people.alice, event.id, at("2027-04-10T20:00+02:00"))
        assert isinstance(copy, Event)
        assert copy.on_sale_at == at("2027-04-03T10:30+02:00")
        (ticket_type,) = catalogue.ticket_types_of_event(copy.id)
        assert ticket_type.terms.off_sale_at == at("2027-04-10T12:30+02:00")

    async def test_leaves_nothing_when_it_cannot_be_finished(
        self, management: Management, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people)
        last = [await make_ticket_type(management, people, event) for _ in range(2)][-1]
        router.refuse_next(InventoryId(last + 2), OVERLOADED)
        outcome = await management.duplicate_event(people.alice, event.id, Instant(TOMORROW + DAY))
        assert outcome == OVERLOADED
        assert await store.events() == [event]

    async def test_is_not_made_in_the_past(self, management: Management, people: People) -> None:
        event = await make_event(management, people)
        outcome = await management.duplicate_event(people.alice, event.id, START)
        assert refused_fields(outcome) == ["starts_at"]

    async def test_is_for_its_owner_only(self, management: Management, people: People) -> None:
        event = await make_event(management, people, CONCERT)
        outcome = await management.duplicate_event(people.bob, event.id, Instant(TOMORROW + DAY))
        assert isinstance(outcome, Refusal)


async def test_ticket_types_stand_in_the_order_that_their_owner_wants(
    management: Management, people: People, catalogue: Catalogue
) -> None:
    event = await make_event(management, people)
    names = ("Regular", "Premium", "VIP")
    first, _, last = [await make_ticket_type(management, people, event, name) for name in names]
    await management.change_ticket_type(people.alice, first, TermsPatch(position=1))
    await management.change_ticket_type(people.alice, last, TermsPatch(position=1))
    listed = catalogue.ticket_types_of_event(event.id)
    assert [each.terms.name for each in listed] == ["Premium", "Regular", "VIP"]
    outcome = await management.change_ticket_type(people.alice, first, TermsPatch(position=1001))
    assert refused_fields(outcome) == ["position"]

"""Events: what they may be called, and when and where they may be."""

import pytest

from tests.fakes.clock import START, ManualClock
from tests.services.conftest import People
from tests.services.owners import DAY, TOMORROW, make_event, refused_fields
from ticketd.core.catalogue import Event, Venue
from ticketd.core.ids import Instant, VenueId
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch, VenueDraft
from ticketd.services.owners import OwnerServices
from ticketd.storage.catalogue import CatalogueStore


class TestEvents:
    async def test_a_new_event_is_on_show_and_survives_a_restart(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people)
        assert catalogue.event(event.id) == event
        assert await store.events() == [event]

    async def test_an_unfit_draft_is_refused(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        draft = EventDraft("a\ud800b", TOMORROW, "Europe/Vienna")
        assert refused_fields(await owners.events.create(people.alice, "aurora", draft)) == ["name"]
        assert catalogue.events() == []

    async def test_a_change_of_some_fields_leaves_the_others(
        self, owners: OwnerServices, people: People, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people, EventDraft("Concert", TOMORROW, "UTC", "Loud", START))
        changed = await owners.events.change(
            people.alice, event.id, EventPatch(name=" Recital ", on_sale_at=None)
        )
        assert changed == Event(event.id, people.aurora.id, "Recital", "Loud", TOMORROW, "UTC")
        assert await store.events() == [changed]

    async def test_an_invalid_change_changes_nothing(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people)
        patch = EventPatch(name="a\x00b", timezone="Nowhere")
        outcome = await owners.events.change(people.alice, event.id, patch)
        assert refused_fields(outcome) == ["name", "timezone"]
        assert catalogue.event(event.id) == event
        assert await store.events() == [event]


class TestThePast:
    @pytest.mark.parametrize("starts_at", [START, START - 1])
    async def test_no_event_is_made_in_it(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, starts_at: int
    ) -> None:
        draft = EventDraft("Concert", Instant(starts_at), "UTC")
        assert refused_fields(await owners.events.create(people.alice, "aurora", draft)) == ["starts_at"]
        assert catalogue.events() == []

    async def test_no_event_is_moved_into_it(self, owners: OwnerServices, people: People) -> None:
        event = await make_event(owners, people)
        patch = EventPatch(starts_at=Instant(START - DAY))
        assert refused_fields(await owners.events.change(people.alice, event.id, patch)) == ["starts_at"]

    async def test_an_event_that_is_past_can_still_be_corrected_or_held_again(
        self, owners: OwnerServices, people: People, clock: ManualClock
    ) -> None:
        event = await make_event(owners, people)
        clock.advance(2 * 86_400)
        same = EventPatch(name="Concert in memory", starts_at=event.starts_at)
        assert isinstance(await owners.events.change(people.alice, event.id, same), Event)
        later = EventPatch(starts_at=Instant(clock.now() + DAY))
        assert isinstance(await owners.events.change(people.alice, event.id, later), Event)


class TestTheVenue:
    @pytest.fixture
    async def bobs(self, owners: OwnerServices, people: People) -> Venue:
        await owners.organizers.create(people.bob, name="Bob", slug="bobs")
        venue = await owners.venues.create(people.bob, "bobs", VenueDraft("Bob's", "UTC"))
        assert isinstance(venue, Venue)
        return venue

    async def test_is_one_of_the_organizers_own(
        self, owners: OwnerServices, people: People, bobs: Venue
    ) -> None:
        event = await make_event(owners, people)
        for venue_id in (bobs.id, VenueId(bobs.id + 1)):
            draft = EventDraft("Concert", TOMORROW, "UTC", venue_id=venue_id)
            assert refused_fields(await owners.events.create(people.alice, "aurora", draft)) == ["venue_id"]
            patch = EventPatch(venue_id=venue_id)
            outcome = await owners.events.change(people.alice, event.id, patch)
            assert refused_fields(outcome) == ["venue_id"]

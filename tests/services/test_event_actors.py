"""An event's actors: its ticket types follow it, and one keeps how many each guest has."""

import asyncio

import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.router import InstantRouter
from tests.services.conftest import Guests, People
from tests.services.owners import (
    OVERLOADED,
    TOMORROW,
    make_event,
    make_ticket_type,
    reason,
    refused_fields,
)
from ticketd.core.catalogue import Event
from ticketd.core.commands import ChangeEventWindow
from ticketd.core.ids import (
    InventoryId,
    TicketTypeId,
    inventory_of,
)
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import UNLIMITED, EventStatus, Kind
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, EventPatch
from ticketd.services.owners import OwnerServices
from ticketd.storage.catalogue import CatalogueStore


class TestAnEventAndItsTicketTypes:
    async def test_a_change_reaches_every_one_of_them(
        self, owners: OwnerServices, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        event = await make_event(owners, people)
        names = ("Regular", "Premium", "VIP")
        ticket_types = [await make_ticket_type(owners, people, event, name) for name in names]
        patch = EventPatch(status=EventStatus.CANCELLED)
        changed = await owners.events.change(people.alice, event.id, patch)
        assert isinstance(changed, Event)
        offers = [router.offer(inventory_of(each)) for each in ticket_types]
        assert [offer.window for offer in offers if offer] == [changed.window()] * 3
        coupons_offer = router.offer(inventory_of(coupon))
        assert coupons_offer is not None
        assert coupons_offer.window is None

    async def test_when_one_refuses_the_others_follow_and_a_repeat_completes_it(
        self, owners: OwnerServices, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(owners, people)
        first, second = [await make_ticket_type(owners, people, event) for _ in range(2)]
        router.refuse_next(inventory_of(first), OVERLOADED)
        patch = EventPatch(status=EventStatus.CANCELLED)
        assert await owners.events.change(people.alice, event.id, patch) == OVERLOADED
        assert standing(router, first) is EventStatus.PUBLISHED
        assert standing(router, second) is EventStatus.CANCELLED
        assert isinstance(await owners.events.change(people.alice, event.id, patch), Event)
        assert standing(router, first) is EventStatus.CANCELLED

    async def test_one_left_behind_is_brought_in_line_at_the_next_start(
        self, owners: OwnerServices, people: People, router: InstantRouter, clock: ManualClock
    ) -> None:
        event = await make_event(owners, people)
        left_behind, _ = [await make_ticket_type(owners, people, event) for _ in range(2)]
        router.refuse_next(inventory_of(left_behind), OVERLOADED)
        await owners.events.change(people.alice, event.id, EventPatch(status=EventStatus.CANCELLED))
        router.commands.clear()
        assert await owners.events.realign(clock.now()) is None
        assert standing(router, left_behind) is EventStatus.CANCELLED
        assert [inventory_id for inventory_id, _ in router.commands] == [inventory_of(left_behind)]

    async def test_one_made_during_a_change_follows_the_changed_event(
        self,
        owners: OwnerServices,
        people: People,
        router: InstantRouter,
        store: CatalogueStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        event = await make_event(owners, people)
        change = owners.events.change(people.alice, event.id, EventPatch(status=EventStatus.DRAFT))
        changing: list[asyncio.Task[Event | Refusal]] = []

        async def at_once(*_: object) -> bool:
            return True

        async def id_while_the_event_changes() -> TicketTypeId:
            changing.append(asyncio.create_task(change))
            for _ in range(100):  # the change has all it needs to go through, unless it must wait its turn
                await asyncio.sleep(0)
            return TicketTypeId(1)

        monkeypatch.setattr(store, "may_act_for", at_once)
        monkeypatch.setattr(store, "update_event", at_once)
        monkeypatch.setattr(store, "next_ticket_type_id", id_while_the_event_changes)
        made = await make_ticket_type(owners, people, event)
        assert isinstance(await changing[0], Event)
        assert standing(router, made) is EventStatus.DRAFT

    async def test_a_change_of_the_name_alone_asks_them_too(
        self, owners: OwnerServices, people: People, router: InstantRouter
    ) -> None:
        # The change before it may have been cut short.
        event = await make_event(owners, people)
        made = await make_ticket_type(owners, people, event)
        await owners.events.change(people.alice, event.id, EventPatch(name="Recital"))
        assert router.commands[-1] == (inventory_of(made), ChangeEventWindow(event.window()))

    async def test_deleting_the_event_deletes_them(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people)
        made = await make_ticket_type(owners, people, event)
        assert await owners.events.delete(people.alice, event.id) is None
        assert catalogue.event(event.id) is None
        assert catalogue.ticket_type(made) is None
        assert await store.events() == []

    async def test_the_event_stays_whole_while_anything_of_it_is_taken(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, guests: Guests
    ) -> None:
        event = await make_event(owners, people)
        sold, unsold = [await make_ticket_type(owners, people, event) for _ in range(2)]
        await guests.hold(sold, 2)
        await guests.buy(sold, 3)
        refusal = await owners.events.delete(people.alice, event.id)
        assert refusal == Refusal(Reason.HAS_SALES, sold=3, held=2)
        assert catalogue.event(event.id) == event
        assert [each.id for each in catalogue.ticket_types_of_event(event.id)] == [sold, unsold]

    async def test_the_event_stays_when_a_guest_is_faster_than_the_deletion(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, router: InstantRouter
    ) -> None:
        event = await make_event(owners, people)
        made = await make_ticket_type(owners, people, event)
        router.refuse_next(inventory_of(made), Refusal(Reason.HAS_SALES, sold=0, held=1))
        assert reason(await owners.events.delete(people.alice, event.id)) is Reason.HAS_SALES
        assert catalogue.event(event.id) == event


def standing(router: InstantRouter, ticket_type_id: TicketTypeId) -> EventStatus:
    offer = router.offer(inventory_of(ticket_type_id))
    assert offer is not None
    assert offer.window is not None
    return offer.window.status


class TestTheGuestLimit:
    async def test_is_kept_by_an_inventory_of_its_own(
        self, owners: OwnerServices, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people, limited(4))
        assert limit_of(event, router) == 4
        assert await store.events() == [event]

    async def test_follows_the_event(
        self, owners: OwnerServices, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        made = await make_event(owners, people)
        assert made.guests_id is None
        limits = []
        for max_per_guest in (2, 5, None, 3):
            patch = EventPatch(max_per_guest=max_per_guest)
            event = await owners.events.change(people.alice, made.id, patch)
            assert isinstance(event, Event)
            assert await store.events() == [event]
            limits.append((event.max_per_guest, limit_of(event, router)))
        assert limits == [(2, 2), (5, 5), (None, UNLIMITED), (3, 3)]

    async def test_goes_with_the_event(
        self, owners: OwnerServices, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(owners, people, limited(4))
        assert await owners.events.delete(people.alice, event.id) is None
        assert event.guests_id is not None
        assert router.offer(event.guests_id) is None

    async def test_stays_as_long_as_a_ticket_type_does(
        self, owners: OwnerServices, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(owners, people, limited(4))
        dinner = await make_ticket_type(owners, people, event)
        just_bought = Refusal(Reason.HAS_SALES, sold=1, held=0)
        router.refuse_next(inventory_of(dinner), just_bought)
        assert await owners.events.delete(people.alice, event.id) == just_bought
        assert limit_of(event, router) == 4

    async def test_does_not_keep_an_event_for_a_claim_that_came_to_nothing(
        self, owners: OwnerServices, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        event = await make_event(owners, people, limited(4))
        assert event.guests_id is not None
        router.refuse_next(event.guests_id, Refusal(Reason.HAS_SALES, sold=0, held=1))
        assert await owners.events.delete(people.alice, event.id) is None
        assert await store.events() == []

    async def test_is_shown_nowhere(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        event = await make_event(owners, people, limited(4))
        assert catalogue.ticket_types_of_event(event.id) == []
        assert catalogue.ticket_types_of_organizer(people.aurora.id) == []
        assert catalogue.capacities_of_organizer(people.aurora.id) == []

    @pytest.mark.parametrize("most", [0, -1, 1001])
    async def test_is_from_one_to_a_thousand(self, owners: OwnerServices, people: People, most: int) -> None:
        outcome = await owners.events.create(people.alice, "aurora", limited(most))
        assert refused_fields(outcome) == ["max_per_guest"]

    async def test_without_it_no_event_is_made(
        self, owners: OwnerServices, people: People, router: InstantRouter, store: CatalogueStore
    ) -> None:
        router.refuse_next(InventoryId(1), OVERLOADED)
        assert await owners.events.create(people.alice, "aurora", limited(4)) == OVERLOADED
        assert await store.events() == []

    async def test_one_left_behind_is_brought_in_line_at_the_next_start(
        self, owners: OwnerServices, people: People, router: InstantRouter, clock: ManualClock
    ) -> None:
        event = await make_event(owners, people, limited(4))
        assert event.guests_id is not None
        router.refuse_next(event.guests_id, OVERLOADED)
        patch = EventPatch(max_per_guest=1)
        assert await owners.events.change(people.alice, event.id, patch) == OVERLOADED
        assert limit_of(event, router) == 4
        assert event.guests_id in owners.events.followers(clock.now())
        assert await owners.events.realign(clock.now()) is None
        assert limit_of(event, router) == 1
        router.commands.clear()
        assert await owners.events.realign(clock.now()) is None
        assert router.commands == []


def limited(most: int) -> EventDraft:
    return EventDraft("Concert", TOMORROW, "UTC", max_per_guest=most)


def limit_of(event: Event, router: InstantRouter) -> int:
    assert event.guests_id is not None
    offer = router.offer(event.guests_id)
    assert offer is not None
    assert offer.profile.kind is Kind.GUESTS
    return offer.terms.max_per_reservation

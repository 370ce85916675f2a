"""What owners can do, and to what."""

import asyncio

import asyncpg
import pytest

from tests.fakes.clock import START, ManualClock
from tests.fakes.router import InstantRouter
from tests.services.conftest import Guests, People, ticket_type_of
from ticketd.core.catalogue import Event, Organizer
from ticketd.core.commands import ChangeEventWindow
from ticketd.core.ids import ID_MAX, SECOND, EventId, Instant, TicketTypeId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventStatus, Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.management import EventDraft, EventPatch, Management, TicketTypeDraft
from ticketd.storage.catalogue import CatalogueStore

DAY = 86_400 * SECOND
TOMORROW = Instant(START + DAY)
CONCERT = EventDraft("Concert", TOMORROW, "Europe/Vienna")
OVERLOADED = Refusal(Reason.OVERLOADED, retry_after_seconds=1)


def reason(outcome: object) -> Reason:
    assert isinstance(outcome, Refusal)
    return outcome.reason


def refused_fields(outcome: object) -> list[str]:
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.INVALID
    return [error.field for error in outcome.errors]


async def make_event(management: Management, people: People, draft: EventDraft = CONCERT) -> Event:
    event = await management.create_event(people.alice, "aurora", draft)
    assert isinstance(event, Event)
    return event


async def make_ticket_type(
    management: Management, people: People, event: Event, name: str = "Regular"
) -> TicketTypeId:
    draft = TicketTypeDraft(Terms(name, capacity=10), event.id)
    offer = await management.create_ticket_type(people.alice, "aurora", draft)
    assert isinstance(offer, Offer)
    return ticket_type_of(offer)


class TestOrganizers:
    async def test_a_slug_comes_from_the_name(self, management: Management, people: People) -> None:
        made = await management.create_organizer(people.bob, name="  Café Größenwahn & Söhne ")
        assert isinstance(made, Organizer)
        assert (made.slug, made.name) == ("cafe-grossenwahn-sohne", "Café Größenwahn & Söhne")

    async def test_the_same_name_at_the_same_time_gets_different_slugs(
        self, management: Management, people: People
    ) -> None:
        made = await asyncio.gather(*(management.create_organizer(people.bob, name="Luna") for _ in range(5)))
        slugs = {each.slug for each in made if isinstance(each, Organizer)}
        assert slugs == {"luna", "luna-2", "luna-3", "luna-4", "luna-5"}

    async def test_the_same_slug_asked_for_at_the_same_time_is_given_once(
        self, management: Management, people: People
    ) -> None:
        made = await asyncio.gather(
            *(management.create_organizer(people.bob, name="Luna", slug="luna") for _ in range(5))
        )
        assert sum(isinstance(each, Organizer) for each in made) == 1
        assert sum(isinstance(each, Refusal) and each.reason is Reason.SLUG_TAKEN for each in made) == 4

    async def test_unfit_words_are_refused_field_by_field(
        self, management: Management, people: People
    ) -> None:
        outcome = await management.create_organizer(people.bob, name="a\x00b", slug="api")
        assert refused_fields(outcome) == ["name", "slug"]

    async def test_owners_see_their_own_by_name(self, management: Management, people: People) -> None:
        await management.create_organizer(people.alice, name="Zebra")
        await management.create_organizer(people.alice, name="apple")
        names = [each.name for each in await management.organizers_of(people.alice)]
        assert names == ["apple", "Trattoria Aurora", "Zebra"]
        assert await management.organizers_of(people.bob) == []

    async def test_whoever_made_it_has_access_and_nobody_else(
        self, management: Management, people: People
    ) -> None:
        assert await management.access(people.alice, "aurora") == people.aurora
        assert reason(await management.access(people.bob, "aurora")) is Reason.NOT_FOUND
        assert reason(await management.access(people.alice, "nowhere")) is Reason.NOT_FOUND
        assert reason(await management.access(people.alice, "a\x00b")) is Reason.NOT_FOUND


class TestForeignThings:
    async def test_are_not_found_whatever_an_owner_tries(
        self, management: Management, people: People, coupon: TicketTypeId
    ) -> None:
        event = await make_event(management, people)
        bob, draft = people.bob, TicketTypeDraft(Terms("Mine", capacity=1))
        outcomes = [
            await management.create_event(bob, "aurora", CONCERT),
            await management.change_event(bob, event.id, EventPatch(name="Mine")),
            await management.delete_event(bob, event.id),
            await management.create_ticket_type(bob, "aurora", draft),
            await management.change_ticket_type(bob, coupon, TermsPatch(name="Mine")),
            await management.delete_ticket_type(bob, coupon),
            await management.orders(bob, "aurora"),
            await management.all_orders(bob, "aurora"),
        ]
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * len(outcomes)

    async def test_unknown_ids_are_not_found(self, management: Management, people: People) -> None:
        event_id, ticket_type_id = EventId(ID_MAX), TicketTypeId(ID_MAX)
        outcomes = [
            await management.change_event(people.alice, event_id, EventPatch(name="x")),
            await management.delete_event(people.alice, event_id),
            await management.change_ticket_type(people.alice, ticket_type_id, TermsPatch(name="x")),
            await management.delete_ticket_type(people.alice, ticket_type_id),
        ]
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * len(outcomes)

    async def test_a_ticket_type_is_for_an_event_of_its_own_organizer_only(
        self, management: Management, people: People
    ) -> None:
        event = await make_event(management, people)
        await management.create_organizer(people.alice, name="Other", slug="other")
        draft = TicketTypeDraft(Terms("Regular", capacity=1), event.id)
        assert reason(await management.create_ticket_type(people.alice, "other", draft)) is Reason.NOT_FOUND


class TestEvents:
    async def test_a_new_event_is_on_show_and_survives_a_restart(
        self, management: Management, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people)
        assert catalogue.event(event.id) == event
        assert await store.events() == [event]

    async def test_an_unfit_draft_is_refused(
        self, management: Management, people: People, catalogue: Catalogue
    ) -> None:
        draft = EventDraft("a\ud800b", TOMORROW, "Europe/Vienna")
        assert refused_fields(await management.create_event(people.alice, "aurora", draft)) == ["name"]
        assert catalogue.events() == []

    async def test_a_change_of_some_fields_leaves_the_others(
        self, management: Management, people: People, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people, EventDraft("Concert", TOMORROW, "UTC", "Loud", START))
        changed = await management.change_event(
            people.alice, event.id, EventPatch(name=" Recital ", on_sale_at=None)
        )
        assert changed == Event(event.id, people.aurora.id, "Recital", "Loud", TOMORROW, "UTC")
        assert await store.events() == [changed]

    async def test_an_invalid_change_changes_nothing(
        self, management: Management, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people)
        patch = EventPatch(name="a\x00b", timezone="Nowhere")
        outcome = await management.change_event(people.alice, event.id, patch)
        assert refused_fields(outcome) == ["name", "timezone"]
        assert catalogue.event(event.id) == event
        assert await store.events() == [event]


class TestAnEventAndItsTicketTypes:
    async def test_a_change_reaches_every_one_of_them(
        self, management: Management, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        event = await make_event(management, people)
        names = ("Regular", "Premium", "VIP")
        ticket_types = [await make_ticket_type(management, people, event, name) for name in names]
        patch = EventPatch(status=EventStatus.CANCELLED)
        changed = await management.change_event(people.alice, event.id, patch)
        assert isinstance(changed, Event)
        offers = [router.offer(inventory_of(each)) for each in ticket_types]
        assert [offer.window for offer in offers if offer] == [changed.window()] * 3
        coupons_offer = router.offer(inventory_of(coupon))
        assert coupons_offer is not None
        assert coupons_offer.window is None

    async def test_when_one_refuses_the_others_follow_and_a_repeat_completes_it(
        self, management: Management, people: People, router: InstantRouter
    ) -> None:
        event = await make_event(management, people)
        first, second = [await make_ticket_type(management, people, event) for _ in range(2)]
        router.refuse_next(inventory_of(first), OVERLOADED)
        patch = EventPatch(status=EventStatus.CANCELLED)
        assert await management.change_event(people.alice, event.id, patch) == OVERLOADED
        assert standing(router, first) is EventStatus.PUBLISHED
        assert standing(router, second) is EventStatus.CANCELLED
        assert isinstance(await management.change_event(people.alice, event.id, patch), Event)
        assert standing(router, first) is EventStatus.CANCELLED

    async def test_one_left_behind_is_brought_in_line_at_the_next_start(
        self, management: Management, people: People, router: InstantRouter, clock: ManualClock
    ) -> None:
        event = await make_event(management, people)
        left_behind, _ = [await make_ticket_type(management, people, event) for _ in range(2)]
        router.refuse_next(inventory_of(left_behind), OVERLOADED)
        await management.change_event(people.alice, event.id, EventPatch(status=EventStatus.CANCELLED))
        router.commands.clear()
        assert await management.realign_events(clock.now()) is None
        assert standing(router, left_behind) is EventStatus.CANCELLED
        assert [inventory_id for inventory_id, _ in router.commands] == [inventory_of(left_behind)]

    async def test_one_made_during_a_change_follows_the_changed_event(
        self,
        management: Management,
        people: People,
        router: InstantRouter,
        store: CatalogueStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        event = await make_event(management, people)
        change = management.change_event(people.alice, event.id, EventPatch(status=EventStatus.DRAFT))
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
        made = await make_ticket_type(management, people, event)
        assert isinstance(await changing[0], Event)
        assert standing(router, made) is EventStatus.DRAFT

    async def test_a_change_of_the_name_alone_asks_them_too(
        self, management: Management, people: People, router: InstantRouter
    ) -> None:
        # The change before it may have been cut short.
        event = await make_event(management, people)
        made = await make_ticket_type(management, people, event)
        await management.change_event(people.alice, event.id, EventPatch(name="Recital"))
        assert router.commands[-1] == (inventory_of(made), ChangeEventWindow(event.window()))

    async def test_deleting_the_event_deletes_them(
        self, management: Management, people: People, catalogue: Catalogue, store: CatalogueStore
    ) -> None:
        event = await make_event(management, people)
        made = await make_ticket_type(management, people, event)
        assert await management.delete_event(people.alice, event.id) is None
        assert catalogue.event(event.id) is None
        assert catalogue.ticket_type(made) is None
        assert await store.events() == []

    async def test_the_event_stays_whole_while_anything_of_it_is_taken(
        self, management: Management, people: People, catalogue: Catalogue, guests: Guests
    ) -> None:
        event = await make_event(management, people)
        sold, unsold = [await make_ticket_type(management, people, event) for _ in range(2)]
        await guests.hold(sold, 2)
        await guests.buy(sold, 3)
        refusal = await management.delete_event(people.alice, event.id)
        assert refusal == Refusal(Reason.HAS_SALES, sold=3, held=2)
        assert catalogue.event(event.id) == event
        assert [each.id for each in catalogue.ticket_types_of_event(event.id)] == [sold, unsold]

    async def test_the_event_stays_when_a_guest_is_faster_than_the_deletion(
        self, management: Management, people: People, catalogue: Catalogue, router: InstantRouter
    ) -> None:
        event = await make_event(management, people)
        made = await make_ticket_type(management, people, event)
        router.refuse_next(inventory_of(made), Refusal(Reason.HAS_SALES, sold=0, held=1))
        assert reason(await management.delete_event(people.alice, event.id)) is Reason.HAS_SALES
        assert catalogue.event(event.id) == event


def standing(router: InstantRouter, ticket_type_id: TicketTypeId) -> EventStatus:
    offer = router.offer(inventory_of(ticket_type_id))
    assert offer is not None
    assert offer.window is not None
    return offer.window.status


class TestTicketTypes:
    async def test_a_new_one_is_in_the_catalogue_under_its_code(
        self, management: Management, people: People, catalogue: Catalogue
    ) -> None:
        draft = TicketTypeDraft(Terms(" Dinner ", capacity=5, price_cents=12_50))
        offer = await management.create_ticket_type(people.alice, "aurora", draft)
        assert isinstance(offer, Offer)
        assert offer.terms == Terms("Dinner", capacity=5, price_cents=12_50)
        found = catalogue.ticket_type_by_code(offer.profile.code)
        assert found is not None
        assert found.terms == offer.terms

    @pytest.mark.parametrize("unfit", [Terms("a\x00b", capacity=1), Terms("x", capacity=1, currency="USD")])
    async def test_unfit_terms_reach_no_actor(
        self, management: Management, people: People, router: InstantRouter, unfit: Terms
    ) -> None:
        outcome = await management.create_ticket_type(people.alice, "aurora", TicketTypeDraft(unfit))
        assert reason(outcome) in (Reason.INVALID, Reason.CURRENCY_ERROR)
        assert router.commands == []

    async def test_changed_terms_are_in_the_catalogue(
        self, management: Management, people: People, catalogue: Catalogue, coupon: TicketTypeId
    ) -> None:
        patch = TermsPatch(name=" Supper ", price_cents=30_00)
        offer = await management.change_ticket_type(people.alice, coupon, patch)
        assert isinstance(offer, Offer)
        found = catalogue.ticket_type(coupon)
        assert found is not None
        assert found.terms == Terms("Supper", capacity=10, price_cents=30_00) == offer.terms

    async def test_unfit_changes_reach_no_actor(
        self, management: Management, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        router.commands.clear()
        patch = TermsPatch(name="a\x00b", capacity=0)
        outcome = await management.change_ticket_type(people.alice, coupon, patch)
        assert refused_fields(outcome) == ["name", "capacity"]
        assert router.commands == []

    async def test_a_capacity_below_what_is_taken_is_refused(
        self, management: Management, people: People, coupon: TicketTypeId, guests: Guests
    ) -> None:
        await guests.buy(coupon, 3)
        await guests.hold(coupon, 2)
        refusal = await management.change_ticket_type(people.alice, coupon, TermsPatch(capacity=4))
        assert refusal == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=3, held=2)

    async def test_one_without_sales_can_be_deleted(
        self, management: Management, people: People, catalogue: Catalogue, coupon: TicketTypeId
    ) -> None:
        assert await management.delete_ticket_type(people.alice, coupon) is None
        assert catalogue.ticket_type(coupon) is None
        assert reason(await management.delete_ticket_type(people.alice, coupon)) is Reason.NOT_FOUND

    async def test_one_with_anything_taken_cannot(
        self,
        management: Management,
        people: People,
        catalogue: Catalogue,
        coupon: TicketTypeId,
        guests: Guests,
    ) -> None:
        await guests.hold(coupon)
        assert reason(await management.delete_ticket_type(people.alice, coupon)) is Reason.HAS_SALES
        assert catalogue.ticket_type(coupon) is not None

    async def test_one_is_not_gone_while_its_deletion_is_in_doubt(
        self, management: Management, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        router.refuse_next(inventory_of(coupon), OVERLOADED)
        assert await management.delete_ticket_type(people.alice, coupon) == OVERLOADED


class TestOrders:
    @pytest.fixture(autouse=True)
    async def five_orders(self, pool: asyncpg.Pool, people: People) -> None:
        await pool.executemany(
            "INSERT INTO order_line VALUES ($1, 1, $2, $3, 'paid', 1, 100, $4)",
            [(f"r{n}", people.aurora.id, f"1-{n}", START + n // 2) for n in range(5)],
        )

    async def test_come_page_by_page_each_once(self, management: Management, people: People) -> None:
        numbers: list[str] = []
        cursor = None
        while True:
            page = await management.orders(people.alice, "aurora", cursor=cursor, limit=2)
            assert not isinstance(page, Refusal)
            numbers += [order.number for order in page.items]
            if page.next is None:
                break
            cursor = page.next
        assert numbers == ["1-4", "1-2", "1-3", "1-0", "1-1"]

    async def test_a_full_last_page_has_no_cursor(self, management: Management, people: People) -> None:
        page = await management.orders(people.alice, "aurora", limit=5)
        assert not isinstance(page, Refusal)
        assert page.next is None

    async def test_a_cursor_that_no_list_gave_is_refused(
        self, management: Management, people: People
    ) -> None:
        assert refused_fields(await management.orders(people.alice, "aurora", cursor="x")) == ["cursor"]

    async def test_a_limit_out_of_range_is_refused(self, management: Management, people: People) -> None:
        for limit in (-1, 0, 201):
            assert refused_fields(await management.orders(people.alice, "aurora", limit=limit)) == ["limit"]

    async def test_no_cursor_gives_a_reservation_id_away(
        self, management: Management, people: People
    ) -> None:
        page = await management.orders(people.alice, "aurora", limit=1)
        assert not isinstance(page, Refusal)
        assert page.next == "MTgwMDAwMDAwMDAwMDAwMjoxLTQ="  # 1800000000000002:1-4

    async def test_all_of_them_can_be_read_in_one_go(
        self, management: Management, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ticketd.services.management.ORDERS_PER_PAGE_MAX", 2)
        orders = await management.all_orders(people.alice, "aurora")
        assert not isinstance(orders, Refusal)
        assert [order.number async for order in orders] == ["1-4", "1-2", "1-3", "1-0", "1-1"]

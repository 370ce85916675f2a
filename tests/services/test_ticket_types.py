"""Ticket types: opened, changed, deleted."""

import pytest

from tests.fakes.router import InstantRouter
from tests.services.conftest import Guests, People
from tests.services.owners import OVERLOADED, make_event, make_ticket_type, reason, refused_fields
from ticketd.core.ids import TicketTypeId, inventory_of
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.owners import OwnerServices


class TestTicketTypes:
    async def test_a_new_one_is_in_the_catalogue_under_its_code(
        self, owners: OwnerServices, people: People, catalogue: Catalogue
    ) -> None:
        draft = TicketTypeDraft(Terms(" Dinner ", capacity=5, price_cents=12_50))
        offer = await owners.ticket_types.create(people.alice, "aurora", draft)
        assert isinstance(offer, Offer)
        assert offer.terms == Terms("Dinner", capacity=5, price_cents=12_50)
        found = catalogue.ticket_type_by_code(offer.profile.code)
        assert found is not None
        assert found.terms == offer.terms

    @pytest.mark.parametrize("unfit", [Terms("a\x00b", capacity=1), Terms("x", capacity=1, currency="USD")])
    async def test_unfit_terms_reach_no_actor(
        self, owners: OwnerServices, people: People, router: InstantRouter, unfit: Terms
    ) -> None:
        outcome = await owners.ticket_types.create(people.alice, "aurora", TicketTypeDraft(unfit))
        assert reason(outcome) in (Reason.INVALID, Reason.CURRENCY_ERROR)
        assert router.commands == []

    async def test_changed_terms_are_in_the_catalogue(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, coupon: TicketTypeId
    ) -> None:
        patch = TermsPatch(name=" Supper ", price_cents=30_00)
        offer = await owners.ticket_types.change(people.alice, coupon, patch)
        assert isinstance(offer, Offer)
        found = catalogue.ticket_type(coupon)
        assert found is not None
        assert found.terms == Terms("Supper", capacity=10, price_cents=30_00) == offer.terms

    async def test_unfit_changes_reach_no_actor(
        self, owners: OwnerServices, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        router.commands.clear()
        patch = TermsPatch(name="a\x00b", capacity=0)
        outcome = await owners.ticket_types.change(people.alice, coupon, patch)
        assert refused_fields(outcome) == ["name", "capacity"]
        assert router.commands == []

    async def test_a_capacity_below_what_is_taken_is_refused(
        self, owners: OwnerServices, people: People, coupon: TicketTypeId, guests: Guests
    ) -> None:
        await guests.buy(coupon, 3)
        await guests.hold(coupon, 2)
        refusal = await owners.ticket_types.change(people.alice, coupon, TermsPatch(capacity=4))
        assert refusal == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=3, held=2)

    async def test_one_without_sales_can_be_deleted(
        self, owners: OwnerServices, people: People, catalogue: Catalogue, coupon: TicketTypeId
    ) -> None:
        assert await owners.ticket_types.delete(people.alice, coupon) is None
        assert catalogue.ticket_type(coupon) is None
        assert reason(await owners.ticket_types.delete(people.alice, coupon)) is Reason.NOT_FOUND

    async def test_one_with_anything_taken_cannot(
        self,
        owners: OwnerServices,
        people: People,
        catalogue: Catalogue,
        coupon: TicketTypeId,
        guests: Guests,
    ) -> None:
        await guests.hold(coupon)
        assert reason(await owners.ticket_types.delete(people.alice, coupon)) is Reason.HAS_SALES
        assert catalogue.ticket_type(coupon) is not None

    async def test_one_is_not_gone_while_its_deletion_is_in_doubt(
        self, owners: OwnerServices, people: People, router: InstantRouter, coupon: TicketTypeId
    ) -> None:
        router.refuse_next(inventory_of(coupon), OVERLOADED)
        assert await owners.ticket_types.delete(people.alice, coupon) == OVERLOADED


async def test_ticket_types_stand_in_the_order_that_their_owner_wants(
    owners: OwnerServices, people: People, catalogue: Catalogue
) -> None:
    event = await make_event(owners, people)
    names = ("Regular", "Premium", "VIP")
    first, _, last = [await make_ticket_type(owners, people, event, name) for name in names]
    await owners.ticket_types.change(people.alice, first, TermsPatch(position=1))
    await owners.ticket_types.change(people.alice, last, TermsPatch(position=1))
    listed = catalogue.ticket_types_of_event(event.id)
    assert [each.terms.name for each in listed] == ["Premium", "Regular", "VIP"]
    outcome = await owners.ticket_types.change(people.alice, first, TermsPatch(position=1001))
    assert refused_fields(outcome) == ["position"]

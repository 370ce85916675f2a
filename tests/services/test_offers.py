"""Whoever looks finds the offers of ticket types, whatever they draw on."""

from collections.abc import Iterable

import pytest

from tests.web.api.house import ANNA, House
from ticketd.core.commands import Delete
from ticketd.core.ids import InventoryId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.terms import Terms
from ticketd.services.drafts import TicketTypeDraft


@pytest.fixture
def house() -> House:
    return House()


async def shared(house: House, *names: str) -> list[TicketTypeId]:
    """Ticket types on one capacity of 500."""
    organizer = await house.organizer()
    pool = await house.capacities.create(ANNA.id, organizer.slug, name="Hall", capacity=500)
    assert isinstance(pool, Offer)
    made = []
    for name in names:
        draft = TicketTypeDraft(Terms(name, 100), capacity_id=pool.inventory_id)
        offer = await house.ticket_types.create(ANNA.id, organizer.slug, draft)
        assert isinstance(offer, Offer), offer
        made.append(offer.ticket_type_id)
    return made


async def names(house: House, ids: Iterable[TicketTypeId]) -> dict[TicketTypeId, str]:
    wanted = [each for number in ids if (each := house.catalogue.ticket_type(number)) is not None]
    return {number: offer.terms.name for number, offer in (await house.services.offers.of(wanted)).items()}


async def test_each_ticket_type_has_its_own_offer_in_the_order_that_was_asked_for(house: House) -> None:
    regular, student = await shared(house, "Regular", "Student")
    found = await names(house, [student, regular])
    assert list(found.items()) == [(student, "Student"), (regular, "Regular")]


async def test_one_that_is_not_in_memory_is_brought_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    coupon = await house.ticket_type(await house.organizer(), name="Coupon")
    at_rest = house.router.inventories.pop(InventoryId(coupon))

    async def offers(wanted: Iterable[InventoryId]) -> dict[InventoryId, Offer]:
        house.router.inventories[InventoryId(coupon)] = at_rest
        return await type(house.router).offers(house.router, wanted)

    monkeypatch.setattr(house.router, "offers", offers)
    assert await names(house, [coupon]) == {coupon: "Coupon"}


async def test_one_that_is_deleted_at_this_moment_has_none(house: House) -> None:
    organizer = await house.organizer()
    first, second = [await house.ticket_type(organizer, name=name) for name in ("First", "Second")]
    house.router.observer = None  # the catalogue hasn't heard of it yet
    await house.router.ask(InventoryId(first), Delete())
    assert await names(house, [first, second]) == {second: "Second"}
    gone = house.catalogue.ticket_type(first)
    assert gone is not None
    assert await house.services.offers.one(gone) is None

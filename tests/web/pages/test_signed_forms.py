"""The hidden part of the forms that sell: at an event, for one ticket type, by the seat."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import pytest
from aiohttp import ClientResponse

from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import evening_in, plain, seated
from ticketd.core.catalogue import Defences, Event, Organizer
from ticketd.core.ids import TicketTypeId, inventory_of
from ticketd.core.terms import Switch


class Shop(NamedTuple):
    """A form that sells: where it is, and what a guest fills in who wants two."""

    path: str
    ticket_type_id: TicketTypeId
    form: Mapping[str, str]


Open = Callable[[PageHouse, Organizer, Event], Awaitable[Shop]]


async def purchase_page(house: PageHouse, organizer: Organizer, event: Event) -> Shop:
    ticket_type_id = await house.ticket_type(organizer, event=event)
    path = f"/{organizer.slug}/purchase/{house.code_of(ticket_type_id)}"
    return Shop(path, ticket_type_id, {"quantity": "2"})


async def event_page(house: PageHouse, organizer: Organizer, event: Event) -> Shop:
    ticket_type_id = await house.ticket_type(organizer, event=event)
    return Shop(f"/events/{event.id}", ticket_type_id, {f"quantity-{ticket_type_id}": "2"})


async def best_seats(house: PageHouse, organizer: Organizer, event: Event) -> Shop:
    path, ticket_type_id = await seated(house, organizer, event, "Stalls")
    return Shop(path, ticket_type_id, {"buy": "best", "best_available": "2"})


every_form = pytest.mark.parametrize("open_shop", [purchase_page, event_page, best_seats])


async def opened(house: PageHouse, open_shop: Open, signed_forms: Switch) -> Shop:
    organizer, event = await evening_in(
        house, plain("Stalls", rows=2, seats=5), defences=Defences(signed_forms=signed_forms)
    )
    return await open_shop(house, organizer, event)


async def send(guest: Browser, shop: Shop, **hidden: str) -> ClientResponse:
    return await guest.post(shop.path, data={**shop.form, **hidden}, allow_redirects=False)


async def hidden_in(response: ClientResponse) -> dict[str, str]:
    """What a browser sends along of a form: the first of the page."""
    page = await document(response)
    return {
        name: page.all("input", name=name)[0].attributes.get("value", "")
        for name in ("form", "website", "key")
    }


def held(house: PageHouse, shop: Shop) -> int:
    offer = house.router.offer(inventory_of(shop.ticket_type_id))
    assert offer is not None
    return offer.figures.held


@every_form
async def test_a_form_that_was_filled_in_by_a_person_sells(
    house: PageHouse, guest: Browser, open_shop: Open
) -> None:
    shop = await opened(house, open_shop, Switch.ON)
    hidden = await hidden_in(await guest.get(shop.path))
    house.clock.advance(5)
    assert (await send(guest, shop, **hidden)).status == 303
    assert held(house, shop) == 2
    assert not house.rules


@every_form
async def test_who_is_too_quick_presses_once_more(house: PageHouse, guest: Browser, open_shop: Open) -> None:
    shop = await opened(house, open_shop, Switch.ON)
    answer = await send(guest, shop, **await hidden_in(await guest.get(shop.path)))
    assert answer.status == 422
    assert (await document(answer)).alerts == ["That was very quick. Please press the button once more."]
    house.clock.advance(1)
    assert (await send(guest, shop, **await hidden_in(answer))).status == 303
    assert house.rules == {"form_too_quick": 1}


@every_form
async def test_a_form_from_nowhere_or_of_yesterday_is_shown_anew_with_all_that_was_chosen(
    house: PageHouse, guest: Browser, open_shop: Open
) -> None:
    shop = await opened(house, open_shop, Switch.ON)
    old = await hidden_in(await guest.get(shop.path))
    house.clock.advance(25 * 3600)
    fresh: Mapping[str, str] = {}
    for hidden in ({}, old):
        answer = await send(guest, shop, **hidden)
        assert answer.status == 422
        page = await document(answer)
        assert all(page.value(name) == value for name, value in shop.form.items() if name != "buy")
        fresh = await hidden_in(answer)
    house.clock.advance(1)
    assert held(house, shop) == 0
    assert (await send(guest, shop, **fresh)).status == 303
    assert house.rules == {"form_unsigned": 1, "form_stale": 1}


@every_form
@pytest.mark.parametrize("switch", [Switch.AUTO, Switch.OFF])
async def test_while_it_is_not_asked_for_nothing_hidden_is_needed(
    house: PageHouse, guest: Browser, open_shop: Open, switch: Switch
) -> None:
    shop = await opened(house, open_shop, switch)
    assert (await send(guest, shop)).status == 303


@every_form
async def test_what_only_programs_fill_in_is_refused_kindly_and_comes_back_empty(
    house: PageHouse, guest: Browser, open_shop: Open
) -> None:
    shop = await opened(house, open_shop, Switch.OFF)
    hidden = await hidden_in(await guest.get(shop.path))
    assert hidden["website"] == ""
    answer = await send(guest, shop, **{**hidden, "website": "https://example.org"})
    assert answer.status == 422
    assert "for programs only" in (await document(answer)).alerts[0]
    assert held(house, shop) == 0
    assert (await send(guest, shop, **await hidden_in(answer))).status == 303
    assert house.rules == {"honeypot": 1}


@every_form
async def test_nobody_comes_upon_the_field_for_programs(
    house: PageHouse, guest: Browser, open_shop: Open
) -> None:
    shop = await opened(house, open_shop, Switch.AUTO)
    page = await document(await guest.get(shop.path))
    for trap in page.all("input", name="website"):
        assert (trap.attributes["tabindex"], trap.attributes["autocomplete"]) == ("-1", "off")
        assert trap.parent is not None
        assert trap.parent.attributes == {"class": "unseen", "aria-hidden": "true"}

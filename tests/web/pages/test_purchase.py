"""The public purchase page."""

from typing import Any

import pytest

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.ids import SECOND, Instant, TicketTypeId, inventory_of
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventStatus


async def sell(house: PageHouse, **terms: Any) -> tuple[str, TicketTypeId]:
    """A ticket type on sale: its page's path, and its id."""
    ticket_type_id = await house.ticket_type(await house.organizer("mario"), **terms)
    return f"/mario/purchase/{house.code_of(ticket_type_id)}", ticket_type_id


def sold_and_held(house: PageHouse, ticket_type_id: TicketTypeId) -> tuple[int, int]:
    offer = house.router.offer(inventory_of(ticket_type_id))
    assert offer is not None
    return offer.figures.sold, offer.figures.held


async def test_it_offers_one_to_as_many_as_one_guest_may_have(house: PageHouse, guest: Browser) -> None:
    path, _ = await sell(house, capacity=10, max_per_reservation=4, price_cents=1250)
    page = await document(await guest.get(path))
    assert page.options("quantity") == ["1", "2", "3", "4"]
    assert page.one("button", name="buy").text == "Buy"
    assert "€12.50" in page.text
    assert "10 left" in page.text


async def test_it_offers_no_more_than_are_left(house: PageHouse, guest: Browser) -> None:
    path, _ = await sell(house, capacity=3, max_per_reservation=10)
    assert (await document(await guest.get(path))).options("quantity") == ["1", "2", "3"]


async def test_buying_reserves_and_leads_to_the_reservation(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await sell(house)
    response = await guest.post(path, data={"quantity": "2"}, allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"].startswith("/r/")
    assert response.headers["Cache-Control"] == "no-store"
    assert sold_and_held(house, ticket_type_id) == (0, 2)


async def test_a_form_sent_twice_makes_one_reservation(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await sell(house)
    form = {"key": (await document(await guest.get(path))).value("key"), "quantity": "2"}
    answers = [await guest.post(path, data=form, allow_redirects=False) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert sold_and_held(house, ticket_type_id) == (0, 2)


async def test_going_back_to_buy_another_number_asks_once_more_and_then_does_it(
    house: PageHouse, guest: Browser
) -> None:
    path, ticket_type_id = await sell(house)
    key = (await document(await guest.get(path))).value("key")
    await guest.post(path, data={"key": key, "quantity": "2"}, allow_redirects=False)
    response = await guest.post(path, data={"key": key, "quantity": "3"}, allow_redirects=False)
    page = await document(response)
    assert response.status == 422
    assert "press Buy once more" in page.alerts[0]
    assert page.value("quantity") == "3"
    form = {"key": page.value("key"), "quantity": "3"}
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303
    assert sold_and_held(house, ticket_type_id) == (0, 5)


async def test_whoever_comes_too_late_is_told_what_is_left(house: PageHouse, guest: Browser) -> None:
    path, _ = await sell(house, capacity=3)
    await guest.post(path, data={"quantity": "2"}, allow_redirects=False)
    response = await guest.post(path, data={"quantity": "2"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["Too late: only 1 ticket is left."]
    assert page.options("quantity") == ["1"]
    assert page.value("quantity") == "1"


async def test_when_the_last_is_gone_there_is_nothing_to_press(house: PageHouse, guest: Browser) -> None:
    path, _ = await sell(house, capacity=1)
    await guest.post(path, data={"quantity": "1"}, allow_redirects=False)
    response = await guest.post(path, data={"quantity": "1"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["Too late: the last ticket has just been taken."]
    assert "Sold out; 1 in baskets may come back" in page.text
    assert "See what else is on sale" in page.text
    assert not page.all("button", name="buy")


async def test_a_free_ticket_is_paid_at_once(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await sell(house, price_cents=0)
    assert "Free" in (await document(await guest.get(path))).text
    response = await guest.post(path, data={"quantity": "2"})
    page = await document(response)
    assert page.heading == "Here are your tickets"
    assert len(page.all("div", class_="qr")) == 2
    assert sold_and_held(house, ticket_type_id) == (2, 0)
    assert house.gateway.charge_calls == 0


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "two", "1001", "9" * 5000, "٣", "1_0", " 1"])
async def test_a_quantity_that_is_none_is_refused(house: PageHouse, guest: Browser, quantity: str) -> None:
    path, ticket_type_id = await sell(house)
    response = await guest.post(path, data={"quantity": quantity}, allow_redirects=False)
    assert response.status == 422
    assert (await document(response)).alerts == ["Please choose how many."]
    assert sold_and_held(house, ticket_type_id) == (0, 0)


async def test_more_than_one_guest_may_have_is_refused(house: PageHouse, guest: Browser) -> None:
    path, _ = await sell(house, capacity=100, max_per_reservation=4)
    response = await guest.post(path, data={"quantity": "5"})
    assert response.status == 409
    assert (await document(response)).alerts == ["At most 4 can be had in one reservation."]


@pytest.mark.parametrize("key", ["short", "x" * 256, "ключ" * 10])
async def test_a_key_that_is_none_is_refused_and_replaced(house: PageHouse, guest: Browser, key: str) -> None:
    path, _ = await sell(house)
    response = await guest.post(path, data={"quantity": "1", "key": key}, allow_redirects=False)
    assert response.status == 422
    assert (await document(response)).value("key") != key


async def test_when_the_house_is_full_the_same_form_can_be_sent_again(
    house: PageHouse, guest: Browser
) -> None:
    """A 503 may have been a yes: only the same key finds that out."""
    path, ticket_type_id = await sell(house)
    key = (await document(await guest.get(path))).value("key")
    house.router.refuse_next(inventory_of(ticket_type_id), Refusal(Reason.OVERLOADED, retry_after_seconds=2))
    response = await guest.post(path, data={"quantity": "3", "key": key}, allow_redirects=False)
    page = await document(response)
    assert response.status == 503
    assert response.headers["Retry-After"] == "2"
    assert (page.value("key"), page.value("quantity")) == (key, "3")


async def test_before_the_sale_begins_it_says_when(house: PageHouse, guest: Browser) -> None:
    opens = Instant(house.clock.now() + 86_400 * SECOND)
    path, _ = await sell(house, on_sale_at=opens)
    page = await document(await guest.get(path))
    assert "On sale from Sat 16 January 2027, 08:00 (UTC)" in page.text
    assert not page.all("button", name="buy")
    assert (await guest.post(path, data={"quantity": "1"})).status == 409


async def test_a_hidden_one_asks_for_its_code_and_keeps_what_was_typed(
    house: PageHouse, guest: Browser
) -> None:
    path, ticket_type_id = await sell(house)
    assert not (await document(await guest.get(path))).all("input", name="access_code")
    await house.access_codes.set(ANNA.id, ticket_type_id, code="FRIENDS")
    form = {"quantity": "2", "access_code": "foes"}
    response = await guest.post(path, data=form)
    page = await document(response)
    assert response.status == 403
    assert (page.value("access_code"), page.value("quantity")) == ("foes", "2")
    assert page.alerts
    form["access_code"] = "FRIENDS"
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303
    assert sold_and_held(house, ticket_type_id) == (0, 2)


async def test_other_addresses_lead_nowhere(house: PageHouse, guest: Browser) -> None:
    _, ticket_type_id = await sell(house)
    await house.organizer("luigi")
    code = house.code_of(ticket_type_id)
    for wrong in (f"/luigi/purchase/{code}", "/mario/purchase/nothing", f"/mario/purchase/{code}x"):
        assert (await guest.get(wrong)).status == 404
        assert (await guest.post(wrong, data={"quantity": "1"})).status == 404


async def test_a_drafts_ticket_types_do_not_exist_for_guests(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, status=EventStatus.DRAFT)
    ticket_type_id = await house.ticket_type(mario, event=event)
    path = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    assert (await guest.get(path)).status == 404
    assert (await guest.post(path, data={"quantity": "1"})).status == 404


async def test_what_owners_write_is_shown_as_text(house: PageHouse, guest: Browser) -> None:
    name = '<script>alert(1)</script> & "VIP"'
    path, _ = await sell(house, name=name)
    assert (await document(await guest.get(path))).heading == name

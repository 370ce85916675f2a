"""An event's page, and the one form that buys of all its ticket types."""

import pytest

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import evening_in, plain, seated
from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, TicketTypeId, inventory_of
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventStatus, TermsPatch
from ticketd.services.drafts import EventPatch
from ticketd.web.pages import cart


async def gala(house: PageHouse, **capacities: int) -> tuple[Event, dict[str, TicketTypeId]]:
    """An event with these ticket types."""
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala", description="Line one\nLine two")
    return event, {
        name: await house.ticket_type(mario, event=event, name=name, capacity=capacity)
        for name, capacity in capacities.items()
    }


def held(house: PageHouse, ticket_types: dict[str, TicketTypeId]) -> dict[str, int]:
    """How many are held of each."""
    figures = {}
    for name, ticket_type_id in ticket_types.items():
        offer = house.router.offer(inventory_of(ticket_type_id))
        assert offer is not None
        figures[name] = offer.figures.held
    return figures


def form_of(ids: dict[str, TicketTypeId], **quantities: str) -> dict[str, str]:
    return {f"quantity-{ids[name]}": quantity for name, quantity in quantities.items()}


def error_of(page: Document, ticket_type_id: TicketTypeId) -> str:
    """What stands beside a ticket type's dropdown."""
    select = page.one("select", name=f"quantity-{ticket_type_id}")
    assert select.attributes["aria-invalid"] == "true"
    return page.one("p", id=select.attributes["aria-describedby"]).text


async def test_it_says_what_when_where_and_what_is_left(house: PageHouse, guest: Browser) -> None:
    organizer, event = await evening_in(house, plain("Stalls", rows=1, seats=2), name="Gala")
    await house.ticket_type(organizer, event=event, name="Standing", capacity=7)
    path, _ = await seated(house, organizer, event, "Stalls", name="Stalls")
    page = await document(await guest.get(f"/events/{event.id}"))
    assert page.heading == "Gala"
    assert "Wed 24 February 2027, 09:00 (Vienna time) Theatre, Ring 1" in page.text
    assert "Standing €12.50 · 7 left" in page.text
    link = next(each for each in page.all("a", class_="button"))
    assert (link.text, link.attributes["href"]) == ("Choose seats for Stalls", path)
    summary = page.one("meta", name="description").attributes["content"]
    assert summary == "Wed 24 February 2027, 09:00 (Vienna time), Theatre, Ring 1."
    assert page.one("meta", property="og:title").attributes["content"] == "Gala"
    assert page.inside(page.one("main"), "a")[0].attributes["href"] == "/mario"


async def test_it_says_how_many_each_guest_may_have(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    for limit, said in ((None, False), (4, True)):
        event = await house.event(mario, max_per_guest=limit)
        page = await document(await guest.get(f"/events/{event.id}"))
        assert ("At most 4 for each guest." in page.text) is said


async def test_it_offers_no_more_than_a_guest_may_have(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    for limit, most in ((None, "10"), (4, "4")):
        event = await house.event(mario, max_per_guest=limit)
        await house.ticket_type(mario, event=event, capacity=20, max_per_reservation=10)
        page = await document(await guest.get(f"/events/{event.id}"))
        assert page.all("option")[-1].text == most


async def test_a_long_description_is_cut_for_the_summary_only(house: PageHouse, guest: Browser) -> None:
    event = await house.event(await house.organizer("mario"), description="word " * 100)
    page = await document(await guest.get(f"/events/{event.id}"))
    summary = page.one("meta", name="description").attributes["content"]
    assert len(summary) <= 160
    assert summary.endswith("word…")
    assert page.text.count("word") == 100


async def test_ticket_types_stand_in_their_owners_order(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=5, VIP=5)
    await house.ticket_types.change(ANNA.id, ids["Regular"], TermsPatch(position=2))
    page = await document(await guest.get(f"/events/{event.id}"))
    assert [each.text for each in page.all("h3")] == ["VIP", "Regular"]


async def test_one_form_reserves_of_several_ticket_types(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=5, Student=5, VIP=5)
    form = form_of(ids, Regular="2", Student="0", VIP="1")
    page = await document(await guest.post(f"/events/{event.id}", data=form))
    assert page.heading == "Reserved for you"
    assert "2 × Regular" in page.text
    assert "1 × VIP" in page.text
    assert held(house, ids) == {"Regular": 2, "Student": 0, "VIP": 1}


async def test_an_event_with_very_many_ticket_types_can_be_bought(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, **{f"Type {number}": 1 for number in range(1005)})
    form = {"key": "k" * 16, "buy": "buy", **form_of(ids, **dict.fromkeys(ids, "0") | {"Type 7": "1"})}
    assert (await guest.post(f"/events/{event.id}", data=form, allow_redirects=False)).status == 303


async def test_nothing_is_chosen_at_first_unless_there_is_only_one(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=2, VIP=5)
    page = await document(await guest.get(f"/events/{event.id}"))
    assert page.options(f"quantity-{ids['Regular']}") == ["0", "1", "2"]
    assert page.value(f"quantity-{ids['Regular']}") == "0"
    await house.ticket_types.delete(ANNA.id, ids["VIP"])
    page = await document(await guest.get(f"/events/{event.id}"))
    assert page.value(f"quantity-{ids['Regular']}") == "1"


async def test_a_refusal_stands_beside_its_ticket_type_and_the_choices_stay(
    house: PageHouse, guest: Browser
) -> None:
    event, ids = await gala(house, Regular=5, VIP=1)
    response = await guest.post(f"/events/{event.id}", data=form_of(ids, Regular="3", VIP="2"))
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["Nothing was reserved. VIP: Too late: only 1 ticket is left."]
    assert error_of(page, ids["VIP"]) == "Too late: only 1 ticket is left."
    assert page.value(f"quantity-{ids['Regular']}") == "3"
    assert page.value(f"quantity-{ids['VIP']}") == "1"
    assert held(house, ids) == {"Regular": 0, "VIP": 0}


async def test_a_refusal_of_the_only_line_stands_beside_it_too(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=20, VIP=1)
    response = await guest.post(f"/events/{event.id}", data=form_of(ids, Regular="11"))
    page = await document(response)
    assert response.status == 409
    assert error_of(page, ids["Regular"]) == "At most 10 can be had in one reservation."


@pytest.mark.parametrize("quantity", ["", "0", "-1", "two", "1001", "9" * 5000, "٣"])
async def test_no_quantity_and_one_that_is_none_are_refused(
    house: PageHouse, guest: Browser, quantity: str
) -> None:
    event, ids = await gala(house, Regular=5, VIP=5)
    form = form_of(ids, Regular="1" if quantity != "0" else "0", VIP=quantity)
    response = await guest.post(f"/events/{event.id}", data=form)
    assert response.status == 422
    assert (await document(response)).alerts == ["Please choose how many."]
    assert held(house, ids) == {"Regular": 0, "VIP": 0}


async def test_a_form_sent_twice_makes_one_reservation(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=5, VIP=5)
    key = (await document(await guest.get(f"/events/{event.id}"))).value("key")
    form = {"key": key, **form_of(ids, Regular="1", VIP="1")}
    answers = [await guest.post(f"/events/{event.id}", data=form, allow_redirects=False) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert held(house, ids) == {"Regular": 1, "VIP": 1}


async def test_what_cannot_be_in_the_cart_is_not_bought_with_it(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=5)
    other = await house.ticket_type(await house.organizer("luigi"), capacity=5)
    form = form_of(ids, Regular="1") | {f"quantity-{other}": "1"}
    assert (await guest.post(f"/events/{event.id}", data=form, allow_redirects=False)).status == 303
    assert held(house, {**ids, "other": other}) == {"Regular": 1, "other": 0}


async def test_more_kinds_than_a_reservation_can_have_are_refused(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cart, "LINES_MAX", 1)
    event, ids = await gala(house, Regular=5, VIP=5)
    response = await guest.post(f"/events/{event.id}", data=form_of(ids, Regular="1", VIP="1"))
    assert response.status == 422
    assert "kinds of tickets" in (await document(response)).alerts[0]
    assert held(house, ids) == {"Regular": 0, "VIP": 0}


async def test_when_the_house_is_full_the_same_form_can_be_sent_again(
    house: PageHouse, guest: Browser
) -> None:
    event, ids = await gala(house, Regular=5)
    house.router.refuse_next(inventory_of(ids["Regular"]), Refusal(Reason.OVERLOADED, retry_after_seconds=2))
    form = {"key": "k" * 20, **form_of(ids, Regular="2")}
    response = await guest.post(f"/events/{event.id}", data=form)
    page = await document(response)
    assert response.status == 503
    assert (page.value("key"), page.value(f"quantity-{ids['Regular']}")) == ("k" * 20, "2")


async def test_a_cancelled_event_says_so_and_sells_nothing(house: PageHouse, guest: Browser) -> None:
    event, ids = await gala(house, Regular=5)
    await house.events.change(ANNA.id, event.id, EventPatch(status=EventStatus.CANCELLED))
    page = await document(await guest.get(f"/events/{event.id}"))
    assert "This event has been cancelled." in page.text
    assert not page.all("button", name="buy")
    assert (await guest.post(f"/events/{event.id}", data=form_of(ids, Regular="1"))).status == 409


async def test_an_event_that_is_over_says_so(house: PageHouse, guest: Browser) -> None:
    event, _ = await gala(house, Regular=5)
    house.clock.advance(60 * 86_400)
    assert "This event is over." in (await document(await guest.get(f"/events/{event.id}"))).text


async def test_drafts_and_what_is_no_event_are_not_found(house: PageHouse, guest: Browser) -> None:
    draft = await house.event(await house.organizer("mario"), status=EventStatus.DRAFT)
    for event_id in (draft.id, EventId(999), 0, "x", "1e3", 2**31, "9" * 5000, "٣"):
        assert (await guest.get(f"/events/{event_id}")).status == 404
        assert (await guest.post(f"/events/{event_id}", data={"quantity-1": "1"})).status == 404

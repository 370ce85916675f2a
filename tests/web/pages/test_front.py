"""What is on sale."""

import pytest

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import evening_in, plain, seated
from ticketd.core.commands import Reserve
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId, inventory_of
from ticketd.core.terms import UNLIMITED, EventStatus, Terms
from ticketd.services.drafts import TicketTypeDraft

DAY = 86_400 * SECOND


async def hold(house: PageHouse, inventory_id: InventoryId, quantity: int) -> None:
    await house.router.ask(inventory_id, Reserve(ReservationId(f"r{quantity}"), quantity, 900))


async def test_it_lists_events_with_their_lowest_price_and_what_is_left(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala", starts_at=Instant(house.clock.now() + 40 * DAY))
    await house.ticket_type(mario, event=event, capacity=10, price_cents=2000)
    vip = await house.ticket_type(mario, event=event, capacity=5, price_cents=9000)
    await hold(house, inventory_of(vip), 2)
    page = await document(await guest.get("/"))
    card = page.one("ul", class_="offers").text
    assert card == "Gala Wed 24 February 2027, 09:00 (Vienna time) Mario from €20.00 13 left"
    link = page.inside(page.one("ul", class_="offers"), "a")[0]
    assert link.attributes["href"] == f"/events/{event.id}"
    assert page.one("time").attributes["datetime"] == "2027-02-24T08:00:00Z"


async def test_where_some_tickets_are_free_it_says_so_and_what_the_others_cost(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala")
    await house.ticket_type(mario, event=event, capacity=10, price_cents=2000)
    await house.ticket_type(mario, event=event, capacity=5, price_cents=0)
    card = (await document(await guest.get("/"))).one("ul", class_="offers").text
    assert "Free to €20.00" in card


async def test_it_lists_coupons_with_the_page_that_sells_them(house: PageHouse, guest: Browser) -> None:
    coupon = await house.ticket_type(await house.organizer("mario"), name="Lunch", capacity=1, price_cents=0)
    page = await document(await guest.get("/"))
    assert page.one("ul", class_="offers").text == "Lunch Mario Free 1 left"
    assert page.inside(page.one("ul", class_="offers"), "a")[0].attributes["href"] == (
        f"/mario/purchase/{house.code_of(coupon)}"
    )
    await hold(house, inventory_of(coupon), 1)
    assert "Sold out" in (await document(await guest.get("/"))).text


async def test_it_says_so_when_nothing_is_on_sale(guest: Browser) -> None:
    assert "Nothing is on sale at the moment." in (await document(await guest.get("/"))).text


async def test_drafts_and_past_events_are_not_listed(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    await house.event(mario, name="Secret", status=EventStatus.DRAFT)
    await house.event(mario, name="Bygone", starts_at=Instant(house.clock.now() - DAY))
    assert "Nothing is on sale" in (await document(await guest.get("/"))).text


async def test_a_long_list_comes_in_pages(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    for number in range(51):
        await house.event(mario, name=f"Event {number}", in_days=number + 1)
    first = await document(await guest.get("/"))
    assert len(first.all("h3")) == 50
    second = await document(await guest.get(first.one("a", rel="next").attributes["href"]))
    assert [each.text for each in second.all("h3")] == ["Event 50"]
    assert second.one("a", rel="prev").attributes["href"] == "/?page=1"


async def test_an_event_says_where_it_is(house: PageHouse, guest: Browser) -> None:
    organizer, event = await evening_in(house, plain("Stalls", rows=1, seats=2), name="Gala")
    await seated(house, organizer, event, "Stalls")
    card = (await document(await guest.get("/"))).one("ul", class_="offers").text
    assert card == "Gala Wed 24 February 2027, 09:00 (Vienna time) Theatre Mario €45.00 2 left"


async def test_what_is_left_of_a_shared_capacity_counts_once(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario)
    floor = await house.shared_capacity(mario, capacity=50)
    for name, capacity in (("Regular", UNLIMITED), ("Student", 20)):
        draft = TicketTypeDraft(Terms(name, capacity=capacity), event.id, capacity_id=floor)
        await house.ticket_types.create(ANNA.id, "mario", draft)
    assert "Free 50 left" in (await document(await guest.get("/"))).text


async def test_before_a_sale_begins_it_says_when_and_counts_down(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, on_sale_at=Instant(house.clock.now() + DAY + 1))
    await house.ticket_type(mario, event=event)
    page = await document(await guest.get("/"))
    assert "On sale from Sat 16 January 2027, 09:00 (Vienna time)" in page.text
    countdown = page.one("span", class_="countdown")
    assert countdown.attributes["data-opens-in-seconds"] == "86401"
    assert page.inside(countdown, "time")[0].attributes["datetime"] == "2027-01-16T08:00:00Z"
    house.clock.advance(86_401)
    page = await document(await guest.get("/"))
    assert "10 left" in page.text
    assert not page.all("span", class_="countdown")


async def test_what_is_sold_with_a_code_only_stands_in_no_list(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala")
    await house.ticket_type(mario, event=event, name="Regular", price_cents=2000)
    for of_event in (event, None):
        hidden = await house.ticket_type(mario, event=of_event, name="Members", price_cents=100)
        await house.access_codes.set(ANNA.id, hidden, code="FRIENDS")
    for path in ("/", "/mario", f"/events/{event.id}"):
        page = await document(await guest.get(path))
        assert "Members" not in page.text
        assert "€20.00" in page.text
        assert "€1.00" not in page.text


async def test_an_organizers_page_shows_what_they_sell_and_nothing_else(
    house: PageHouse, guest: Browser
) -> None:
    mario, luigi = await house.organizer("mario"), await house.organizer("luigi")
    for organizer in (mario, luigi):
        await house.event(organizer, name=f"Gala of {organizer.name}")
        await house.event(organizer, name="Draft", status=EventStatus.DRAFT)
        await house.ticket_type(organizer, name=f"Lunch at {organizer.name}")
    page = await document(await guest.get("/mario"))
    assert page.heading == "Mario"
    assert [each.text for each in page.all("h3")] == ["Gala of Mario", "Lunch at Mario"]


async def test_an_organizer_without_anything_on_sale_has_a_page(house: PageHouse, guest: Browser) -> None:
    await house.organizer("mario")
    assert "Nothing is on sale here at the moment." in (await document(await guest.get("/mario"))).text


@pytest.mark.parametrize(
    ("path", "status"), [("/luigi", 404), ("/logout", 405), ("/x", 404), ("/healthz", 200)]
)
async def test_an_organizers_address_hides_no_other(guest: Browser, path: str, status: int) -> None:
    assert (await guest.get(path)).status == status

"""What is on sale."""

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.commands import Reserve
from ticketd.core.ids import MICROSECONDS, EventId, Instant, InventoryId, ReservationId, inventory_of
from ticketd.core.terms import EventStatus
from ticketd.services.management import EventPatch

DAY = 86_400 * MICROSECONDS


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


async def test_an_event_shows_its_ticket_types_each_with_a_form_that_buys_it(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala", description="Line one\nLine two")
    for name in ("Regular", "VIP"):
        await house.ticket_type(mario, event=event, name=name, max_per_reservation=2)
    page = await document(await guest.get(f"/events/{event.id}"))
    assert page.heading == "Gala"
    assert "Line one Line two" in page.text
    assert [each.text for each in page.all("button", name="buy")] == ["Buy Regular", "Buy VIP"]
    forms = page.all("form", method="post")
    keys = {each.attributes["value"] for each in page.all("input", name="key")}
    assert len(keys) == 2
    response = await guest.post(
        forms[0].attributes["action"], data={"quantity": "2", "key": keys.pop()}, allow_redirects=False
    )
    assert response.status == 303


async def test_a_cancelled_event_says_so_and_sells_nothing(house: PageHouse, guest: Browser) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario)
    await house.ticket_type(mario, event=event)
    await house.management.change_event(ANNA.id, event.id, EventPatch(status=EventStatus.CANCELLED))
    page = await document(await guest.get(f"/events/{event.id}"))
    assert "This event has been cancelled." in page.text
    assert not page.all("button", name="buy")


async def test_drafts_and_what_is_no_event_are_not_found(house: PageHouse, guest: Browser) -> None:
    draft = await house.event(await house.organizer("mario"), status=EventStatus.DRAFT)
    for event_id in (draft.id, EventId(999), 0, "x", "1e3", 2**31, "9" * 5000, "٣"):
        assert (await guest.get(f"/events/{event_id}")).status == 404

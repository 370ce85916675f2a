"""An organizer's orders and statistics."""

import msgspec
import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Organizer
from ticketd.core.ids import SECOND, EventId, Instant, ReservationId, SeatId, TicketTypeId
from ticketd.core.reservations import ReservationStatus
from ticketd.storage.orders import Order, OrderLine


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


def order(number: int, **more: str) -> Order:
    return Order(
        ReservationId(f"secret-{number}"),
        f"7-{number}",
        ReservationStatus.PAID,
        Instant(1_800_000_000 * SECOND + number),
        (OrderLine(TicketTypeId(7), "VIP", 2, 1250),),
        2500,
        more.get("email", "guest@example.org"),
        more.get("name", "Gustav"),
    )


async def test_orders_show_what_was_bought_and_by_whom(house: PageHouse, anna: Browser) -> None:
    house.orders.all.append(order(1))
    response = await anna.get("/mario/orders")
    page = await document(response)
    assert page.one("tbody").text == (
        "7-1 Paid Fri 15 January 2027, 08:00 (UTC) 2 × VIP Gustav · guest@example.org €25.00"
    )
    assert "secret" not in await response.text()


async def test_orders_name_the_event_and_the_seats(house: PageHouse, anna: Browser) -> None:
    seats = (SeatId("Stalls-A-1"), SeatId("Stalls-A-2"))
    line = OrderLine(TicketTypeId(7), "VIP", 2, 1250, seats, EventId(1), "Hamlet")
    house.orders.all.append(msgspec.structs.replace(order(1), lines=(line,)))
    page = await document(await anna.get("/mario/orders"))
    assert "2 × VIP, Hamlet: Stalls-A-1, Stalls-A-2" in page.one("tbody").text


async def test_orders_come_in_pages(house: PageHouse, anna: Browser) -> None:
    house.orders.all.extend(order(number) for number in range(51))
    first = await document(await anna.get("/mario/orders"))
    assert first.all("th", scope="row")[0].text == "7-50"
    second = await document(await anna.get(first.one("a", rel="next").attributes["href"]))
    assert [each.text for each in second.all("th", scope="row")] == ["7-0"]
    assert second.one("a", rel="prev").attributes["href"] == "/mario/orders"
    assert (await anna.get("/mario/orders?cursor=nonsense")).status == 422


async def test_orders_are_found_by_their_guest_page_by_page(house: PageHouse, anna: Browser) -> None:
    house.orders.all.extend(order(number, email="ada@example.org") for number in range(51))
    house.orders.all.append(order(99))
    first = await document(await anna.get("/mario/orders", params={"q": " ada@example.org "}))
    assert first.value("q") == " ada@example.org "
    assert first.all("th", scope="row")[0].text == "7-50"
    second = await document(await anna.get(first.one("a", rel="next").attributes["href"]))
    assert [each.text for each in second.all("th", scope="row")] == ["7-0"]
    back = await document(await anna.get(second.one("a", rel="prev").attributes["href"]))
    assert back.all("th", scope="row")[0].text == "7-50"
    none = await document(await anna.get("/mario/orders?q=<nobody>"))
    assert "None has this number or such a guest." in none.text
    assert none.value("q") == "<nobody>"
    assert (await anna.get("/mario/orders", params={"q": "x" * 255})).status == 422


async def test_a_downloaded_list_says_in_which_encoding_it_is(house: PageHouse, anna: Browser) -> None:
    house.orders.all.append(order(1, name="Ünïcödé"))
    text = (await (await anna.get("/mario/orders?format=csv")).read()).decode()
    assert text.startswith("\ufeffnumber,")
    assert "Ünïcödé" in text


async def test_an_order_was_made_when_the_clocks_at_its_event_said(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario, timezone="Europe/Vienna")
    line = OrderLine(TicketTypeId(7), "VIP", 2, 1250, (), event.id, "Hamlet")
    house.orders.all.append(msgspec.structs.replace(order(1), lines=(line,)))
    page = await document(await anna.get("/mario/orders"))
    assert "Fri 15 January 2027, 09:00 (Vienna time)" in page.text


async def test_orders_can_be_downloaded_and_hold_no_formula(house: PageHouse, anna: Browser) -> None:
    house.orders.all.append(order(1, name="=1+1"))
    page = await document(await anna.get("/mario/orders"))
    link = next(each for each in page.all("a") if each.text == "Download as CSV")
    response = await anna.get(link.attributes["href"])
    assert response.content_type == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="mario-orders.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    text = await response.text()
    assert "7-1,paid" in text
    assert "'=1+1" in text
    assert "secret" not in text


async def test_statistics_sum_up_by_event_by_ticket_type_and_by_name(
    house: PageHouse, anna: Browser, guest: Browser, mario: Organizer
) -> None:
    for name in ("Gala", "Ball"):
        event = await house.event(mario, name=name)
        await house.ticket_type(mario, event=event, name="VIP", capacity=10, price_cents=1000)
    coupon = await house.ticket_type(mario, name="Lunch", capacity=5, price_cents=500)
    path = f"/mario/purchase/{house.code_of(coupon)}"
    await guest.post(path, data={"quantity": "1"}, allow_redirects=False)
    bought = await guest.post(path, data={"quantity": "2"}, allow_redirects=False)
    await guest.post(bought.headers["Location"], data={"token": "ok"})
    page = await document(await anna.get("/mario/statistics"))
    labels = [each.text for each in page.all("dt")]
    totals = dict(zip(labels, [each.text for each in page.all("dd")], strict=True))
    assert totals["Revenue"] == "€10.00"
    assert totals["Reserved (sold and held)"] == "3"
    by_event, by_type, by_name = page.all("tbody")
    assert [each.text for each in page.inside(by_event, "tr")] == [
        "Gala, Wed 24 February 2027, 09:00 10 0 0 0 10 €0.00",
        "Ball, Wed 24 February 2027, 09:00 10 0 0 0 10 €0.00",
    ]
    assert "Lunch (Coupon) 5 2 1 3 2 €10.00" in by_type.text
    assert "VIP 20 0 0 0 20 €0.00" in by_name.text


async def test_long_statistics_come_in_pages_that_stay_narrowed(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario, name="Gala")
    for number in range(101):
        await house.ticket_type(mario, event=event, name=f"Type {number:03}")
    await house.ticket_type(mario, name="Lunch")
    first = await document(await anna.get(f"/mario/statistics?event_id={event.id}"))
    assert [len(first.inside(each, "tr")) for each in first.all("tbody")] == [1, 100, 100]
    onward = first.one("a", rel="next").attributes["href"]
    assert onward == f"/mario/statistics?event_id={event.id}&page=2"
    second = await document(await anna.get(onward))
    assert [each.text.split(" (")[0] for each in second.all("th", scope="row")] == ["Type 100", "Type 100"]
    assert not second.all("a", rel="next")


async def test_statistics_can_be_narrowed(house: PageHouse, anna: Browser, mario: Organizer) -> None:
    event = await house.event(mario, name="Gala")
    await house.ticket_type(mario, event=event, name="VIP")
    await house.ticket_type(mario, name="Lunch & more")
    form = await document(await anna.get("/mario/statistics"))
    assert form.options("ticket_type_name") == ["", "Lunch & more", "VIP"]
    page = await document(await anna.get("/mario/statistics?ticket_type_name=Lunch+%26+more&event_id="))
    assert page.value("ticket_type_name") == "Lunch & more"
    assert "VIP" not in page.all("tbody")[0].text
    page = await document(await anna.get(f"/mario/statistics?event_id={event.id}"))
    assert "Lunch" not in page.all("tbody")[1].text
    for event_id in ("999999", "0", "x", "9" * 5000):
        assert (await anna.get(f"/mario/statistics?event_id={event_id}")).status == 404


async def test_for_another_owner_there_is_nothing(house: PageHouse, browser: OpenBrowser) -> None:
    ben = await browser()
    await log_in(ben, BEN)
    for path in ("/mario/orders", "/mario/orders?format=csv", "/mario/statistics"):
        assert (await ben.get(path)).status == 404

"""A reservation from the first minute to the tickets."""

import asyncio
from typing import Any

import pytest

from tests.eventually import eventually
from tests.web.api.house import ANNA, Guests
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import stalls
from ticketd.core.catalogue import Event
from ticketd.core.ids import ReservationId
from ticketd.core.inventory import PAYMENT_ATTEMPTS_MAX
from ticketd.core.outcomes import Offer
from ticketd.core.terms import UNLIMITED, EventStatus, Terms
from ticketd.services.drafts import EventPatch, TicketTypeDraft
from ticketd.services.payment import Payment
from ticketd.services.sales import Granted, LineRequest

PAID = {"token": "anything", "email": "guest@example.org", "name": "Guest"}


async def reserve(house: PageHouse, guest: Browser, quantity: int = 1, **terms: Any) -> str:
    """The path of a new reservation."""
    ticket_type = await house.ticket_type(await house.organizer("mario"), **terms)
    response = await guest.post(
        f"/mario/purchase/{house.code_of(ticket_type)}",
        data={"quantity": str(quantity)},
        allow_redirects=False,
    )
    return response.headers["Location"]


async def test_a_held_one_says_how_long_and_what_it_costs(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest, 2, name="Dinner", price_cents=1250)
    house.clock.advance(61)
    page = await document(await guest.get(path))
    assert page.heading == "Reserved for you"
    assert "You have 14 minutes to pay." in page.text  # and no time of day: by whose clock?
    assert "Keep this page's address" in page.text
    assert "2 × Dinner Mario €25.00" in page.text
    assert page.one("button", value="pay").text == "Pay €25.00"
    assert page.one("span", class_="clock").attributes["data-seconds-left"] == "839"


async def test_paying_leads_to_the_tickets_with_their_codes(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest, 2)
    response = await guest.post(path, data=PAID, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, path)
    page = await document(await guest.get(path))
    assert page.heading == "Here are your tickets"
    codes = [each.text for each in page.all("p", class_="code")]
    assert len(set(codes)) == 2
    assert {len(code) for code in codes} == {26}
    pictures = page.all("div", class_="qr")
    assert [each.attributes["aria-label"] for each in pictures] == [
        "QR code of ticket 1",
        "QR code of ticket 2",
    ]
    assert all(page.inside(picture, "svg") for picture in pictures)
    assert [amount for _, amount in house.gateway.charges()] == [2500]


async def test_paying_twice_charges_once(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest)
    for _ in range(2):
        assert (await guest.post(path, data=PAID, allow_redirects=False)).status == 303
    assert len(house.gateway.charges()) == 1


async def test_many_tickets_come_in_pages(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest, 25, capacity=25, max_per_reservation=25)
    await guest.post(path, data=PAID)
    first = await document(await guest.get(path))
    assert len(first.all("div", class_="qr")) == 20
    assert "Ticket 1 of 25" in first.text
    onward = first.one("a", rel="next").attributes["href"]
    assert onward.endswith("#tickets")
    second = await document(await guest.get(onward))
    assert len(second.all("div", class_="qr")) == 5
    assert "Ticket 25 of 25" in second.text


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("card_error", "The card was declined. Nothing was charged."),
        ("payment_error", "The payment didn't go through. Nothing was charged; please try again."),
    ],
)
async def test_a_refused_payment_is_said_and_can_be_tried_again(
    house: PageHouse, guest: Browser, token: str, sentence: str
) -> None:
    path = await reserve(house, guest)
    response = await guest.post(path, data=PAID | {"token": token})
    page = await document(response)
    assert response.status == 402
    assert page.alerts == [sentence]
    assert page.value("email") == "guest@example.org"
    assert page.value("name") == "Guest"
    assert page.value("token") == ""
    assert (await guest.post(path, data=PAID, allow_redirects=False)).status == 303


async def test_a_payment_needs_a_token(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest)
    response = await guest.post(path, data=PAID | {"token": ""})
    page = await document(response)
    assert response.status == 422
    assert page.one("input", name="token").attributes["aria-invalid"] == "true"
    assert page.one("p", id="token-error").text == "A payment needs a token."


async def test_while_the_bank_is_asked_it_says_so_and_looks_again(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest)
    house.gateway.open.clear()
    try:
        paying = asyncio.create_task(house.checkout.pay(path.removeprefix("/r/"), Payment("ok")))
        await eventually(lambda: house.gateway.charge_calls == 1)
        page = await document(await guest.get(path))
        assert page.heading == "Your payment is under way"
        assert page.one("p", role="status").attributes["data-look-again-seconds"] == "3"
        assert not page.all("button", name="action")
        released = await guest.post(path, data={"action": "release"})
        assert released.status == 409
        assert "is being paid at this moment" in (await document(released)).alerts[0]
    finally:
        house.gateway.open.set()
    await paying
    assert (await document(await guest.get(path))).heading == "Here are your tickets"


async def test_giving_back_frees_the_tickets_and_says_what_is_left(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest, 2, capacity=10, name="Dinner")
    response = await guest.post(path, data={"action": "release"}, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, path)
    page = await document(await guest.get(path))
    assert page.heading == "Given back"
    assert page.one("ul", class_="offers").text == "Dinner 10 left"
    assert not page.all("button", name="action")
    paid = await guest.post(path, data=PAID)
    assert paid.status == 409
    assert not house.gateway.charges()


async def test_when_the_time_is_up_it_says_so_and_takes_no_money(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest, capacity=1, name="Dinner")
    house.clock.advance(901)
    response = await guest.post(path, data=PAID)
    page = await document(response)
    assert response.status == 410
    assert page.alerts == ["Too late: the time was up before this arrived."]
    assert page.heading == "Time is up"
    assert page.one("ul", class_="offers").text == "Dinner 1 left"
    assert not house.gateway.charges()


async def reserve_at_event(house: PageHouse, guest: Browser, **terms: Any) -> tuple[str, Event]:
    """The path of a new reservation for an event, and the event."""
    mario = await house.organizer("mario")
    venue = await house.theatre(mario, Stalls=1)
    event = await house.event(mario, name="Gala", venue_id=venue.id)
    ticket_type = await house.ticket_type(mario, event=event, **terms)
    address = f"/mario/purchase/{house.code_of(ticket_type)}"
    answer = await guest.post(address, data={"quantity": "1"}, allow_redirects=False)
    return answer.headers["Location"], event


async def cancel(house: PageHouse, event: Event) -> None:
    await house.events.change(ANNA.id, event.id, EventPatch(status=EventStatus.CANCELLED))


async def test_it_says_by_when_to_pay_on_the_clocks_of_its_event(house: PageHouse, guest: Browser) -> None:
    path, _ = await reserve_at_event(house, guest)
    page = await document(await guest.get(path))
    assert "Pay by 09:15 (Vienna time)." in page.text


async def test_it_says_where_its_tickets_are_good_and_who_sells_them(
    house: PageHouse, guest: Browser
) -> None:
    path, _ = await reserve_at_event(house, guest)
    where = "Gala, Wed 24 February 2027, 09:00 (Vienna time) Theatre, Ring 1 · Mario"
    assert where in (await document(await guest.get(path))).text
    paid = await document(await guest.post(path, data=PAID))
    ticket = paid.one("li", class_="card ticket")
    assert where in ticket.text
    isolated = [each.text for each in paid.inside(ticket, "bdi")]  # no name turns another around
    assert isolated == ["Regular", "Gala", "Theatre, Ring 1", "Mario"]


async def test_one_of_a_cancelled_event_asks_for_no_money(house: PageHouse, guest: Browser) -> None:
    path, event = await reserve_at_event(house, guest)
    await cancel(house, event)
    page = await document(await guest.get(path))
    assert page.heading == "The event has been cancelled"
    assert not page.all("button", name="action")


@pytest.mark.parametrize(
    ("price_cents", "sentence"),
    [
        (1000, "Your tickets are paid; ask Mario about your money."),
        (0, "Your tickets cost you nothing."),
    ],
)
async def test_a_paid_one_of_a_cancelled_event_says_so_and_keeps_its_codes(
    house: PageHouse, guest: Browser, price_cents: int, sentence: str
) -> None:
    path, event = await reserve_at_event(house, guest, price_cents=price_cents)
    await guest.post(path, data=PAID)
    await cancel(house, event)
    page = await document(await guest.get(path))
    assert page.heading == "The event has been cancelled"
    assert sentence in page.text
    assert "at the door" not in page.text
    assert len(page.all("div", class_="qr")) == 1


async def test_after_too_many_attempts_it_offers_no_other_and_can_be_given_back(
    house: PageHouse, guest: Browser
) -> None:
    path = await reserve(house, guest)
    for _ in range(PAYMENT_ATTEMPTS_MAX):
        await guest.post(path, data=PAID | {"token": "card_error"})
    page = await document(await guest.get(path))
    assert page.heading == "Too many attempts to pay"
    assert "Give the tickets back and reserve them again." in page.text
    assert not page.all("button", value="pay")
    assert "open" in page.one("details").attributes
    await guest.post(path, data={"action": page.one("button", name="action").attributes["value"]})
    assert (await document(await guest.get(path))).heading == "Given back"


async def test_invisible_marks_in_a_guests_name_are_left_out_and_it_is_paid(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: list[tuple[str, str]] = []

    async def remember(_: Guests, reservation_id: ReservationId, *, email: str, name: str) -> None:
        remembered.append((email, name))

    monkeypatch.setattr(Guests, "remember", remember)
    path = await reserve(house, guest)
    person = {"email": "\u202aguest@example.org\u202c", "name": "\u202eBob\u200f"}
    assert (await guest.post(path, data=PAID | person, allow_redirects=False)).status == 303
    assert remembered == [("guest@example.org", "Bob")]


async def test_a_free_one_that_is_still_held_is_taken_without_a_token(
    house: PageHouse, guest: Browser
) -> None:
    ticket_type = await house.ticket_type(await house.organizer("mario"), price_cents=0)
    granted = await house.services.sales.reserve([LineRequest(ticket_type, 1)], None)
    assert isinstance(granted, Granted)
    path = f"/r/{granted.reservation.home.reservation_id}"
    page = await document(await guest.get(path))
    assert not page.all("input", name="token")
    assert page.one("button", value="pay").text == "Get the tickets"
    response = await guest.post(path, data={"action": "pay", "email": ""})
    assert (await document(response)).heading == "Here are your tickets"


async def test_nobody_keeps_indexes_or_passes_on_its_address(house: PageHouse, guest: Browser) -> None:
    path = await reserve(house, guest)
    held = await guest.get(path)
    paid = await guest.post(path, data=PAID, allow_redirects=False)
    refused = await guest.post(path, data={"action": "release"})
    for response in (held, paid, refused, await guest.get("/r/unknown")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("reservation_id", ["x", "A" * 32, "é" * 16, "%00" * 8, "_" * 5000])
async def test_what_is_no_reservation_is_not_found(guest: Browser, reservation_id: str) -> None:
    assert (await guest.get(f"/r/{reservation_id}")).status == 404
    assert (await guest.post(f"/r/{reservation_id}", data=PAID)).status == 404


async def test_each_ticket_says_what_it_is_for_and_when(house: PageHouse, guest: Browser) -> None:
    path, _ = await stalls(house)
    bought = await guest.post(path, data={"seats": "Stalls-B-3, Stalls-A-1"})
    paid = await document(await guest.post(bought.url.path, data=PAID))
    line, *tickets = [each.text for each in paid.all("time")]
    assert tickets == [line, line]


async def test_seats_stand_in_the_reservation_and_each_on_its_ticket(
    house: PageHouse, guest: Browser
) -> None:
    path, _ = await stalls(house)
    bought = await guest.post(path, data={"seats": "Stalls-B-3, Stalls-A-1"})
    reservation = await document(bought)
    assert [each.text for each in reservation.all("p", class_="quiet")[-2:]] == [
        "Stalls · Row B · Seat 3",
        "Stalls · Row A · Seat 1",
    ]
    paid = await document(await guest.post(bought.url.path, data=PAID))
    seats = [each.text for each in paid.all("p", class_="seat-name")]
    assert sorted(seats) == ["Stalls · Row A · Seat 1", "Stalls · Row B · Seat 3"]


async def test_ticket_types_on_a_shared_capacity_stand_each_for_themselves(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario)
    floor = await house.shared_capacity(mario, capacity=50)
    form = {}
    for name, price, quantity in (("Regular", 2000, 1), ("Student", 1000, 2)):
        draft = TicketTypeDraft(
            Terms(name, capacity=UNLIMITED, price_cents=price), event.id, capacity_id=floor
        )
        offer = await house.ticket_types.create(ANNA.id, "mario", draft)
        assert isinstance(offer, Offer)
        form[f"quantity-{offer.ticket_type_id}"] = str(quantity)
    bought = await guest.post(f"/events/{event.id}", data=form)
    page = await document(bought)
    assert "1 × Regular" in page.text
    assert "2 × Student" in page.text
    assert "Total €40.00" in page.text
    paid = await document(await guest.post(bought.url.path, data=PAID))
    names = [each.text for each in paid.inside(paid.one("ul", class_="tickets"), "h3")]
    assert names == ["Regular", "Student", "Student"]


async def test_where_each_guest_is_limited_it_asks_who_it_is_and_says_when_it_is_too_much(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario, max_per_guest=3)
    ticket_type = await house.ticket_type(mario, event=event)
    paths = []
    for _ in range(2):
        form = {f"quantity-{ticket_type}": "2"}
        bought = await guest.post(f"/events/{event.id}", data=form, allow_redirects=False)
        paths.append(bought.headers["Location"])
    page = await document(await guest.get(paths[0]))
    assert "required" in page.one("input", name="email").attributes
    assert page.one("p", id="email-hint").text == "At most 3 for each guest."
    nameless = await guest.post(paths[0], data=PAID | {"email": ""})
    assert nameless.status == 422
    assert "e-mail address" in (await document(nameless)).one("p", id="email-error").text
    assert (await guest.post(paths[0], data=PAID, allow_redirects=False)).status == 303
    response = await guest.post(paths[1], data=PAID | {"email": "GUEST+2@example.org"})
    assert response.status == 409
    assert "at most 3 for this event" in (await document(response)).alerts[0]
    assert len(house.gateway.charges()) == 1

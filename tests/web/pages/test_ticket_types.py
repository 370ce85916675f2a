"""An organizer's ticket types."""

from typing import Any

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Organizer, TicketType
from ticketd.core.commands import Reserve
from ticketd.core.ids import ReservationId, SeatId, TicketTypeId, inventory_of
from ticketd.core.terms import UNLIMITED

VIP = {"name": "VIP", "capacity": "5", "price": "12,5", "max_per_reservation": "2"}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


def ticket_types(house: PageHouse) -> list[TicketType]:
    organizer = house.catalogue.organizer("mario")
    assert organizer is not None
    return list(house.catalogue.ticket_types_of_organizer(organizer.id))


def boxes(page: Document) -> dict[str, str]:
    return {
        each.attributes["name"]: page.one("label", for_=each.attributes["id"]).text
        for each in page.all("input", type="checkbox")
    }


async def create(house: PageHouse, **terms: Any) -> tuple[str, TicketTypeId]:
    organizer = house.catalogue.organizer("mario")
    assert organizer is not None
    ticket_type_id = await house.ticket_type(organizer, **terms)
    return f"/mario/tickets/{ticket_type_id}", ticket_type_id


async def hold(house: PageHouse, ticket_type_id: TicketTypeId, quantity: int) -> None:
    await house.router.ask(inventory_of(ticket_type_id), Reserve(ReservationId("held"), quantity, 900))


async def test_a_created_ticket_type_stands_in_the_list(house: PageHouse, anna: Browser) -> None:
    response = await anna.post("/mario/tickets", data=VIP)
    page = await document(response)
    assert response.status == 200
    assert response.url.path == "/mario/tickets"
    assert page.one("p", role="status").text == "Created."
    (row,) = page.inside(page.one("tbody"), "tr")
    assert row.text == "VIP Coupon 0 of 5 0 €12.50"
    assert ticket_types(house)[0].terms.max_per_reservation == 2


async def test_a_ticket_type_can_belong_to_an_event(house: PageHouse, anna: Browser) -> None:
    organizer = house.catalogue.organizer("mario")
    assert organizer is not None
    event = await house.event(organizer, name="Gala")
    assert (await document(await anna.get("/mario/tickets"))).options("event_id") == ["", str(event.id)]
    await anna.post("/mario/tickets", data=VIP | {"event_id": str(event.id)})
    assert ticket_types(house)[0].profile.event_id == event.id


async def test_the_sections_of_an_events_venue_can_be_sold_by_the_seat(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=12, Balcony=8)
    event = await house.event(mario, venue_id=venue.id)
    assert "To sell by the seat" in (await document(await anna.get("/mario/tickets"))).text
    page = await document(await anna.get(f"/mario/tickets?event_id={event.id}&name=Seats"))
    assert (page.value("name"), page.value("event_id")) == ("Seats", str(event.id))
    assert boxes(page) == {"sections:Stalls": "Stalls: 12 seats", "sections:Balcony": "Balcony: 8 seats"}
    seats = {"name": "Seats", "event_id": str(event.id), "price": "45", "sections:Stalls": "on"}
    assert (await anna.post("/mario/tickets", data=seats)).status == 200
    (ticket_type,) = ticket_types(house)
    assert (ticket_type.is_seated, ticket_type.terms.capacity) == (True, 12)
    page = await document(await anna.get(f"/mario/tickets?event_id={event.id}"))
    assert boxes(page)["sections:Stalls"] == "Stalls: 12 seats, in Seats already"


async def test_its_page_shows_the_seats_section_by_section(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario, venue_id=(await house.theatre(mario, Stalls=12, Balcony=8)).id)
    form = {"name": "Seats", "event_id": str(event.id), "price": "45"}
    await anna.post("/mario/tickets", data=form | {"sections:Stalls": "on", "sections:Balcony": "on"})
    (ticket_type,) = ticket_types(house)
    reserve = Reserve(ReservationId("held"), 2, 900, seats=(SeatId("Stalls-A-1"), SeatId("Stalls-A-2")))
    await house.router.ask(ticket_type.inventory_id, reserve)
    page = await document(await anna.get(f"/mario/tickets/{ticket_type.id}"))
    assert page.one("tbody").text == "Stalls 0 2 10 0 Balcony 0 0 8 0"
    assert not [each for each in page.elements if each.attributes.get("name") == "capacity"]
    saved = await anna.post(f"/mario/tickets/{ticket_type.id}", data={"price": "50"})
    assert (await document(saved)).value("price") == "50.00"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"sections:Stalls": "on", "capacity": "5"}, "capacity"),
        ({"sections:Stalls": "on", "capacity_id": "1"}, "capacity_id"),
        ({"sections:Attic": "on"}, "sections-error"),
        ({}, "capacity"),
    ],
)
async def test_seats_that_cannot_be_sold_are_refused_and_what_was_ticked_stays(
    house: PageHouse, anna: Browser, mario: Organizer, more: dict[str, str], wrong: str
) -> None:
    await house.shared_capacity(mario)
    event = await house.event(mario, venue_id=(await house.theatre(mario, Stalls=12)).id)
    form = {"name": "Seats", "event_id": str(event.id), "price": "45", **more}
    response = await anna.post("/mario/tickets", data=form)
    page = await document(response)
    assert response.status == 422
    assert page.alerts
    assert wrong in {
        each.attributes.get("name") if "aria-invalid" in each.attributes else each.attributes.get("id")
        for each in page.elements
    }
    ticked = [each for each in page.all("input", type="checkbox") if "checked" in each.attributes]
    assert bool(ticked) is ("sections:Stalls" in more)
    assert not ticket_types(house)


async def test_on_a_shared_capacity_a_ticket_type_may_have_a_ceiling_of_its_own(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    capacity_id = await house.shared_capacity(mario, name="Floor", capacity=500)
    form = {"name": "Student", "price": "8", "capacity_id": str(capacity_id), "capacity": "100"}
    assert (await anna.post("/mario/tickets", data=form)).status == 200
    (student,) = ticket_types(house)
    path = f"/mario/tickets/{student.id}"
    page = await document(await anna.get(path))
    assert page.one("a", href=f"/mario/capacities/{capacity_id}").text == "Floor"
    assert page.value("capacity") == "100"
    page = await document(await anna.post(path, data={"capacity": ""}))
    assert page.value("capacity") == ""
    assert ticket_types(house)[0].terms.capacity == UNLIMITED


async def test_an_events_ticket_types_stand_in_the_order_of_their_places(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    for name, position in (("Last", "2"), ("First", "0"), ("Middle", "1")):
        form = {"name": name, "capacity": "5", "price": "1", "event_id": str(event.id), "position": position}
        await anna.post("/mario/tickets", data=form)
    page = await document(await anna.get(f"/mario/events/{event.id}"))
    assert [each.text for each in page.inside(page.one("tbody"), "th")] == ["First", "Middle", "Last"]
    last = ticket_types(house)[-1]
    await anna.post(f"/mario/tickets/{last.id}", data={"position": "0"})
    page = await document(await anna.get(f"/mario/events/{event.id}"))
    assert [each.text for each in page.inside(page.one("tbody"), "th")] == ["Last", "First", "Middle"]


async def test_the_list_goes_event_by_event_and_ends_with_coupons(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    later, sooner = await house.event(mario, in_days=9), await house.event(mario, in_days=8)
    await house.ticket_type(mario, name="Coupon")
    for event, when in ((later, "later"), (sooner, "sooner")):
        for position in (1, 0):
            await house.ticket_type(mario, event=event, name=f"{when} {position}", position=position)
    page = await document(await anna.get("/mario/tickets"))
    names = [each.text for each in page.inside(page.one("tbody"), "th")]
    assert names == ["sooner 0", "sooner 1", "later 0", "later 1", "Coupon"]


async def test_evenings_of_the_same_name_are_told_apart_by_their_time(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    for days in (8, 9):
        await house.ticket_type(mario, event=await house.event(mario, name="Gala", in_days=days))
    page = await document(await anna.get("/mario/tickets"))
    for choices in (page.inside(page.one("select", name="event_id"), "option")[1:], page.all("time")):
        first, second = (each.text for each in choices)
        assert first != second


async def test_the_list_says_what_is_purchased_of_the_most_and_what_is_held(
    house: PageHouse, anna: Browser
) -> None:
    _, ticket_type_id = await create(house, name="Regular", capacity=1000)
    await hold(house, ticket_type_id, 3)
    page = await document(await anna.get("/mario/tickets"))
    cells = page.inside(page.one("tbody"), "td")
    assert [each.text for each in cells] == ["Coupon", "0 of 1,000", "3", "€12.50"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("capacity", ""),
        ("capacity", "0"),
        ("capacity", "many"),
        ("capacity", "9" * 5000),
        ("price", ""),
        ("price", "-1"),
        ("price", "1.234"),
        ("price", "99999999"),
        ("max_per_reservation", "0"),
        ("max_per_reservation", "1001"),
        ("max_per_reservation", "1e2"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field_and_everything_typed_stays(
    house: PageHouse, anna: Browser, field: str, value: str
) -> None:
    response = await anna.post("/mario/tickets", data=VIP | {field: value})
    page = await document(response)
    assert response.status == 422
    assert page.alerts
    wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
    assert wrong == [field]
    assert {name: page.value(name) for name in VIP} == VIP | {field: value}
    assert not ticket_types(house)


@pytest.mark.parametrize("missing", ["name", "capacity", "price"])
async def test_a_form_without_a_field_that_must_be_there_is_refused(
    house: PageHouse, anna: Browser, missing: str
) -> None:
    form = {name: value for name, value in VIP.items() if name != missing}
    assert (await anna.post("/mario/tickets", data=form)).status == 422
    assert not ticket_types(house)


async def test_without_a_limit_for_one_guest_it_is_ten(house: PageHouse, anna: Browser) -> None:
    await anna.post("/mario/tickets", data={"name": "VIP", "capacity": "50", "price": "0"})
    assert ticket_types(house)[0].terms.max_per_reservation == 10


async def test_its_page_has_the_figures_and_the_public_address(house: PageHouse, anna: Browser) -> None:
    path, ticket_type_id = await create(house, name="Regular", capacity=10, price_cents=1250)
    await hold(house, ticket_type_id, 3)
    page = await document(await anna.get(path))
    labels = [each.text for each in page.all("dt")]
    figures = dict(zip(labels, [each.text for each in page.all("dd")], strict=True))
    assert figures == {
        "Max purchase count": "10",
        "Purchased": "0",
        "Held": "3",
        "Available": "7",
        "Price": "€12.50",
        "Revenue": "€0.00",
    }
    public = page.one("a", class_="code")
    assert public.text == str(anna.make_url(f"/mario/purchase/{house.code_of(ticket_type_id)}"))


async def test_a_change_is_saved_and_shown(house: PageHouse, anna: Browser) -> None:
    path, _ = await create(house)
    change = VIP | {"on_sale_at": "2027-03-01T10:00", "off_sale_at": "", "action": "save"}
    response = await anna.post(path, data=change)
    page = await document(response)
    assert response.url.path == path
    assert page.one("p", role="status").text == "Saved."
    assert page.heading == "VIP"
    assert page.value("price") == "12.50"
    assert page.value("on_sale_at") == "2027-03-01T10:00"
    assert "On sale from Mon 1 March 2027, 10:00 (UTC)" in page.text


async def test_a_form_with_one_field_changes_only_that(house: PageHouse, anna: Browser) -> None:
    path, _ = await create(house, name="Regular", capacity=10, price_cents=1250)
    assert (await anna.post(path, data={"capacity": "20"})).status == 200
    terms = ticket_types(house)[0].terms
    assert (terms.name, terms.capacity, terms.price_cents) == ("Regular", 20, 1250)


async def test_emptying_a_sale_window_opens_it(house: PageHouse, anna: Browser) -> None:
    path, _ = await create(house)
    await anna.post(path, data={"on_sale_at": "2027-03-01T10:00"})
    await anna.post(path, data={"on_sale_at": ""})
    assert ticket_types(house)[0].terms.on_sale_at is None


async def test_a_capacity_below_what_is_taken_is_refused_in_words(house: PageHouse, anna: Browser) -> None:
    path, ticket_type_id = await create(house, capacity=10)
    await hold(house, ticket_type_id, 3)
    response = await anna.post(path, data={"capacity": "2"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["The capacity can't be less than the 0 sold and 3 held already."]
    assert page.value("capacity") == "2"


async def test_an_unsold_one_can_be_deleted_and_a_sold_one_cannot(house: PageHouse, anna: Browser) -> None:
    path, ticket_type_id = await create(house)
    await hold(house, ticket_type_id, 1)
    refused = await anna.post(path, data={"action": "delete"})
    assert refused.status == 409
    assert "can't be deleted" in (await document(refused)).alerts[0]
    house.clock.advance(901)
    response = await anna.post(path, data={"action": "delete"})
    assert response.url.path == "/mario/tickets"
    assert not ticket_types(house)
    assert (await anna.get(path)).status == 404
    assert (await anna.post(path, data=VIP)).status == 404


async def test_the_dropdown_leads_to_another_organizer(house: PageHouse, anna: Browser) -> None:
    await house.organizer("luigi")
    page = await document(await anna.get("/mario/tickets"))
    assert page.options("organizer") == ["luigi", "mario"]
    assert page.value("organizer") == "mario"
    switch = page.inside(page.one("form", method="get"), "button")[0]
    assert switch.text == "Switch"
    response = await anna.get("/mario/tickets?organizer=luigi", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/luigi/tickets")
    stranger = await anna.get("/mario/tickets?organizer=//evil.example", allow_redirects=False)
    assert stranger.status == 200


async def test_whoever_is_not_logged_in_is_sent_to_log_in(house: PageHouse, guest: Browser) -> None:
    path, _ = await create(house)
    for asked in ("/mario/tickets", path):
        response = await guest.get(asked, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, f"/login?next={asked}")
        response = await guest.post(asked, data=VIP, allow_redirects=False)
        assert response.status == 303
    assert [each.terms.name for each in ticket_types(house)] == ["Regular"]


async def test_for_another_owner_there_is_nothing(house: PageHouse, browser: OpenBrowser) -> None:
    path, _ = await create(house)
    ben = await browser()
    await log_in(ben, BEN)
    await house.organizer("bens", owner=BEN)
    own = path.replace("mario", "bens")
    for asked in ("/mario/tickets", path, own, "/nobody/tickets"):
        assert (await ben.get(asked)).status == 404
        assert (await ben.post(asked, data=VIP)).status == 404
        assert (await ben.post(asked, data={"action": "delete"})).status == 404
    assert [each.terms.name for each in ticket_types(house)] == ["Regular"]

"""The page that sells by the seat: the map, the list, the forms."""

import re

import pytest

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import evening_in, plain, seated, special, stalls
from ticketd.core.commands import Reserve
from ticketd.core.ids import SECOND, Instant, ReservationId, SeatId, TicketTypeId, inventory_of
from ticketd.core.reservations import Line
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.web.pages import seat_plans


async def take(house: PageHouse, ticket_type_id: TicketTypeId, *seats: str) -> None:
    """Let somebody else have these seats."""
    wanted = tuple(SeatId(seat) for seat in seats)
    reservation_id = ReservationId("-".join(seats))
    outcome = await house.router.ask(
        inventory_of(ticket_type_id), Reserve(reservation_id, len(wanted), 900, seats=wanted)
    )
    assert isinstance(outcome, Line), outcome


def on_map(page: Document) -> dict[str, str]:
    """Each seat's status in the drawing; `chosen` if it is the guest's."""
    places = [each.attributes for each in page.all("g") if "data-seat" in each.attributes]
    return {
        place["data-seat"]: "chosen" if "data-chosen" in place else place["data-status"] for place in places
    }


def in_list(page: Document) -> dict[str, str]:
    """Each seat's status in the list."""
    boxes = [each.attributes for each in page.all("input", type="checkbox")]
    return {
        box["name"].removeprefix("seat:"): "chosen"
        if "checked" in box
        else "taken"
        if "disabled" in box
        else "free"
        for box in boxes
        if box["name"].startswith("seat:")
    }


def held_seats(house: PageHouse, ticket_type_id: TicketTypeId) -> list[str]:
    view = house.router.seats(inventory_of(ticket_type_id))
    assert view is not None
    return [view.hall.seat_id(index) for index, status in enumerate(view.statuses) if status == 1]


async def test_no_more_can_be_chosen_than_a_guest_may_have(house: PageHouse, guest: Browser) -> None:
    organizer, event = await evening_in(house, plain("Stalls", rows=2, seats=5), max_per_guest=4)
    path, _ = await seated(house, organizer, event, "Stalls", max_per_reservation=10)
    page = await document(await guest.get(path))
    best = page.inside(page.one("select", name="best_available"), "option")
    assert best[-1].text == "4"
    assert page.one("form", class_="picker-form").attributes["data-most"] == "4"


async def test_the_map_and_the_list_show_every_seat_as_it_stands(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house, rows=2, seats=2)
    await take(house, ticket_type_id, "Stalls-A-2")
    page = await document(await guest.get(path))
    assert on_map(page) == {
        "Stalls-A-1": "free",
        "Stalls-A-2": "held",
        "Stalls-B-1": "free",
        "Stalls-B-2": "free",
    }
    assert in_list(page) == {
        "Stalls-A-1": "free",
        "Stalls-A-2": "taken",
        "Stalls-B-1": "free",
        "Stalls-B-2": "free",
    }
    assert [each.text for each in page.all("legend")] == ["Stalls, row A", "Stalls, row B"]
    assert "€45.00 3 left" in page.text
    assert page.one("p", aria_live="polite").text == "Choose your seats, then reserve them."


async def test_seats_for_some_guests_are_said_and_those_never_sold_are_left_out(
    house: PageHouse, guest: Browser
) -> None:
    organizer, event = await evening_in(house, special())
    path, _ = await seated(house, organizer, event, "Stalls")
    page = await document(await guest.get(path))
    assert list(on_map(page)) == list(in_list(page)) == ["Stalls-A-1", "Stalls-A-2", "Stalls-A-4"]
    assert set(on_map(page).values()) == {"free"}
    assert [each.text for each in page.all("b")] == ["1 wheelchair space", "2 companion seat", "4"]


async def test_the_form_reserves_exactly_the_seats_that_were_ticked(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house)
    form = {"seat:Stalls-A-2": "on", "seat:Stalls-B-4": "on", "buy": "seats"}
    response = await guest.post(path, data=form)
    assert held_seats(house, ticket_type_id) == ["Stalls-A-2", "Stalls-B-4"]
    page = await document(response)
    assert page.heading == "Reserved for you"
    assert "Stalls · Row A · Seat 2" in page.text
    assert "Stalls · Row B · Seat 4" in page.text


@pytest.mark.parametrize(
    "form",
    [
        {"seats": "Stalls-A-2, Stalls-A-3"},
        {"seats": "Stalls-A-2\r\nStalls-A-3;"},
        {"section": "Stalls", "row": " A ", "numbers": "2, 3"},
        {"section": "Stalls", "row": "A", "numbers": "2 - 3"},
        {"section": "Stalls", "row": "A", "numbers": "2", "seat:Stalls-A-3": "on", "buy": "seats"},
    ],
)
async def test_seats_can_be_named_in_other_ways(
    house: PageHouse, guest: Browser, form: dict[str, str]
) -> None:
    path, ticket_type_id = await stalls(house)
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303
    assert held_seats(house, ticket_type_id) == ["Stalls-A-2", "Stalls-A-3"]


async def test_the_best_seats_are_reserved_side_by_side(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house)
    form = {"best_available": "3", "buy": "best"}
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303
    assert held_seats(house, ticket_type_id) == ["Stalls-A-1", "Stalls-A-2", "Stalls-A-3"]


async def test_without_so_many_side_by_side_it_says_so_and_apart_they_can_be_had(
    house: PageHouse, guest: Browser
) -> None:
    path, ticket_type_id = await stalls(house, rows=1, seats=5)
    await take(house, ticket_type_id, "Stalls-A-2", "Stalls-A-4")
    response = await guest.post(path, data={"best_available": "2", "buy": "best"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["There are no 2 seats together any more. There may be some that are apart."]
    form = {"best_available": "2", "apart": "on", "buy": "best"}
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303


async def test_a_seat_that_was_taken_meanwhile_is_named_and_the_others_stay_chosen(
    house: PageHouse, guest: Browser
) -> None:
    path, ticket_type_id = await stalls(house)
    await take(house, ticket_type_id, "Stalls-A-2")
    response = await guest.post(path, data={"seat:Stalls-A-2": "on", "seat:Stalls-A-3": "on", "buy": "seats"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == [
        "Too late: Stalls · Row A · Seat 2 has just been taken. "
        "Your other seat is still chosen, but not reserved yet."
    ]
    assert in_list(page)["Stalls-A-2"] == "taken"
    assert in_list(page)["Stalls-A-3"] == on_map(page)["Stalls-A-3"] == "chosen"
    assert "1 seat, €45.00: Stalls · Row A · Seat 3" in page.text
    assert held_seats(house, ticket_type_id) == ["Stalls-A-2"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"buy": "seats"}, "Please choose your seats."),
        (
            {"seats": "Stalls-Z-9, Stalls-A-1, Balcony-A-1"},
            "There is no seat Stalls · Row Z · Seat 9 and Balcony · Row A · Seat 1 here.",
        ),
        ({"seats": "Stalls-A-1, Stalls-A-1"}, "You have named Stalls · Row A · Seat 1 more than once."),
        (
            {"seats": "Stalls-A-1", "seat:Stalls-A-1": "on"},
            "You have named Stalls · Row A · Seat 1 more than once.",
        ),
        (
            {"section": "Stalls", "row": "A", "numbers": "1-1000"},
            "There is no seat Stalls · Row A · Seat 6, ",
        ),
        ({"section": "Stalls", "row": "", "numbers": "1"}, "There is no seat Stalls--1 here."),
        ({"seats": "x" * 5000}, f"There is no seat {'x' * 60}… here."),
        ({"seats": ",".join(f"Stalls-A-{n}" for n in range(1001))}, "At most 1000 seats can be had at once."),
        ({"seats": "<script>"}, "There is no seat <script> here."),
        ({"best_available": "0", "buy": "best"}, "Please choose how many."),
        ({"best_available": "two", "buy": "best"}, "Please choose how many."),
        ({"best_available": "1001"}, "Please choose how many."),
    ],
)
async def test_what_names_no_seats_is_refused_in_words(
    house: PageHouse, guest: Browser, form: dict[str, str], sentence: str
) -> None:
    path, ticket_type_id = await stalls(house)
    response = await guest.post(path, data=form)
    assert response.status == 422
    assert (await document(response)).alerts[0].startswith(sentence)
    assert held_seats(house, ticket_type_id) == []


async def test_more_seats_than_one_guest_may_have_are_refused_and_stay_chosen(
    house: PageHouse, guest: Browser
) -> None:
    path, _ = await stalls(house, max_per_reservation=2)
    response = await guest.post(path, data={"section": "Stalls", "row": "A", "numbers": "1-3"})
    page = await document(response)
    assert response.status == 409
    assert page.alerts == ["At most 2 can be had in one reservation."]
    assert [seat for seat, status in in_list(page).items() if status == "chosen"] == [
        "Stalls-A-1",
        "Stalls-A-2",
        "Stalls-A-3",
    ]


async def test_links_carry_no_more_chosen_seats_than_can_be_had(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat_plans, "SEATS_SHOWN_MAX", 10)
    organizer, event = await evening_in(house, plain("North", "South", rows=2, seats=4))
    path, _ = await seated(house, organizer, event, "North", "South", max_per_reservation=2)
    chosen = [("seat", f"North-A-{number}") for number in range(1, 5)]
    page = await document(await guest.get(path, params=chosen))
    links = [each.attributes["href"] for each in page.all("a") if "section=" in each.attributes["href"]]
    assert links
    assert all(link.endswith("&seat=North-A-1&seat=North-A-2") for link in links)


async def test_a_form_sent_twice_reserves_once(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house)
    keys = [
        each.attributes["value"] for each in (await document(await guest.get(path))).all("input", name="key")
    ]
    assert len(set(keys)) == 1
    form = {"key": keys[0], "best_available": "2", "buy": "best"}
    answers = [await guest.post(path, data=form, allow_redirects=False) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(held_seats(house, ticket_type_id)) == 2


async def test_a_large_house_shows_its_sections_first_and_then_the_seats_of_one(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat_plans, "SEATS_SHOWN_MAX", 10)
    organizer, event = await evening_in(house, plain("North 1", "South", rows=2, seats=4))
    path, ticket_type_id = await seated(house, organizer, event, "North 1", "South")
    await take(house, ticket_type_id, "South-A-1")
    overview = await document(await guest.get(path))
    assert on_map(overview) == in_list(overview) == {}
    assert [each.text for each in overview.all("title")[1:]] == ["North 1: 8 free", "South: 7 free"]
    links = [each.attributes["href"] for each in overview.all("a") if "?" in each.attributes["href"]]
    assert set(links) == {f"{path}?section=North+1", f"{path}?section=South"}
    page = await document(
        await guest.get(f"{path}?section=South&seat=North+1-A-2&seat=South-B-2&seat=South-A-1")
    )
    assert list(on_map(page)) == [f"South-{row}-{number}" for row in "AB" for number in range(1, 5)]
    assert [seat for seat, status in in_list(page).items() if status == "chosen"] == [
        "South-B-2",
        "North 1-A-2",
    ]
    assert "2 seats, €90.00: North 1 · Row A · Seat 2; South · Row B · Seat 2" in page.text
    elsewhere = page.one("fieldset", class_="seat-row elsewhere")
    assert [each.text for each in page.inside(elsewhere, "label")] == ["North 1 · Row A · Seat 2"]


async def test_a_large_section_comes_in_parts(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat_plans, "SEATS_SHOWN_MAX", 10)
    path, _ = await stalls(house, rows=5, seats=4)
    first = await document(await guest.get(f"{path}?section=Stalls"))
    assert len(on_map(first)) == 8
    parts = [each for each in first.all("a") if each.text.startswith("Rows")]
    assert [each.text for each in parts] == ["Rows A to B", "Rows C to D", "Rows E to E"]
    last = await document(await guest.get(parts[-1].attributes["href"]))
    assert list(on_map(last)) == [f"Stalls-E-{number}" for number in range(1, 5)]


async def test_before_the_sale_begins_the_seats_can_be_looked_at(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house, on_sale_at=Instant(house.clock.now() + 90 * SECOND))
    page = await document(await guest.get(path))
    assert len(on_map(page)) == 10
    assert not page.all("form", method="post")
    assert page.one("span", class_="countdown").attributes["data-opens-in-seconds"] == "90"
    assert (await guest.post(path, data={"seats": "Stalls-A-1"})).status == 409
    assert held_seats(house, ticket_type_id) == []


async def test_a_hidden_one_asks_for_its_code_and_keeps_what_was_typed(
    house: PageHouse, guest: Browser
) -> None:
    path, ticket_type_id = await stalls(house)
    await house.access_codes.set(ANNA.id, ticket_type_id, code="FRIENDS")
    form = {"seats": "Stalls-A-1", "access_code": "<FOES>"}
    response = await guest.post(path, data=form)
    page = await document(response)
    assert response.status == 403
    assert page.alerts == ["This access code isn't valid here. Mind capital and small letters."]
    fields = page.all("input", name="access_code")
    assert [each.attributes["value"] for each in fields] == ["<FOES>", "<FOES>"]
    answer = await guest.post(path, data=form | {"access_code": " FRIENDS "}, allow_redirects=False)
    assert answer.status == 303


async def test_the_page_says_where_its_live_seats_are(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house)
    page = await document(await guest.get(path))
    (form,) = [each.attributes for each in page.all("form") if "data-seats" in each.attributes]
    assert form["data-seats"] == f"/api/v1/ticket-types/{ticket_type_id}/seats"
    view = house.router.seats(inventory_of(ticket_type_id))
    assert view is not None
    assert form["data-version"] == str(view.version)


async def test_a_hundred_and_more_seats_can_be_ticked_at_once(house: PageHouse, guest: Browser) -> None:
    path, ticket_type_id = await stalls(house, rows=10, seats=12, max_per_reservation=120)
    form = {f"seat:Stalls-{row}-{number}": "on" for row in "ABCDEFGHIJ" for number in range(1, 13)}
    assert (await guest.post(path, data=form, allow_redirects=False)).status == 303
    assert len(held_seats(house, ticket_type_id)) == 120


async def test_names_from_a_seat_map_are_shown_as_text(house: PageHouse, guest: Browser) -> None:
    seats = (Seat("<?>", 0.0, 0.0), Seat('"><script>', 1.0, 0.0))
    seat_map = SeatMap((Section("<b>&", (Row("'A", seats),)),))
    organizer, event = await evening_in(house, seat_map)
    path, ticket_type_id = await seated(house, organizer, event, "<b>&")
    ids = ["<b>&-'A-<?>", "<b>&-'A-\"><script>"]
    page = await document(await guest.get(path))
    assert list(on_map(page)) == list(in_list(page)) == ids
    await take(house, ticket_type_id, ids[0])
    response = await guest.post(path, data={f"seat:{seat}": "on" for seat in ids})
    page = await document(response)
    assert response.status == 409
    assert on_map(page) == {ids[0]: "held", ids[1]: "chosen"}
    assert page.alerts[0].startswith("Too late: <b>& · Row 'A · Seat <?> has just been taken.")


async def test_every_label_and_id_is_sound(house: PageHouse, guest: Browser) -> None:
    path, _ = await stalls(house)
    page = await document(await guest.get(path))
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for field in page.elements:
        if field.tag in ("input", "select") and field.attributes.get("type") != "hidden":
            implicit = any(field.within(label) for label in page.all("label"))
            assert implicit or page.one("label", for_=field.attributes["id"]).text
    used = {each.attributes["href"] for each in page.all("use")}
    assert {href.removeprefix("#") for href in used} <= set(ids)
    assert not re.search(r"\sstyle=|\son\w+=", await (await guest.get(path)).text())

"""An organizer's events."""

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Event, Organizer
from ticketd.core.commands import Reserve
from ticketd.core.ids import SECOND, Instant, ReservationId, inventory_of
from ticketd.core.terms import EventStatus

GALA = {
    "name": "Gala",
    "starts_at": "2027-06-01T19:30",
    "timezone": "Europe/Vienna",
    "description": "A long night.\nWith music.",
    "on_sale_at": "",
    "off_sale_at": "2027-06-01T12:00",
    "status": "published",
}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


def events(house: PageHouse) -> list[Event]:
    return list(house.catalogue.events())


async def test_a_created_event_stands_in_the_list(house: PageHouse, anna: Browser) -> None:
    response = await anna.post("/mario/events", data=GALA)
    page = await document(response)
    assert response.url.path == "/mario/events"
    assert page.one("p", role="status").text == "Created."
    assert page.one("tbody").text == "Gala Tue 1 June 2027, 19:30 (Vienna time) Published"
    (event,) = events(house)
    assert event.starts_at == 1_811_871_000 * SECOND
    assert event.description == "A long night.\nWith music."
    assert page.value("timezone") == "Europe/Vienna"


async def test_an_organizers_first_event_has_no_time_zone_until_they_choose_one(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    page = await document(await anna.get("/mario/events"))
    field = page.one("input", name="timezone")
    assert (field.attributes["value"], "required" in field.attributes) == ("", True)
    suggested = page.inside(page.one("datalist", id=field.attributes["list"]), "option")
    assert "Europe/Vienna" in [each.attributes["value"] for each in suggested]


async def test_what_cannot_be_undone_takes_two_presses_and_works_without_scripts(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    page = await document(await anna.get(f"/mario/events/{event.id}"))
    for action in ("cancel", "delete"):
        button = page.one("button", name="action", value=action)
        (around,) = [each for each in page.all("details") if button.within(each)]
        assert "open" not in around.attributes
        assert [each.attributes["method"] for each in page.inside(around, "form")] == ["post"]


async def test_a_new_ticket_type_begins_at_its_form(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    page = await document(await anna.get(f"/mario/events/{event.id}"))
    (link,) = [each.attributes["href"] for each in page.all("a") if each.text == "New ticket type"]
    assert link == f"/mario/tickets?event_id={event.id}#new"
    assert (await document(await anna.get(link))).one("h2", id="new").text == "New ticket type"


async def test_an_event_lists_its_ticket_types_in_pages(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    for number in range(101):
        await house.ticket_type(mario, event=event, name=f"Type {number:03}")
    first = await document(await anna.get(f"/mario/events/{event.id}?done=saved"))
    assert len(first.inside(first.one("tbody"), "tr")) == 100
    onward = first.one("a", rel="next").attributes["href"]
    assert onward == f"/mario/events/{event.id}?page=2#tickets"
    second = await document(await anna.get(onward))
    assert [each.text for each in second.all("th", scope="row")] == ["Type 100"]


async def test_owners_find_the_page_that_guests_see_of_them(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    page = await document(await anna.get("/mario/events"))
    assert page.all("a", href="/mario")[0].text == "Public page"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("starts_at", ""),
        ("starts_at", "tomorrow"),
        ("starts_at", "2027-03-28T02:30"),
        ("starts_at", "2027-10-31T02:30"),
        ("timezone", "Europe/Atlantis"),
        ("timezone", ""),
        ("off_sale_at", "1969-01-01T00:00"),
        ("on_sale_at", "2027-06-01T13:00"),
        ("status", "perhaps"),
        ("description", "x" * 10_001),
    ],
)
async def test_what_cannot_be_is_refused_and_everything_typed_stays(
    house: PageHouse, anna: Browser, field: str, value: str
) -> None:
    response = await anna.post("/mario/events", data=GALA | {field: value})
    page = await document(response)
    assert response.status == 422
    assert page.alerts
    assert any("aria-invalid" in each.attributes for each in page.elements)
    kept = {name: page.value(name) for name in GALA if name != "status"}
    assert kept == {name: text for name, text in (GALA | {field: value}).items() if name != "status"}
    assert not events(house)


@pytest.mark.parametrize(("status", "linked"), [("published", True), ("draft", False)])
async def test_only_an_event_that_guests_can_see_is_linked(
    house: PageHouse, anna: Browser, status: str, linked: bool
) -> None:
    await anna.post("/mario/events", data=GALA | {"status": status})
    (event,) = events(house)
    page = await document(await anna.get(f"/mario/events/{event.id}"))
    assert ("The page that guests see" in page.text) is linked


async def test_saving_what_is_shown_changes_nothing(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    """Not even a time that comes twice that night, or microseconds that no form shows."""
    twice = Instant(1_824_946_207_123_456)
    event = await house.event(mario, starts_at=twice, timezone="Europe/Vienna", off_sale_at=twice)
    path = f"/mario/events/{event.id}"
    page = await document(await anna.get(path))
    shown = {name: page.value(name) for name in GALA}
    assert shown["starts_at"] == "2027-10-31T02:30:07"
    response = await anna.post(path, data=shown)
    assert response.status == 200
    assert events(house) == [event]


async def test_a_new_time_zone_keeps_the_times_on_the_clocks(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    await anna.post("/mario/events", data=GALA)
    (before,) = events(house)
    await anna.post(f"/mario/events/{before.id}", data=GALA | {"timezone": "Europe/London"})
    (after,) = events(house)
    assert after.timezone == "Europe/London"
    assert after.starts_at == before.starts_at + 3600 * SECOND


async def test_a_cancelled_event_sells_nothing(house: PageHouse, anna: Browser, mario: Organizer) -> None:
    event = await house.event(mario)
    ticket_type_id = await house.ticket_type(mario, event=event)
    assert (await anna.post(f"/mario/events/{event.id}", data={"status": "cancelled"})).status == 200
    offer = house.router.offer(inventory_of(ticket_type_id))
    assert offer is not None
    assert offer.window is not None
    assert offer.window.status is EventStatus.CANCELLED


async def test_an_unsold_event_can_be_deleted_and_a_sold_one_cannot(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    ticket_type_id = await house.ticket_type(mario, event=event)
    await house.router.ask(inventory_of(ticket_type_id), Reserve(ReservationId("held"), 1, 900))
    path = f"/mario/events/{event.id}"
    refused = await anna.post(path, data={"action": "delete"})
    assert refused.status == 409
    assert "can't be deleted" in (await document(refused)).alerts[0]
    house.clock.advance(901)
    await house.router.ask(inventory_of(ticket_type_id), Reserve(ReservationId("more"), 99, 900))
    assert (await anna.post(path, data={"action": "delete"})).url.path == "/mario/events"
    assert not events(house)
    assert (await anna.get(path)).status == 404


async def test_an_event_takes_place_in_a_venue_and_has_its_time_zone(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=5)
    form = GALA | {"venue_id": str(venue.id), "timezone": "", "max_per_guest": "4"}
    page = await document(await anna.post("/mario/events", data=form))
    assert page.one("tbody").text == "Gala Tue 1 June 2027, 19:30 (Vienna time) Theatre Published"
    (event,) = events(house)
    assert (event.venue_id, event.timezone, event.max_per_guest) == (venue.id, "Europe/Vienna", 4)
    shown = await document(await anna.get(f"/mario/events/{event.id}"))
    assert (shown.value("venue_id"), shown.value("max_per_guest")) == (str(venue.id), "4")
    moved = GALA | {"venue_id": str(venue.id), "timezone": ""}
    await anna.post(f"/mario/events/{event.id}", data=moved | {"starts_at": "2027-06-01T20:30"})
    assert events(house)[0].starts_at == event.starts_at + 3600 * SECOND
    await anna.post(f"/mario/events/{event.id}", data={"venue_id": "", "max_per_guest": ""})
    (event,) = events(house)
    assert (event.venue_id, event.max_per_guest) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("venue_id", "999"), ("venue_id", "Theatre"), ("max_per_guest", "0"), ("max_per_guest", "few")],
)
async def test_a_venue_or_a_limit_that_cannot_be_is_refused_beside_its_field(
    house: PageHouse, anna: Browser, mario: Organizer, field: str, value: str
) -> None:
    await house.theatre(mario, Stalls=5)
    event = await house.event(mario)
    for path in ("/mario/events", f"/mario/events/{event.id}"):
        response = await anna.post(path, data=GALA | {field: value})
        page = await document(response)
        assert response.status == 422
        wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
        assert wrong == [field]
    assert events(house) == [event]


async def test_a_beginning_in_the_past_is_refused_unless_it_is_what_it_was(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario, in_days=1)
    path = f"/mario/events/{event.id}"
    assert (await anna.post(path, data={"starts_at": "2020-01-01T20:00"})).status == 422
    house.clock.advance(2 * 86_400)
    shown = (await document(await anna.get(path))).value("starts_at")
    assert (await anna.post(path, data={"name": "Corrected", "starts_at": shown})).status == 200
    assert events(house)[0].name == "Corrected"


async def test_a_duplicate_is_a_draft_with_the_same_ticket_types(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=12)
    event = await house.event(mario, name="Gala", venue_id=venue.id, timezone="Europe/Vienna")
    await house.ticket_type(mario, event=event, name="Standing")
    seats = {"name": "Seats", "event_id": str(event.id), "price": "45", "sections:Stalls": "on"}
    await anna.post("/mario/tickets", data=seats)
    form = {"action": "duplicate", "new_starts_at": "2027-12-24T18:00"}
    response = await anna.post(f"/mario/events/{event.id}", data=form)
    page = await document(response)
    (copy,) = [each for each in events(house) if each.id != event.id]
    assert response.url.path == f"/mario/events/{copy.id}"
    assert "it is a draft" in page.text
    assert (page.value("starts_at"), page.value("venue_id")) == ("2027-12-24T18:00", str(venue.id))
    assert [each.text for each in page.inside(page.one("tbody"), "th")] == ["Standing", "Seats"]


@pytest.mark.parametrize("starts_at", ["", "soon", "2020-01-01T20:00", "2027-03-28T02:30"])
async def test_a_duplicate_at_a_time_that_cannot_be_is_refused_beside_its_field(
    house: PageHouse, anna: Browser, mario: Organizer, starts_at: str
) -> None:
    event = await house.event(mario, timezone="Europe/Vienna")
    form = {"action": "duplicate", "new_starts_at": starts_at}
    response = await anna.post(f"/mario/events/{event.id}", data=form)
    page = await document(response)
    assert response.status == 422
    wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
    assert wrong == ["new_starts_at"]
    assert page.value("new_starts_at") == starts_at
    assert events(house) == [event]


async def test_only_a_published_event_can_be_cancelled_by_its_button(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    event = await house.event(mario)
    path = f"/mario/events/{event.id}"
    assert "It pays nothing back" in (await document(await anna.get(path))).text
    page = await document(await anna.post(path, data={"action": "cancel"}))
    assert page.one("p", role="status").text == "The event is cancelled."
    assert "Cancelled: nothing of it is sold any more" in page.text
    assert page.value("status") == "cancelled"
    assert not page.all("button", value="cancel")
    assert events(house)[0].name == event.name


async def test_for_another_owner_there_is_nothing(
    house: PageHouse, browser: OpenBrowser, mario: Organizer
) -> None:
    event = await house.event(mario)
    await house.organizer("bens", owner=BEN)
    ben = await browser()
    await log_in(ben, BEN)
    for asked in ("/mario/events", f"/mario/events/{event.id}", f"/bens/events/{event.id}"):
        assert (await ben.get(asked)).status == 404
        assert (await ben.post(asked, data=GALA | {"action": "delete"})).status == 404
    assert events(house) == [event]

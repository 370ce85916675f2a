"""An organizer's events."""

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Event, Organizer
from ticketd.core.commands import Reserve
from ticketd.core.ids import MICROSECONDS, Instant, ReservationId, inventory_of
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
    assert event.starts_at == 1_811_871_000 * MICROSECONDS
    assert event.description == "A long night.\nWith music."
    assert page.value("timezone") == "Europe/Vienna"


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
    assert after.starts_at == before.starts_at + 3600 * MICROSECONDS


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

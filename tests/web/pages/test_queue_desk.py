"""The waiting room as its owner sees and steers it, and the form that switches it on."""

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from tests.web.pages.rooms import come, crowded, tick
from ticketd.core.catalogue import Defences, Event
from ticketd.core.pace import Steering
from ticketd.core.terms import Switch


def figures(page: Document) -> dict[str, str]:
    """What the page says in numbers."""
    pairs = zip(page.all("dt"), page.all("dd"), strict=True)
    return {label.text: value.text for label, value in pairs}


def steering(house: PageHouse, event: Event) -> Steering:
    room = house.waiting_rooms.room(event.id)
    assert room is not None
    return room.core.record.steering


async def test_it_shows_how_the_room_does(house: PageHouse, anna: Browser) -> None:
    event = await crowded(house, capacity=7, name="Gala")
    await come(house, event, 9)
    for _ in range(3):
        await tick(house, event.id)
    page = await document(await anna.get(f"/mario/events/{event.id}/queue"))
    assert page.title == "Waiting room of Gala · ticketd"
    shown = figures(page)
    assert (shown["Places given out"], shown["Free"], shown["Sold"]) == ("9", "7", "0")
    assert int(shown["Waiting"]) + int(shown["Choosing"]) == 9
    assert page.one("meta", http_equiv="refresh").attributes["content"] == "5"
    assert page.all("a", href=f"/events/{event.id}/queue")


async def test_its_owner_pauses_it_and_goes_on(house: PageHouse, anna: Browser) -> None:
    event = await crowded(house)
    path = f"/mario/events/{event.id}/queue"
    paused = await document(await anna.post(path, data={"action": "pause"}))
    assert steering(house, event).paused
    assert "Paused: nobody is let in" in paused.text
    assert [each.text for each in paused.all("button", name="action")] == ["Save", "Go on"]
    await anna.post(path, data={"action": "go_on"})
    assert not steering(house, event).paused


async def test_its_owner_limits_who_is_let_in(house: PageHouse, anna: Browser) -> None:
    event = await crowded(house)
    path = f"/mario/events/{event.id}/queue"
    sent = {"shoppers_max": "50", "admitted_per_minute_max": " 120 "}
    saved = await anna.post(path, data=sent, allow_redirects=False)
    assert (saved.status, saved.headers["Location"]) == (303, f"{path}?done=saved")
    assert steering(house, event) == Steering(shoppers_max=50, admitted_per_minute_max=120)
    page = await document(await anna.get(path))
    assert (page.value("shoppers_max"), page.value("admitted_per_minute_max")) == ("50", "120")
    await anna.post(path, data={"shoppers_max": ""})
    assert steering(house, event) == Steering(admitted_per_minute_max=120)


@pytest.mark.parametrize("typed", ["0", "-1", "1000001", "many", "1.5"])
async def test_what_is_no_limit_is_refused_and_shown_again(
    house: PageHouse, anna: Browser, typed: str
) -> None:
    event = await crowded(house)
    response = await anna.post(f"/mario/events/{event.id}/queue", data={"shoppers_max": typed})
    assert response.status == 422
    page = await document(response)
    assert page.value("shoppers_max") == typed
    assert page.one("input", name="shoppers_max").attributes["aria-invalid"] == "true"
    assert house.waiting_rooms.room(event.id) is None or steering(house, event) == Steering()


async def test_where_no_room_is_open_it_says_so(house: PageHouse, anna: Browser) -> None:
    event = await crowded(house, waiting_room=Switch.AUTO)
    path = f"/mario/events/{event.id}/queue"
    page = await document(await anna.get(path))
    assert "It isn't open now." in page.text
    assert not page.all("meta", http_equiv="refresh")
    refused = await anna.post(path, data={"action": "pause"})
    assert refused.status == 404
    assert (await document(refused)).alerts == ["This event has no waiting room now: reserve at once."]


async def test_for_everybody_else_there_is_nothing(
    house: PageHouse, browser: OpenBrowser, guest: Browser
) -> None:
    event = await crowded(house)
    await house.organizer("ben", owner=BEN)
    ben = await browser()
    await log_in(ben, BEN)
    for path in (f"/mario/events/{event.id}/queue", f"/ben/events/{event.id}/queue"):
        assert (await ben.get(path)).status == 404
        assert (await ben.post(path, data={"action": "pause"})).status == 404
        login = await guest.post(path, data={"action": "pause"}, allow_redirects=False)
        assert (login.status, login.headers["Location"].partition("?")[0]) == (303, "/login")
    assert house.waiting_rooms.room(event.id) is None


# -- the event's form


async def test_the_events_form_switches_the_waiting_room_and_the_defences(
    house: PageHouse, anna: Browser
) -> None:
    event = await crowded(house, waiting_room=Switch.AUTO)
    path = f"/mario/events/{event.id}"
    page = await document(await anna.get(path))
    assert page.options("waiting_room") == ["off", "auto", "on"]
    assert page.value("waiting_room") == "auto"
    names = ("proof_of_work", "signed_forms", "address_limits", "hold_limits")
    assert [page.value(name) for name in names] == ["auto"] * 4
    assert page.all("a", href=f"{path}/queue")
    await anna.post(path, data={"waiting_room": "on", "proof_of_work": "off", "hold_limits": "on"})
    changed = house.catalogue.event(event.id)
    assert changed is not None
    assert changed.waiting_room is Switch.ON
    assert changed.defences == Defences(proof_of_work=Switch.OFF, hold_limits=Switch.ON)
    again = await document(await anna.get(path))
    assert [again.value(name) for name in ("waiting_room", *names)] == ["on", "off", "auto", "auto", "on"]


async def test_a_form_that_says_nothing_of_them_leaves_them_as_they_are(
    house: PageHouse, anna: Browser
) -> None:
    defences = Defences(signed_forms=Switch.OFF)
    event = await crowded(house, defences=defences)
    await anna.post(f"/mario/events/{event.id}", data={"name": "New name"})
    changed = house.catalogue.event(event.id)
    assert changed is not None
    assert (changed.name, changed.waiting_room, changed.defences) == ("New name", Switch.ON, defences)


async def test_a_switch_that_is_none_is_refused_beside_its_field(house: PageHouse, anna: Browser) -> None:
    event = await crowded(house)
    response = await anna.post(f"/mario/events/{event.id}", data={"hold_limits": "perhaps"})
    assert response.status == 422
    page = await document(response)
    assert page.one("p", id="hold_limits-error").text == "Please choose one of these."
    assert "open" in page.all("details")[0].attributes


async def test_a_new_event_has_the_waiting_room_that_was_chosen(house: PageHouse, anna: Browser) -> None:
    mario = await house.organizer("mario")
    form = {
        "name": "Gala",
        "starts_at": "2027-06-01T20:00",
        "timezone": "Europe/Vienna",
        "waiting_room": "on",
    }
    assert (await anna.post("/mario/events", data=form, allow_redirects=False)).status == 303
    (event,) = house.catalogue.events_of_organizer(mario.id)
    assert event.waiting_room is Switch.ON

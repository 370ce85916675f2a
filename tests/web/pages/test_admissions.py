"""Pages that sell behind a waiting room."""

from collections.abc import Sequence

import pytest
from aiohttp import ClientResponse

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from tests.web.pages.houses import evening_in, plain, seated
from tests.web.pages.rooms import come, crowded, pause, take_place, tick
from ticketd.core.catalogue import Event, TicketType
from ticketd.core.clients import Networks
from ticketd.core.commands import Reserve
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Switch
from ticketd.core.waves import ADMISSION_SECONDS
from ticketd.services.door import Entry, Visitor
from ticketd.services.signed_forms import FormKind
from ticketd.settings import Settings

_QUEUE = (
    "Many want these tickets: guests are let in one after another. Please take a place in the waiting room."
    " Go to the waiting room"
)


async def pages_of(house: PageHouse) -> tuple[Event, dict[str, tuple[str, dict[str, str]]]]:
    """An event behind a waiting room: its pages that sell, each with what a form there asks for."""
    organizer, event = await evening_in(house, plain("Stalls", rows=1, seats=5), waiting_room=Switch.ON)
    standing = await house.ticket_type(organizer, event=event, name="Standing")
    seats, _ = await seated(house, organizer, event, "Stalls")
    return event, {
        "event": (f"/events/{event.id}", {f"quantity-{standing}": "1"}),
        "purchase": (f"/mario/purchase/{house.code_of(standing)}", {"quantity": "1"}),
        "seats": (seats, {"seat:Stalls-A-1": "on"}),
        "best seats": (seats, {"best_available": "1", "buy": "best"}),
    }


def sells(page: Document) -> bool:
    """Whether it has a button that buys."""
    return bool(page.all("button", name="buy"))


def notes(page: Document) -> list[str]:
    return [each.text for each in page.elements if "info" in each.attributes.get("class", "").split()]


PAGES = ["event", "purchase", "seats", "best seats"]


@pytest.mark.parametrize("name", PAGES)
async def test_a_guest_without_a_place_is_shown_the_way_to_the_waiting_room(
    house: PageHouse, guest: Browser, name: str
) -> None:
    event, pages = await pages_of(house)
    page = await document(await guest.get(pages[name][0]))
    assert notes(page) == [_QUEUE]
    (link,) = [each for each in page.all("a", class_="button") if "waiting room" in each.text]
    assert link.attributes["href"] == f"/events/{event.id}/queue"
    assert not sells(page)


@pytest.mark.parametrize("name", PAGES)
async def test_a_form_that_is_sent_without_a_place_leads_to_the_waiting_room(
    house: PageHouse, guest: Browser, name: str
) -> None:
    event, pages = await pages_of(house)
    path, form = pages[name]
    response = await send(house, guest, event, path, form)
    assert (response.status, response.headers["Location"]) == (303, f"/events/{event.id}/queue")


async def send(
    house: PageHouse, guest: Browser, event: Event, path: str, form: dict[str, str]
) -> ClientResponse:
    """Send a form that is signed and not too quick; the answer isn't followed."""
    signature = house.services.signed_forms.signature(FormKind.BUY, event.id, house.clock.now())
    house.clock.advance(2)
    return await guest.post(path, data={**form, "form": signature}, allow_redirects=False)


@pytest.mark.parametrize("name", PAGES)
async def test_whose_turn_it_is_buys_there(house: PageHouse, guest: Browser, name: str) -> None:
    event, pages = await pages_of(house)
    path, form = pages[name]
    await take_place(house, guest, event)
    await tick(house, event.id)
    page = await document(await guest.get(path))
    assert not notes(page)
    assert "It is your turn to reserve, until 09:05 (Vienna time)." in page.text
    assert page.one("span", class_="clock").attributes["data-seconds-left"] == str(ADMISSION_SECONDS)
    if name != "event":  # that one has no form for seats
        assert sells(page)
    bought = await send(house, guest, event, path, form)
    assert bought.headers["Location"].startswith("/r/")
    again = await send(house, guest, event, path, form)
    assert again.headers["Location"] == f"/events/{event.id}/queue"


async def test_who_waits_is_shown_the_way_back(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    await pause(house, event)
    await take_place(house, guest, event)
    page = await document(await guest.get(f"/events/{event.id}"))
    assert notes(page) == [
        "It isn't your turn yet. Your place in the waiting room is kept. Back to the waiting room"
    ]


async def test_before_the_sale_opens_the_page_says_where_to_wait(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, opens_in_seconds=600)
    page = await document(await guest.get(f"/events/{event.id}"))
    assert notes(page) == [_QUEUE]
    assert "On sale from" in page.text


@pytest.mark.parametrize("waiting_room", [Switch.OFF, Switch.AUTO])
async def test_without_pressure_nobody_is_asked_for_anything(
    house: PageHouse, guest: Browser, waiting_room: Switch
) -> None:
    event = await crowded(house, waiting_room=waiting_room)
    page = await document(await guest.get(f"/events/{event.id}"))
    assert sells(page)
    assert not notes(page)


async def test_a_room_that_has_opened_by_itself_lets_guests_by_while_nobody_waits(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, waiting_room=Switch.AUTO)
    house.waiting_rooms._pressure.goes_on(event.id)
    assert sells(await document(await guest.get(f"/events/{event.id}")))
    await pause(house, event)
    await come(house, event, 100)
    await tick(house, event.id)
    assert notes(await document(await guest.get(f"/events/{event.id}"))) == [_QUEUE]


async def test_what_is_too_much_for_the_server_leads_to_the_room_that_it_has_opened(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, waiting_room=Switch.AUTO)
    (ticket_type,) = house.catalogue.ticket_types_of_event(event.id)
    path, form = f"/events/{event.id}", {f"quantity-{ticket_type.id}": "1"}
    house.router.refuse_next(ticket_type.inventory_id, Refusal(Reason.OVERLOADED))
    assert (await send(house, guest, event, path, form)).status == 503
    house.waiting_rooms._pressure.goes_on(event.id)
    house.router.refuse_next(ticket_type.inventory_id, Refusal(Reason.OVERLOADED))
    refused = await send(house, guest, event, path, form)
    assert (refused.status, refused.headers["Location"]) == (303, f"/events/{event.id}/queue")


async def test_who_has_been_let_in_tries_again_after_what_was_too_much(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    await take_place(house, guest, event)
    await tick(house, event.id)
    (ticket_type,) = house.catalogue.ticket_types_of_event(event.id)
    path, form = f"/events/{event.id}", {f"quantity-{ticket_type.id}": "1"}
    house.router.refuse_next(ticket_type.inventory_id, Refusal(Reason.OVERLOADED))
    refused = await send(house, guest, event, path, form)
    assert refused.status == 503
    page = await document(refused)
    assert sells(page)
    again = await send(house, guest, event, path, {**form, "key": page.value("key")})
    assert again.headers["Location"].startswith("/r/")


@pytest.mark.parametrize("settings", [Settings(trusted_proxies=Networks("127.0.0.1"))])
async def test_where_a_guest_comes_from_is_known_at_the_door(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.session.headers["X-Forwarded-For"] = "198.51.100.7"
    event = await crowded(house)
    await take_place(house, guest, event)
    await tick(house, event.id)
    seen: list[Visitor] = []
    door = house.services.sales._door
    enter = door.enter

    def watched(ticket_types: Sequence[TicketType], visitor: Visitor, key: str) -> Entry | Refusal:
        seen.append(visitor)
        return enter(ticket_types, visitor, key)

    monkeypatch.setattr(door, "enter", watched)
    (ticket_type,) = house.catalogue.ticket_types_of_event(event.id)
    await send(house, guest, event, f"/events/{event.id}", {f"quantity-{ticket_type.id}": "1"})
    (visitor,) = seen
    assert visitor.network == "198.51.100.7"
    (reserve,) = [command for _, command in house.router.commands if isinstance(command, Reserve)]
    assert reserve.admission == f"{event.id}:0"
    assert reserve.identity

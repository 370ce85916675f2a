"""Events with a waiting room, and guests who come to it."""

from typing import Any

import msgspec
from aiohttp import ClientResponse

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, Instant
from ticketd.core.reservations import Reservation
from ticketd.core.terms import Switch
from ticketd.services.carts import Granted
from ticketd.services.room_keeper import COUNTS_SECONDS_MIN
from ticketd.services.sales import LineRequest
from ticketd.services.standings import Notice
from ticketd.services.waiting_rooms import Joined

OPENS_IN_SECONDS = 600


async def crowded(
    house: PageHouse,
    *,
    capacity: int = 10,
    opens_in_seconds: int | None = None,
    waiting_room: Switch = Switch.ON,
    **event: Any,
) -> Event:
    """Mario's event with a waiting room and one ticket type; without a time its sale is open."""
    mario = house.catalogue.organizer("mario") or await house.organizer("mario")
    opens_at = None
    if opens_in_seconds is not None:
        opens_at = Instant(house.clock.now() + opens_in_seconds * 1_000_000)
    made = await house.event(mario, waiting_room=waiting_room, on_sale_at=opens_at, **event)
    await house.ticket_type(mario, event=made, capacity=capacity)
    return made


async def come(house: PageHouse, event: Event, guests: int = 1) -> list[str]:
    """So many other guests take places; their tokens."""
    tokens = []
    for _ in range(guests):
        joined = await house.waiting_rooms.join(event)
        assert isinstance(joined, Joined), joined
        tokens.append(joined.standing.token)
    return tokens


async def tick(house: PageHouse, event_id: EventId, seconds: float = COUNTS_SECONDS_MIN) -> None:
    """Let time pass, and the room move on."""
    house.clock.advance(seconds)
    room = house.waiting_rooms.room(event_id)
    assert room is not None
    await house.waiting_rooms._keeper.move(room)


async def press(
    house: PageHouse, guest: Browser, event: Event, *, after_seconds: float = 2, **more: str
) -> ClientResponse:
    """Read the form, and send it; the answer isn't followed."""
    form = await document(await guest.get(f"/events/{event.id}/queue/join"))
    house.clock.advance(after_seconds)
    data = {"form": form.value("form"), "website": "", **more}
    return await guest.post(f"/events/{event.id}/queue", data=data, allow_redirects=False)


async def take_place(house: PageHouse, guest: Browser, event: Event) -> None:
    """A place, kept by the guest's browser."""
    response = await press(house, guest, event)
    assert response.status == 303, await response.text()


async def queue_page(guest: Browser, event: Event, **headers: str) -> Document:
    """What the guest sees."""
    response = await guest.get(f"/events/{event.id}/queue", headers=headers)
    assert response.status == 200
    return await document(response)


def state(page: Document) -> str | None:
    """How it is with the guest's place; None for who has none."""
    (place,) = [each for each in page.elements if each.attributes.get("id") == "place"]
    return place.attributes.get("data-state")


def line(page: Document, name: str) -> str | None:
    """One of the lines that change; None if it isn't shown."""
    found = [each for each in page.elements if each.attributes.get("data-line") == name]
    return None if not found or "hidden" in found[0].attributes else found[0].text


async def hold_all(house: PageHouse, event: Event) -> Reservation:
    """Somebody holds all tickets, without having queued."""
    (ticket_type,) = house.catalogue.ticket_types_of_event(event.id)
    offer = house.router.offer(ticket_type.inventory_id)
    assert offer is not None
    house.catalogue.put_event(msgspec.structs.replace(event, waiting_room=Switch.OFF))
    held = await house.services.sales.reserve([LineRequest(ticket_type.id, offer.figures.free)], None)
    house.catalogue.put_event(event)
    assert isinstance(held, Granted), held
    return held.reservation


async def pause(house: PageHouse, event: Event) -> None:
    """Let nobody in."""
    steered = await house.waiting_rooms.steer(
        event, lambda known: msgspec.structs.replace(known, paused=True)
    )
    assert isinstance(steered, Notice)

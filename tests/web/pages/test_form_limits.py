"""Guests' forms from a network that sends too many."""

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from tests.web.pages.rooms import crowded, press
from ticketd.core.clients import client_at, parse_address
from ticketd.core.ids import inventory_of
from ticketd.services.request_limits import GUESSES_BURST, RequestKind
from ticketd.web.pages.speech import DEFAULT


async def test_a_form_beyond_the_limit_is_refused_in_words_and_pages_are_shown_on(
    house: PageHouse, guest: Browser
) -> None:
    ticket_type_id = await house.ticket_type(await house.organizer("mario"))
    path = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    use_up(house)
    response = await guest.post(path, data={"quantity": "1"}, allow_redirects=False)
    assert response.status == 429
    assert int(response.headers["Retry-After"]) >= 1
    page = await document(response)
    assert page.heading == "One moment, please"
    assert "too often" in page.text
    assert page.one("a", href="").text == "Try again"
    assert (await guest.get(path)).status == 200
    house.clock.advance(1)
    assert (await guest.post(path, data={"quantity": "1"}, allow_redirects=False)).status == 303


async def test_who_joins_a_queue_too_often_stays_in_the_waiting_room(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    use_up(house)
    response = await press(house, guest, event, after_seconds=0)
    assert response.status == 429
    assert int(response.headers["Retry-After"]) >= 1
    page = await document(response)
    assert page.alerts == [DEFAULT.words.crowded]
    assert "data-goes-on" not in page.one("form").attributes
    house.clock.advance(2)
    data = {"form": page.value("form")}
    assert (await guest.post(f"/events/{event.id}/queue", data=data, allow_redirects=False)).status == 303


def use_up(house: PageHouse) -> None:
    """Leave no form for this network's guests at the moment."""
    address = parse_address("127.0.0.1")
    assert address is not None
    limits = house.services.request_limits
    while limits.refusal(client_at(address), RequestKind.FORM, house.clock.now()) is None:
        pass


async def test_access_codes_cannot_be_guessed_by_the_form_either(house: PageHouse, guest: Browser) -> None:
    ticket_type_id = await house.ticket_type(await house.organizer("mario"))
    path = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    await house.access_codes.set(ANNA.id, ticket_type_id, code="FRIENDS")
    form = {"quantity": "1", "access_code": "FOES"}
    statuses = [(await guest.post(path, data=form)).status for _ in range(GUESSES_BURST + 1)]
    assert statuses == [403] * GUESSES_BURST + [429]
    offer = house.router.offer(inventory_of(ticket_type_id))
    assert offer is not None
    assert offer.figures.held == 0

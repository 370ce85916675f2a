"""Guests' forms from a network that sends too many."""

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.clients import client_at, parse_address
from ticketd.core.ids import inventory_of
from ticketd.services.request_limits import GUESSES_BURST, RequestKind


async def test_a_form_beyond_the_limit_is_refused_in_words_and_pages_are_shown_on(
    house: PageHouse, guest: Browser
) -> None:
    ticket_type_id = await house.ticket_type(await house.organizer("mario"))
    path = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    address = parse_address("127.0.0.1")
    assert address is not None
    while (
        house.services.request_limits.refusal(client_at(address), RequestKind.FORM, house.clock.now()) is None
    ):
        pass
    response = await guest.post(path, data={"quantity": "1"}, allow_redirects=False)
    assert response.status == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "too often" in (await document(response)).text
    assert (await guest.get(path)).status == 200
    house.clock.advance(1)
    assert (await guest.post(path, data={"quantity": "1"}, allow_redirects=False)).status == 303


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

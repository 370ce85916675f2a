"""Access codes on a ticket type's page."""

import pytest

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Organizer
from ticketd.core.commands import Reserve
from ticketd.core.ids import ReservationId, TicketTypeId, inventory_of

HIDDEN = "Hidden: it stands in no list"
FANS = {"action": "add_code", "code": "fans2027", "code_capacity": "50", "code_until": "2027-06-01T18:00"}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


@pytest.fixture
async def members(house: PageHouse, mario: Organizer) -> TicketTypeId:
    event = await house.event(mario, timezone="Europe/Vienna")
    return await house.ticket_type(mario, event=event, name="Members")


@pytest.fixture
def path(members: TicketTypeId) -> str:
    return f"/mario/tickets/{members}"


def codes(page: Document) -> list[str]:
    return [item.text for item in page.inside(page.one("ul", class_="plain codes"), "li")]


async def test_with_its_first_code_a_ticket_type_is_hidden_and_without_any_it_is_not(
    anna: Browser, path: str
) -> None:
    assert HIDDEN not in (await document(await anna.get(path))).text
    page = await document(await anna.post(path, data=FANS))
    assert page.one("p", role="status").text == "Saved."
    assert HIDDEN in page.text
    assert codes(page) == ["fans2027 0 of 50 used, until Tue 1 June 2027, 18:00 (Vienna time) Remove"]
    assert "(hidden)" in (await document(await anna.get("/mario/tickets"))).one("tbody").text
    page = await document(await anna.post(path, data={"action": "remove_code", "code": "fans2027"}))
    assert HIDDEN not in page.text
    assert not page.all("ul", class_="plain codes")


async def test_it_says_how_much_a_code_was_used(
    house: PageHouse, anna: Browser, path: str, members: TicketTypeId
) -> None:
    await anna.post(path, data=FANS | {"code_capacity": "", "code_until": ""})
    reserve = Reserve(ReservationId("held"), 2, 900, access_code="fans2027")
    await house.router.ask(inventory_of(members), reserve)
    assert codes(await document(await anna.get(path))) == ["fans2027 2 used Remove"]


async def test_the_same_code_again_changes_it(anna: Browser, path: str) -> None:
    await anna.post(path, data=FANS)
    page = await document(await anna.post(path, data=FANS | {"code_capacity": "7", "code_until": ""}))
    assert codes(page) == ["fans2027 0 of 7 used Remove"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", ""),
        ("code", "x"),
        ("code", "two words"),
        ("code", "x" * 65),
        ("code_capacity", "0"),
        ("code_capacity", "many"),
        ("code_until", "soon"),
        ("code_until", "2027-03-28T02:30"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field_and_everything_typed_stays(
    anna: Browser, path: str, field: str, value: str
) -> None:
    response = await anna.post(path, data=FANS | {field: value})
    page = await document(response)
    assert response.status == 422
    wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
    assert wrong == [field]
    typed = {name: text for name, text in (FANS | {field: value}).items() if name != "action"}
    assert {name: page.value(name) for name in typed} == typed
    assert page.value("name") == "Members"
    assert HIDDEN not in page.text


async def test_a_code_is_only_ever_text(anna: Browser, path: str) -> None:
    response = await anna.post(path, data=FANS | {"code": '<b>"&'})
    assert codes(await document(response))[0].startswith('<b>"& 0 of 50 used')

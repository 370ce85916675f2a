"""Capacities that an organizer's ticket types share."""

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Capacity, Organizer

FLOOR = {"name": "Floor", "capacity": "500"}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


def capacities(house: PageHouse, mario: Organizer) -> list[Capacity]:
    return list(house.catalogue.capacities_of_organizer(mario.id))


async def test_a_created_capacity_stands_in_the_list_with_what_draws_on_it(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    response = await anna.post("/mario/capacities", data=FLOOR)
    assert response.url.path == "/mario/capacities"
    assert (await document(response)).one("tbody").text == "Floor 500 0 0 None yet"
    (capacity,) = capacities(house, mario)
    for name, most in (("Regular", ""), ("Student", "100")):
        form = {"name": name, "price": "10", "capacity_id": str(capacity.id), "capacity": most}
        assert (await anna.post("/mario/tickets", data=form)).status == 200
    page = await document(await anna.get("/mario/capacities"))
    assert page.one("tbody").text == "Floor 500 0 0 Regular, Student"
    detail = await document(await anna.get(f"/mario/capacities/{capacity.id}"))
    assert [row.text for row in detail.inside(detail.one("tbody"), "tr")] == [
        "Regular Coupon 0 of 500 0 €10.00",
        "Student Coupon 0 of 100 0 €10.00",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("capacity", ""), ("capacity", "0"), ("capacity", "many")]
)
async def test_what_cannot_be_is_refused_beside_its_field_and_everything_typed_stays(
    house: PageHouse, anna: Browser, mario: Organizer, field: str, value: str
) -> None:
    capacity_id = await house.shared_capacity(mario)
    for path in ("/mario/capacities", f"/mario/capacities/{capacity_id}"):
        response = await anna.post(path, data=FLOOR | {field: value})
        page = await document(response)
        assert response.status == 422
        wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
        assert wrong == [field]
        assert {name: page.value(name) for name in FLOOR} == FLOOR | {field: value}
    assert [each.terms.name for each in capacities(house, mario)] == ["Hall"]


async def test_a_form_without_a_capacity_is_refused(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    assert (await anna.post("/mario/capacities", data={"name": "Floor"})).status == 422
    assert not capacities(house, mario)


async def test_a_change_is_saved_and_shown(house: PageHouse, anna: Browser, mario: Organizer) -> None:
    capacity_id = await house.shared_capacity(mario)
    page = await document(await anna.post(f"/mario/capacities/{capacity_id}", data=FLOOR))
    assert page.one("p", role="status").text == "Saved."
    assert page.heading == "Floor"
    assert page.value("capacity") == "500"


async def test_one_that_is_drawn_on_cannot_be_deleted_and_another_can(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    capacity_id = await house.shared_capacity(mario)
    path = f"/mario/capacities/{capacity_id}"
    form = {"name": "Regular", "price": "10", "capacity_id": str(capacity_id)}
    await anna.post("/mario/tickets", data=form)
    refused = await anna.post(path, data={"action": "delete"})
    assert refused.status == 409
    assert (await document(refused)).alerts == ["Ticket types draw on it. Please delete them first."]
    (regular,) = house.catalogue.ticket_types_on(capacity_id)
    await anna.post(f"/mario/tickets/{regular.id}", data={"action": "delete"})
    assert (await anna.post(path, data={"action": "delete"})).url.path == "/mario/capacities"
    assert (await anna.get(path)).status == 404


async def test_for_another_owner_there_is_nothing(
    house: PageHouse, browser: OpenBrowser, mario: Organizer
) -> None:
    capacity_id = await house.shared_capacity(mario)
    await house.organizer("bens", owner=BEN)
    ben = await browser()
    await log_in(ben, BEN)
    for path in ("/mario/capacities", f"/mario/capacities/{capacity_id}", f"/bens/capacities/{capacity_id}"):
        assert (await ben.get(path)).status == 404
        for action in ("save", "delete"):
            assert (await ben.post(path, data=FLOOR | {"action": action})).status == 404
    form = {"name": "Regular", "price": "10", "capacity_id": str(capacity_id)}
    assert (await ben.post("/bens/tickets", data=form)).status == 422
    assert [each.terms.name for each in capacities(house, mario)] == ["Hall"]

"""An organizer's venues."""

import pytest

from tests.web.api.house import BEN
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Organizer, Venue

HALL = {"name": "City Hall", "address": "Main Street 1", "timezone": "Europe/Vienna"}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


def venues(house: PageHouse, mario: Organizer) -> list[Venue]:
    return list(house.catalogue.venues_of_organizer(mario.id))


async def test_a_created_venue_has_a_page_and_stands_in_the_list(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    response = await anna.post("/mario/venues", data=HALL)
    page = await document(response)
    (venue,) = venues(house, mario)
    assert response.url.path == f"/mario/venues/{venue.id}"
    assert page.one("p", role="status").text == "Created."
    assert page.heading == "City Hall"
    assert "events here sell quantities, not seats" in page.text
    listed = await document(await anna.get("/mario/venues"))
    assert listed.one("tbody").text == "City Hall Main Street 1 No seat map"


async def test_a_venue_with_a_seat_map_shows_it_with_its_numbers(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=12, Balcony=8)
    page = await document(await anna.get(f"/mario/venues/{venue.id}"))
    assert page.one("svg", role="img").attributes["aria-label"] == "Plan of the house: 2 sections, 20 seats."
    assert [row.text for row in page.inside(page.one("tbody"), "tr")] == [
        "Stalls 1 12 0 0 0",
        "Balcony 1 8 0 0 0",
    ]
    assert "Version 1." in page.text
    listed = await document(await anna.get("/mario/venues"))
    assert listed.one("tbody").text == "Theatre Ring 1 20 in 2 sections"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("address", "x" * 501),
        ("timezone", ""),
        ("timezone", "Mars/Olympus"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field_and_everything_typed_stays(
    house: PageHouse, anna: Browser, mario: Organizer, field: str, value: str
) -> None:
    known = await house.theatre(mario, Stalls=1)
    for path in ("/mario/venues", f"/mario/venues/{known.id}"):
        response = await anna.post(path, data=HALL | {field: value})
        page = await document(response)
        assert response.status == 422
        wrong = [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]
        assert wrong == [field]
        assert {name: page.value(name) for name in HALL} == HALL | {field: value}
    assert venues(house, mario) == [known]


async def test_a_form_with_one_field_changes_only_that(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=1)
    response = await anna.post(f"/mario/venues/{venue.id}", data={"name": "Opera"})
    assert (await document(response)).one("p", role="status").text == "Saved."
    (changed,) = venues(house, mario)
    assert (changed.name, changed.address, changed.seat_map_id) == ("Opera", "Ring 1", venue.seat_map_id)


async def test_a_deleted_venue_is_gone(house: PageHouse, anna: Browser, mario: Organizer) -> None:
    venue = await house.theatre(mario, Stalls=1)
    response = await anna.post(f"/mario/venues/{venue.id}", data={"action": "delete"})
    assert response.url.path == "/mario/venues"
    assert not venues(house, mario)
    assert (await anna.get(f"/mario/venues/{venue.id}")).status == 404


async def test_for_another_owner_there_is_nothing(
    house: PageHouse, browser: OpenBrowser, mario: Organizer
) -> None:
    venue = await house.theatre(mario, Stalls=1)
    await house.organizer("bens", owner=BEN)
    ben = await browser()
    await log_in(ben, BEN)
    one = f"venues/{venue.id}"
    for path in ("/mario/venues", f"/mario/{one}", f"/bens/{one}", f"/bens/{one}/seat-map"):
        assert (await ben.get(path)).status == 404
        for action in ("save", "delete", "preview"):
            assert (await ben.post(path, data=HALL | {"action": action, "source": "import"})).status == 404
    for kind in ("json", "csv"):
        assert (await ben.get(f"/bens/{one}/seat-map.{kind}")).status == 404
    assert venues(house, mario) == [venue]

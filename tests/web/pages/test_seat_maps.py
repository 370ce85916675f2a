"""Seat maps: built, imported, looked at and taken home."""

import pytest

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Organizer, Venue
from ticketd.core.seat_maps import SeatMap, seat_count
from ticketd.web.parsing import BODY_BYTES_MAX

CSV = "section,row,seat\nStalls,A,1\nStalls,A,2\n"
JSON = '{"sections":[{"name":"Stalls","rows":[{"name":"A","seats":["1","2"]}]}]}'
BUILT = {"source": "builder", "name_1": "Stalls", "rows_1": "3", "seats_1": "10", "aisles_after_1": "5"}


@pytest.fixture(autouse=True)
async def mario(house: PageHouse) -> Organizer:
    return await house.organizer("mario")


@pytest.fixture
async def venue(house: PageHouse, mario: Organizer) -> Venue:
    return await house.theatre(mario, Old=1)


@pytest.fixture
def path(venue: Venue) -> str:
    return f"/mario/venues/{venue.id}/seat-map"


async def newest(house: PageHouse, venue: Venue) -> SeatMap:
    known = house.catalogue.venue(venue.id)
    assert known is not None
    seat_map = await house.venues.seat_map(known)
    assert seat_map is not None
    return seat_map


def wrong_fields(page: Document) -> list[str]:
    return [each.attributes["name"] for each in page.elements if "aria-invalid" in each.attributes]


async def test_what_is_built_becomes_the_newest_version(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    response = await anna.post(path, data=BUILT | {"action": "save"})
    page = await document(response)
    assert response.url.path == path.removesuffix("/seat-map")
    assert page.one("p", role="status").text == "Saved."
    assert "Version 2." in page.text
    assert seat_count(await newest(house, venue)) == 30


async def test_what_was_built_can_be_changed_in_the_builder(anna: Browser, path: str) -> None:
    await anna.post(path, data=BUILT)
    page = await document(await anna.get(path))
    built = {name: value for name, value in BUILT.items() if name != "source"}
    assert {name: page.value(name) for name in built} == built
    assert page.value("name_2") == ""


async def test_what_the_builder_cannot_describe_is_not_in_it(anna: Browser, path: str) -> None:
    await anna.post(path, data={"source": "import", "seat_map": "section,row,seat,x\nBox,A,1,5\n"})
    assert (await document(await anna.get(path))).value("name_1") == ""


async def test_a_preview_shows_the_map_and_saves_nothing(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    page = await document(await anna.post(path, data=BUILT | {"action": "preview"}))
    assert page.one("svg", role="img").attributes["aria-label"] == "Plan of the house: 1 sections, 30 seats."
    assert {name: page.value(name) for name in BUILT if name != "source"} == {
        name: value for name, value in BUILT.items() if name != "source"
    }
    assert seat_count(await newest(house, venue)) == 1


async def test_a_line_that_cannot_be_is_refused_beside_its_field(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    response = await anna.post(path, data=BUILT | {"rows_1": "many", "aisles_after_1": "5"})
    page = await document(response)
    assert response.status == 422
    assert wrong_fields(page) == ["rows_1"]
    assert page.value("rows_1") == "many"
    assert page.value("aisles_after_1") == "5"
    assert seat_count(await newest(house, venue)) == 1


@pytest.mark.parametrize("text", [CSV, CSV.replace("\n", "\r\n"), CSV.replace(",", ";"), JSON])
async def test_a_file_is_imported_whatever_it_is(
    house: PageHouse, anna: Browser, venue: Venue, path: str, text: str
) -> None:
    response = await anna.post(path, data={"source": "import", "seat_map": text})
    assert response.url.path == path.removesuffix("/seat-map")
    assert seat_count(await newest(house, venue)) == 2


async def test_every_mistake_in_a_file_is_told_by_its_place_and_the_text_stays(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    text = CSV + "Stalls,A,2\nStalls,<b>,\n"
    response = await anna.post(path, data={"source": "import", "seat_map": text})
    page = await document(response)
    assert response.status == 422
    items = page.inside(page.one("ul", class_="flaws"), "li")
    assert [item.text.partition(":")[0] for item in items] == ["line 4", "line 5"]
    assert page.value("seat_map") == text
    assert seat_count(await newest(house, venue)) == 1


async def test_names_are_only_ever_text(anna: Browser, path: str) -> None:
    text = 'section,row,seat\n</text><b>,&amp;,"<i>"\n'
    page = await document(await anna.post(path, data={"source": "import", "seat_map": text}))
    assert page.one("tbody").text == "</text><b> 1 1 0 0 0"
    assert [label.text for label in page.all("text")] == ["&amp;", "</text><b>"]


async def test_json_that_is_none_names_the_line(anna: Browser, path: str) -> None:
    response = await anna.post(path, data={"source": "import", "seat_map": '{"sections":\n[}'})
    assert response.status == 422
    assert "line 2" in (await document(response)).alerts[0]


async def test_a_hall_larger_than_any_other_form_is_taken(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    text = "section,row,seat\n" + "".join(
        f"Stalls,{row},{seat}\n" for row in range(100) for seat in range(100)
    )
    assert len(text) > BODY_BYTES_MAX
    response = await anna.post(path, data={"source": "import", "seat_map": text})
    assert response.status == 200
    assert seat_count(await newest(house, venue)) == 10_000
    elsewhere = await anna.post("/mario/venues", data={"name": text})
    assert elsewhere.status == 413


async def test_what_is_taken_home_can_be_imported_again(
    house: PageHouse, anna: Browser, venue: Venue, path: str
) -> None:
    await anna.post(path, data=BUILT)
    before = await newest(house, venue)
    for kind, content_type in (("json", "application/json"), ("csv", "text/csv")):
        response = await anna.get(f"{path}.{kind}")
        assert response.content_type == content_type
        assert response.headers["Content-Disposition"] == f'attachment; filename="seat-map.{kind}"'
        await anna.post(path, data={"source": "import", "seat_map": await response.text()})
        assert await newest(house, venue) == before


async def test_without_a_seat_map_there_is_nothing_to_take_home(
    house: PageHouse, anna: Browser, mario: Organizer
) -> None:
    await anna.post("/mario/venues", data={"name": "Field", "timezone": "Europe/Vienna"})
    (venue,) = house.catalogue.venues_of_organizer(mario.id)
    for kind in ("json", "csv"):
        assert (await anna.get(f"/mario/venues/{venue.id}/seat-map.{kind}")).status == 404
    assert (await anna.get(f"/mario/venues/{venue.id}/seat-map")).status == 200

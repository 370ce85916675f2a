"""What holds for every page, whatever it shows."""

import pytest

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from ticketd.web.pages.table import ROUTES

_LABELLED = ("input", "select", "textarea")
_PAGES = [path for method, path, _ in ROUTES if method == "GET" and not path.endswith((".json", ".csv"))]
_SLUG_ENDS = "{2,64}}"
"""Of an organizer's slug in a route."""
_PUBLIC = ("/events/{event_id}/queue", "/events/{event_id}/queue/join")
"""What guests without a place see is the same for all of them; the form isn't shown without a room."""
_WHOLE_HALLS = "/venues/{venue_id}/seat-map"
"""Where a form may be megabytes long."""


async def addresses(house: PageHouse, guest: Browser) -> dict[str, str]:
    """A real address for every GET page, by its route's path."""
    mario = await house.organizer("mario")
    event = await house.event(mario, name="Gala")
    ticket_type_id = await house.ticket_type(mario, event=event)
    venue = await house.theatre(mario, Stalls=10)
    capacity_id = await house.shared_capacity(mario)
    purchase = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    bought = await guest.post(purchase, data={"quantity": "2"}, allow_redirects=False)
    names = {
        "organizer": "mario",
        "event_id": str(event.id),
        "ticket_type_id": str(ticket_type_id),
        "venue_id": str(venue.id),
        "capacity_id": str(capacity_id),
        "code": house.code_of(ticket_type_id),
        "reservation_id": bought.headers["Location"].removeprefix("/r/"),
    }
    found = {}
    for method, path, _ in ROUTES:
        if method == "GET":
            slug, _, rest = path.partition(_SLUG_ENDS)
            address = f"/mario{rest}" if rest or slug != path else path
            for name, value in names.items():
                address = address.replace("{" + name + "}", value)
            found[path] = address
    return found


@pytest.mark.parametrize("path", _PAGES)
async def test_it_is_sound_html_that_anybody_can_read(
    house: PageHouse, anna: Browser, guest: Browser, path: str
) -> None:
    address = (await addresses(house, guest))[path]
    response = await (guest if path == "/login" else anna).get(address)
    assert response.status == 200
    page = await document(response)
    assert (await response.text()).startswith('<!DOCTYPE html>\n<html lang="en">')
    assert page.heading
    assert page.title.endswith("· ticketd")
    assert len(page.all("main")) == 1
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for element in page.elements:
        described = element.attributes.get("aria-describedby", "").split()
        labelled = element.attributes.get("aria-labelledby", "").split()
        assert set(described + labelled) <= set(ids)
    for field in labelled_fields(page):
        assert page.one("label", for_=field).text


@pytest.mark.parametrize("path", _PAGES)
async def test_nothing_on_it_runs_or_is_fetched_from_elsewhere(
    house: PageHouse, anna: Browser, guest: Browser, path: str
) -> None:
    response = await (guest if path == "/login" else anna).get((await addresses(house, guest))[path])
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"].startswith("public" if path in _PUBLIC else "no-store")
    page = await document(response)
    assert not page.all("style")
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        assert element.attributes.get("src", "/static/").startswith("/static/")
    for script in page.all("script"):
        assert not script.text
    for file in [each.attributes["href"] for each in page.all("link")]:
        assert (await anna.get(file)).status == 200


def labelled_fields(page: Document) -> list[str]:
    return [
        each.attributes["id"]
        for each in page.elements
        if each.tag in _LABELLED and each.attributes.get("type") != "hidden"
    ]


@pytest.mark.parametrize("path", ["/nowhere", "/mario/nowhere", "/r/", "/UPPER/tickets", "/a/b/c/d", "/%ff"])
async def test_where_there_is_nothing_a_page_says_so(guest: Browser, path: str) -> None:
    response = await guest.get(path)
    assert response.status == 404
    page = await document(response)
    assert page.alerts == ["There is nothing here."]
    assert page.all("a", href="/")


async def test_what_cannot_be_done_at_an_address_is_said(guest: Browser) -> None:
    response = await guest.post("/")
    assert response.status == 405
    assert response.headers["Allow"]
    assert (await document(response)).alerts
    assert (await guest.get("/logout")).status == 405


async def test_a_fault_says_nothing_about_what_broke(
    house: PageHouse, guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(house.catalogue, "on_show", broken)
    response = await guest.get("/")
    assert response.status == 500
    assert "secret detail" not in await response.text()
    assert (await document(response)).heading == "Something broke"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"name=%00", "application/x-www-form-urlencoded", 422),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=%ed%a0%80", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"&" * 10_000, "application/x-www-form-urlencoded", 400),
        (b"name=" + b"x" * 200_000, "application/x-www-form-urlencoded", 413),
        (b'{"name":"VIP"}', "application/json", 415),
        (b"name=VIP", "application/x-www-form-urlencoded; charset=utf-16", 415),
        (b"", "", 415),
    ],
)
async def test_what_is_no_form_is_refused_with_a_page(
    house: PageHouse, anna: Browser, guest: Browser, body: bytes, kind: str, status: int
) -> None:
    posted = await addresses(house, guest)
    for method, path, _ in ROUTES:
        if method == "POST" and path != "/logout" and (status != 413 or not path.endswith(_WHOLE_HALLS)):
            headers = {"Content-Type": kind} if kind else {}
            response = await anna.post(posted[path], data=body, headers=headers, allow_redirects=False)
            assert response.status == status, path
            assert response.content_type == "text/html"

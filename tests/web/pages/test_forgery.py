"""Forms that other sites make a browser send."""

import pytest

from tests.web.pages.conftest import Browser, log_in
from tests.web.pages.house import PageHouse

FORGED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.example"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
]
OURS: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {},
]


@pytest.mark.parametrize("headers", FORGED)
async def test_a_forged_form_does_nothing(house: PageHouse, anna: Browser, headers: dict[str, str]) -> None:
    mario = await house.organizer("mario")
    form = {"name": "VIP", "capacity": "5", "price": "10"}
    response = await anna.post("/mario/tickets", data=form, headers=headers, allow_redirects=False)
    assert response.status == 403
    assert not house.catalogue.ticket_types_of_organizer(mario.id)


@pytest.mark.parametrize("headers", FORGED)
async def test_nobody_is_logged_in_or_out_by_a_forged_form(
    house: PageHouse, guest: Browser, headers: dict[str, str]
) -> None:
    form = {"email": "anna@example.org", "password": "correct horse battery"}
    assert (await guest.post("/login", data=form, headers=headers)).status == 403
    assert not house.sessions.kept
    await log_in(guest)
    assert (await guest.post("/logout", headers=headers)).status == 403
    assert house.sessions.kept


@pytest.mark.parametrize("headers", OURS)
async def test_forms_of_our_own_and_of_programs_are_taken(
    house: PageHouse, anna: Browser, headers: dict[str, str]
) -> None:
    await house.organizer("mario")
    form = {"name": "VIP", "capacity": "5", "price": "10"}
    response = await anna.post("/mario/tickets", data=form, headers=headers, allow_redirects=False)
    assert response.status == 303


async def test_an_origin_that_is_this_host_is_ours(house: PageHouse, anna: Browser) -> None:
    await house.organizer("mario")
    form = {"name": "VIP", "capacity": "5", "price": "10"}
    headers = {"Origin": str(anna.make_url("/").origin())}
    response = await anna.post("/mario/tickets", data=form, headers=headers, allow_redirects=False)
    assert response.status == 303


async def test_without_tls_guests_of_a_no_referrer_page_can_still_pay(
    house: PageHouse, guest: Browser
) -> None:
    """Their browser says `Origin: null` and nothing else."""
    ticket_type = await house.ticket_type(await house.organizer("mario"))
    bought = await guest.post(
        f"/mario/purchase/{house.code_of(ticket_type)}", data={"quantity": "1"}, allow_redirects=False
    )
    path = bought.headers["Location"]
    response = await guest.post(path, data={"token": "ok"}, headers={"Origin": "null"}, allow_redirects=False)
    assert response.status == 303
    forged = await guest.post(path, data={"token": "ok"}, headers={"Origin": "http://evil.example"})
    assert forged.status == 403


@pytest.mark.parametrize("headers", FORGED)
async def test_looking_is_free(house: PageHouse, anna: Browser, headers: dict[str, str]) -> None:
    await house.organizer("mario")
    assert (await anna.get("/mario/tickets", headers=headers)).status == 200

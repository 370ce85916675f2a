"""Logging in and out, and the first organizer."""

import pytest

from tests.web.api.house import ANNA
from tests.web.pages.conftest import Browser, OpenBrowser, log_in
from tests.web.pages.document import document
from tests.web.pages.house import PageHouse
from ticketd.settings import Settings


async def test_an_owner_without_organizers_is_led_to_make_one(house: PageHouse, guest: Browser) -> None:
    response = await log_in(guest)
    assert response.status == 303
    assert response.headers["Location"] == "/organizers/new"
    response = await guest.post("/organizers/new", data={"name": "Café Zoë"}, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/cafe-zoe/tickets")
    assert "Café Zoë" in (await document(await guest.get("/cafe-zoe/tickets"))).heading


async def test_an_owner_with_an_organizer_is_led_to_its_tickets(house: PageHouse, guest: Browser) -> None:
    await house.organizer("mario")
    assert (await log_in(guest)).headers["Location"] == "/mario/tickets"
    again = await guest.get("/login", allow_redirects=False)
    assert (again.status, again.headers["Location"]) == (303, "/mario/tickets")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(guest: Browser) -> None:
    cookie = (await log_in(guest)).cookies["ticketd"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    assert len(cookie.value) >= 43


async def test_a_wrong_password_is_said_in_words_and_makes_no_session(
    house: PageHouse, guest: Browser
) -> None:
    form = {"email": ANNA.email, "password": "wrong horse battery"}
    response = await guest.post("/login", data=form)
    page = await document(response)
    assert response.status == 401
    assert page.alerts == ["The e-mail address or the password is wrong."]
    assert page.value("email") == ANNA.email
    assert page.value("password") == ""
    assert not house.sessions.kept
    assert not response.cookies


async def test_too_many_attempts_are_refused_with_the_time_to_wait(guest: Browser) -> None:
    form = {"email": ANNA.email, "password": "wrong horse battery"}
    statuses = [(await guest.post("/login", data=form)).status for _ in range(11)]
    assert statuses[-1] == 429
    response = await guest.post("/login", data=form)
    assert int(response.headers["Retry-After"]) > 0


async def test_logging_in_changes_the_session_key_and_kills_the_old_one(
    house: PageHouse, guest: Browser
) -> None:
    first = (await log_in(guest)).cookies["ticketd"].value
    second = (await log_in(guest)).cookies["ticketd"].value
    assert first != second
    assert list(house.sessions.kept) == [second]


async def test_a_session_key_that_nobody_gave_out_opens_nothing_and_is_not_taken_over(
    house: PageHouse, browser: OpenBrowser
) -> None:
    planted = {"Cookie": "ticketd=planted-by-somebody-else"}
    guest = await browser()
    assert (await guest.get("/organizers/new", headers=planted, allow_redirects=False)).status == 303
    form = {"email": ANNA.email, "password": "correct horse battery"}
    await guest.post("/login", data=form, headers=planted, allow_redirects=False)
    assert "planted-by-somebody-else" not in house.sessions.kept


async def test_logging_out_ends_the_session_for_whoever_has_its_key(house: PageHouse, guest: Browser) -> None:
    key = (await log_in(guest)).cookies["ticketd"].value
    response = await guest.post("/logout", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/")
    assert not house.sessions.kept
    answer = await guest.get("/organizers/new", headers={"Cookie": f"ticketd={key}"}, allow_redirects=False)
    assert answer.headers["Location"] == "/login?next=/organizers/new"


async def test_an_account_that_is_gone_is_logged_out(house: PageHouse, anna: Browser) -> None:
    house.accounts.forget(ANNA)
    answer = await anna.get("/organizers/new", allow_redirects=False)
    assert answer.headers["Location"] == "/login?next=/organizers/new"


async def test_after_login_owners_get_to_the_page_that_they_asked_for(
    house: PageHouse, guest: Browser
) -> None:
    await house.organizer("mario")
    sent = await guest.get("/mario/statistics?ticket_type_name=a%26b", allow_redirects=False)
    form = await document(await guest.get(sent.headers["Location"]))
    assert form.value("next") == "/mario/statistics?ticket_type_name=a%26b"
    assert (await log_in(guest, next=form.value("next"))).headers["Location"] == form.value("next")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/\nevil", "/é", "javascript:x"],
)
async def test_login_leads_nowhere_else(house: PageHouse, guest: Browser, elsewhere: str) -> None:
    await house.organizer("mario")
    assert (await log_in(guest, next=elsewhere)).headers["Location"] == "/mario/tickets"


async def test_a_name_that_cannot_be_is_refused_beside_its_field(anna: Browser) -> None:
    response = await anna.post("/organizers/new", data={"name": " ", "slug": "Nope!"})
    page = await document(response)
    assert response.status == 422
    assert page.value("slug") == "Nope!"
    for name in ("name", "slug"):
        field = page.one("input", name=name)
        assert field.attributes["aria-invalid"] == "true"
        assert page.one("p", id=f"{name}-error").text
        assert f"{name}-error" in field.attributes["aria-describedby"].split()


async def test_a_short_name_that_is_taken_is_refused(house: PageHouse, anna: Browser) -> None:
    await house.organizer("mario")
    response = await anna.post("/organizers/new", data={"name": "Mario", "slug": "mario"})
    assert response.status == 409


class TestWithSecureCookies:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(secure_cookies="on")

    async def test_the_cookie_is_for_this_host_over_tls_only(self, guest: Browser) -> None:
        response = await log_in(guest)
        assert set(response.cookies) == {"__Host-ticketd"}
        assert response.cookies["__Host-ticketd"]["secure"]
        assert response.cookies["__Host-ticketd"]["path"] == "/"

    async def test_the_cookie_of_a_plain_connection_is_not_believed(
        self, house: PageHouse, guest: Browser
    ) -> None:
        key = (await log_in(guest)).cookies["__Host-ticketd"].value
        plain = {"Cookie": f"ticketd={key}"}
        assert (await guest.get("/organizers/new", headers=plain, allow_redirects=False)).status == 303

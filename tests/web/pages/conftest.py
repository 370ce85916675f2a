"""Guests and owners in front of the pages, without a browser."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from tests.web.api.house import ANNA
from tests.web.pages.house import PASSWORD, PageHouse
from ticketd.services.accounts import Owner
from ticketd.settings import Settings
from ticketd.web import routes

Browser = TestClient[web.Request, web.Application]
OpenBrowser = Callable[[], Awaitable[Browser]]


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def house(settings: Settings) -> PageHouse:
    return PageHouse(settings)


@pytest.fixture
async def server(house: PageHouse, aiohttp_server: Callable[..., Awaitable[TestServer]]) -> TestServer:
    app = web.Application()
    routes.setup(app, house.services)
    return await aiohttp_server(app)


@pytest.fixture
def browser(server: TestServer, aiohttp_client: Callable[..., Awaitable[Browser]]) -> OpenBrowser:
    """Opens browsers that share nothing but the server."""
    return lambda: aiohttp_client(server)


@pytest.fixture
async def guest(browser: OpenBrowser) -> Browser:
    return await browser()


@pytest.fixture
async def anna(browser: OpenBrowser) -> Browser:
    """Anna's browser, logged in."""
    annas = await browser()
    assert (await log_in(annas)).status == 303
    return annas


async def log_in(browser: Browser, owner: Owner = ANNA, **more: str) -> ClientResponse:
    """Send the login form; the answer isn't followed."""
    form = {"email": owner.email, "password": PASSWORD, **more}
    return await browser.post("/login", data=form, allow_redirects=False)

"""A real server with the demo, and real browsers in front of it.

All of it lives as long as the test session and on one event loop, since both are slow to start.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

CHROMIUM = os.environ.get("TICKETD_TEST_CHROMIUM", "/usr/bin/chromium")
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
ACTION_MILLISECONDS_MAX = 15_000

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LISTENING = re.compile(r"^listening on (?P<url>\S+)$", re.MULTILINE)
_LOGIN = re.compile(r"(?P<email>\S+@\S+), password (?P<password>\S+)")


class Server(NamedTuple):
    """Where it is, and who may log in."""

    url: str
    email: str
    password: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`ticketd serve --demo` on a free port, with its own database."""
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    command = [sys.executable, "-m", "ticketd", "serve", "--port", "0", "--data-dir", str(data_dir), "--demo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TICKETD_")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield _announced(process)
        finally:
            process.terminate()
            assert process.wait(STOP_SECONDS_MAX) == 0


def _announced(process: "subprocess.Popen[str]") -> Server:
    """What the server says of itself once it is ready."""
    said = ""
    late = threading.Timer(START_SECONDS_MAX, process.kill)
    late.start()
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if listening := _LISTENING.search(said):
            late.cancel()
            login = _LOGIN.search(said)
            assert login is not None, said
            return Server(listening["url"], login["email"], login["password"])
    raise AssertionError(f"the server didn't start:\n{said}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        await browser.close()


OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(chromium: Browser, server: Server) -> AsyncIterator[OpenPage]:
    """Opens pages that share no cookies; anything that one complains about fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    async with AsyncExitStack() as stack:

        async def new(**options: Any) -> Page:
            context: BrowserContext = await chromium.new_context(base_url=server.url, **options)
            stack.push_async_callback(context.close)
            context.set_default_timeout(ACTION_MILLISECONDS_MAX)
            page = await context.new_page()
            page.on("console", listen)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield new
    assert not complaints


async def log_in(page: Page, server: Server) -> None:
    """Fill in the login form and send it."""
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(server.email)
    await page.get_by_label("Password").fill(server.password)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Log out").wait_for()


async def create_organizer(page: Page, name: str) -> str:
    """Make an organizer; its slug."""
    await page.goto("/organizers/new")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/tickets")
    return page.url.rsplit("/", 2)[1]


async def create_ticket_type(page: Page, slug: str, *, name: str, capacity: int, price: str) -> str:
    """Make a coupon; the address of its public page."""
    await page.goto(f"/{slug}/tickets")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Max purchase count").fill(str(capacity))
    await page.get_by_label("Price in euros").fill(price)
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("link", name=name, exact=True).click()
    public = await page.locator("a.code").get_attribute("href")
    assert public is not None
    return public

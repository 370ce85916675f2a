"""Every page, light on a phone and dark on a desk: what axe says of it, and a picture to look at."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import OpenPage, Server, log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (Path(__file__).parent / "vendor/axe-core/axe.min.js").read_text(encoding="utf-8")
PICTURES = Path(__file__).parents[1] / "artifacts"
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "desk": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
}
_SLUG = "riverside-concerts"


async def check(page: Page, name: str, screen: str) -> None:
    """Take a picture, and find nothing wrong: no violation, nothing wider than the screen."""
    await page.screenshot(path=PICTURES / f"{name}-{screen}.png", full_page=True)
    await page.evaluate(AXE)
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wrong = [
        (violation["id"], [node["html"] for node in violation["nodes"]]) for violation in found["violations"]
    ]
    assert not wrong, name
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide), name


async def reserve(page: Page) -> None:
    await page.goto("/events/1")
    await page.get_by_label("How many: Regular").select_option("1")
    await page.get_by_role("button", name="Buy").click()


@pytest.mark.parametrize("screen", list(SCREENS))
async def test_guests_pages_are_accessible(server: Server, new_page: OpenPage, screen: str) -> None:
    page = await new_page(**SCREENS[screen])
    for name, path in (
        ("front", "/"),
        ("organizer", "/grand-stages"),
        ("event", "/events/1"),
        ("login", "/login"),
        ("nothing", "/nothing"),
    ):
        await page.goto(path)
        await check(page, name, screen)
    await page.goto("/events/1")
    await page.get_by_role("link", name="Regular").click()
    await check(page, "purchase", screen)
    await reserve(page)
    await check(page, "held", screen)
    await page.get_by_label("Payment token").fill("card_error")
    await page.get_by_role("button", name="Pay").click()
    await check(page, "declined", screen)
    await page.get_by_label("Payment token").fill("ok")
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_role("heading", name="Here are your tickets").wait_for()
    await check(page, "paid", screen)
    await reserve(page)
    await page.get_by_text("Give the tickets back …").click()
    await page.get_by_role("button", name="Give the tickets back").click()
    await page.get_by_role("heading", name="Given back").wait_for()
    await check(page, "released", screen)


@pytest.mark.parametrize("screen", list(SCREENS))
async def test_the_seat_pickers_pages_are_accessible(server: Server, new_page: OpenPage, screen: str) -> None:
    page = await new_page(**SCREENS[screen])
    await page.goto("/grand-stages")
    await page.get_by_role("link", name="A Midsummer Night's Dream").click()
    await check(page, "theatre-event", screen)
    await page.get_by_role("link", name="Stalls", exact=True).click()
    await check(page, "theatre", screen)
    await page.get_by_role("group", name="Stalls, row L").get_by_label("7", exact=True).check()
    await page.get_by_text("Or name seats by row and number").click()
    await page.get_by_label("Row", exact=True).fill("Z")
    await page.get_by_label("Seats, like").fill("1-3")
    await page.get_by_role("button", name="Reserve these seats").click()
    await page.get_by_role("alert").wait_for()
    await check(page, "theatre-refused", screen)
    await page.goto("/grand-stages")
    await page.get_by_role("link", name="Stadium Final").click()
    await page.get_by_role("link", name="Upper tier", exact=True).click()
    await check(page, "stadium", screen)
    await page.get_by_role("list", name="Sections").get_by_role("link", name="301").click()
    await check(page, "stadium-section", screen)


@pytest.mark.parametrize("screen", list(SCREENS))
async def test_owners_pages_are_accessible(server: Server, new_page: OpenPage, screen: str) -> None:
    page = await new_page(**SCREENS[screen])
    await log_in(page, server)
    for name, path in (
        ("new-organizer", "/organizers/new"),
        ("tickets", f"/{_SLUG}/tickets"),
        ("events", f"/{_SLUG}/events"),
        ("event-form", f"/{_SLUG}/events/1"),
        ("orders", f"/{_SLUG}/orders"),
        ("statistics", f"/{_SLUG}/statistics"),
    ):
        await page.goto(path)
        await check(page, name, screen)
    await page.goto(f"/{_SLUG}/tickets")
    await page.get_by_label("Name").fill("VIP")
    await page.get_by_label("Max purchase count").fill("5")
    await page.get_by_label("Price in euros").fill("much")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("alert").wait_for()
    await check(page, "refused", screen)
    await page.get_by_role("link", name="Premium").click()
    await check(page, "ticket", screen)

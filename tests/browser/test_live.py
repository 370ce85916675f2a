"""A page that says how many are left goes on saying what is true, in a real browser."""

import asyncio
from typing import NamedTuple

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, Server, create_organizer, log_in
from tests.eventually import SECONDS_MAX

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAPACITY, MOST_AT_ONCE = 6, 3


class Sale(NamedTuple):
    """A ticket type of an event."""

    ticket_type_id: int
    event_page: str
    purchase_page: str


async def put_on_sale(page: Page, server: Server, name: str) -> Sale:
    """A new ticket type of a new event with this name."""
    await log_in(page, server)
    slug = await create_organizer(page, name)
    await page.goto(f"/{slug}/events")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Begins").fill("2030-05-01T19:30")
    await page.get_by_label("Time zone").fill("UTC")
    await page.get_by_role("button", name="Create").click()
    await page.goto(f"/{slug}/tickets")
    await page.get_by_label("Name").fill("Entry")
    await page.get_by_label("Max purchase count").fill(str(CAPACITY))
    await page.get_by_label("Price in euros").fill("1")
    await page.get_by_label("Most that one guest can buy at once").fill(str(MOST_AT_ONCE))
    await page.get_by_label("Event").select_option(f"{name}, Wed 1 May 2030, 19:30")
    await page.get_by_role("button", name="Create").click()
    listed = await (await page.request.get(f"/api/v1/organizers/{slug}/ticket-types")).json()
    (entry,) = listed["items"]
    return Sale(entry["id"], f"/events/{entry['event_id']}", entry["purchase_url"])


async def hold(page: Page, sale: Sale, quantity: int) -> str:
    """Somebody else's reservation."""
    line = {"ticket_type_id": sale.ticket_type_id, "quantity": quantity}
    answer = await page.request.post("/api/v1/reservations", data={"lines": [line]})
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["id"])


async def release(page: Page, *reservations: str) -> None:
    for reservation in reservations:
        assert (await page.request.delete(f"/api/v1/reservations/{reservation}")).ok


async def test_what_others_take_and_give_back_is_seen_at_once(server: Server, new_page: OpenPage) -> None:
    page = await new_page()
    sale = await put_on_sale(page, server, "Live Evening")
    left = page.locator(f'[data-left="{sale.ticket_type_id}"]')
    for address in (sale.event_page, sale.purchase_page):
        await page.goto(address)
        await expect(left).to_have_text("6 left")
        first = await hold(page, sale, 2)
        await expect(left).to_have_text("4 left")
        rest = [await hold(page, sale, 2), await hold(page, sale, 2)]
        await expect(left).to_have_text("Sold out; 6 in baskets may come back")
        await page.reload()
        await release(page, first, *rest)
        await expect(left).to_have_text("6 left")
        await left.get_by_role("link").click()  # there was nothing to buy when the page was made
        await expect(page.get_by_role("button", name="Buy")).to_be_visible()


async def test_more_than_there_are_can_not_be_chosen_any_more(server: Server, new_page: OpenPage) -> None:
    page = await new_page()
    sale = await put_on_sale(page, server, "Last Evening")
    await page.goto(sale.purchase_page)
    disabled = page.get_by_label("How many?").locator("option[disabled]")
    await expect(disabled).to_have_count(0)
    held = [await hold(page, sale, 3), await hold(page, sale, 2)]
    await expect(disabled).to_have_text(["2", "3"])
    await release(page, *held)
    await expect(disabled).to_have_count(0)


async def test_a_page_in_the_background_watches_nothing(server: Server, new_page: OpenPage) -> None:
    page = await new_page()

    async def watched_by(wanted: int) -> None:
        async with asyncio.timeout(SECONDS_MAX):
            while f"\nticketd_viewers {wanted}.0\n" not in await (await page.request.get("/metrics")).text():
                pass

    await watched_by(0)
    await page.goto("/events/1")
    await watched_by(1)
    for is_hidden, viewers in (("true", 0), ("false", 1)):
        await page.evaluate(
            f"Object.defineProperty(document, 'hidden', {{value: {is_hidden}, configurable: true}});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        await watched_by(viewers)

"""Owners describe a house, and sell an evening in it by the seat."""

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage, Server, create_organizer, log_in
from tests.browser.test_appearance import SCREENS, check

pytestmark = pytest.mark.asyncio(loop_scope="session")

CSV = b"section,row,seat,accessible\nStalls,A,1,1\nStalls,A,2,\nBalcony,A,1,\n"


async def create_venue(page: Page, slug: str) -> None:
    """Make a venue; its page is shown then."""
    await page.goto(f"/{slug}/venues")
    await page.get_by_label("Name").fill("Ring Theatre")
    await page.get_by_label("Time zone").fill("Europe/Vienna")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("heading", name="Ring Theatre").wait_for()


async def build(page: Page) -> None:
    """Describe two sections in the builder."""
    await page.get_by_role("link", name="Make a seat map").click()
    for number, (name, rows, seats) in enumerate((("Stalls", "4", "10"), ("Balcony", "2", "8")), start=1):
        section = page.get_by_role("group", name=f"Section {number}")
        await section.get_by_label("Name").fill(name)
        await section.get_by_label("Rows", exact=True).fill(rows)
        await section.get_by_label("Seats in a row").fill(seats)


async def test_without_javascript_a_house_is_built_and_sold_by_the_seat(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page(java_script_enabled=False)
    await log_in(page, server)
    slug = await create_organizer(page, "House builders")
    await create_venue(page, slug)
    await build(page)
    await page.get_by_role("button", name="Preview").first.click()
    await page.get_by_role("heading", name="Preview: not saved yet").wait_for()
    await page.get_by_role("button", name="Save as a new version").first.click()
    await page.get_by_role("img", name="Plan of the house: 2 sections, 56 seats.").wait_for()
    await page.goto(f"/{slug}/events")
    await page.get_by_label("Name").fill("Hamlet")
    await page.get_by_label("Begins").fill("2100-05-01T19:30")
    await page.get_by_label("Venue").select_option(label="Ring Theatre")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("link", name="Hamlet").click()
    await page.get_by_role("link", name="New ticket type").click()
    await page.get_by_label("Name").fill("Best seats")
    await page.get_by_label("Stalls: 40 seats").check()
    await page.get_by_label("Price in euros").fill("45")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("link", name="Best seats").click()
    await page.get_by_role("heading", name="Best seats").wait_for()
    assert (await page.locator("tbody").inner_text()).split() == ["Stalls", "0", "0", "40", "0"]


async def test_a_chosen_file_is_read_into_the_field_and_sent_from_there(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await log_in(page, server)
    await create_venue(page, await create_organizer(page, "File readers"))
    await page.get_by_role("link", name="Make a seat map").click()
    file: FilePayload = {"name": "house.csv", "mimeType": "text/csv", "buffer": CSV}
    await page.get_by_label("Read a file").set_input_files(file)
    text = page.get_by_label("JSON or CSV")
    await expect(text).to_have_value(CSV.decode())
    await page.get_by_role("button", name="Save as a new version").last.click()
    await page.get_by_role("img", name="Plan of the house: 2 sections, 3 seats.").wait_for()


@pytest.mark.parametrize("screen", list(SCREENS))
async def test_pages_about_houses_are_accessible(server: Server, new_page: OpenPage, screen: str) -> None:
    page = await new_page(**SCREENS[screen])
    await log_in(page, server)
    slug = await create_organizer(page, "House painters")
    await create_venue(page, slug)
    await check(page, "venue-without-map", screen)
    await build(page)
    await page.get_by_role("button", name="Preview").first.click()
    await check(page, "seat-map-preview", screen)
    await page.get_by_label("JSON or CSV").fill(CSV.decode() + "Balcony,A,1,\n")
    await page.get_by_role("button", name="Save as a new version").last.click()
    await page.get_by_role("alert").wait_for()
    await check(page, "seat-map-refused", screen)
    await page.get_by_label("JSON or CSV").fill(CSV.decode())
    await page.get_by_role("button", name="Save as a new version").last.click()
    await check(page, "venue", screen)
    await page.goto(f"/{slug}/venues")
    await check(page, "venues", screen)
    await page.goto(f"/{slug}/capacities")
    await page.get_by_label("Name").fill("Floor")
    await page.get_by_label("Capacity", exact=True).fill("500")
    await page.get_by_role("button", name="Create").click()
    await check(page, "capacities", screen)
    await page.get_by_role("link", name="Floor").click()
    await check(page, "capacity", screen)

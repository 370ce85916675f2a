"""Choosing seats in a real browser: by mouse, by keyboard, without JavaScript, and against others."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABS_MAX = 40
_NUMBER = re.compile(r"[0-9]+")


async def open_picker(page: Page, event: str, ticket_type: str) -> None:
    await page.goto("/grand-stages")
    await page.get_by_role("link", name=event).click()
    await page.get_by_role("link", name=f"Choose seats for {ticket_type}").click()
    await page.locator("[data-seats]").wait_for()  # keys pressed before would go to the page that is left
    await page.wait_for_load_state()  # and before its scripts have run, the map takes none


async def open_theatre(page: Page) -> None:
    await open_picker(page, "A Midsummer Night's Dream", "Stalls")


def seat(page: Page, seat_id: str) -> Locator:
    """A seat on the map."""
    return page.locator(f'[data-seat="{seat_id}"]')


def box(page: Page, seat_id: str) -> Locator:
    """A seat in the list."""
    return page.locator(f'[name="seat:{seat_id}"]')


async def reserve_elsewhere(page: Page, **line: Any) -> None:
    """Somebody else's reservation, of this page's ticket type."""
    live = await page.locator("[data-seats]").get_attribute("data-seats")
    assert live is not None
    (ticket_type_id,) = _NUMBER.findall(live.removeprefix("/api/v1"))
    line = {"ticket_type_id": int(ticket_type_id), **line}
    answer = await page.request.post("/api/v1/reservations", data={"lines": [line]})
    assert answer.status == 201


async def pay(page: Page) -> None:
    await page.get_by_label("Payment token").fill("ok")
    await page.get_by_label("E-mail").fill("guest@example.org")
    await page.get_by_role("button", name="Pay").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Here are your tickets")


async def test_two_seats_are_chosen_by_mouse_and_bought(server: Server, new_page: OpenPage) -> None:
    page = await new_page()
    await open_theatre(page)
    first = page.get_by_role("button", name="Row A, seat 1, free, €45.00", exact=False)
    await first.click()
    await page.get_by_role("button", name="Row A, seat 2, free").click()
    await expect(first).to_have_attribute("aria-pressed", "true")
    await expect(box(page, "Stalls-A-1")).to_be_checked()
    summary = page.locator("[data-summary]")
    await expect(summary).to_have_text("2 seats, €90.00: Stalls · Row A · Seats 1–2")
    await box(page, "Stalls-A-2").uncheck()
    await expect(summary).to_have_text("1 seat, €45.00: Stalls · Row A · Seat 1")
    await expect(seat(page, "Stalls-A-2")).to_have_attribute("aria-pressed", "false")
    await seat(page, "Stalls-A-2").click()
    await page.get_by_role("button", name="Reserve these seats").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    await pay(page)
    await expect(page.locator(".seat-name")).to_have_text(
        ["Stalls · Row A · Seat 1", "Stalls · Row A · Seat 2"]
    )


async def test_seats_are_chosen_and_reserved_with_the_keyboard_alone(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await open_theatre(page)
    focused = page.locator(":focus")
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        if await focused.get_attribute("data-seat"):
            break
    start = await focused.get_attribute("data-seat")
    assert start is not None
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        await page.keyboard.press(key)
    first = await focused.get_attribute("data-seat")
    assert first not in (None, start)
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    assert await focused.get_attribute("data-seat") not in (None, first)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-summary]")).to_contain_text("2 seats, €90.00: ")
    await page.keyboard.press("ArrowLeft")
    await expect(focused).to_have_attribute("data-seat", str(first))
    await page.keyboard.press("Tab")
    await expect(focused).to_have_text("Skip the list")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(focused).to_have_text("Reserve these seats")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reserved for you")


async def test_without_javascript_the_list_the_form_and_the_best_all_reserve(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page(java_script_enabled=False)
    await open_theatre(page)
    await box(page, "Stalls-F-1").check()
    await page.get_by_text("Or name seats by row and number").click()
    await page.get_by_label("Row", exact=True).fill("F")
    await page.get_by_label("Seats, like").fill("2-3, 99")
    await page.get_by_role("button", name="Reserve these seats").click()
    await expect(page.get_by_role("alert")).to_have_text("There is no seat Stalls · Row F · Seat 99 here.")
    await expect(page.locator("[data-summary]")).to_contain_text(
        "3 seats, €135.00: Stalls · Row F · Seats 1–3"
    )
    await page.get_by_role("button", name="Reserve these seats").click()
    for number in (1, 2, 3):
        await expect(page.get_by_text(f"Stalls · Row F · Seat {number}")).to_be_visible()
    await open_theatre(page)
    await page.get_by_label("How many seats?").select_option("3")
    await page.get_by_role("button", name="Reserve the best seats").click()
    await expect(page.get_by_text("3 × Stalls")).to_be_visible()
    await expect(page.get_by_text("Stalls · Row C · Seat")).to_have_count(3)


async def test_a_seat_that_somebody_takes_while_one_chooses_is_said(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await page.clock.install()
    await open_theatre(page)
    for seat_id in ("Stalls-G-1", "Stalls-G-2"):
        await seat(page, seat_id).click()
    await reserve_elsewhere(page, seats=["Stalls-G-2", "Stalls-G-3"])
    await page.clock.run_for("00:06")
    notice = page.locator("[data-notice]")
    await expect(notice).to_have_text("Stalls · Row G · Seat 2 has just been taken by somebody else.")
    await expect(page.locator("[data-summary]")).to_have_text("1 seat, €45.00: Stalls · Row G · Seat 1")
    await expect(seat(page, "Stalls-G-3")).to_have_attribute("aria-disabled", "true")
    await expect(box(page, "Stalls-G-3")).to_be_disabled()
    await seat(page, "Stalls-G-3").click(force=True)
    await expect(notice).to_have_text("Stalls · Row G · Seat 3 is taken.")
    await expect(page.locator("[data-summary]")).to_have_text("1 seat, €45.00: Stalls · Row G · Seat 1")


async def test_a_seat_that_was_taken_before_the_page_knew_is_named_and_the_other_kept(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await page.route("**/seats?since=*", lambda route: route.abort())
    await open_theatre(page)
    for seat_id in ("Stalls-H-1", "Stalls-H-2"):
        await seat(page, seat_id).click()
    await reserve_elsewhere(page, seats=["Stalls-H-2"])
    await page.get_by_role("button", name="Reserve these seats").click()
    await expect(page.get_by_role("alert")).to_contain_text(
        "Too late: Stalls · Row H · Seat 2 has just been taken."
    )
    await expect(page.locator("[data-summary]")).to_have_text("1 seat, €45.00: Stalls · Row H · Seat 1")


async def test_no_more_seats_can_be_chosen_than_one_reservation_takes(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await open_theatre(page)
    for number in range(1, 12):  # a reservation takes 10
        await seat(page, f"Stalls-I-{number}").click()
    await expect(page.locator("[data-notice]")).to_have_text("At most 10 can be had at once.")
    summary = page.locator("[data-summary]")
    await expect(summary).to_have_text("10 seats, €450.00: Stalls · Row I · Seats 1–10")
    await expect(box(page, "Stalls-I-11")).not_to_be_checked()


async def test_sixty_thousand_seats_are_chosen_section_by_section(server: Server, new_page: OpenPage) -> None:
    page = await new_page()
    await open_picker(page, "Stadium Final", "Middle tier")
    sections = page.get_by_role("list", name="Sections")
    await expect(sections.get_by_role("listitem")).to_have_count(40)
    await expect(page.locator("svg.sections polygon")).to_have_count(40)
    await page.locator("svg.sections a").first.click()
    await expect(page.get_by_role("heading", level=2, name="Section 201")).to_be_visible()
    await expect(page.locator("[data-seat]")).to_have_count(500)
    await seat(page, "201-A-5").click()
    await page.get_by_role("link", name="All sections").click()
    await expect(page.locator("[data-summary]")).to_have_text("1 seat, €80.00: 201 · Row A · Seat 5")
    await sections.get_by_role("link", name="202").click()
    await seat(page, "202-B-7").click()
    await expect(page.locator("[data-summary]")).to_have_text(
        "2 seats, €160.00: 202 · Row B · Seat 7; 201 · Row A · Seat 5"
    )
    await page.get_by_role("button", name="Reserve these seats").click()
    await expect(page.get_by_text("201 · Row A · Seat 5")).to_be_visible()
    await expect(page.get_by_text("202 · Row B · Seat 7")).to_be_visible()


async def test_a_map_that_is_a_little_too_wide_shows_the_names_of_its_rows(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page(viewport={"width": 375, "height": 812})
    await open_theatre(page)
    overhang = await page.locator(".scroll").evaluate(
        "map => map.querySelector('svg').getBoundingClientRect().width - map.clientWidth"
    )
    await page.set_viewport_size({"width": 375 + int(overhang) - 40, "height": 812})
    await page.reload()
    left, room = await page.locator(".scroll").evaluate(
        "map => [map.scrollLeft, map.scrollWidth - map.clientWidth]"
    )
    assert left == 0 < room


async def test_on_a_phone_the_map_scrolls_by_itself_and_a_finger_fits_on_a_seat(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page(viewport={"width": 375, "height": 812}, has_touch=True)
    await open_theatre(page)
    place = await seat(page, "Stalls-K-9").bounding_box()
    assert place is not None
    assert min(place["width"], place["height"]) >= 24
    await seat(page, "Stalls-K-9").tap()
    await expect(box(page, "Stalls-K-9")).to_be_checked()
    assert await page.locator(".scroll").evaluate("map => map.scrollWidth > map.clientWidth")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

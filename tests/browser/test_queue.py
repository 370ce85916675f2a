"""The waiting room in real browsers: guests with and without scripts, and the owner who lets them in."""

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenPage, Server, create_organizer, log_in
from tests.browser.test_appearance import SCREENS, check
from ticketd.web.pages.speech import SPEECHES

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Room(NamedTuple):
    """An event that many want: its page, and its owner at the desk of its waiting room."""

    path: str
    owner: Page


@pytest_asyncio.fixture(loop_scope="session")
async def room(server: Server, new_page: OpenPage, request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    """Nobody is let in yet."""
    owner = await new_page()
    await log_in(owner, server)
    slug = await create_organizer(owner, f"Crowd {request.node.name}")
    await owner.goto(f"/{slug}/events")
    await owner.get_by_label("Name").fill("The Reunion")
    await owner.get_by_label("Begins").fill("2030-06-01T20:00")
    await owner.get_by_label("Time zone").fill("Europe/Vienna")
    await owner.get_by_label("Waiting room").select_option("Always")
    await owner.get_by_role("button", name="Create").click()
    await owner.get_by_role("link", name="The Reunion", exact=True).click()
    await owner.get_by_role("link", name="New ticket type").click()
    await owner.get_by_label("Name").fill("Standing")
    await owner.get_by_label("Max purchase count").fill("50")
    await owner.get_by_label("Price in euros").fill("65")
    await owner.get_by_role("button", name="Create").click()
    await owner.goto(f"/{slug}/events")
    await owner.get_by_role("link", name="The Reunion", exact=True).click()
    public = await owner.get_by_role("link", name="The page that guests see").get_attribute("href")
    assert public is not None
    await owner.get_by_role("link", name="Its waiting room").click()
    await owner.get_by_role("button", name="Pause admission").click()
    await owner.get_by_role("heading", name="Paused: nobody is let in").wait_for()
    yield Room(public, owner)


async def number(page: Page) -> str:
    """The guest's number, as the page says it."""
    return await page.locator("[data-draw=number]").inner_text()


async def go_on(room: Room) -> None:
    """The owner lets guests in."""
    await room.owner.get_by_role("button", name="Go on").click()
    await room.owner.get_by_role("heading", name="Guests are being let in").wait_for()


async def test_a_guest_takes_a_place_waits_is_let_in_and_buys(room: Room, new_page: OpenPage) -> None:
    screen = "phone"
    guest = await new_page(**SCREENS[screen])
    await guest.goto(room.path)
    await check(guest, "queue-event", screen)
    await guest.get_by_role("link", name="Go to the waiting room").click()
    await guest.get_by_role("heading", name="You aren't in the queue yet").wait_for()
    await check(guest, "queue-lobby", screen)
    await guest.get_by_role("link", name="Join the queue").click()
    await check(guest, "queue-join", screen)
    # it goes on by itself
    await guest.get_by_role("heading", name="Your place in the queue is kept").wait_for()
    await expect(guest.locator("#place").get_by_text("You are next.", exact=True)).to_be_visible()
    await guest.get_by_text("How to check the draw").click()
    await check(guest, "queue-waiting", screen)
    second = await guest.context.new_page()
    await second.goto(f"{room.path}/queue")
    assert await number(second) == await number(guest)
    await check(room.owner, "queue-desk", "desk")
    await go_on(room)
    await guest.get_by_role("heading", name="It is your turn").wait_for()
    assert guest.url.endswith(f"{room.path}/queue")  # nobody is led away while they read
    await expect(guest).to_have_title(re.compile("^It is your turn"))
    await expect(guest.get_by_role("link", name="To the tickets")).to_be_focused()
    await check(guest, "queue-admitted", screen)
    await guest.keyboard.press("Enter")
    await guest.get_by_role("button", name="Buy").wait_for()
    await buy(guest)
    await second.reload()
    await second.get_by_role("heading", name="You have reserved").wait_for()
    await check(second, "queue-used", screen)


async def buy(guest: Page) -> None:
    """Press the button, once more if that was quicker than people are."""
    while "/r/" not in guest.url:
        await guest.get_by_role("button", name="Buy").click()
        await guest.wait_for_load_state()


async def test_it_works_without_scripts_in_the_guests_language(room: Room, new_page: OpenPage) -> None:
    guest = await new_page(java_script_enabled=False, locale="de-AT")
    await guest.goto(f"{room.path}/queue")
    await guest.get_by_role("link", name="Anstellen").click()
    while await guest.get_by_role("button", name="Anstellen").count():
        await guest.get_by_role("button", name="Anstellen").click()
        await guest.wait_for_load_state()
    await guest.get_by_role("heading", name="Ihr Platz in der Warteschlange bleibt Ihnen").wait_for()
    await go_on(room)
    await guest.get_by_role("heading", name="Sie sind an der Reihe").wait_for()
    await guest.get_by_role("link", name="Zu den Karten").click()
    await guest.get_by_role("button", name="Buy").wait_for()


async def test_a_guest_who_has_to_compute_first_and_gets_no_stream_is_let_in(
    room: Room, new_page: OpenPage
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=429)

    desk = room.owner.url
    await room.owner.get_by_role("link", name="The Reunion").click()
    await room.owner.get_by_text("Defences against").click()
    await room.owner.get_by_label("Proof of work").select_option("Always")
    await room.owner.get_by_role("button", name="Save").click()
    await room.owner.get_by_text("Saved.").wait_for()
    await room.owner.goto(desk)
    guest = await new_page()
    await guest.route("**/stream", refuse)
    await guest.goto(f"{room.path}/queue/join")
    async with guest.expect_response("**/queue.json"):
        await guest.get_by_role("heading", name="Your place in the queue is kept").wait_for()
    await go_on(room)
    await guest.get_by_role("heading", name="It is your turn").wait_for()


async def test_numbers_are_said_as_the_server_says_them(new_page: OpenPage) -> None:
    page = await new_page()
    await page.goto("/")
    for code, speech in SPEECHES.items():
        for count in (0, 1, 2, 999, 1_234, 12_345, 1_234_567):
            assert await page.evaluate(f"({count}).toLocaleString('{code}')") == speech.number(count)
            is_one = await page.evaluate(f"new Intl.PluralRules('{code}').select({count})") == "one"
            said = speech.counted(speech.words.ahead, count)
            form = speech.words.ahead.one if is_one else speech.words.ahead.other
            assert said == form.format(speech.number(count))

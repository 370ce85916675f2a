"""What owners and guests do, in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, Server, create_organizer, create_ticket_type, log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def reserve(page: Page, address: str, quantity: int) -> None:
    await page.goto(address)
    await page.get_by_label("How many?").select_option(str(quantity))
    await page.get_by_role("button", name="Buy").click()


async def test_an_owner_logs_in_creates_edits_switches_and_deletes(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await page.goto("/trattoria-aurora/tickets")
    await expect(page).to_have_url(f"{server.url}/login?next=/trattoria-aurora/tickets")
    await log_in(page, server)
    slug = await create_organizer(page, "Bar Journey")
    await create_ticket_type(page, slug, name="Cocktail", capacity=50, price="9.50")
    await page.get_by_label("Max purchase count").fill("60")
    await page.get_by_label("Price in euros").fill("9,90")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.locator("dl")).to_contain_text("€9.90")
    await page.get_by_role("link", name="All ticket types").click()
    row = page.get_by_role("row", name="Cocktail")
    await expect(row).to_contain_text("0 of 60")
    await page.get_by_label("Organizer", exact=True).select_option("Trattoria Aurora")
    await page.get_by_role("button", name="Switch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Trattoria Aurora: tickets")
    await page.get_by_label("Organizer", exact=True).select_option("Bar Journey")
    await page.get_by_role("button", name="Switch").click()
    await page.get_by_role("link", name="Cocktail").click()
    await page.get_by_text("Delete …").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status")).to_have_text("Deleted.")
    await expect(page.get_by_text("Nothing yet")).to_be_visible()
    await page.get_by_role("button", name="Log out").click()
    await page.goto(f"/{slug}/tickets")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


async def test_an_owner_makes_an_event_with_a_ticket_type_and_cancels_it(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    await log_in(page, server)
    slug = await create_organizer(page, "Club Journey")
    await page.get_by_role("link", name="Events").click()
    await page.get_by_label("Name").fill("Night of Tests")
    await page.get_by_label("Begins").fill("2030-05-01T19:30")
    await page.get_by_label("Time zone").fill("Europe/Vienna")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("table")).to_contain_text("Wed 1 May 2030, 19:30 (Vienna time)")
    await page.goto(f"/{slug}/tickets")
    await page.get_by_label("Name").fill("Entry")
    await page.get_by_label("Max purchase count").fill("5")
    await page.get_by_label("Price in euros").fill("0")
    await page.get_by_label("Event").select_option("Night of Tests, Wed 1 May 2030, 19:30")
    await page.get_by_role("button", name="Create").click()
    await page.goto("/")
    await page.get_by_role("link", name="Night of Tests").click()
    await expect(page.get_by_label("How many: Entry")).to_be_visible()
    await page.goto(f"/{slug}/events")
    await page.get_by_role("link", name="Night of Tests").click()
    await page.get_by_label("Status").select_option("cancelled")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="The page that guests see").click()
    await expect(page.get_by_text("This event has been cancelled.")).to_be_visible()
    await expect(page.get_by_role("button", name="Buy")).to_have_count(0)


@pytest.mark.parametrize("with_javascript", [True, False])
async def test_a_guest_buys_two_tickets_of_an_event(
    server: Server, new_page: OpenPage, *, with_javascript: bool
) -> None:
    page = await new_page(java_script_enabled=with_javascript)
    await page.goto("/")
    await page.get_by_role("link", name="Summer Night on the River").click()
    await page.get_by_label("How many: Premium").select_option("2")
    await page.get_by_role("button", name="Buy").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    await expect(page.get_by_text("Pay by ")).to_be_visible()
    if with_javascript:
        await expect(page.locator(".clock")).to_contain_text("14:")
    await page.get_by_label("Payment token").fill("card_error")
    await page.get_by_label("E-mail").fill("guest@example.org")
    await page.get_by_role("button", name="Pay €158.00").click()
    await expect(page.get_by_role("alert")).to_have_text("The card was declined. Nothing was charged.")
    await expect(page.get_by_label("E-mail")).to_have_value("guest@example.org")
    await page.get_by_label("Payment token").fill("any card")
    await page.get_by_role("button", name="Pay").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Here are your tickets")
    await expect(page.get_by_role("img", name="QR code of ticket")).to_have_count(2)


async def test_one_cart_has_several_ticket_types_and_a_refusal_keeps_the_choices(
    server: Server, new_page: OpenPage
) -> None:
    page, other = await new_page(), await new_page()
    for each in (page, other):
        await each.goto("/")
        await each.get_by_role("link", name="Summer Night on the River").click()
        await each.get_by_label("How many: VIP").select_option("2")
    await page.get_by_label("How many: Regular").select_option("3")
    left = await other.request.get("/api/v1/events/1/availability")
    vip = (await left.json())["ticket_types"][2]
    for _ in range(vip["available"] // 2):
        line = {"ticket_type_id": vip["id"], "quantity": 2}
        await other.request.post("/api/v1/reservations", data={"lines": [line]})
    await page.get_by_role("button", name="Buy").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "Nothing was reserved. VIP: Too late: the last ticket has just been taken."
    )
    await expect(page.get_by_label("How many: Regular")).to_have_value("3")
    await page.get_by_label("How many: Premium").select_option("1")
    await page.get_by_role("button", name="Buy").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    await expect(page.get_by_text("3 × Regular")).to_be_visible()
    await expect(page.get_by_text("1 × Premium")).to_be_visible()


async def test_a_sale_that_opens_is_counted_down_to_and_shown(server: Server, new_page: OpenPage) -> None:
    page, guest = await new_page(), await new_page()
    await log_in(page, server)
    slug = await create_organizer(page, "Early Journey")
    opens = datetime.now(UTC) + timedelta(days=1, minutes=2)
    await page.goto(f"/{slug}/events")
    await page.get_by_label("Name").fill("Early Evening")
    await page.get_by_label("Begins").fill("2030-05-01T19:30")
    await page.get_by_label("Time zone").fill("UTC")
    await page.get_by_label("On sale from").fill(opens.strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_role("button", name="Create").click()
    await page.goto(f"/{slug}/tickets")
    await page.get_by_label("Name").fill("Entry")
    await page.get_by_label("Max purchase count").fill("5")
    await page.get_by_label("Price in euros").fill("1")
    await page.get_by_label("Event").select_option("Early Evening, Wed 1 May 2030, 19:30")
    await page.get_by_role("button", name="Create").click()
    await guest.clock.install()
    await guest.goto(f"/{slug}")
    await guest.get_by_role("link", name="Early Evening").click()
    await expect(guest.locator(".countdown")).to_contain_text("opens in 1 day 00:0")
    await guest.clock.run_for("24:00:00")
    await expect(guest.locator(".countdown")).to_contain_text("opens in 00:0")
    await guest.clock.pause_at(datetime.now(UTC) + timedelta(days=1, minutes=2))
    await expect(guest.get_by_role("link", name="The sale is open: show it")).to_be_visible()
    async with guest.expect_navigation():
        await guest.clock.run_for("00:05")


async def test_a_page_that_answers_a_payment_never_pays_again_by_itself(
    server: Server, new_page: OpenPage
) -> None:
    page = await new_page()
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    await page.clock.install()
    await page.goto("/")
    await page.get_by_role("link", name="Summer Night on the River").click()
    await page.get_by_label("How many: Premium").select_option("1")
    await page.get_by_role("button", name="Buy").click()
    await page.get_by_label("Payment token").fill("card_error")
    await page.get_by_role("button", name="Pay").click()
    await expect(page.get_by_role("alert")).to_have_text("The card was declined. Nothing was charged.")
    posts.clear()
    async with page.expect_navigation():
        await page.clock.run_for("16:00")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    assert posts == []


async def test_whoever_comes_too_late_for_the_last_ticket_is_told_so(
    server: Server, new_page: OpenPage
) -> None:
    owner, first, second = [await new_page() for _ in range(3)]
    await log_in(owner, server)
    slug = await create_organizer(owner, "Rare Journey")
    address = await create_ticket_type(owner, slug, name="Last one", capacity=1, price="1")
    await second.goto(address)
    await reserve(first, address, 1)
    await expect(first.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    await second.get_by_role("button", name="Buy").click()
    await expect(second.get_by_role("alert")).to_have_text("Too late: the last ticket has just been taken.")
    await expect(second.get_by_role("button", name="Buy")).to_have_count(0)
    await first.get_by_text("Give the tickets back …").click()
    await first.get_by_role("button", name="Give the tickets back").click()
    await expect(first.get_by_role("heading", level=1)).to_have_text("Given back")
    await reserve(second, address, 1)
    await expect(second.get_by_role("heading", level=1)).to_have_text("Reserved for you")


async def test_a_double_click_on_buy_makes_one_reservation(server: Server, new_page: OpenPage) -> None:
    owner, guest = await new_page(), await new_page()
    await log_in(owner, server)
    slug = await create_organizer(owner, "Hasty Journey")
    address = await create_ticket_type(owner, slug, name="Twice", capacity=10, price="1")
    await guest.goto(address)
    await guest.get_by_role("button", name="Buy").dblclick()
    await expect(guest.get_by_role("heading", level=1)).to_have_text("Reserved for you")
    await owner.goto(f"/{slug}/tickets")
    await expect(owner.get_by_role("row", name="Twice").get_by_role("cell").nth(2)).to_have_text("1")


async def test_a_free_ticket_needs_no_payment(server: Server, new_page: OpenPage) -> None:
    page = await new_page()
    await page.goto("/")
    await page.get_by_role("link", name="Welcome drink").click()
    await page.get_by_role("button", name="Buy").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Here are your tickets")

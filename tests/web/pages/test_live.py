"""Pages of what belongs to an event know its stream, and how to say what comes from it."""

from tests.web.pages.conftest import Browser
from tests.web.pages.document import Element, document
from tests.web.pages.house import PageHouse
from ticketd.core.ids import TicketTypeId


async def script_and_place(
    guest: Browser, path: str, ticket_type_id: TicketTypeId
) -> tuple[Element, Element]:
    """The script that follows the stream, and the text that it changes."""
    page = await document(await guest.get(path))
    (script,) = (each for each in page.all("script") if "data-stream" in each.attributes)
    (place,) = (each for each in page.elements if each.attributes.get("data-left") == str(ticket_type_id))
    return script, place


async def test_what_the_script_will_say_is_what_the_page_says_without_it(
    house: PageHouse, guest: Browser
) -> None:
    mario = await house.organizer("mario")
    event = await house.event(mario)
    ticket_type_id = await house.ticket_type(mario, event=event, capacity=4321, max_per_reservation=1000)
    purchase = f"/mario/purchase/{house.code_of(ticket_type_id)}"
    for path in (f"/events/{event.id}", purchase):
        script, place = await script_and_place(guest, path, ticket_type_id)
        assert script.attributes["data-stream"] == f"/api/v1/events/{event.id}/stream"
        assert place.text == script.attributes["data-left"].replace("{}", "4,321")
    for quantity in (1000, 1000, 1000, 1000, 321):
        await guest.post(purchase, data={"quantity": str(quantity)}, allow_redirects=False)
    script, place = await script_and_place(guest, purchase, ticket_type_id)
    assert place.text == script.attributes["data-in-baskets"].replace("{}", "4,321")


async def test_a_coupon_has_no_stream(house: PageHouse, guest: Browser) -> None:
    ticket_type_id = await house.ticket_type(await house.organizer("mario"))
    page = await document(await guest.get(f"/mario/purchase/{house.code_of(ticket_type_id)}"))
    assert not any("data-stream" in each.attributes for each in page.elements)

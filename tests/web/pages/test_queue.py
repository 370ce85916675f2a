"""The waiting page: what anybody sees, the form that takes a place, and where one stands."""

import base64
import hashlib
import json
import re
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest
from aiohttp import hdrs

from tests.web.pages.conftest import Browser, OpenBrowser
from tests.web.pages.document import Document, document
from tests.web.pages.house import PageHouse
from tests.web.pages.rooms import (
    OPENS_IN_SECONDS,
    come,
    crowded,
    hold_all,
    line,
    pause,
    press,
    queue_page,
    state,
    take_place,
    tick,
)
from ticketd.core.catalogue import Defences, Event
from ticketd.core.clients import Networks, client_at
from ticketd.core.terms import EventStatus, Switch
from ticketd.core.waves import ADMISSION_SECONDS
from ticketd.services.entrance import LENIENT
from ticketd.services.payment import Payment
from ticketd.services.waiting_rooms import Joined
from ticketd.settings import Settings


def cookie_of(guest: Browser, event: Event) -> str | None:
    """The token that the guest's browser keeps."""
    kept = guest.session.cookie_jar.filter_cookies(guest.make_url("/")).get(f"queue_{event.id}")
    return None if kept is None else kept.value


def keep(guest: Browser, event: Event, token: str) -> None:
    """Let the guest's browser have a cookie."""
    guest.session.cookie_jar.update_cookies({f"queue_{event.id}": token}, guest.make_url("/"))


# -- what anybody sees


async def test_before_the_opening_anybody_reads_when_it_is_and_how_many_have_a_place(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS, name="Gala")
    await come(house, event, 2)
    await house.waiting_rooms.notice(event)
    await tick(house, event.id)
    page = await queue_page(guest, event)
    assert page.heading == "Gala"
    assert (
        "You aren't in the queue yet The sale opens on Fri 15 January 2027, 09:10 (Vienna time)." in page.text
    )
    assert "until then it makes no difference who comes first" in page.text
    assert "2 guests have joined so far." in page.text
    assert page.one("a", class_="button large").attributes["href"] == f"/events/{event.id}/queue/join"


async def test_after_the_opening_anybody_reads_how_many_wait(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    await pause(house, event)
    await come(house, event, 3)
    await tick(house, event.id)
    page = await queue_page(guest, event)
    assert "3 guests are waiting." in page.text
    assert "The organizer lets nobody in at the moment." in page.text


async def test_where_nobody_waits_nobody_is_counted(house: PageHouse, guest: Browser) -> None:
    page = await queue_page(guest, await crowded(house))
    assert "Guests are let in one after another." in page.text
    assert "waiting." not in page.text


async def test_what_anybody_sees_may_be_kept_and_says_nothing_of_anybody(
    house: PageHouse, browser: OpenBrowser
) -> None:
    event = await crowded(house)
    first, second = await browser(), await browser()
    seen = await first.get(f"/events/{event.id}/queue")
    assert seen.headers[hdrs.CACHE_CONTROL].startswith("public")
    assert {each.strip() for each in seen.headers[hdrs.VARY].split(",")} == {
        hdrs.ACCEPT_ENCODING,
        hdrs.ACCEPT_LANGUAGE,
        hdrs.COOKIE,
    }
    assert hdrs.SET_COOKIE not in seen.headers
    page = await document(seen)
    assert not page.all("form")
    assert not page.all("input")
    assert await (await second.get(f"/events/{event.id}/queue")).text() == await seen.text()


async def test_who_has_seen_it_already_hears_just_that(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    tag = (await guest.get(f"/events/{event.id}/queue")).headers[hdrs.ETAG]
    known = {hdrs.IF_NONE_MATCH: tag}
    assert (await guest.get(f"/events/{event.id}/queue", headers=known)).status == 304
    await come(house, event, 200)
    await tick(house, event.id)
    assert (await guest.get(f"/events/{event.id}/queue", headers=known)).status == 200


async def test_the_page_is_a_few_kilobytes(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    assert len(await (await guest.get(f"/events/{event.id}/queue")).read()) < 5_000
    await take_place(house, guest, event)
    assert len(await (await guest.get(f"/events/{event.id}/queue")).read()) < 5_000


@pytest.mark.parametrize("waiting_room", [Switch.OFF, Switch.AUTO])
async def test_without_a_waiting_room_it_leads_on_to_the_event(
    house: PageHouse, guest: Browser, waiting_room: Switch
) -> None:
    event = await crowded(house, waiting_room=waiting_room)
    page = await queue_page(guest, event)
    assert "There is no queue now" in page.text
    assert page.one("a", class_="button large").attributes["href"] == f"/events/{event.id}"
    for method, path in (("GET", "/join"), ("POST", "")):
        answer = await guest.request(
            method, f"/events/{event.id}/queue{path}", data={"form": ""}, allow_redirects=False
        )
        assert (answer.status, answer.headers["Location"]) == (303, f"/events/{event.id}/queue")
    assert cookie_of(guest, event) is None


async def test_there_is_none_for_a_draft_or_for_no_event(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, status=EventStatus.DRAFT)
    for event_id in (event.id, 999_999):
        for path in ("queue", "queue/join", "queue.json"):
            assert (await guest.get(f"/events/{event_id}/{path}")).status == 404
        assert (await guest.post(f"/events/{event_id}/queue", data={"form": ""})).status == 404


# -- taking a place


async def test_the_place_is_kept_in_a_cookie_that_no_script_sees(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, in_days=40)
    response = await press(house, guest, event)
    assert (response.status, response.headers["Location"]) == (303, f"/events/{event.id}/queue")
    assert response.headers[hdrs.CACHE_CONTROL] == "no-store"
    cookie = response.cookies[f"queue_{event.id}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not cookie["secure"]
    ends_at = event.window().off_sale_at
    assert ends_at is not None
    assert int(cookie["max-age"]) == (ends_at - house.clock.now()) // 1_000_000


class TestOverTLS:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(secure_cookies="on")

    async def test_the_cookie_is_for_tls_only(self, house: PageHouse, guest: Browser) -> None:
        event = await crowded(house)
        response = await press(house, guest, event)
        assert response.cookies[f"queue_{event.id}"]["secure"] is True


async def test_a_page_with_a_place_is_kept_by_nobody_and_does_not_show_the_token(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    await take_place(house, guest, event)
    token = cookie_of(guest, event)
    assert token is not None
    for path in ("queue", "queue.json"):
        answer = await guest.get(f"/events/{event.id}/{path}", headers={hdrs.IF_NONE_MATCH: "*"})
        assert answer.status == 200
        assert "no-store" in answer.headers[hdrs.CACHE_CONTROL]
        assert hdrs.ETAG not in answer.headers
        assert token not in await answer.text()


async def test_a_second_tab_has_the_same_place(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS)
    form = await document(await guest.get(f"/events/{event.id}/queue/join"))
    await take_place(house, guest, event)
    token = cookie_of(guest, event)
    again = await guest.get(f"/events/{event.id}/queue/join", allow_redirects=False)
    assert (again.status, again.headers["Location"]) == (303, f"/events/{event.id}/queue")
    data = {"form": form.value("form")}
    assert (await guest.post(f"/events/{event.id}/queue", data=data, allow_redirects=False)).status == 303
    assert cookie_of(guest, event) == token
    assert line(await queue_page(guest, event), "joined") == "1 guest has joined so far."


async def test_a_forged_cookie_and_one_of_another_event_are_no_place(
    house: PageHouse, guest: Browser
) -> None:
    event, other = await crowded(house), await crowded(house, name="Other")
    (foreign,) = await come(house, other)
    for token in (foreign, foreign[:-1] + "A", "x", "é" * 43, "A" * 43, "A" * 5_000):
        keep(guest, event, token)
        assert state(await queue_page(guest, event)) is None
        assert (await (await guest.get(f"/events/{event.id}/queue.json")).json())["state"] is None


async def test_who_presses_quickly_gets_a_place_at_once(house: PageHouse, guest: Browser) -> None:
    assert (await press(house, guest, await crowded(house), after_seconds=0.4)).status == 303


async def test_who_presses_faster_than_people_do_gets_the_form_again(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    response = await press(house, guest, event, after_seconds=0.1)
    assert response.status == 422
    page = await document(response)
    assert page.alerts == ["We had to look twice. Please press the button once more."]
    house.clock.advance(2)
    data = {"form": page.value("form")}
    assert (await guest.post(f"/events/{event.id}/queue", data=data, allow_redirects=False)).status == 303


@pytest.mark.parametrize("data", [{"form": ""}, {"form": "1.abc"}, {"solution": "x"}])
async def test_a_form_that_is_not_ours_gets_no_place(
    house: PageHouse, guest: Browser, data: dict[str, str]
) -> None:
    event = await crowded(house)
    response = await guest.post(f"/events/{event.id}/queue", data=data)
    assert response.status == 422
    assert cookie_of(guest, event) is None


async def test_whoever_fills_in_what_nobody_sees_gets_no_place(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    assert (await press(house, guest, event, website="http://spam.example")).status == 422
    assert cookie_of(guest, event) is None


async def test_who_has_to_prove_work_is_shown_what_to_compute_and_gets_in_with_it(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, defences=Defences(proof_of_work=Switch.ON))
    refused = await press(house, guest, event)
    assert refused.status == 403
    page = await document(refused)
    assert page.alerts == [
        "Many want to join now, so your browser has to compute something first. Then the button works."
    ]
    solved = await press(house, guest, event, solution=solution_to(page))
    assert solved.status == 303
    assert cookie_of(guest, event) is not None


async def test_who_can_not_compute_waits_instead(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, defences=Defences(proof_of_work=Switch.ON))
    page = await document(await guest.get(f"/events/{event.id}/queue/join"))
    assert "Please wait 20 seconds before you press the button" in page.text
    assert (await press(house, guest, event, after_seconds=21)).status == 303


def solution_to(page: Document) -> str:
    """What the page's script would compute."""
    (challenge,) = [
        json.loads(each.attributes["data-challenge"])
        for each in page.elements
        if "data-challenge" in each.attributes
    ]
    for number in range(challenge["maxnumber"] + 1):
        if hashlib.sha256(f"{challenge['salt']}{number}".encode()).hexdigest() == challenge["challenge"]:
            return base64.b64encode(json.dumps({**challenge, "number": number}).encode()).decode()
    raise AssertionError("it has no solution")


@pytest.mark.parametrize("settings", [Settings(trusted_proxies=Networks("127.0.0.1"))])
async def test_a_network_that_has_had_many_places_is_told_to_come_back(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    neighbour = client_at(IPv4Address("198.51.100.9"))
    guest.session.headers["X-Forwarded-For"] = "198.51.100.7"
    for _ in range(LENIENT.places):
        house.services.entrance._proof_demands.joined(event, neighbour, house.clock.now())
    refused = await press(house, guest, event)
    assert (refused.status, refused.headers[hdrs.RETRY_AFTER]) == (429, "60")
    page = await document(refused)
    assert page.alerts == ["Many have joined from your network already. Please try again in a minute."]
    assert cookie_of(guest, event) is None


async def test_the_form_goes_on_by_itself_once_only(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    fresh = await document(await guest.get(f"/events/{event.id}/queue/join"))
    assert "data-goes-on" in fresh.one("form").attributes
    refused = await document(await press(house, guest, event, after_seconds=0))
    assert "data-goes-on" not in refused.one("form").attributes


# -- having one


async def test_before_the_draw_it_counts_down_to_the_opening(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS)
    await take_place(house, guest, event)
    page = await queue_page(guest, event)
    assert (state(page), line(page, "opens")) == ("before_draw", "The sale opens in 9:58")
    assert "Until then it makes no difference who came first." in page.text
    assert "Keep this page open, or come back to this address in this browser" in page.text


async def test_who_waits_reads_how_many_are_ahead_and_how_long_it_takes(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, capacity=100_000)
    await house.waiting_rooms.steer(
        event, lambda known: msgspec.structs.replace(known, admitted_per_minute_max=60)
    )
    await come(house, event, 400)
    for _ in range(35):
        await tick(house, event.id)
    await take_place(house, guest, event)
    page = await queue_page(guest, event)
    ahead = re.fullmatch(r"(\d+) guests are ahead of you", line(page, "ahead") or "")
    assert ahead is not None
    assert 200 < int(ahead[1]) < 350
    assert re.fullmatch(r"Time to wait: about [456] min", line(page, "wait") or "")
    assert page.title.startswith(f"{int(ahead[1]) + 1} · Concert")
    assert line(page, "baskets") is None


async def test_while_paused_who_waits_is_told_so(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    await pause(house, event)
    await take_place(house, guest, event)
    page = await queue_page(guest, event)
    assert line(page, "ahead") == "You are next."
    assert line(page, "paused") == "The organizer lets nobody in at the moment. Your place is kept."
    assert line(page, "wait") is None


async def test_when_nothing_is_free_who_waits_reads_what_may_come_back_and_when(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house, capacity=2)
    await hold_all(house, event)
    await take_place(house, guest, event)
    await tick(house, event.id)
    page = await queue_page(guest, event)
    assert state(page) == "waiting"
    assert line(page, "baskets") == "All tickets are taken. 2 are in baskets and may come back."
    assert re.fullmatch(r"The first may come back in 14:\d\d\.", line(page, "return") or "")


async def test_whose_turn_it_is_sees_for_how_long_and_the_way_to_the_tickets(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    await take_place(house, guest, event)
    await tick(house, event.id)
    page = await queue_page(guest, event)
    assert state(page) == "admitted"
    assert page.title.startswith("It is your turn")
    assert re.fullmatch(r"You have (5:00|4:\d\d) left to choose your tickets\.", line(page, "turn") or "")
    assert page.one("a", class_="button large").attributes["href"] == f"/events/{event.id}"


async def test_whose_turn_is_over_can_take_a_new_place(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    await take_place(house, guest, event)
    await tick(house, event.id)
    first = cookie_of(guest, event)
    await tick(house, event.id, ADMISSION_SECONDS + 1)
    page = await queue_page(guest, event)
    assert state(page) == "turn_over"
    assert page.one("a", class_="button large").text == "Join the queue"
    await take_place(house, guest, event)
    assert cookie_of(guest, event) not in (first, None)


async def test_who_has_reserved_can_take_a_new_place(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    await take_place(house, guest, event)
    await tick(house, event.id)
    (ticket_type,) = house.catalogue.ticket_types_of_event(event.id)
    path = f"/mario/purchase/{house.code_of(ticket_type.id)}"
    shop = await document(await guest.get(path))
    house.clock.advance(2)
    bought = await guest.post(path, data={"quantity": "1", "form": shop.value("form")}, allow_redirects=False)
    assert bought.headers["Location"].startswith("/r/")
    assert state(await queue_page(guest, event)) == "used"
    first = cookie_of(guest, event)
    await take_place(house, guest, event)
    assert cookie_of(guest, event) not in (first, None)


async def test_when_all_is_sold_nobody_is_offered_a_place(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, capacity=2)
    await take_place(house, guest, event)
    held = await hold_all(house, event)
    await house.checkout.pay(held.home.reservation_id, Payment(token="ok"))
    await tick(house, event.id)
    assert state(await queue_page(guest, event)) == "sold_out"
    guest.session.cookie_jar.clear()
    page = await queue_page(guest, event)
    assert "Sold out All tickets are sold, and none can come back." in page.text
    assert not page.all("a", class_="button large")


async def test_browsers_without_scripts_come_back_when_the_server_wants_them(
    house: PageHouse, guest: Browser
) -> None:
    event = await crowded(house)
    await pause(house, event)
    await take_place(house, guest, event)
    answer = await guest.get(f"/events/{event.id}/queue")
    refresh = (await document(answer)).one("meta", http_equiv="refresh")
    assert refresh.parent is not None
    assert refresh.parent.tag == "noscript"
    assert refresh.attributes["content"] == answer.headers[hdrs.RETRY_AFTER]


async def test_the_script_gets_the_same_as_json(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    path = f"/events/{event.id}/queue.json"
    none = await guest.get(path)
    assert (await none.json(), none.headers[hdrs.RETRY_AFTER]) == (
        {"state": None, "place": None, "queue": None},
        "10",
    )
    await pause(house, event)
    await come(house, event)
    await take_place(house, guest, event)
    await tick(house, event.id)
    answer = await guest.get(path)
    news = await answer.json()
    assert (news["state"], news["place"]) == ("waiting", 1)
    assert news["queue"] == await (await guest.get(f"/api/v1/events/{event.id}/queue")).json()
    assert int(answer.headers[hdrs.RETRY_AFTER]) >= 2


async def test_the_draw_can_be_checked_with_what_the_page_says(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS)
    await come(house, event, 3)
    await take_place(house, guest, event)
    before = drawn(await queue_page(guest, event))
    assert (before["number"], before["seed"]) == ("3", "published after the draw")
    await pause(house, event)
    await tick(house, event.id, OPENS_IN_SECONDS)
    await tick(house, event.id)
    after = drawn(await queue_page(guest, event))
    assert (after["number"], after["drawn"]) == ("3", "4")
    assert hashlib.sha256(bytes.fromhex(after["seed"])).hexdigest() == before["commitment"]


async def test_the_program_that_checks_a_place_is_there_with_all_that_it_wants_to_know(
    house: PageHouse, guest: Browser, tmp_path: Path
) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS)
    await pause(house, event)
    await come(house, event, 1_200)
    await take_place(house, guest, event)
    await tick(house, event.id, OPENS_IN_SECONDS)
    await tick(house, event.id)
    page = await queue_page(guest, event, **{hdrs.ACCEPT_LANGUAGE: "de"})
    script = tmp_path / "check_place.py"
    script.write_bytes(await (await guest.get(page_link(page, "check_place.py"))).read())
    python, _, *arguments = drawn(page)["command"].replace("NUMBER", drawn(page)["number"]).split()
    assert python == "python3"
    process = await create_subprocess_exec(sys.executable, str(script), *arguments, stdout=PIPE)
    said, _ = await process.communicate()
    (place,) = [each.attributes["data-place"] for each in page.elements if "data-place" in each.attributes]
    assert f"place:  {place}, drawn among 1201;" in said.decode()
    assert process.returncode == 0


def page_link(page: Document, text: str) -> str:
    """Where the link with this text leads."""
    (found,) = [each.attributes["href"] for each in page.all("a") if each.text == text]
    assert found is not None
    return found


def drawn(page: Document) -> dict[str, str]:
    """What the page says of the draw."""
    return {
        each.attributes["data-draw"]: each.text for each in page.elements if "data-draw" in each.attributes
    }


async def test_a_place_outlasts_a_change_of_the_event(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house, opens_in_seconds=OPENS_IN_SECONDS)
    await take_place(house, guest, event)
    house.catalogue.put_event(msgspec.structs.replace(event, name="New name"))
    page = await queue_page(guest, event)
    assert (page.heading, state(page)) == ("New name", "before_draw")


async def test_names_are_shown_as_they_were_typed(house: PageHouse, guest: Browser) -> None:
    name = '<b>A & "B"</b> <!--guest--> {{ 7 * 7 }}'
    event = await crowded(house, name=name)
    assert (await queue_page(guest, event)).heading == name
    form = await document(await guest.get(f"/events/{event.id}/queue/join"))
    assert form.heading == name
    await take_place(house, guest, event)
    page = await queue_page(guest, event)
    assert page.heading == name
    assert name.replace("  ", " ") in page.title


async def test_each_guest_is_spoken_to_in_their_language(house: PageHouse, guest: Browser) -> None:
    event = await crowded(house)
    for accepted, code, heading in (
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Sie stehen noch nicht in der Warteschlange"),
        ("fr", "fr", "Vous n’êtes pas encore dans la file"),
        ("tlh, sv;q=0.5", "en", "You aren't in the queue yet"),
    ):
        answer = await guest.get(f"/events/{event.id}/queue", headers={hdrs.ACCEPT_LANGUAGE: accepted})
        page = await document(answer)
        assert answer.headers[hdrs.CONTENT_LANGUAGE] == code
        assert page.one("html").attributes["lang"] == code
        assert page.one("h2").text == heading
    joined = await house.services.waiting_rooms.join(event)
    assert isinstance(joined, Joined)
    keep(guest, event, joined.standing.token)
    await tick(house, event.id)
    page = await queue_page(guest, event, **{hdrs.ACCEPT_LANGUAGE: "it"})
    assert page.one("h2").text == "È il tuo turno"

"""The proof of work in a real browser, under our own content security policy, in a form of its own."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import aiohttp_jinja2
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from tests.browser.conftest import OpenPage
from tests.fakes.clock import START
from ticketd.core.ids import EventId
from ticketd.services.proof_of_work import ProofFlaw, ProofOfWork
from ticketd.web import static
from ticketd.web.pages import rendering
from ticketd.web.pages.proofs import ProofView, proof_view, solution_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENT = EventId(7)
COST = 20_000
HARD = 100_000_000
_PAGE = """{% extends "base.html" %}{% import "proof.html" as proof %}{% block title %}Queue{% endblock %}
{% block head %}{{ proof.script() }}{% endblock %}
{% block main %}
<form method="post">{{ proof.fields(page) }}<button>Take a place</button></form>
{% endblock %}"""


class Door:
    """A page with a form, and what came of it."""

    def __init__(self) -> None:
        self.proof = ProofOfWork(b"a key of this test")
        self.cost = COST
        self.goes_on = False
        self.worker_exists = True
        self.flaws: list[ProofFlaw | None] = []

    def app(self) -> web.Application:
        app = web.Application()
        rendering.setup(app)
        static.setup(app)
        app.add_routes(
            [
                web.get("/", self._show),
                web.post("/", self._join),
                web.get("/static/{path:.+}", self._static),
                web.get("/in", _arrive),
            ]
        )
        return app

    async def _show(self, request: web.Request) -> web.StreamResponse:
        form: Mapping[str, str] | None = {} if self.goes_on else None
        view: ProofView | None = proof_view(self.proof.challenge(EVENT, self.cost, START), form)
        template = aiohttp_jinja2.get_env(request.app).from_string(_PAGE)
        text = template.render(page=view, masthead=None, notice="")
        return web.Response(text=text, content_type="text/html", headers=rendering.PAGE_HEADERS)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        solution = solution_in(form)
        self.flaws.append(
            ProofFlaw.MISSING
            if solution is None
            else self.proof.use(solution, event_id=EVENT, cost_min=self.cost, now=START)
        )
        return rendering.see_other("/in")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        if "worker" in request.path and not self.worker_exists:
            return web.Response(status=404)
        return await static.get_static(request)


async def _arrive(request: web.Request) -> web.StreamResponse:
    return web.Response(text="You are in.")


@pytest.fixture
def door() -> Door:
    return Door()


@pytest_asyncio.fixture(loop_scope="session")
async def url(door: Door) -> AsyncIterator[str]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(door.app()))
        yield str(server.make_url("/"))


async def press(page: Page) -> None:
    await page.get_by_role("button", name="Take a place").click()


async def test_it_is_solved_while_the_guest_reads(door: Door, url: str, new_page: OpenPage) -> None:
    page = await new_page()
    await page.goto(url)
    await page.get_by_role("status").get_by_text("done").wait_for()
    await press(page)
    await page.wait_for_url("**/in")
    assert door.flaws == [None]


async def test_who_presses_at_once_is_sent_on_when_it_is_solved(
    door: Door, url: str, new_page: OpenPage
) -> None:
    door.cost = 50 * COST
    page = await new_page()
    await page.goto(url)
    await press(page)
    await page.wait_for_url("**/in")
    assert door.flaws == [None]


async def test_who_has_pressed_before_need_not_press_again(door: Door, url: str, new_page: OpenPage) -> None:
    door.goes_on = True
    page = await new_page()
    await page.goto(url)
    await page.wait_for_url("**/in")
    assert door.flaws == [None]


async def test_the_page_says_that_it_is_computing_and_stays_usable(
    door: Door, url: str, new_page: OpenPage
) -> None:
    door.cost = HARD
    page = await new_page()
    await page.goto(url)
    await page.get_by_role("status").get_by_text("Checking that you are a person…", exact=True).wait_for()
    await press(page)
    assert await page.evaluate("1 + 1") == 2
    assert door.flaws == []


async def test_without_javascript_the_page_says_to_wait_and_the_form_is_sent(
    door: Door, url: str, new_page: OpenPage
) -> None:
    page = await new_page(java_script_enabled=False)
    await page.goto(url)
    await page.get_by_text("Please wait 20 seconds").wait_for()
    await press(page)
    await page.wait_for_url("**/in")
    assert door.flaws == [ProofFlaw.MISSING]


async def test_where_the_solver_can_not_be_had_the_page_says_to_wait_and_the_form_is_sent(
    door: Door, url: str, new_page: OpenPage
) -> None:
    door.worker_exists = False
    page = await new_page()
    await page.goto(url)
    await page.get_by_role("status").get_by_text("Please wait 20 seconds").wait_for()
    await press(page)
    await page.wait_for_url("**/in")
    assert door.flaws == [ProofFlaw.MISSING]

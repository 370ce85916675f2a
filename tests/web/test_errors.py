"""Whatever a handler raises, somebody gets an answer that fits."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from tests.web.api.house import House
from tests.web.problem_answers import expect_problem
from ticketd.ports import StorageUnavailable
from ticketd.web import routes
from ticketd.web.errors import answering

Client = TestClient[web.Request, web.Application]

RAISED: dict[str, BaseException] = {
    "fault": RuntimeError("the secret reason"),
    "unavailable": StorageUnavailable("no database"),
    "http": web.HTTPForbidden(),
    "strange": web.HTTPConflict(),
    "moved": web.HTTPSeeOther("/elsewhere"),
}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async def break_down(request: web.Request) -> web.Response:
        raise RAISED[request.match_info["how"]]

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        raise RAISED[request.match_info["how"]]

    app = web.Application()
    app.router.add_get("/api/half/{how}", answering(break_off))
    app.router.add_get("/api/broken/{how}", answering(break_down))
    app.router.add_get("/broken/{how}", answering(break_down))
    routes.setup(app, House().services)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("fault", 500, "internal"),
        ("unavailable", 503, "overloaded"),
        ("http", 403, "forbidden"),
        ("strange", 400, "malformed"),
    ],
)
async def test_programs_get_a_problem_and_people_a_page(
    client: Client, how: str, status: int, code: str
) -> None:
    await expect_problem(await client.get(f"/api/broken/{how}"), status, code)
    page = await client.get(f"/broken/{how}")
    text = await page.text()
    assert (page.status, page.content_type) == (status, "text/html")
    assert "<h1" in text
    assert "secret" not in text


async def test_a_fault_is_logged_without_the_address_asked_for(client: Client) -> None:
    with capture_logs() as logs:
        await client.get("/api/broken/fault")
    (entry,) = [each for each in logs if each["log_level"] == "error"]
    assert entry["route"] == "/api/broken/{how}"
    assert entry["exc_info"]


@pytest.mark.parametrize("how", ["fault", "unavailable"])
async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(client: Client, how: str) -> None:
    response = await client.get(f"/api/half/{how}")
    with pytest.raises(ClientPayloadError):
        await response.read()


async def test_a_redirect_stays_a_redirect(client: Client) -> None:
    response = await client.get("/broken/moved", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/elsewhere")


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v2/events", "/api/v1/events/", "/api/%00"]
)
async def test_an_address_of_the_api_that_leads_nowhere_is_a_problem(client: Client, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "PROPFIND"):
        await expect_problem(await client.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/reservations", "POST"),
        ("GET", "/api/v1/reservations", "POST"),
        ("OPTIONS", "/api/v1/reservations", "POST"),
        ("POST", "/api/v1/events/1", "DELETE,GET,HEAD,PATCH"),
        ("PROPFIND", "/api/v1/statistics", "GET,HEAD"),
    ],
)
async def test_a_method_that_isnt_there_is_refused_with_those_that_are(
    client: Client, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)
    await expect_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"].replace(" ", "") == allowed


async def test_people_get_pages_for_addresses_and_methods_that_arent_there(client: Client) -> None:
    lost = await client.get("/no/such/page")
    assert (lost.status, lost.content_type) == (404, "text/html")
    refused = await client.delete("/login")
    assert (refused.status, refused.content_type) == (405, "text/html")
    assert refused.headers["Allow"].replace(" ", "") == "GET,HEAD,POST"

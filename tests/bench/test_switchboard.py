import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.client import request
from bench.switchboard import HUNG_UP, Switchboard, switchboard


@asynccontextmanager
async def board_to(
    handler: Callable[[web.Request], web.Response], *, connections: int
) -> AsyncIterator[tuple[Switchboard, str]]:
    async def answer(request: web.Request) -> web.Response:
        return handler(request)

    app = web.Application()
    app.add_routes([web.get("/", answer)])
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        async with switchboard(url, connections=connections) as board:
            yield board, url


async def test_more_guests_than_connections_all_get_their_answers() -> None:
    peers = set()

    def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(text="{}")

    async with board_to(handler, connections=2) as (board, url):
        answers = await asyncio.gather(*(board.ask("look", request("GET", url)) for _ in range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert len(peers) == 2
    assert len(board.calls) == 20


async def test_a_request_waits_from_the_instant_at_which_it_was_due() -> None:
    async with board_to(lambda _: web.Response(text="{}"), connections=1) as (board, url):
        await board.ask("look", request("GET", url), due=board.now() - 100)
    (call,) = board.calls
    assert call.after >= 100


async def test_refusals_are_noted_with_their_code_and_whether_they_say_when_to_come_back() -> None:
    body = json.dumps({"code": "too_many_requests", "detail": "x"})
    refusals = iter(
        [
            web.Response(text=body, status=429, headers={"Retry-After": "7"}),
            web.Response(text=body, status=429),
            web.Response(text="<p>", status=422),
        ]
    )
    async with board_to(lambda _: next(refusals), connections=1) as (board, url):
        answers = [await board.ask("join", request("GET", url)) for _ in range(3)]
    assert [answer.retry_after for answer in answers] == [7, None, None]
    noted = [(call.status, call.code, call.is_deliberate) for call in board.calls]
    assert noted == [(429, "too_many_requests", True), (429, "too_many_requests", False), (422, "422", False)]


async def test_who_is_hung_up_on_hears_so_and_the_next_one_gets_through() -> None:
    is_first = iter([True, False])

    def handler(request: web.Request) -> web.Response:
        if next(is_first):
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text="{}")

    async with board_to(handler, connections=1) as (board, url):
        answers = [await board.ask("join", request("GET", url)) for _ in range(2)]
    assert [answer.status for answer in answers] == [HUNG_UP, 200]
    assert [call.code for call in board.calls] == ["hung_up", ""]

"""What is rendered once reaches everybody, in as few bytes as they can take."""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from ticketd.web.rendered import COMPRESSED_FROM_BYTES, CompressedText, Rendered, Text, accepts_gzip, tag_of

LONG = b'{"seats":[%b]}' % b",".join(b"%d" % number for number in range(100_000))
SHORT = b"{}"
PAGES: Mapping[str, Rendered] = {
    "short": Text(SHORT),
    "long": Text(LONG),
    "compressed": CompressedText(gzip.compress(LONG), tag=tag_of(LONG), length=len(LONG)),
}
GZIP = {"Accept-Encoding": "br, gzip"}
PLAIN = {"Accept-Encoding": "identity"}


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


Get = Callable[..., Awaitable[Got]]


@pytest.fixture
async def get() -> AsyncIterator[Get]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return PAGES[request.match_info["name"]].answer(request.headers)

    async def ask(name: str, headers: Mapping[str, str] = PLAIN, *, method: str = "GET") -> Got:
        async with session.request(method, name, headers=headers) as answer:
            return Got(answer.status, answer.headers, await answer.read())

    app = web.Application()
    app.add_routes([web.get("/{name}", handler)])
    server = TestServer(app)
    async with server, ClientSession(server.make_url("/"), auto_decompress=False) as session:
        yield ask


@pytest.mark.parametrize("name", ["long", "compressed"])
async def test_a_long_body_is_the_same_plain_and_compressed(get: Get, name: str) -> None:
    compressed, plain = await get(name, GZIP), await get(name)
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(compressed.body) == plain.body == LONG
    assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) == len(LONG)


async def test_what_fits_into_a_packet_is_not_compressed(get: Get) -> None:
    answer = await get("short", GZIP)
    assert (answer.body, "Content-Encoding" in answer.headers) == (SHORT, False)
    assert len(SHORT) < COMPRESSED_FROM_BYTES


@pytest.mark.parametrize("name", list(PAGES))
@pytest.mark.parametrize("encoding", [GZIP, PLAIN])
async def test_who_has_it_already_gets_the_head_alone(
    get: Get, name: str, encoding: Mapping[str, str]
) -> None:
    first = await get(name, encoding)
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await get(name, {**encoding, "If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert "Content-Length" not in again.headers
        assert [again.headers[each] for each in ("ETag", "Cache-Control", "Vary")] == [
            first.headers[each] for each in ("ETag", "Cache-Control", "Vary")
        ]


@pytest.mark.parametrize("known", ['"other"', "", tag_of(LONG), '"*"'])
async def test_who_has_something_else_gets_all(get: Get, known: str) -> None:
    answer = await get("long", {**PLAIN, "If-None-Match": known})
    assert (answer.status, answer.body) == (200, LONG)


async def test_the_two_encodings_have_tags_of_their_own(get: Get) -> None:
    compressed, plain = [(await get("long", each)).headers["ETag"] for each in (GZIP, PLAIN)]
    assert compressed != plain
    assert (await get("long", {**GZIP, "If-None-Match": plain})).status == 200


@pytest.mark.parametrize("name", list(PAGES))
@pytest.mark.parametrize("encoding", [GZIP, PLAIN])
async def test_head_says_what_get_would(get: Get, name: str, encoding: Mapping[str, str]) -> None:
    head, whole = await get(name, encoding, method="HEAD"), await get(name, encoding)
    assert {**head.headers, "Date": ""} == {**whole.headers, "Date": ""}
    assert (head.status, head.body) == (200, b"")


async def test_shared_caches_keep_it_for_a_second_and_browsers_ask_each_time(get: Get) -> None:
    answer = await get("long")
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "accepts"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("deflate, gzip ; q=0.001", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("*, gzip;q=0.000", False),
        ("*;q=0", False),
        ("identity, *;q=0", False),
    ],
)
def test_gzip_is_for_those_who_accept_it(accepted: str, accepts: bool) -> None:
    assert accepts_gzip(accepted) is accepts

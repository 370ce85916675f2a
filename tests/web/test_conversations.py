"""What a connection is told before anything of it is parsed, and when it is cut."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.http import RawRequestMessage

from tests.eventually import eventually
from tests.web.door import END_OF_HEAD, HELLO, LARGE_BYTES, Door, Guest, opened, post
from ticketd.web.conversations import HEAD_BYTES_MAX, HELD_BYTES_MAX, Conversation, EdgeLimits
from ticketd.web.parsing import BodyLimits

RESERVE = post("/api/v1/reservations", b'{"lines":[]}')
SHORT, LONG = 0.1, 3600.0


@pytest.fixture(autouse=True, params=["fast path", "request loop"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said here holds for calls on the fast path, and for those that aiohttp hands on."""
    monkeypatch.setattr("tests.web.door.has_fast_path", request.param == "fast path")


@pytest.fixture
async def busy() -> AsyncIterator[Door]:
    """A door at which two reservations are under way, and more aren't taken on."""
    async with opened(100, EdgeLimits(reservations_in_progress_max=2)) as door:
        for _ in range(2):
            (await door.arrive()).send(RESERVE)
        await eventually(lambda: door.reservations == 2)
        yield door


def turned_away(door: Door) -> int:
    return door.gate.stats().reservations_turned_away


async def refused(guest: Guest, request: bytes = RESERVE) -> bool:
    """Whether the request is answered with 503, and the connection kept."""
    guest.send(request)
    head, _ = await guest.answer()
    return head.startswith("HTTP/1.1 503 ") and "connection: close" not in head.lower()


# -- too many reservations


async def test_beyond_the_bound_a_reservation_hears_503_at_once_and_keeps_its_connection(busy: Door) -> None:
    guest = await busy.arrive()
    guest.send(RESERVE)
    head, body = await guest.answer()
    assert head.startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert "\r\nRetry-After: " in head
    assert "\r\nCache-Control: no-store" in head
    assert (json.loads(body)["code"], json.loads(body)["status"]) == ("overloaded", 503)
    assert await refused(guest)
    assert await guest.ask() == 200
    assert (busy.reservations, turned_away(busy)) == (2, 2)


async def test_those_refused_together_are_not_asked_back_together(busy: Door) -> None:
    guest = await busy.arrive()
    heads = set()
    for _ in range(4):
        guest.send(RESERVE)
        heads.add((await guest.answer())[0].partition("Retry-After: ")[2].split("\r\n")[0])
    assert len(heads) > 1


async def test_everything_else_goes_on_as_before(busy: Door) -> None:
    guest = await busy.arrive()
    assert await guest.ask() == 200
    await guest.reader.readexactly(5)
    guest.send(post("/api/v1/reservations/abc/payment", b"card"))
    head, body = await guest.answer()
    assert (head[:12], body) == ("HTTP/1.1 200", b"paid by card")


@pytest.mark.parametrize("size", [1, 4, 25, 40])
async def test_a_payment_in_pieces_is_not_taken_for_a_reservation(busy: Door, size: int) -> None:
    guest, payment = await busy.arrive(), post("/api/v1/reservations/abc/payment", b"card")
    for cut in range(0, len(payment), size):
        guest.send(payment[cut : cut + size])
        await asyncio.sleep(0.001)
    assert (await guest.answer())[1] == b"paid by card"


async def test_as_soon_as_one_is_answered_another_may_begin(busy: Door) -> None:
    busy.open.set()
    await eventually(lambda: busy.gate.stats().reservations_in_progress == 0)
    guest = await busy.arrive()
    for _ in range(5):
        guest.send(RESERVE)
        head, body = await guest.answer()
        assert (head[:12], body) == ("HTTP/1.1 201", b'{"lines":[]}')
    assert busy.gate.stats().reservations_in_progress == 0


async def test_who_hangs_up_leaves_room_when_the_work_is_done(busy: Door) -> None:
    for guest in busy.guests:
        guest.hang_up()
    assert await refused(await busy.arrive())
    busy.open.set()
    await eventually(lambda: busy.gate.stats().reservations_in_progress == 0)


@pytest.mark.parametrize("size", [1, 7, 60, len(RESERVE) - 3])
async def test_a_reservation_in_pieces_is_refused_all_the_same(busy: Door, size: int) -> None:
    guest = await busy.arrive()
    for cut in range(0, len(RESERVE), size):
        guest.send(RESERVE[cut : cut + size])
        await asyncio.sleep(0.001)
    assert (await guest.answer())[0].startswith("HTTP/1.1 503 ")
    assert (turned_away(busy), await guest.ask()) == (1, 200)


@pytest.mark.parametrize("size", [1, 60, len(RESERVE) - 3])
async def test_a_reservation_in_pieces_is_granted_while_there_is_room(size: int) -> None:
    async with opened(10) as door:
        door.open.set()
        guest = await door.arrive()
        for cut in range(0, len(RESERVE), size):
            guest.send(RESERVE[cut : cut + size])
            await asyncio.sleep(0.001)
        head, body = await guest.answer()
        assert (head[:12], body) == ("HTTP/1.1 201", b'{"lines":[]}')


@pytest.mark.parametrize(
    "request_",
    [
        RESERVE.replace(b" HTTP", b"?x HTTP"),
        b"POST /api/v1/reservations HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        RESERVE.replace(b"Host", b"Expect: 100-continue\r\nHost"),
    ],
    ids=["with a query", "in chunks", "that asks first"],
)
async def test_one_that_is_written_in_another_way_is_refused_after_it_was_read(
    busy: Door, request_: bytes
) -> None:
    guest = await busy.arrive()
    guest.send(request_)
    answers = [(await guest.answer())[0]] if b"Expect" not in request_ else [await through_continue(guest)]
    assert answers[0].startswith("HTTP/1.1 503 ")
    assert (turned_away(busy), busy.reservations) == (0, 2)


async def through_continue(guest: Guest) -> str:
    assert (await guest.reader.readuntil(END_OF_HEAD)).startswith(b"HTTP/1.1 100 ")
    return (await guest.answer())[0]


async def test_what_comes_right_behind_a_refused_reservation_is_answered_after_it(busy: Door) -> None:
    guest = await busy.arrive()
    guest.send(RESERVE)
    guest.send(HELLO)
    assert (await guest.answer())[0].startswith("HTTP/1.1 503 ")
    assert (await guest.answer())[1] == b"hello"


async def test_a_reservation_behind_a_slow_request_waits_for_its_turn(busy: Door) -> None:
    guest = await busy.arrive()
    guest.send(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
    guest.send(RESERVE)
    await eventually(lambda: busy.gate.stats().connections == 3)
    busy.open.set()
    assert (await guest.answer())[1] == b"at last"
    assert (await guest.answer())[0][:12] in ("HTTP/1.1 201", "HTTP/1.1 503")


async def test_a_client_that_wants_it_so_is_hung_up_on_after_the_refusal(busy: Door) -> None:
    guest = await busy.arrive()
    guest.send(RESERVE.replace(b"Host", b"Connection: close\r\nHost"))
    assert (await guest.ends()).startswith(b"HTTP/1.1 503 ")


# -- slow senders


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /hel", b"GET /hello HTTP/1.1\r\nHost: here\r\n", RESERVE[:20]],
    ids=["nothing", "a line's beginning", "half a head", "a reservation's beginning"],
)
async def test_who_does_not_send_a_whole_head_in_time_is_cut(begun: bytes) -> None:
    async with opened(10, EdgeLimits(head_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        guest.send(begun)
        assert await guest.ends() == b""
        assert door.gate.stats().slow_senders_cut == 1


@pytest.mark.parametrize("cut", [20, len(RESERVE) - 1], ids=["the head's", "the body's"])
async def test_who_does_not_send_the_rest_of_a_reservation_that_will_be_refused_is_cut(cut: int) -> None:
    async with opened(10, EdgeLimits(reservations_in_progress_max=0, head_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        guest.send(RESERVE[:cut])
        assert await guest.ends() == b""
        assert (door.gate.stats().slow_senders_cut, turned_away(door)) == (1, 0)


async def test_a_body_that_does_not_come_in_time_is_answered_and_took_nobodys_place() -> None:
    async with opened(10, EdgeLimits(reservations_in_progress_max=1)) as door:
        door.body_limits = BodyLimits(1000, SHORT)
        guest = await door.arrive()
        guest.send(RESERVE[:-1])
        await eventually(lambda: door.gate.stats().connections == 1)
        assert door.gate.stats().reservations_in_progress == 0
        head, body = await guest.answer()
        assert (head[:12], json.loads(body)["code"]) == ("HTTP/1.1 400", "malformed")


async def test_a_drop_now_and_then_buys_no_time() -> None:
    async with opened(10, EdgeLimits(head_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        assert await guest.ask() == 200
        await guest.reader.readexactly(5)
        ended = asyncio.ensure_future(guest.ends())
        guest.send(HELLO[:-4])
        async with asyncio.timeout(20):
            while not ended.done():
                guest.send(b"\r\nX: y")
                await asyncio.sleep(SHORT / 5)
        assert door.gate.stats().slow_senders_cut == 1


async def test_an_idle_connection_that_was_served_is_not_cut_for_being_idle() -> None:
    async with opened(10, EdgeLimits(head_seconds_max=SHORT)) as door:
        idle, silent = await door.arrive(), await door.arrive()
        assert await idle.ask() == 200
        await idle.reader.readexactly(5)
        assert await silent.ends() == b""  # by then the idle one's time would be over as well
        assert await idle.ask() == 200


async def test_a_request_that_takes_long_to_answer_is_not_the_senders_fault() -> None:
    async with opened(10, EdgeLimits(head_seconds_max=SHORT)) as door:
        waiting, silent = await door.arrive(), await door.arrive()
        waiting.send(RESERVE)
        await eventually(lambda: door.reservations == 1)
        assert await (await door.arrive()).ends() == await silent.ends() == b""
        door.open.set()
        assert (await waiting.answer())[0].startswith("HTTP/1.1 201")


async def test_a_head_without_end_is_cut_however_fast_it_comes() -> None:
    async with opened(10, EdgeLimits(head_seconds_max=LONG)) as door:
        guest = await door.arrive()
        guest.send(HELLO[:-4])
        for number in range(2 * HEAD_BYTES_MAX // 1000):
            guest.send(b"\r\nX-%d: %b" % (number, b"y" * 1000))
            await asyncio.sleep(0)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await guest.reader.readexactly(1)


@pytest.mark.parametrize("sent", [200, 2 * HELD_BYTES_MAX], ids=["announced", "sent"])
async def test_a_reservation_without_end_is_not_kept_in_memory(sent: int) -> None:
    async with opened(10, EdgeLimits(reservations_in_progress_max=0, head_seconds_max=LONG)) as door:
        door.body_limits = BodyLimits(HELD_BYTES_MAX, SHORT)
        guest = await door.arrive()
        guest.send(post("/api/v1/reservations", bytes(10 * HELD_BYTES_MAX))[:sent])
        head, _ = await guest.answer()  # so the parser has had it, which has limits
        assert head[:12] in ("HTTP/1.1 400", "HTTP/1.1 413")


# -- slow readers


async def test_who_does_not_read_an_answer_is_cut() -> None:
    async with opened(10, EdgeLimits(read_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        guest.send(HELLO.replace(b"/hello", b"/large"))
        await eventually(lambda: door.gate.stats().slow_readers_cut == 1)
        await eventually(lambda: door.gate.stats().connections == 0)


async def test_who_leaves_the_last_of_an_answer_unread_is_cut() -> None:
    limits = EdgeLimits(read_seconds_max=SHORT)
    async with opened(10, limits) as door, unread(door, HELLO.replace(b"/hello", b"/page")):
        await eventually(lambda: door.gate.stats().slow_readers_cut == 1)
        await eventually(lambda: door.gate.stats().connections == 0)


async def test_answers_do_not_pile_up_for_who_does_not_read_them() -> None:
    async with opened(10) as door, unread(door, HELLO.replace(b"/hello", b"/page") * 20) as conversation:
        await eventually(lambda: conversation.writing_paused)
        other = await door.arrive()
        for _ in range(20):
            assert await other.ask() == 200
            await other.reader.readexactly(5)
        assert door.pages == 1
        assert conversation.idle_since is None  # so that nobody counts on its place
        conversation.force_close()
        assert conversation.idle_since is None


async def test_who_does_not_read_is_cut_even_if_the_server_has_closed_the_connection() -> None:
    async with opened(10, EdgeLimits(read_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        guest.send(HELLO.replace(b"/hello", b"/large"))
        conversation = await only_conversation(door)
        await eventually(lambda: conversation.writing_paused)
        conversation.force_close()
        await eventually(lambda: door.gate.stats().connections == 0)


@asynccontextmanager
async def unread(door: Door, requests: bytes) -> AsyncIterator[Conversation]:
    """The server's side of a guest who sends these, and leaves nearly all answers unread."""
    with socket.socket() as guest:
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        guest.setblocking(False)
        await asyncio.get_running_loop().sock_connect(guest, ("127.0.0.1", door.port))
        conversation = await only_conversation(door)
        conversation._wire.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        guest.send(requests)
        yield conversation


async def only_conversation(door: Door) -> Conversation:
    """The server's side of the only connection."""
    server = door.runner.server
    assert server is not None
    await eventually(lambda: len(server.connections) == 1)
    (conversation,) = server.connections
    assert isinstance(conversation, Conversation)
    return conversation


async def test_who_reads_slowly_but_reads_gets_it_all() -> None:
    async with opened(10, EdgeLimits(read_seconds_max=SHORT)) as door:
        guest = await door.arrive()
        guest.send(HELLO.replace(b"/hello", b"/large"))
        await guest.reader.readuntil(END_OF_HEAD)
        received = 0
        while received < LARGE_BYTES:
            received += len(await guest.reader.read(256 * 1024))
            await asyncio.sleep(SHORT / 40)
        assert door.gate.stats().slow_readers_cut == 0


# -- what isn't HTTP

BROKEN = [
    pytest.param(b"FOO\0 / HTTP/1.1\r\n\r\n", id="method"),
    pytest.param(HELLO[:-2] + b"X: " + b"x" * 9000 + END_OF_HEAD, id="long header"),
    pytest.param(HELLO[:-2] + b"Idempotency-Key: a\x01b" + END_OF_HEAD, id="control character"),
    pytest.param(HELLO[:-2] + b"Content-Length: x" + END_OF_HEAD, id="length"),
]


@pytest.mark.parametrize("request_", BROKEN)
async def test_what_cannot_be_parsed_is_refused_like_everything_else_and_not_echoed(request_: bytes) -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(request_)
        head, body = await guest.answer()
        assert head.startswith("HTTP/1.1 400 ")
        assert "application/problem+json" in head
        assert "aiohttp" not in head
        assert json.loads(body)["code"] == "malformed"
        assert b"xxx" not in body
        assert await guest.ends() == b""


CHUNKED = RESERVE.replace(b"Content-Length: 12", b"Transfer-Encoding: chunked").removesuffix(b'{"lines":[]}')


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"2\r\n{}xx\r\n", b"2\r\n{}\r\n-1\r\n"])
async def test_broken_chunks_are_refused_when_they_come_however_late(chunks: bytes) -> None:
    async with opened(10) as door:
        door.body_limits = BodyLimits(1000, LONG)
        guest = await door.arrive()
        guest.send(CHUNKED)
        await eventually(lambda: door.bodies_awaited == 1)
        guest.send(chunks)
        head, body = await guest.answer()
        assert (head[:12], json.loads(body)["code"]) == ("HTTP/1.1 400", "malformed")
        assert await guest.ends() == b""


async def test_a_broken_body_that_waits_for_its_turn_is_refused_when_it_comes() -> None:
    async with opened(10) as door:
        door.body_limits = BodyLimits(1000, LONG)
        guest = await door.arrive()
        guest.send(HELLO.replace(b"/hello", b"/slow"))
        conversation = await only_conversation(door)
        guest.send(CHUNKED)
        await eventually(lambda: len(conversation._messages) == 1)
        guest.send(b"zz\r\n")
        await eventually(lambda: not isinstance(conversation._messages[-1][0], RawRequestMessage))
        door.open.set()
        assert (await guest.answer())[1] == b"at last"
        head, body = await guest.answer()
        assert (head[:12], json.loads(body)["code"]) == ("HTTP/1.1 400", "malformed")
        assert await guest.ends() == b""


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    async with opened(10) as door:
        door.body_limits = BodyLimits(1000, LONG)
        guest = await door.arrive()
        guest.send(post("/api/v1/reservations", bytes(1001))[:-1000])
        head, body = await guest.answer()
        assert (head[:12], json.loads(body)["code"]) == ("HTTP/1.1 413", "too_large")


# -- the end


async def test_during_a_stop_the_last_answer_says_that_it_is_the_last() -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.reservations == 1)
        (await only_conversation(door)).close()
        door.open.set()
        head, _ = await guest.answer()
        assert "\r\nconnection: close" in head.lower()
        assert await guest.ends() == b""


async def test_a_guest_who_goes_while_answered_leaves_no_fault_behind() -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.reservations == 1)
        conversation = await only_conversation(door)
        guest.send(HELLO * 3)
        await eventually(lambda: bool(conversation._messages))
        loop = conversation._task_handler
        assert loop is not None
        door.open.set()
        conversation._wire.abort()
        await eventually(loop.done)
        assert loop.cancelled() or loop.exception() is None

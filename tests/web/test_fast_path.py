"""What is answered straight from its connection, and that nobody can tell by the answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp.helpers import DEFAULT_CHUNK_SIZE
from aiohttp.web_protocol import MAX_MSG_QUEUE_SIZE
from structlog.testing import capture_logs

from tests.eventually import eventually
from tests.web.door import HELLO, LARGE_BYTES, Door, opened, post
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import StorageUnavailable
from ticketd.web.answers import Answer, head
from ticketd.web.calls import Call, call_of
from ticketd.web.conversations import EdgeLimits
from ticketd.web.parsing import RefusedRequest
from ticketd.web.routes import API_ROUTES

RESERVE = post("/api/v1/reservations", b'{"lines":[]}')
PAY = post(f"/api/v1/reservations/{'A' * 32}/payment", b'{"token":"x"}')

BODY_BYTES = 1_000_000
"""More than aiohttp keeps of what nobody has read yet, and less than the door's handlers take."""

CHUNKS_KEPT = DEFAULT_CHUNK_SIZE // 16
"""So many chunks of a body aiohttp keeps before it holds the others back."""


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(10) as door:
        door.open.set()
        yield door


async def body_of(door: Door, request: bytes) -> bytes:
    guest = await door.arrive()
    guest.send(request)
    return (await guest.answer())[1]


# -- who may take it


def test_what_a_crowd_asks_for_takes_it() -> None:
    assert {f"{route.method} {route.path}" for route in API_ROUTES if call_of(route)} == {
        "GET /api/v1/events/{event_id}",
        "GET /api/v1/events/{event_id}/availability",
        "GET /api/v1/events/{event_id}/queue",
        "GET /api/v1/queue",
        "GET /api/v1/reservations/{reservation_id}",
        "GET /api/v1/ticket-types/{ticket_type_id}",
        "GET /api/v1/ticket-types/{ticket_type_id}/availability",
        "DELETE /api/v1/reservations/{reservation_id}",
        "POST /api/v1/events/{event_id}/queue",
        "POST /api/v1/reservations",
        "POST /api/v1/reservations/{reservation_id}/payment",
    }


@pytest.mark.parametrize("request_", [RESERVE, PAY], ids=["reservation", "payment"])
async def test_a_call_that_comes_whole_takes_it(door: Door, request_: bytes) -> None:
    await body_of(door, request_)
    assert door.on_fast_path == 1


@pytest.mark.parametrize(
    "request_",
    [
        RESERVE.replace(b"/reservations ", b"/reservations?a=b "),
        RESERVE.replace(b"/reservations ", b"/%72eservations "),
        RESERVE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        RESERVE.replace(b"Host: here", b"Host: here\r\nConnection: close"),
        RESERVE.replace(b"Host: here", b"Host: here\r\nExpect: 100-continue"),
        RESERVE.replace(b"Host: here", b"Host: here\r\nConnection: Upgrade\r\nUpgrade: websocket"),
        RESERVE + HELLO,
    ],
    ids=["query", "escaped", "old", "closing", "expecting", "upgrading", "with another behind it"],
)
async def test_what_wants_more_than_an_answer_goes_the_long_way(door: Door, request_: bytes) -> None:
    guest = await door.arrive()
    assert await guest.ask(request_) in (100, 201)
    assert (door.reservations, door.on_fast_path) == (1, 0)


async def test_what_comes_in_pieces_goes_the_long_way(door: Door) -> None:
    guest = await door.arrive()
    guest.send(RESERVE[:-3])
    await asyncio.sleep(0.01)
    guest.send(RESERVE[-3:])
    assert (await guest.answer())[1] == b'{"lines":[]}'
    assert door.on_fast_path == 0


async def test_a_body_that_has_to_wait_until_it_is_read_comes_whole(door: Door) -> None:
    guest = await door.arrive()
    guest.send(post("/api/v1/reservations/abc/payment", bytes(BODY_BYTES)))
    assert len((await guest.answer())[1]) == len(b"paid by ") + BODY_BYTES


@pytest.mark.parametrize("chunks", [CHUNKS_KEPT - 1, CHUNKS_KEPT, CHUNKS_KEPT + 1, CHUNKS_KEPT + 2])
async def test_after_a_body_in_very_many_chunks_the_connection_goes_on(door: Door, chunks: int) -> None:
    guest = await door.arrive()
    head = b"POST /api/v1/reservations HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    guest.send(head + b"1\r\nx\r\n" * chunks + b"0\r\n\r\n")
    assert (await guest.answer())[1] == b"x" * chunks
    for request in (RESERVE, RESERVE):
        guest.send(request)
        assert (await guest.answer())[1] == b'{"lines":[]}'


async def test_nonsense_is_refused_as_ever(door: Door) -> None:
    guest = await door.arrive()
    assert await guest.ask(b"NON SENSE\r\n\r\n") == 400


# -- when something goes wrong


class Fault(Exception):
    """Nobody expects it."""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RefusedRequest(Refusal(Reason.NOT_FOUND)), 404, []),
        (StorageUnavailable("out of reach"), 503, ["storage out of reach"]),
        (Fault("secret"), 500, ["request failed"]),
    ],
    ids=["refused", "outage", "fault"],
)
async def test_whatever_goes_wrong_is_a_problem_and_the_connection_goes_on(
    error: Exception, status: int, said: list[str]
) -> None:
    async def fail(call: Call) -> Answer:
        raise error

    async with opened(10, answer_payment=fail) as door:
        guest = await door.arrive()
        with capture_logs() as logs:
            guest.send(PAY)
            head, body = await guest.answer()
        assert head.startswith(f"HTTP/1.1 {status} ")
        assert b"secret" not in body
        assert [entry["event"] for entry in logs] == said
        assert {entry["route"] for entry in logs} <= {"/api/v1/reservations/{id}/payment"}
        assert await guest.ask(HELLO) == 200


# -- what happens meanwhile


async def test_a_connection_may_call_as_often_as_it_likes(door: Door) -> None:
    guest = await door.arrive()
    for _ in range(2 * MAX_MSG_QUEUE_SIZE):
        guest.send(PAY)
        assert (await guest.answer())[1] == b'paid by {"token":"x"}'
    assert door.on_fast_path == 2 * MAX_MSG_QUEUE_SIZE
    guest.send(2 * PAY)  # which goes the long way, and that isn't blocked by what came before
    for _ in range(2):
        assert (await guest.answer())[1] == b'paid by {"token":"x"}'


async def test_who_does_not_read_answers_gets_no_more_of_them_this_way() -> None:
    async def answer_at_length(call: Call) -> Answer:
        answered.append(call)
        return Answer(head(200, {}), bytes(LARGE_BYTES))

    answered: list[Call] = []
    async with opened(10, answer_payment=answer_at_length) as door:
        guest = await door.arrive()
        guest.send(PAY)
        await eventually(lambda: len(answered) == 1)
        guest.send(PAY)
        assert len((await guest.answer())[1]) == LARGE_BYTES
        assert (await guest.answer())[1] == b'paid by {"token":"x"}'


async def test_what_comes_meanwhile_is_answered_afterwards_and_in_order() -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.on_fast_path == 1)
        guest.send(HELLO)
        guest.send(PAY)
        door.open.set()
        bodies = [(await guest.answer())[1] for _ in range(3)]
        assert bodies == [b'{"lines":[]}', b"hello", b'paid by {"token":"x"}']


async def test_a_connection_that_was_answered_is_turned_away_unread_when_there_is_no_room() -> None:
    async with opened(10, EdgeLimits(reservations_in_progress_max=1)) as door:
        guest, other = await door.arrive(), await door.arrive()
        guest.send(PAY)
        await guest.answer()
        other.send(RESERVE)
        await eventually(lambda: door.reservations == 1)
        guest.send(RESERVE)
        assert (await guest.answer())[0].startswith("HTTP/1.1 503 ")
        assert door.gate.stats().reservations_turned_away == 1


async def test_who_hangs_up_meanwhile_leaves_nothing_behind() -> None:
    async with opened(10) as door:
        before = door.gate.stats().tasks
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.on_fast_path == 1)
        guest.hang_up()
        await asyncio.sleep(0.01)
        assert door.gate.stats().reservations_in_progress == 1
        door.open.set()
        await eventually(lambda: door.gate.stats().tasks == before)
        stats = door.gate.stats()
        assert (stats.connections, stats.reservations_in_progress) == (0, 0)


async def test_an_idle_connection_is_closed_and_one_that_waits_for_its_answer_is_not() -> None:
    async with opened(10, EdgeLimits(keepalive_seconds=0.05)) as door:
        idle, waiting = await door.arrive(), await door.arrive()
        idle.send(PAY)
        waiting.send(RESERVE)
        await idle.answer()
        assert await idle.ends() == b""
        door.open.set()
        assert (await waiting.answer())[1] == b'{"lines":[]}'
        assert await waiting.ends() == b""


async def test_a_connection_that_is_used_stays_open() -> None:
    async with opened(10, EdgeLimits(keepalive_seconds=1.0)) as door:
        guest = await door.arrive()
        for _ in range(4):
            assert await guest.ask(PAY) == 200
            await guest.reader.readexactly(len(b'paid by {"token":"x"}'))
            await asyncio.sleep(0.4)


async def test_a_stop_waits_for_the_answer() -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.on_fast_path == 1)
        stopping = asyncio.create_task(door.runner.cleanup())
        await asyncio.sleep(0.02)
        door.open.set()
        assert (await guest.answer())[1] == b'{"lines":[]}'
        assert await guest.ends() == b""
        await stopping


async def test_a_connection_that_is_to_close_ends_with_its_answer() -> None:
    async with opened(10) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.on_fast_path == 1)
        assert door.runner.server is not None
        for conversation in door.runner.server.connections:
            conversation.close()
        door.open.set()
        assert (await guest.ends()).startswith(b"HTTP/1.1 201 ")


async def test_during_a_stop_a_connection_ends_with_its_answer() -> None:
    async def answer_when_paid(call: Call) -> Answer:
        begun.set()
        await paid.wait()
        return Answer(head(200, {}), b"")

    begun, paid = asyncio.Event(), asyncio.Event()
    async with opened(10, answer_payment=answer_when_paid) as door:
        other, guest = await door.arrive(), await door.arrive()
        other.send(RESERVE)
        guest.send(PAY)
        await eventually(lambda: begun.is_set() and door.on_fast_path == 1)
        stopping = asyncio.create_task(door.runner.cleanup())
        await asyncio.sleep(0.02)
        paid.set()
        assert (await guest.ends()).startswith(b"HTTP/1.1 200 ")
        assert not stopping.done()
        door.open.set()
        await stopping


async def test_a_stop_does_not_wait_for_ever() -> None:
    async with opened(10, shutdown_seconds=0.05) as door:
        guest = await door.arrive()
        guest.send(RESERVE)
        await eventually(lambda: door.on_fast_path == 1)
        await door.runner.cleanup()
        assert await guest.ends() == b""
        await eventually(lambda: door.gate.stats().reservations_in_progress == 0)

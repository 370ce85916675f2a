"""A full server says so at once, and a probe still comes through."""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.embedded.processes import REPOSITORY
from tests.eventually import eventually
from tests.web.door import HELLO, Door, Guest, OpenDoor, opened, post
from ticketd.web import connections
from ticketd.web.connections import (
    FILES_BESIDE,
    NO_ROOM,
    NO_ROOM_PAGE,
    PROBES_MAX,
    URGENT_BYTES_MAX,
    URGENT_MAX,
)

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
async def open_door() -> AsyncIterator[OpenDoor]:
    """Opens a door for so many guests."""
    async with AsyncExitStack() as stack:

        async def make(connections_max: int) -> Door:
            return await stack.enter_async_context(opened(connections_max))

        yield make


async def fill(door: Door, count: int) -> list[Guest]:
    """So many guests who have been served and stay."""
    guests = [await door.arrive() for _ in range(count)]
    assert [await guest.ask() for guest in guests] == [200] * count
    for guest in guests:
        await guest.reader.readuntil(b"hello")
    return guests


async def test_those_for_whom_there_is_room_are_served_and_one_more_hears_503(open_door: OpenDoor) -> None:
    door = await open_door(3)
    inside = await fill(door, 3)
    outside = await door.arrive()
    outside.send(b"GET /api/v1/events HTTP/1.1\r\nHost: here\r\n\r\n")
    head, _, body = (await outside.ends()).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert {"Retry-After: 1", "Connection: close", "Content-Type: application/problem+json"} < set(headers)
    assert f"Content-Length: {len(body)}" in headers
    assert json.loads(body)["code"] == "overloaded"
    assert [await guest.ask() for guest in inside] == [200] * 3
    stats = door.gate.stats()
    assert (stats.connections, stats.connections_refused) == (3, 1)


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        ("GET / HTTP/1.1", NO_ROOM_PAGE),
        ("GET /events/7 HTTP/1.1", NO_ROOM_PAGE),
        ("POST /mario/purchase/x HTTP/1.1", NO_ROOM_PAGE),
        ("GET /apiary HTTP/1.1", NO_ROOM_PAGE),
        ("GET /api/v1/events HTTP/1.1", NO_ROOM),
        ("POST /api/v1/events HTTP/1.1", NO_ROOM),
        ("GET /metrics-club HTTP/1.1", NO_ROOM),
        ("what is this?", NO_ROOM),
    ],
)
async def test_a_person_without_room_gets_a_page_and_a_program_a_problem(
    open_door: OpenDoor, request_line: str, answer: bytes
) -> None:
    guest = await (await open_door(0)).arrive()
    guest.send(f"{request_line}\r\nHost: here\r\n\r\n".encode())
    assert await guest.ends() == answer


def test_the_page_says_what_a_browser_has_to_know() -> None:
    head, _, body = NO_ROOM_PAGE.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert {"Retry-After: 1", "Connection: close", "Content-Type: text/html; charset=utf-8"} < set(lines)
    assert f"Content-Length: {len(body)}" in lines
    assert b'<a href="">Try again</a>' in body
    assert b"/static/" not in body


async def test_a_place_that_becomes_free_is_given_to_the_next(open_door: OpenDoor) -> None:
    door = await open_door(2)
    inside = await fill(door, 2)
    assert await (await door.arrive()).ask() == 503
    inside[0].hang_up()
    await eventually(lambda: door.gate.stats().connections == 1)
    async with asyncio.timeout(20):
        while await (await door.arrive()).ask() == 503:
            pass  # the count is a moment old
    assert await (await door.arrive()).ask() == 503


async def test_who_has_been_idle_for_longest_gives_way(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS_MIN", 0.0)
    monkeypatch.setattr(connections, "GIVE_WAY_SECONDS_MIN", 0.0)
    door = await open_door(3)
    first, second, busy = await fill(door, 3)
    busy.send(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
    assert await first.ask() == 200
    await first.reader.readuntil(b"hello")
    assert await (await door.arrive()).ask() == 200  # in the place of `second`
    assert await second.ends() == b""
    door.open.set()
    assert (await busy.answer())[1] == b"at last"
    assert await first.ask() == 200


async def test_who_has_just_been_answered_need_not_give_way(open_door: OpenDoor) -> None:
    door = await open_door(2)
    inside = await fill(door, 2)
    assert await (await door.arrive()).ask() == 503
    assert [await guest.ask() for guest in inside] == [200, 200]


async def test_guests_who_come_at_the_same_moment_are_counted_one_by_one(open_door: OpenDoor) -> None:
    door = await open_door(5)
    guests = await asyncio.gather(*(door.arrive() for _ in range(50)))
    statuses = await asyncio.gather(*(guest.ask() for guest in guests))
    assert sorted(statuses) == [200] * 5 + [503] * 45


async def test_a_refused_guest_can_read_the_answer_while_still_sending(open_door: OpenDoor) -> None:
    door = await open_door(0)
    guest = await door.arrive()
    guest.send(b"POST /api/hello HTTP/1.1\r\nHost: here\r\nContent-Length: 4000000\r\n\r\n")
    for _ in range(40):
        guest.send(b"x" * 100_000)
    assert await guest.ends() == NO_ROOM


async def test_one_whose_request_is_under_way_counts_after_hanging_up(open_door: OpenDoor) -> None:
    door = await open_door(1)
    leaving = await door.arrive()
    tasks = door.gate.stats().tasks
    leaving.send(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
    await eventually(lambda: door.gate.stats().tasks > tasks)
    leaving.hang_up()
    assert await (await door.arrive()).ask() == 503
    door.open.set()
    await eventually(lambda: door.gate.stats().connections == 0)


async def test_a_full_server_answers_a_probe_and_nothing_else_on_its_connection(open_door: OpenDoor) -> None:
    door = await open_door(1)
    await fill(door, 1)
    probe = await door.arrive()
    assert await probe.ask(HEALTHZ) == 200
    probe.send(HELLO)
    assert await probe.ends() == b"hello"
    assert door.gate.stats().connections_refused == 0


async def test_probes_have_a_limit_too(open_door: OpenDoor) -> None:
    door = await open_door(0)
    waiting = [await door.arrive() for _ in range(PROBES_MAX)]
    for each in waiting:
        each.send(b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n")
    await eventually(lambda: door.gate.stats().connections == PROBES_MAX)
    assert await (await door.arrive()).ask(HEALTHZ) == 503
    door.open.set()
    for each in waiting:
        assert (await each.ends()).endswith(b"at last")


@pytest.mark.parametrize(
    "request_",
    [
        post("/api/v1/reservations/abc/payment"),
        b"GET /api/v1/queue HTTP/1.1\r\nHost: here\r\nQueue-Token: abc\r\n\r\n",
        b"GET /events/7/queue HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET /r/abc HTTP/1.1\r\nHost: here\r\n\r\n",
    ],
    ids=["payment", "queue", "waiting page", "reservation's page"],
)
async def test_who_holds_tickets_or_waits_comes_through_a_full_door(
    open_door: OpenDoor, request_: bytes
) -> None:
    door = await open_door(1)
    await fill(door, 1)
    urgent = await door.arrive()
    assert await urgent.ask(request_) == 200
    urgent.send(HELLO)
    assert (await urgent.ends()).count(b"HTTP/1.1") == 0
    assert await (await door.arrive()).ask(post("/api/v1/reservations")) == 503


async def test_a_payment_in_pieces_comes_through_whole(open_door: OpenDoor) -> None:
    door = await open_door(0)
    guest, payment = await door.arrive(), post("/api/v1/reservations/abc/payment", b"a good card")
    for cut in range(0, len(payment), 40):
        guest.send(payment[cut : cut + 40])
        await asyncio.sleep(0)
    assert (await guest.ends()).endswith(b"paid by a good card")


async def test_a_payment_without_end_is_refused(open_door: OpenDoor) -> None:
    door = await open_door(0)
    guest = await door.arrive()
    guest.send(post("/api/v1/reservations/abc/payment", bytes(10 * URGENT_BYTES_MAX))[: 2 * URGENT_BYTES_MAX])
    assert (await guest.ends()).startswith(b"HTTP/1.1 503 ")


async def test_payments_have_a_limit_too_and_leave_room_for_probes(open_door: OpenDoor) -> None:
    door = await open_door(0)
    lingering = [await door.arrive() for _ in range(URGENT_MAX)]
    for each in lingering:
        each.send(b"GET /r/abc HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
    for each in lingering:
        await each.ends()
    assert await (await door.arrive()).ask(post("/api/v1/reservations/abc/payment")) == 200
    assert await (await door.arrive()).ask(HEALTHZ) == 200


@pytest.mark.parametrize("path", ["/metrics-club", "/hello?from=/healthz", "/healthzz"])
async def test_what_only_looks_like_a_probe_has_no_place_of_its_own(open_door: OpenDoor, path: str) -> None:
    door = await open_door(0)
    assert await (await door.arrive()).ask(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()) == 503


async def test_a_refused_guest_who_says_nothing_is_sent_away(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "TURN_AWAY_SECONDS_MAX", 0.05)
    door = await open_door(0)
    assert await (await door.arrive()).ends() == NO_ROOM


async def test_a_stop_sends_the_refused_away(open_door: OpenDoor) -> None:
    door = await open_door(0)
    silent = await door.arrive()
    assert await (await door.arrive()).ask() == 503  # so the one before has been seen, too
    door.gate.close()
    assert await silent.ends() == NO_ROOM


async def test_too_many_refused_at_a_time_are_cut_off_right_after_their_answer(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "TURNED_AWAY_MAX", 2)
    door = await open_door(0)
    silent = [await door.arrive() for _ in range(2)]
    assert await (await door.arrive()).ends() == NO_ROOM
    silent[0].hang_up()
    async with asyncio.timeout(20):  # there is room for its request again as soon as that one has gone
        while await (await door.arrive()).ask() != 503:
            pass
    assert await silent[1].ask() == 503


def test_the_limit_of_open_files_is_raised_to_what_the_connections_need() -> None:
    assert fitting(connections=1000, soft=64, hard=FILES_BESIDE + 2000) == (1000, FILES_BESIDE + 1000)


@pytest.mark.parametrize(
    ("hard", "fits"),
    [(FILES_BESIDE + 1500, 1500), (FILES_BESIDE + FILES_BESIDE // 2, 3 * FILES_BESIDE // 4), (64, 32)],
    ids=["low", "very low", "hopeless"],
)
def test_fewer_connections_than_wanted_fit_under_a_low_limit_of_open_files_and_the_log_says_so(
    hard: int, fits: int
) -> None:
    assert fitting(connections=2000, soft=64, hard=hard) == (fits, hard)


def fitting(*, connections: int, soft: int, hard: int) -> tuple[int, int]:
    """How many connections fit in a process with these limits, and how many files it may then open."""
    program = (
        "import resource; from ticketd.web.connections import fitting_connections;"
        f"print(fitting_connections({connections}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
        capture_output=True,
        text=True,
        check=True,
    )
    *log, numbers = run.stdout.splitlines()
    fits, files = map(int, numbers.split())
    assert ("limit of open files is too low" in "".join(log)) == (fits < connections)
    return fits, files

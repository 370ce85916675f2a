"""All who watch an event see it change, and nobody waits for anybody."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.web_request import BaseRequest

from tests.eventually import SECONDS_MAX, eventually
from ticketd.core.clients import Client
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import StorageUnavailable
from ticketd.web.api.stream import Stream
from ticketd.web.rendered import Text
from ticketd.web.sights import Sight
from ticketd.web.streams import HEARTBEAT_LOOKS, LOOK_SECONDS, RETRY_MS, SLICE_VIEWERS, Streams
from ticketd.web.viewers import BEHIND_BYTES_MAX, Viewer

EVENT = EventId(1)
GUEST = Client("192.0.2.7", "192.0.2.7", "192.0.2.0/24")
NEIGHBOUR = Client("192.0.2.8", "192.0.2.8", "192.0.2.0/24")
DESK = Client("192.0.2.7", "192.0.2.7", "192.0.2.0/24", is_desk=True, is_exempt=True)


class Metronome:
    """In place of `asyncio.sleep`: as many intervals pass as the test says."""

    def __init__(self) -> None:
        self._beats = asyncio.Semaphore(0)
        self._sleeping = 0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._sleeping += 1
        try:
            await self._beats.acquire()
        finally:
            self._sleeping -= 1

    async def beat(self, times: int = 1) -> None:
        """Let so many intervals pass, and what is done after each of them."""
        for _ in range(times):
            await eventually(lambda: self._sleeping == 1)
            before = len(self.slept)
            self._beats.release()
            await eventually(lambda: len(self.slept) > before)  # noqa: B023  # it is waited for right here

    async def last_beat(self) -> None:
        """Let an interval pass after which nobody sleeps any more."""
        self._beats.release()
        await eventually(lambda: self._sleeping == 0)


class Guest:
    """One connection to the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def head(self) -> bytes:
        """Of the answer."""
        return await self._block()

    async def hears(self) -> str:
        """The next thing: an event's data, or the line that is no event."""
        lines = (await self._block()).decode().split("\n")
        return dict(line.split(": ", 1) for line in lines if ": " in line).get("data", lines[0])

    async def ends(self) -> bytes:
        """All that still comes until the server hangs up."""
        async with asyncio.timeout(SECONDS_MAX):
            return await self._reader.read()

    async def _block(self) -> bytes:
        text = b""
        async with asyncio.timeout(SECONDS_MAX):
            while (line := await self._reader.readline()).strip():
                text += line
        assert text, "the stream has ended"
        return text

    def reads(self, *, on: bool) -> None:
        """While it doesn't, what comes stays where it is."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        if on:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def says(self, data: bytes) -> None:
        """Send something."""
        self._writer.write(data)

    def hang_up(self) -> None:
        """Leave without a word."""
        self._writer.transport.abort()


class Show:
    """An event that changes when it is told to, and a listening server that lets guests watch it."""

    def __init__(self, *, viewers_max: int = 1000, viewers_per_network_max: int = 1000) -> None:
        self.metronome = Metronome()
        self.left: Text | None = Text(b"100")
        self.room: Text | None = None
        self.fault: Exception | None = None
        self.client = GUEST
        self.answer = Stream
        self.guests: list[Guest] = []
        self.port = 0
        self.streams = Streams(
            self._look,
            viewers_max=viewers_max,
            viewers_per_network_max=viewers_per_network_max,
            sleep=self.metronome.sleep,
        )

    async def _look(self, _: EventId, known: Sight | None) -> Sight | None:
        if self.fault is not None:
            raise self.fault
        if self.left is None:
            return None
        return (
            known if known is not None and known.shows(self.left, self.room) else Sight(self.left, self.room)
        )

    async def watch(self, _: web.Request) -> web.StreamResponse:
        sight = await self.streams.look(EVENT)
        assert sight is not None
        return self.answer(self.streams, EVENT, sight, self.client)

    async def arrive(self, **options: int) -> Guest:
        """A guest who watches and has seen what there is to see first; `options` are of the socket."""
        guest = await self.connect(**options)
        assert b"200 OK" in await guest.head()
        assert (await guest.hears()).startswith("retry: ")
        assert self.left is not None
        assert await guest.hears() == self.left.body.decode()
        return guest

    async def connect(self, **options: int) -> Guest:
        """A guest who has asked to watch."""
        connection = socket.socket()
        for name, value in options.items():
            connection.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        connection.connect(("127.0.0.1", self.port))
        guest = Guest(*await asyncio.open_connection(sock=connection, limit=2**22))
        guest.says(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        self.guests.append(guest)
        return guest


OpenShow = Callable[..., Awaitable[Show]]


@pytest.fixture
async def open_show() -> AsyncIterator[OpenShow]:
    """Opens a show."""
    closings: list[Callable[[], Awaitable[None]]] = []

    async def make(**limits: int) -> Show:
        show = Show(**limits)
        app = web.Application()
        app.router.add_get("/", show.watch)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        show.port = runner.addresses[0][1]

        async def close() -> None:
            for guest in show.guests:
                guest.hang_up()
            await show.streams.close()
            await runner.cleanup()

        closings.append(close)
        return show

    yield make
    for close in closings:
        await close()


@pytest.fixture
async def show(open_show: OpenShow) -> Show:
    return await open_show()


async def test_changes_between_two_looks_are_one_sight_the_last(show: Show) -> None:
    guest = await show.arrive()
    for left in range(99, 89, -1):
        show.left = Text(b"%d" % left)
    await show.metronome.beat()
    assert await guest.hears() == "90"
    show.left = Text(b"89")
    await show.metronome.beat()
    assert await guest.hears() == "89"
    assert set(show.metronome.slept) == {LOOK_SECONDS}


async def test_as_long_as_nothing_changes_nothing_is_sent_but_a_sign_of_life_at_times(show: Show) -> None:
    guest = await show.arrive()
    await show.metronome.beat(2 * HEARTBEAT_LOOKS + 1)
    show.left = Text(b"99")
    await show.metronome.beat()
    assert [await guest.hears() for _ in range(3)] == [":", ":", "99"]


async def test_who_comes_between_two_looks_sees_what_is_true_and_nothing_twice(show: Show) -> None:
    early = await show.arrive()
    show.left = Text(b"99")
    late = await show.arrive()
    await show.metronome.beat()
    show.left = Text(b"98")
    await show.metronome.beat()
    assert [await early.hears() for _ in range(2)] == ["99", "98"]
    assert await late.hears() == "98"


async def test_all_viewers_get_the_same_bytes_however_many_there_are(show: Show) -> None:
    guests = [await show.arrive() for _ in range(SLICE_VIEWERS + 5)]
    show.left = Text(b"99")
    await show.metronome.beat()
    assert {await guest.hears() for guest in guests} == {"99"}
    gc.collect()  # what other tests have left
    viewers = [each for each in gc.get_objects() if isinstance(each, Viewer)]
    assert len(viewers) == len(guests)
    assert len({id(viewer.seen) for viewer in viewers}) == 1


async def test_the_waiting_room_is_seen_too_and_each_of_both_only_when_it_changes(show: Show) -> None:
    show.room = Text(b"closed")
    guest = await show.arrive()
    show.room = Text(b"open")
    await show.metronome.beat()
    show.left = Text(b"99")
    await show.metronome.beat()
    show.room = None
    await show.metronome.beat()
    assert [await guest.hears() for _ in range(4)] == ["closed", "open", "99", "null"]


async def test_a_viewer_who_does_not_read_is_cut_and_nobody_else_notices(show: Show) -> None:
    (await show.arrive(SO_RCVBUF=4096)).reads(on=False)
    reader = await show.arrive()
    seen = 0
    while not show.streams.stats().cut:
        seen += 1
        show.left = Text(b"%d" % seen * (BEHIND_BYTES_MAX // 2))
        await show.metronome.beat()
        assert await reader.hears() == show.left.body.decode()
        assert seen < 1000
    await eventually(lambda: show.streams.stats().viewers == 1)


async def test_two_sights_may_wait_however_large_they_are(show: Show) -> None:
    show.left = Text(b"x" * 6 * BEHIND_BYTES_MAX)
    guest = await show.connect(SO_RCVBUF=4096)
    guest.reads(on=False)
    await eventually(lambda: show.streams.stats().viewers == 1)
    show.left = Text(b"y" * 6 * BEHIND_BYTES_MAX)
    await show.metronome.beat()
    guest.reads(on=True)
    await guest.head()
    assert (await guest.hears()).startswith("retry: ")
    assert [(await guest.hears())[0] for _ in range(2)] == ["x", "y"]


async def test_when_the_last_viewer_has_left_nothing_is_left_of_the_stream(show: Show) -> None:
    tasks, handlers = len(asyncio.all_tasks()), living(web.RequestHandler)
    guests = [await show.arrive() for _ in range(3)]
    assert (show.streams.stats().viewers, show.streams.stats().events) == (3, 1)
    assert living(web.RequestHandler) <= handlers
    for guest in guests:
        guest.hang_up()
    await eventually(lambda: show.streams.stats().viewers == 0)
    await show.metronome.last_beat()
    assert show.streams.stats().events == 0
    await eventually(lambda: len(asyncio.all_tasks()) == tasks)
    gc.collect()
    assert living(Viewer) == 0


async def test_one_who_comes_when_the_last_has_just_left_is_served(show: Show) -> None:
    (await show.arrive()).hang_up()
    await eventually(lambda: show.streams.stats().viewers == 0)
    guest = await show.arrive()
    show.left = Text(b"99")
    await show.metronome.beat()
    assert await guest.hears() == "99"


async def test_a_viewer_who_speaks_is_cut(show: Show) -> None:
    guest = await show.arrive()
    guest.says(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    assert await guest.ends() == b""
    await eventually(lambda: show.streams.stats().viewers == 0)


async def test_once_guests_may_not_know_of_the_event_the_stream_ends(show: Show) -> None:
    guest = await show.arrive()
    show.left = None
    await show.metronome.last_beat()
    assert await guest.ends() == b""
    await eventually(lambda: show.streams.stats().viewers == 0)


async def test_a_stream_outlives_an_outage_of_the_database(show: Show) -> None:
    guest = await show.arrive()
    show.fault = StorageUnavailable()
    await show.metronome.beat()
    show.fault, show.left = None, Text(b"99")
    await show.metronome.beat()
    assert await guest.hears() == "99"


async def test_a_fault_ends_the_stream_and_is_logged(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    guest = await show.arrive()
    show.fault = ZeroDivisionError()
    await show.metronome.last_beat()
    assert await guest.ends() == b""
    assert "a stream was ended by a fault" in capsys.readouterr().out
    show.fault = None
    await show.arrive()


async def test_a_stop_ends_all_streams_and_no_more_are_opened(show: Show) -> None:
    guests = [await show.arrive() for _ in range(3)]
    await show.streams.close()
    assert [await guest.ends() for guest in guests] == [b""] * 3
    assert reason(show.streams.refusal(GUEST)) is Reason.OVERLOADED
    assert await (await show.connect()).ends() == b""


class ThenStop(Stream):
    """Opens a stream, and the server stops before anything else happens."""

    async def send(self, request: BaseRequest, head: bytes) -> None:
        await super().send(request, head)
        await self._streams.close()


async def test_a_stop_in_the_very_moment_that_a_stream_opens_ends_it_too(show: Show) -> None:
    show.answer = ThenStop
    guest = await show.arrive()
    assert await guest.ends() == b""


async def test_there_are_at_most_so_many_viewers_and_so_many_of_one_network(open_show: OpenShow) -> None:
    show = await open_show(viewers_max=3, viewers_per_network_max=2)
    guests = [await show.arrive() for _ in range(2)]
    refused = show.streams.refusal(GUEST)
    assert reason(refused) is Reason.TOO_MANY_REQUESTS
    assert refused is not None
    assert refused.retry_after_seconds
    assert show.streams.refusal(NEIGHBOUR) is None
    assert show.streams.refusal(DESK) is None
    show.client = NEIGHBOUR
    await show.arrive()
    assert reason(show.streams.refusal(NEIGHBOUR)) is Reason.OVERLOADED
    guests[0].hang_up()
    await eventually(lambda: show.streams.refusal(GUEST) is None)


async def test_those_who_come_together_are_told_to_come_back_at_different_times(show: Show) -> None:
    told = []
    for _ in range(20):
        guest = await show.connect()
        await guest.head()
        told.append(int((await guest.hears()).removeprefix("retry: ")))
    assert all(each in RETRY_MS for each in told)
    gaps = [abs(one - other) for i, one in enumerate(told) for other in told[:i]]
    assert min(gaps) > 100


def reason(refusal: Refusal | None) -> Reason | None:
    return None if refusal is None else refusal.reason


def living(kind: type) -> int:
    """How many objects of this kind there are in memory."""
    return sum(isinstance(each, kind) for each in gc.get_objects())

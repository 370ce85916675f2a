"""Viewers of an event's stream, in a process of their own, and when they saw what."""

import asyncio
import multiprocessing
import re
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

from bench.client import request
from bench.processes import allow_open_files

ARRIVING_AT_ONCE = 200
_HELD = re.compile(rb'"held":(\d+)')
_END_OF_EVENT = b"\n\n"


class Seen(NamedTuple):
    """All that all viewers received, in the order in which it came: how many tickets were held, and when."""

    at: "array[float]"
    held_before: "array[int]"
    """What this viewer knew until then."""
    held: "array[int]"


class Audience:
    """Viewers who sit there and watch."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe

    def leave(self) -> Seen:
        """What they have seen; they watch no more."""
        self._pipe.send(None)
        seen: Seen = self._pipe.recv()
        return seen


@contextmanager
def audience(url: str, viewers: int) -> Iterator[Audience]:
    """So many viewers of this stream, all of whom have their first sight."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_watch, args=(url, viewers, theirs))
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield Audience(ours)
    finally:
        ours.close()
        process.join()


def _watch(url: str, viewers: int, pipe: "Connection[Any, Any]") -> None:
    allow_open_files(viewers + 100)
    uvloop.run(_seat(url, viewers, pipe))


async def _seat(url: str, viewers: int, pipe: "Connection[Any, Any]") -> None:
    loop, parts, wanted = asyncio.get_running_loop(), urlsplit(url), request("GET", url)
    seen, seats = Seen(array("d"), array("q"), array("q")), list[Viewer]()
    while len(seats) < viewers:
        arriving: list[Viewer] = []
        for _ in range(min(ARRIVING_AT_ONCE, viewers - len(seats))):
            _, viewer = await loop.create_connection(
                lambda: Viewer(wanted, seen), str(parts.hostname), parts.port or 80
            )
            arriving.append(viewer)
        await asyncio.gather(*(viewer.seated for viewer in arriving))
        seats += arriving
    pipe.send(None)
    await asyncio.to_thread(pipe.recv)
    pipe.send(seen)
    for viewer in seats:
        viewer.leave()


class Viewer(asyncio.Protocol):
    """One stream, which ends only when the viewer leaves."""

    def __init__(self, wanted: bytes, seen: Seen) -> None:
        self.seated: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the first sight."""
        self._wanted = wanted
        self._seen = seen
        self._held = 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._wanted)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        *events, self._rest = (self._rest + data).split(_END_OF_EVENT)
        for event in events:
            if (found := _HELD.search(event)) is not None:
                self._see(int(found[1]), now)

    def _see(self, held: int, now: float) -> None:
        if not self.seated.done():
            self.seated.set_result(None)
        else:
            self._seen.at.append(now)
            self._seen.held_before.append(self._held)
            self._seen.held.append(held)
        self._held = held

    def leave(self) -> None:
        """Hang up."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.seated.done():
            self.seated.set_exception(exc or ConnectionResetError())

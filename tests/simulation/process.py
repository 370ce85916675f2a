"""The server's process: the real house behind the edge, and the ways in which it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from tests.simulation.loop import OWNER, Life, Owner, SimulatedLoop
from ticketd import app
from ticketd.ports import Clock
from ticketd.settings import Settings
from ticketd.web.context import Services

T = TypeVar("T")

DSN = "postgresql://simulated"
NO_CALL = 0
CALL: ContextVar[int] = ContextVar("call", default=NO_CALL)
"""The number of the call that this code works for."""


class ServerProcess(Owner):
    """`ticketd serve` without HTTP, from its start until nothing of it is left."""

    def __init__(self, loop: SimulatedLoop, settings: Settings) -> None:
        super().__init__()
        self.services: Services | None = None
        """While it listens."""
        self.was_ready = False
        """Whether its start succeeded."""
        self.gone: asyncio.Future[None] = loop.create_future()
        self._resumed_at = -1.0
        self.ended_by: BaseException | None = None
        """Why it stopped by itself, or couldn't start; None if it was told to, or killed."""
        self._loop = loop
        self._settings = settings
        self._ended: asyncio.Future[BaseException | None] = loop.create_future()
        self._handlers: set[asyncio.Task[Any]] = set()
        self._context = copy_context()
        self._context.run(OWNER.set, self)
        self._main = loop.create_task(self._serve(), context=self._context)
        self._main.add_done_callback(lambda _: self.kill())

    @property
    def listens(self) -> bool:
        """Whether a guest can reach it; a paused one takes connections as well."""
        return self.services is not None and self.life is not Life.DEAD

    @property
    def clock(self) -> Clock:
        """What it goes by, while it listens."""
        assert self.services is not None, "only a process that listens is asked"
        return self.services.clock

    def handle(self, call: int, work: Callable[[Services], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Let it work on a guest's call."""
        assert self.services is not None, "only a process that listens is asked"
        context = self._context.copy()
        context.run(CALL.set, call)
        task = self._loop.create_task(work(self.services), context=context)
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)
        return task

    # -- its end

    def stop(self) -> None:
        """SIGTERM."""
        self._end(None)

    def pause(self) -> None:
        """SIGSTOP."""
        self.life = Life.PAUSED

    def resume(self) -> None:
        """SIGCONT."""
        if self.life is Life.PAUSED:
            self._resumed_at = self._loop.time()
            self._loop.resume(self)

    def was_paused_after(self, at: float) -> bool:
        """Whether it slept at any time after this one, in virtual seconds."""
        return self.life is Life.PAUSED or self._resumed_at >= at

    def kill(self) -> None:
        """kill -9, or the last of an exit."""
        self.life = Life.DEAD
        self.services = None
        if not self.gone.done():
            self.gone.set_result(None)

    def _end(self, reason: BaseException | None) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)

    async def _serve(self) -> None:
        """As `ticketd.server` does it."""
        try:
            async with AsyncExitStack() as stack:
                opened = stack.enter_async_context(app.open_services(self._settings, DSN, fatal=self._end))
                opening = asyncio.ensure_future(opened)
                waited_for: set[asyncio.Future[Any]] = {opening, self._ended}
                await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
                if not opening.done():
                    opening.cancel()
                    await asyncio.gather(opening, return_exceptions=True)
                else:
                    self.services = opening.result()
                    self.was_ready = True
                self.ended_by = await self._ended
                self.services = None
                await self._finish_handlers()
        except Exception as error:
            self.ended_by = error

    async def _finish_handlers(self) -> None:
        if self._handlers:
            seconds = self._settings.shutdown_seconds_max * app.WEB_SHARE
            _, late = await asyncio.wait(self._handlers, timeout=seconds)
            for task in late:
                task.cancel()

"""An event loop in virtual time, whose callbacks belong to processes that can be paused and killed.

Ready callbacks run in the order in which asyncio promises to run them; time stands still while they do,
but for a microsecond each, and jumps to the next timer when nothing is ready. Nothing here looks at the
wall clock, at a hash or at an address, so that the same seed lives the same life.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextvars import Context, ContextVar
from enum import Enum, auto
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CALLBACK_NS = 1_000
"""How long a callback takes: time that never moved would hide whoever waits for it to."""
SECOND_NS = 1_000_000_000
CALLBACKS_MAX = 1_000_000
"""A life takes some ten thousand."""
_LAST_ROUNDS = 50


class Life(Enum):
    """How a process is doing."""

    RUNNING = auto()
    PAUSED = auto()
    """Nothing of it runs, but it hears of everything later: SIGSTOP."""
    DEAD = auto()
    """Nothing of it ever runs again: kill -9."""


class Owner:
    """Whose callbacks these are."""

    def __init__(self) -> None:
        self.life = Life.RUNNING
        self.missed: list[asyncio.Handle] = []
        """What it has to run if it ever goes on."""


OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)
"""The process that this code runs in; None for the world around it. Tasks and callbacks inherit it."""


class NumberedTask(asyncio.Task[T]):
    """A task whose place in a set doesn't depend on its address; asyncio and the server keep such sets."""

    def __init__(self, number: int, coro: Coroutine[Any, Any, T], **options: Any) -> None:
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number


class NumberedFuture(asyncio.Future[T]):
    """The same for a future."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class Stuck(Exception):
    """Nothing will ever happen any more, or the same for ever."""


class SimulatedLoop(asyncio.AbstractEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._fault: BaseException | None = None
        self._ready: deque[tuple[Owner | None, asyncio.Handle]] = deque()
        self._timers: list[tuple[int, int, Owner | None, asyncio.TimerHandle]] = []
        self._interrupts: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()
        self._tasks: list[asyncio.Task[Any]] = []
        self.callbacks_run = 0

    # -- what asyncio asks of a loop

    def time(self) -> float:
        """Virtual seconds."""
        return self.now_ns / SECOND_NS

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append((_owner(context), handle))
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        entry = round(when * SECOND_NS), next(self._numbers), _owner(context), handle
        heapq.heappush(self._timers, entry)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is dropped when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return NumberedFuture(next(self._numbers), self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        assert not isinstance(coro, Generator), "nobody makes tasks of generators any more"
        task = NumberedTask(next(self._numbers), coro, loop=self, name=name, context=context)
        self._tasks.append(task)  # a dead process's tasks must not be closed by the garbage collector
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._fault is None:
            self._fault = context.get("exception") or RuntimeError(context.get("message"))

    # -- what the simulation asks of it

    def interrupt_at(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at that instant, even between two callbacks that are ready."""
        heapq.heappush(self._interrupts, (when_ns, next(self._numbers), callback))

    def resume(self, owner: Owner) -> None:
        """Let a paused process go on with all that it has missed."""
        owner.life = Life.RUNNING
        self._ready.extend((owner, handle) for handle in owner.missed)
        owner.missed.clear()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Live until `main` is over; raises what failed unheard, or Stuck if nothing happens any more."""
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
                if self._fault is not None:
                    raise self._fault
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def end(self, owners: Iterable[Owner]) -> None:
        """Cancel whatever is left, the dead included, so that nothing lingers; it counts for nothing."""
        asyncio._set_running_loop(self)
        try:
            for owner in owners:
                self.resume(owner)
            for _ in range(_LAST_ROUNDS):
                left = [task for task in self._tasks if not task.done()]
                if not left:
                    return
                for task in left:
                    task.cancel()
                while self._ready:
                    _, handle = self._ready.popleft()
                    if not handle.cancelled():
                        handle._run()
        finally:
            asyncio._set_running_loop(None)

    def _step(self) -> None:
        if self._interrupts and self._interrupts[0][0] <= self._next_ns():
            when_ns, _, callback = heapq.heappop(self._interrupts)
            self.now_ns = max(self.now_ns, when_ns)
            callback()
            return
        if not self._ready:
            self._advance()
            return
        owner, handle = self._ready.popleft()
        if handle.cancelled():
            return
        if owner is None or owner.life is Life.RUNNING:
            self.callbacks_run += 1
            if self.callbacks_run > CALLBACKS_MAX:
                raise Stuck("callbacks without end")
            self.now_ns += CALLBACK_NS
            handle._run()
        else:
            owner.missed.append(handle)

    def _next_ns(self) -> int:
        """When the next callback runs; now, if nothing ever will."""
        return self._timers[0][0] if self._timers and not self._ready else self.now_ns

    def _advance(self) -> None:
        """Jump to the next timer, and make all that are due then ready."""
        if not self._timers:
            raise Stuck("nothing is ready and nothing will ever be")
        self.now_ns = max(self.now_ns, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self.now_ns:
            _, _, owner, handle = heapq.heappop(self._timers)
            if not handle.cancelled():
                self._ready.append((owner, handle))


def _owner(context: Context | None) -> Owner | None:
    return OWNER.get() if context is None else context.get(OWNER)

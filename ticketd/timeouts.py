"""One time limit for many: whoever was there first is the first to be late, so one timer serves all."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Result = TypeVar("Result")


class Timeouts(Generic[T]):
    """Calls `late` with each that has been waited for longer than `seconds`."""

    def __init__(self, seconds: float, late: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._late = late
        self._due: dict[T, float] = {}
        """By time: all wait equally long, and who begins anew goes to the end."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, item: T) -> bool:
        return item in self._due

    def begin(self, item: T) -> None:
        """Wait for it, if nobody does so yet."""
        if item in self._due:
            return
        loop = asyncio.get_running_loop()
        self._due[item] = due = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._look)

    def end(self, item: T) -> None:
        """Wait for this item no longer."""
        self._due.pop(item, None)

    def close(self) -> None:
        """Nobody is waited for any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = []
        for item, due in self._due.items():
            if due > now:
                self._timer = loop.call_at(due, self._look)
                break
            late.append(item)
        for item in late:
            del self._due[item]
        for item in late:
            self._late(item)


class TimeLimit:
    """What `asyncio.timeout` does, for a tenth of its cost; once at a time in each task."""

    def __init__(self, seconds: float) -> None:
        self._tasks: Timeouts[asyncio.Task[Any]] = Timeouts(seconds, self._interrupt)
        self._interrupted: set[asyncio.Task[Any]] = set()

    async def keep(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What it comes to; TimeoutError once it is cancelled because it takes too long."""
        task = asyncio.current_task()
        assert task is not None, "only a task can be interrupted"
        assert task not in self._tasks, "the inner one would end for the outer one"
        cancelling = task.cancelling()
        self._tasks.begin(task)
        try:
            return await work
        except asyncio.CancelledError as cancelled:
            if self._ended_late(task, cancelling):
                raise TimeoutError from cancelled
            raise
        finally:
            self._ended_late(task, cancelling)

    def _interrupt(self, task: asyncio.Task[Any]) -> None:
        self._interrupted.add(task)
        task.cancel()

    def _ended_late(self, task: asyncio.Task[Any], cancelling: int) -> bool:
        """Whether it was interrupted here, and nobody else wants it to end: as many did before."""
        self._tasks.end(task)
        if task not in self._interrupted:
            return False
        self._interrupted.discard(task)
        return task.uncancel() <= cancelling

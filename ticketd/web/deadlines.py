"""One time limit for many: whoever was there first is the first to be late, so one timer serves all."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Deadlines(Generic[T]):
    """Calls `late` with each that has been waited for longer than `seconds`."""

    def __init__(self, seconds: float, late: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._due: dict[T, float] = {}
        """By time: all wait equally long, and who begins anew goes to the end."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def begin(self, item: T) -> None:
        """Wait for it, if nobody does so yet."""
        if item in self._due:
            return
        self._due[item] = due = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)

    def end(self, item: T) -> None:
        """It need not be waited for any longer."""
        self._due.pop(item, None)

    def close(self) -> None:
        """Nobody is waited for any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = []
        for item, due in self._due.items():
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                break
            late.append(item)
        for item in late:
            del self._due[item]
        for item in late:
            self._late(item)

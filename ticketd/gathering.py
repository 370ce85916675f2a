"""Small writes of many, gathered into one write at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row")
Result = TypeVar("Result")

ROWS_AT_ONCE_MAX = 1000


class _Asked(NamedTuple, Generic[Row, Result]):
    row: Row
    answer: asyncio.Future[Result]


class Gathering(Generic[Row, Result]):
    """Whoever adds a row waits for its result; what is added during a write goes with the next."""

    def __init__(
        self,
        write: Callable[[Sequence[Row]], Awaitable[Sequence[Result]]],
        *,
        outages: tuple[type[Exception], ...],
    ) -> None:
        """`write` returns a result for each row, in order; `outages` of it are nobody's fault.

        After any other exception each row is written alone, so that a bad one harms only itself.
        """
        self._write = write
        self._outages = outages
        self._waiting: list[_Asked[Row, Result]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, row: Row) -> Result:
        """What writing the row has led to; or whatever `write` raises."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(row, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:ROWS_AT_ONCE_MAX], self._waiting[ROWS_AT_ONCE_MAX:]
            await self._write_group(group)
        self._writing = None

    async def _write_group(self, group: Sequence[_Asked[Row, Result]]) -> None:
        try:
            results = await self._write([each.row for each in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(error, self._outages):
                for each in group:
                    await self._write_group([each])
                return
            for each in group:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each, result in zip(group, results, strict=True):
            if not each.answer.done():
                each.answer.set_result(result)

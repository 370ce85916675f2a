"""Many who wait equally long, and one timer."""

import asyncio
import contextlib

import pytest

from tests.actors.house import turns
from tests.eventually import eventually
from ticketd.timeouts import TimeLimit, Timeouts

SHORT, LONG = 0.0, 3600.0


class Work:
    """Goes on until it is let go, or cancelled."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.cancelled = False

    async def run(self) -> str:
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "done"

    async def run_stubbornly(self) -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await self.run()
        return "done all the same"


async def test_the_late_are_called_in_the_order_they_began_without_those_that_ended() -> None:
    late: list[str] = []
    timeouts = Timeouts(SHORT, late.append)
    for name in ("a", "b", "c", "a"):
        timeouts.begin(name)
    timeouts.end("b")
    await eventually(lambda: len(late) == 2)
    assert (late, len(timeouts)) == (["a", "c"], 0)


async def test_once_closed_nobody_is_late() -> None:
    late: list[str] = []
    timeouts = Timeouts(SHORT, late.append)
    timeouts.begin("a")
    timeouts.close()
    await turns()
    assert (late, len(timeouts)) == ([], 0)


async def test_work_in_time_comes_to_what_it_comes_to() -> None:
    limit, work = TimeLimit(LONG), Work()
    work.let_go.set()
    assert await limit.keep(work.run()) == "done"


async def test_a_fault_of_the_work_comes_through() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await TimeLimit(LONG).keep(fail())


async def test_work_that_takes_too_long_is_cancelled_and_its_task_goes_on() -> None:
    limit, work = TimeLimit(SHORT), Work()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await limit.keep(work.run())
    task = asyncio.current_task()
    assert task is not None
    assert (work.cancelled, task.cancelling()) == (True, 0)


async def test_each_task_has_a_limit_of_its_own() -> None:
    limit, slow, quick = TimeLimit(LONG), Work(), Work()
    tasks = [asyncio.create_task(limit.keep(work.run())) for work in (slow, quick)]
    quick.let_go.set()
    assert await tasks[1] == "done"
    assert not tasks[0].done()
    slow.let_go.set()
    assert await tasks[0] == "done"


async def test_who_is_cancelled_by_somebody_else_is_not_told_that_it_was_too_late() -> None:
    task = asyncio.create_task(TimeLimit(LONG).keep(Work().run()))
    await turns()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_who_is_too_late_and_cancelled_by_somebody_else_as_well_ends() -> None:
    limit = TimeLimit(LONG)
    task = asyncio.create_task(limit.keep(Work().run()))
    await turns()
    limit._interrupt(task)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_a_task_that_once_refused_to_be_cancelled_has_a_limit_like_others() -> None:
    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(LONG)
        with pytest.raises(TimeoutError):
            await TimeLimit(SHORT).keep(asyncio.sleep(LONG))

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    await task


async def test_a_limit_that_the_work_does_not_heed_is_forgotten() -> None:
    limit = TimeLimit(SHORT)
    assert await limit.keep(Work().run_stubbornly()) == "done all the same"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0

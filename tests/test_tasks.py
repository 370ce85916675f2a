"""Work that goes on until it is stopped, or breaks."""

import asyncio
from typing import NoReturn

from tests.eventually import eventually
from ticketd.tasks import for_ever, stop


class Work:
    """Goes on until it is told to break."""

    def __init__(self) -> None:
        self.broken = asyncio.Event()
        self.ended = False

    async def __call__(self) -> NoReturn:
        try:
            await self.broken.wait()
            raise ValueError("broken")
        finally:
            await asyncio.sleep(0)  # whatever it has to put away
            self.ended = True


async def test_a_fault_that_ends_work_for_ever_is_told_once() -> None:
    work, faults = Work(), list[Exception]()
    task = for_ever(work, faults.append)
    work.broken.set()
    await eventually(task.done)
    assert [str(fault) for fault in faults] == ["broken"]


async def test_whoever_stops_work_hears_of_no_fault_and_waits_until_it_has_ended() -> None:
    work, faults = Work(), list[Exception]()
    task = for_ever(work, faults.append)
    await asyncio.sleep(0)
    await stop(task, None)
    assert (task.cancelled(), work.ended, faults) == (True, True, [])


async def test_what_is_stopped_at_once_never_begins() -> None:
    work, faults = Work(), list[Exception]()
    await stop(for_ever(work, faults.append))
    assert (work.ended, faults) == (False, [])

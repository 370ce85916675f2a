"""Tasks that never end by themselves: a fault that ends one is told at once; and how tasks are stopped."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

Fatal = Callable[[Exception], None]
"""Hears of a fault after which its process must end."""


def for_ever(work: Callable[[], Coroutine[Any, Any, NoReturn]], fatal: Fatal) -> asyncio.Task[None]:
    """The task that does this work until it is stopped; `fatal` hears what else has ended it."""
    return asyncio.create_task(_watched(work, fatal))


async def stop(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel those that were started; all of them have ended when this returns."""
    started = [task for task in tasks if task is not None]
    for task in started:
        task.cancel()
    await asyncio.gather(*started, return_exceptions=True)


async def _watched(work: Callable[[], Coroutine[Any, Any, NoReturn]], fatal: Fatal) -> None:
    try:
        await work()
    except Exception as fault:
        fatal(fault)

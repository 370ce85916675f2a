"""Waits for what other threads and tasks do, without guessing how long it takes."""

import asyncio
from collections.abc import Callable

SECONDS_MAX = 20.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; TimeoutError if that takes too long."""
    async with asyncio.timeout(SECONDS_MAX):
        while not condition():  # noqa: ASYNC110  # whatever makes it true knows nothing of tests
            await asyncio.sleep(0.0005)

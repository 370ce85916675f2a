"""What a server's memory does meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.system.server import Server

PAUSE_SECONDS = 0.5
GROWTH_KILOBYTES_MAX = 8 * 1024
"""Less counts as flat: an interpreter's memory is never quite still."""

KILOBYTES_PER_REQUEST = 2
"""What a reservation and its idempotency key may take for as long as they are kept."""


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[list[int]]:
    """The server's resident memory in kB, again and again."""
    memory: list[int] = [server.resident_kilobytes]

    async def watch() -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            memory.append(server.resident_kilobytes)

    task = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def assert_flat(memory: list[int], *, answered: int = 0) -> None:
    """It never took much more than at the beginning, but for what these answered requests have left there."""
    assert max(memory) - memory[0] < GROWTH_KILOBYTES_MAX + answered * KILOBYTES_PER_REQUEST

from collections.abc import AsyncIterator

import pytest

from tests.fakes.proxy import Proxy
from tests.storage.writing import entered
from ticketd.storage.fence import Fence


@pytest.fixture
async def fence(database_url: str) -> AsyncIterator[Fence]:
    """The right to write."""
    async with entered(database_url) as fence:
        yield fence


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """A way to the database that can be broken."""
    async with Proxy(database_url) as proxy:
        yield proxy

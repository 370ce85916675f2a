"""A started house for every test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.actors.house import House
from tests.fakes.clock import ManualClock


@pytest.fixture
async def house(clock: ManualClock) -> AsyncIterator[House]:
    house = await House(clock).start()
    yield house
    house.registry.close()

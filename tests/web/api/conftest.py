"""A client before a house with the real services in it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from tests.web.api.house import House
from ticketd.web.connections import ConnectionGate
from ticketd.web.fast_path import FAST_PATH
from ticketd.web.parsing import BODY_BYTES_MAX
from ticketd.web.routes import setup

Client = TestClient[web.Request, web.Application]


class Server(TestServer):
    """Listens as the real one does."""

    async def start_server(self, loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any) -> None:
        self.runner = runner = await self._make_runner()
        await runner.setup()
        assert runner.server is not None
        self._gate = ConnectionGate(runner.server, fast_path=self.app[FAST_PATH], connections_max=1000)
        self._listening = await asyncio.get_running_loop().create_server(self._gate, self.host, 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        self._root = URL(f"http://{self.host}:{self.port}")

    async def close(self) -> None:
        self._listening.close()
        self._gate.close()
        await super().close()


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    setup(app, house.services)
    async with TestClient(Server(app)) as client:
        yield client
        await house.checkout.close()

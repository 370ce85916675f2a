"""A client before a house with the real services in it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web_runner import BaseRunner

from tests.web.api.house import House
from ticketd.web.parsing import BODY_BYTES_MAX
from ticketd.web.routes import setup

Client = TestClient[web.Request, web.Application]


class Server(TestServer):
    """Like the real one, lets a handler finish when the client has left, and unpacks nothing."""

    async def _make_runner(self, **kwargs: Any) -> BaseRunner:
        return await super()._make_runner(
            **{**kwargs, "handler_cancellation": False, "auto_decompress": False}
        )


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

"""The fast path and the long way give the same answers."""

import asyncio
import re

import pytest

from tests.web.api.conftest import Client
from tests.web.door import END_OF_HEAD


@pytest.mark.parametrize(
    "request_",
    [
        "GET /api/v1/events/1",
        "GET /api/v1/events/999",
        "GET /api/v1/events/abc/availability",
        "GET /api/v1/ticket-types/1",
        "GET /api/v1/queue",
        "GET /api/v1/reservations/nothing",
        f"GET /api/v1/reservations/{'A' * 32}",
        f"DELETE /api/v1/reservations/{'A' * 32}",
        "POST /api/v1/events/1/queue",
        "POST /api/v1/reservations",
        f"POST /api/v1/reservations/{'A' * 32}/payment",
    ],
)
async def test_nobody_can_tell_by_the_answer(client: Client, request_: str) -> None:
    answers = []
    for query in ("", "?a=b"):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(f"{request_}{query} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        head = (await reader.readuntil(END_OF_HEAD)).decode()
        length = re.search(r"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        answers.append((re.sub("Date: .*", "", head), body))
        writer.close()
    assert answers[0] == answers[1]

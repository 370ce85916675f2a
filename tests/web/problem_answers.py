"""What every problem answer must be like."""

from typing import Any

from aiohttp import ClientResponse


async def expect_problem(response: ClientResponse, status: int, code: str) -> dict[str, Any]:
    """The problem's members, once it is one of this status and code with a sentence."""
    text = await response.text()
    assert response.status == status, text
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = await response.json(content_type="application/problem+json")
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"].endswith((".", "!"))
    return body

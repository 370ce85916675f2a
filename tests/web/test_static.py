"""Files that browsers fetch."""

import pytest

from tests.web.api.conftest import Client, client, house

__all__ = ["client", "house"]


async def test_a_file_is_kept_as_long_as_its_address_names_its_version(client: Client) -> None:
    versioned, plain = await client.get("/static/site.css?v=1"), await client.get("/static/site.css")
    assert versioned.status == plain.status == 200
    assert versioned.content_type == "text/css"
    assert "immutable" in versioned.headers["Cache-Control"]
    assert plain.headers["Cache-Control"] == "no-cache"
    assert plain.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_that_the_browser_has_is_not_sent_again(client: Client) -> None:
    first = await client.get("/static/site.css")
    again = await client.get("/static/site.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["../pyproject.toml", "%2e%2e/pyproject.toml", "..%2fpyproject.toml", "", "swagger-ui", "%00", "x" * 999],
)
async def test_nothing_else_can_be_fetched(client: Client, path: str) -> None:
    assert (await client.get(f"/static/{path}")).status == 404

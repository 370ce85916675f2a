"""The document says what the server does, and the server does what the document says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.api.conftest import Client
from ticketd.core.refusals import Reason
from ticketd.web.problems import PRESENTATIONS

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
async def document(client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = await (await client.get("/openapi.json")).json()
    return shown


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield method, path, operation


def members(value: Any, name: str) -> Iterator[Any]:
    """Every member of this name, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from members(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, name)


async def test_it_is_the_same_at_both_addresses(client: Client) -> None:
    one, other = await client.get("/openapi.json"), await client.get("/api/v1/openapi.json")
    assert one.headers["Content-Type"] == "application/json"
    assert await one.read() == await other.read()


async def test_every_route_of_the_api_is_in_it_and_nothing_else(
    client: Client, document: dict[str, Any]
) -> None:
    assert client.app is not None
    routed = {
        (route.method.lower(), route.resource.canonical)
        for route in client.app.router.routes()
        if route.resource is not None
        and route.resource.canonical.startswith("/api/")
        and route.method != "HEAD"
    }
    assert {(method, path) for method, path, _ in operations(document)} == routed


async def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    references = set(members(document, "$ref"))
    assert references == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


async def test_every_operation_has_a_name_of_its_own_a_summary_and_answers(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    every = [operation for _, _, operation in operations(document)]
    assert len({operation["operationId"] for operation in every}) == len(every)
    for operation in every:
        assert operation["summary"]
        assert any(status.startswith("2") for status in operation["responses"])
        assert all(answer["description"] for answer in operation["responses"].values())


async def test_the_variables_of_each_path_are_its_parameters(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        named = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert named == re.findall(r"{(\w+)}", path)


async def test_only_owners_calls_ask_for_a_token(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        assert ("security" in operation) == ("401" in operation["responses"]), path
    assert document["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}


async def test_every_code_that_a_program_can_get_is_explained_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    of_pages_or_no_operation = {Reason.FORBIDDEN, Reason.METHOD_NOT_ALLOWED, Reason.TOO_MANY_REQUESTS}
    for reason in set(PRESENTATIONS) - of_pages_or_no_operation:
        assert f"`{reason}`" in text, reason


async def test_the_limits_that_validate_are_in_it(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    quantity = schemas["Line"]["properties"]["quantity"]
    assert (quantity["minimum"], quantity["maximum"]) == (1, 1000)
    assert schemas["ReservationRequest"]["properties"]["lines"]["maxItems"] == 20
    assert schemas["ReservationRequest"]["additionalProperties"] is False
    assert schemas["PaymentRequest"]["properties"]["currency"]["default"] == "EUR"
    assert not schemas["EventChange"]["required"]


async def test_the_page_that_shows_it_runs_no_script_but_our_own(client: Client) -> None:
    page = await client.get("/docs/api")
    text = await page.text()
    policy = page.headers["Content-Security-Policy"]
    assert page.status == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in text
    assert "style=" not in text
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
        assert (await client.get(address)).status == 200

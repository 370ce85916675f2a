"""The API's OpenAPI document, made of the routes, what is noted beside their handlers, and the Structs."""

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web
from apispec import APISpec

from ticketd.core.refusals import Reason
from ticketd.web.api.description import Operation, operation_of
from ticketd.web.problems import PRESENTATIONS, Problem

_VARIABLE = re.compile(r"{(\w+)}")
_REASONS_OF_ANY: Final = (Reason.OVERLOADED,)
_REASONS_OF_BODIES: Final = (Reason.MALFORMED, Reason.TOO_LARGE, Reason.UNSUPPORTED_MEDIA_TYPE)
_REASONS_OF_OWNERS: Final = (Reason.UNAUTHORIZED,)
_INTEGER_VARIABLES: Final = ("event_id", "ticket_type_id", "venue_id", "capacity_id")
_BEARER: Final = "bearer"


def openapi_document(routes: Sequence[web.RouteDef]) -> bytes:
    """The document about these routes as JSON; each of them has its Operation."""
    spec = APISpec(
        title="ticketd",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Sells tickets, and no seat twice.", "license": _LICENSE},
        servers=[{"url": "/"}],
    )
    spec.components.security_scheme(_BEARER, {"type": "http", "scheme": "bearer"})
    described = [(route, operation_of(route)) for route in routes]
    shapes, schemas = _schemas(operation for _, operation in described)
    for name, schema in schemas.items():
        spec.components.schema(name, schema)
    for route, operation in described:
        spec.path(
            path=route.path,
            operations={route.method.lower(): _operation_object(route, operation, shapes)},
        )
    return msgspec.json.encode(spec.to_dict())


_LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _schemas(operations: Iterable[Operation]) -> tuple[Mapping[Any, Any], Mapping[str, Any]]:
    """Each shape's reference, and the schemas they refer to."""
    shapes: dict[Any, None] = {Problem: None}
    for operation in operations:
        shapes |= dict.fromkeys(
            shape for shape in (operation.body, *operation.answers.values()) if shape is not None
        )
    references, components = msgspec.json.schema_components(
        shapes, ref_template="#/components/schemas/{name}"
    )
    return dict(zip(shapes, references, strict=True)), {
        name: _without_closed_tuples(schema) for name, schema in components.items()
    }


def _without_closed_tuples(schema: Any) -> Any:
    """The same schema; apispec takes `items: false` for a name. `maxItems` says as much."""
    match schema:
        case dict():
            return {
                key: _without_closed_tuples(value)
                for key, value in schema.items()
                if (key, value) != ("items", False)
            }
        case list():
            return [_without_closed_tuples(value) for value in schema]
        case _:
            return schema


def _operation_object(route: web.RouteDef, operation: Operation, shapes: Mapping[Any, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": (inspect.getdoc(route.handler) or "").rstrip("."),
        "tags": [operation.tag],
        "parameters": [*_path_parameters(route), *_other_parameters(operation)],
        "responses": {**_answers(operation, shapes), **_refusals(operation, shapes[Problem])},
    }
    if operation.body is not None:
        content: dict[str, Any] = {"application/json": {"schema": shapes[operation.body]}}
        if operation.text_body is not None:
            content[operation.text_body] = {"schema": {"type": "string"}}
        members["requestBody"] = {"required": operation.body_required, "content": content}
    if operation.for_owners:
        members["security"] = [{_BEARER: []}]
    return members


def _path_parameters(route: web.RouteDef) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if name in _INTEGER_VARIABLES else "string"},
        }
        for name in _VARIABLE.findall(route.path)
    ]


def _other_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "in": each.where, "schema": each.schema, "description": each.description}
        for each in operation.parameters
    ]


def _answers(operation: Operation, shapes: Mapping[Any, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, shape in operation.answers.items():
        answer: dict[str, Any] = {"description": _STATUSES[status]}
        if operation.text_answer is not None:
            answer["content"] = {operation.text_answer: {"schema": {"type": "string"}}}
        elif shape is not None:
            answer["content"] = {"application/json": {"schema": shapes[shape]}}
        if status == 201:
            answer["headers"] = {hdrs.LOCATION: {"schema": {"type": "string"}}}
        answers[str(status)] = answer
    return answers


_STATUSES: Final[Mapping[int, str]] = {
    200: "Done.",
    201: "Made.",
    202: "Begun; the outcome isn't known yet.",
    204: "Gone.",
    304: "Still what the `ETag` in `If-None-Match` stands for.",
}


def _refusals(operation: Operation, problem: Any) -> dict[str, Any]:
    reasons: dict[int, list[Reason]] = {}
    for reason in (*_general_reasons(operation), *operation.reasons):
        reasons.setdefault(PRESENTATIONS[reason].status, []).append(reason)
    return {
        str(status): {
            "description": " ".join(f"`{reason}`: {PRESENTATIONS[reason].sentence}" for reason in group),
            "content": {"application/problem+json": {"schema": problem}},
        }
        for status, group in sorted(reasons.items())
    }


def _general_reasons(operation: Operation) -> tuple[Reason, ...]:
    return (
        *_REASONS_OF_ANY,
        *(_REASONS_OF_BODIES if operation.body is not None else ()),
        *(_REASONS_OF_OWNERS if operation.for_owners else ()),
    )

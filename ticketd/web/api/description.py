"""What the API's document says about a handler, written beside the handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from ticketd.core.refusals import Reason

HandlerT = TypeVar("HandlerT", bound=Handler)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header."""

    name: str
    where: Literal["query", "header"]
    schema: Mapping[str, Any]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API, apart from its URL; it decorates its handler, whose docstring is its summary."""

    tag: str
    body: Any = None
    """The Struct that the request's body is read into."""
    body_required: bool = True
    text_body: str | None = None
    """The media type of a text that is taken as well."""
    answers: Mapping[int, Any]
    """The Struct that each success is rendered from; None for one without a body."""
    text_answer: str | None = None
    """The media type of a success that is text, whatever it is made of."""
    reasons: tuple[Reason, ...] = ()
    """Refusals beside those that any call can get."""
    parameters: tuple[Parameter, ...] = ()
    for_owners: bool = False

    def __call__(self, handler: HandlerT) -> HandlerT:
        """The same handler, whose operation is known from now on."""
        _operations[handler] = self
        return handler


_operations: Final[dict[Handler, Operation]] = {}


def operation_of(route: web.RouteDef) -> Operation:
    """What is noted about this route's handler."""
    return _operations[route.handler]

"""Lists, a page at a time: `limit`, and a `cursor` that means "after this one"."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from aiohttp import web

from ticketd.core.refusals import invalid
from ticketd.web.api.description import Parameter
from ticketd.web.parsing import RefusedRequest, whole_number

T = TypeVar("T")
Place = tuple[int | str, ...]

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200

PARAMETERS: Final = (
    Parameter(
        "limit",
        "query",
        {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
        "How many items at most.",
    ),
    Parameter("cursor", "query", {"type": "string"}, "The `next` of the page before."),
)


class Page(NamedTuple, Generic[T]):
    """Some items, and the cursor that leads to those after them."""

    items: Sequence[T]
    next: str | None


class Listing(Generic[T]):
    """An order of items in which each has a place of its own, so that cursors outlive changes."""

    def __init__(self, place: Callable[[T], Place], *, kind: type[Place]) -> None:
        self._place = place
        self._decode = msgspec.json.Decoder(kind).decode

    def page(self, request: web.Request, items: Sequence[T]) -> Page[T]:
        """The page that the request asks for; RefusedRequest for a bad limit or cursor."""
        limit, cursor = limit_of(request), cursor_of(request)
        ordered = sorted(items, key=self._place)
        start = 0 if cursor is None else bisect_right(ordered, self._parse(cursor), key=self._place)
        page = ordered[start : start + limit]
        more = start + limit < len(ordered)
        return Page(page, self._format(page[-1]) if more else None)

    def _format(self, item: T) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self._place(item))).decode().rstrip("=")

    def _parse(self, cursor: str) -> Place:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            return self._decode(raw)
        except (ValueError, binascii.Error, msgspec.DecodeError) as error:
            raise RefusedRequest(invalid("cursor", "This isn't a cursor of this list.")) from error


def limit_of(request: web.Request) -> int:
    """How many items the request asks for; RefusedRequest if it may not."""
    text = request.query.get("limit")
    if text is None:
        return LIMIT_DEFAULT
    limit = whole_number(text, LIMIT_MAX)
    if not limit:
        raise RefusedRequest(invalid("limit", f"This must be a whole number from 1 to {LIMIT_MAX}."))
    return limit


def cursor_of(request: web.Request) -> str | None:
    """The cursor that the request goes on from."""
    return request.query.get("cursor")

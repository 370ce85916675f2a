"""Long lists, a page at a time."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from ticketd.core.ids import ID_MAX

Item = TypeVar("Item")


class Pager(msgspec.Struct, frozen=True):
    """Links to the pages before and after this one; "" where there is none."""

    previous: str = ""
    next: str = ""


def page_of(request: web.Request, items: Sequence[Item], *, size: int) -> tuple[Sequence[Item], Pager]:
    """The `size` items of the page that `?page=` asks for, and the way to the others."""
    number = _number(request.query.get("page", "1"))
    first = (number - 1) * size
    return items[first : first + size], Pager(
        _link(request, number - 1) if number > 1 else "",
        _link(request, number + 1) if first + size < len(items) else "",
    )


def _number(text: str) -> int:
    valid = text.isascii() and text.isdigit() and len(text) < len(str(ID_MAX))
    return max(1, int(text)) if valid else 1


def _link(request: web.Request, number: int) -> str:
    return str(request.rel_url.with_query({"page": str(number)}))

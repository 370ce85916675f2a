"""Long lists, a page at a time."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from ticketd.core.ids import ID_MAX
from ticketd.web.parsing import whole_number

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
    return whole_number(text, ID_MAX) or 1


def _link(request: web.Request, number: int) -> str:
    kept = {name: value for name, value in request.query.items() if name != "done"}  # that was said once
    return str(request.rel_url.with_query(kept | {"page": str(number)}))

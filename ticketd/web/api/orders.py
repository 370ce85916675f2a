"""Organizers' orders, page by page or as CSV."""

from collections.abc import AsyncIterator
from typing import Final, Literal

from aiohttp import hdrs, web

from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.services.order_lists import Order, csv_lines
from ticketd.services.texts import EMAIL_LENGTH_MAX
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.description import Operation, Parameter
from ticketd.web.api.presenters import order_shape, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted
from ticketd.web.problems import PRIVATE_HEADERS, problem

_FORMATS: Final = ("json", "csv")


@Operation(
    tag="Organizers",
    answers={200: shapes.Page[owner_shapes.Order]},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=(
        *paging.PARAMETERS,
        Parameter(
            "format",
            "query",
            {"type": "string", "enum": list(_FORMATS), "default": "json"},
            "`csv` is the whole list as text/csv, in one piece.",
        ),
        Parameter(
            "q",
            "query",
            {"type": "string", "maxLength": EMAIL_LENGTH_MAX},
            "Only orders whose number begins with this, or whose guest's e-mail address or name contains"
            " it; give it along with the cursor, too.",
        ),
    ),
    for_owners=True,
)
async def list_orders(request: web.Request) -> web.StreamResponse:
    """Reservations whose payment was ever started, newest first, with their guests."""
    owner_id = await owner_id_of(request)
    slug, order_lists = request.match_info["slug"], request.app[SERVICES].order_lists
    query = request.query.get("q", "")
    if _format(request) == "csv":
        orders = await order_lists.all(owner_id, slug, query=query)
        return problem(orders) if isinstance(orders, Refusal) else await _stream_csv(request, slug, orders)
    page = granted(
        await order_lists.page(
            owner_id, slug, query=query, cursor=paging.cursor_of(request), limit=paging.limit_of(request)
        )
    )
    return private_answer(shapes.Page(tuple(order_shape(order) for order in page.items), page.next))


def _format(request: web.Request) -> Literal["json", "csv"]:
    match request.query.get("format", "json"):
        case "json":
            return "json"
        case "csv":
            return "csv"
        case _:
            raise RefusedRequest(invalid("format", f"This must be one of {', '.join(_FORMATS)}."))


async def _stream_csv(request: web.Request, slug: str, orders: AsyncIterator[Order]) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            **PRIVATE_HEADERS,
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{slug}-orders.csv"',
        }
    )
    await response.prepare(request)
    async for text in csv_lines(orders):
        try:
            await response.write(text.encode())
        except ConnectionError:  # whoever has left needs no more
            break
    return response

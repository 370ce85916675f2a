"""An organizer's orders: `/{organizer}/orders`, as a page or (`?format=csv`) as a file."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.services.management import Order, OrderLine
from ticketd.services.order_lists import csv_lines
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager
from ticketd.web.pages.rendering import OWNER_HEADERS, render
from ticketd.web.pages.words import UTC_NAME, Moment, moment

_LISTED_MAX = 50


class OrderRow(msgspec.Struct, frozen=True):
    """An order in the list."""

    number: str
    status: str
    created: Moment
    contents: Sequence[str]
    total: str
    guest: str


class OrdersView(msgspec.Struct, frozen=True):
    """The list, newest first."""

    organizer: str
    rows: Sequence[OrderRow]
    pager: Pager
    csv_path: str


@desk_page
async def list_orders(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The orders, newest first."""
    if request.query.get("format") == "csv":
        return await _csv(request, desk)
    page = await request.app[SERVICES].management.orders(
        desk.owner.id, desk.organizer.slug, cursor=request.query.get("cursor"), limit=_LISTED_MAX
    )
    if isinstance(page, Refusal):
        return refusal_page(request, page)
    path = f"{desk.path}/orders"
    view = OrdersView(
        desk.organizer.name,
        [_row(order) for order in page.items],
        Pager(
            previous=path if "cursor" in request.query else "",
            next="" if page.next is None else f"{path}?cursor={quote(page.next)}",
        ),
        f"{path}?format=csv",
    )
    return render(request, "orders.html", view, masthead=desk.masthead)


async def _csv(request: web.Request, desk: Desk) -> web.StreamResponse:
    orders = await request.app[SERVICES].management.all_orders(desk.owner.id, desk.organizer.slug)
    if isinstance(orders, Refusal):
        return refusal_page(request, orders)
    response = web.StreamResponse(headers=OWNER_HEADERS)
    response.headers[hdrs.CONTENT_TYPE] = "text/csv; charset=utf-8"
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{desk.organizer.slug}-orders.csv"'
    await response.prepare(request)
    async for rows in csv_lines(orders):
        await response.write(rows.encode())
    await response.write_eof()
    return response


def _row(order: Order) -> OrderRow:
    return OrderRow(
        order.number,
        order.status.value.capitalize(),
        moment(order.created_at, UTC_NAME),
        [_content(line) for line in order.lines],
        format_cents(order.total_cents),
        " · ".join(text for text in (order.name, order.email) if text) or "–",
    )


def _content(line: OrderLine) -> str:
    what = f"{line.quantity} × {line.name}"
    if line.event_name:
        what += f", {line.event_name}"
    return f"{what}: {', '.join(line.seats)}" if line.seats else what

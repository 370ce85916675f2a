"""An organizer's orders: `/{organizer}/orders`, as a page or (`?format=csv`) as a file."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web

from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.services.order_lists import Order, OrderLine, csv_lines
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager
from ticketd.web.pages.rendering import OWNER_HEADERS, render
from ticketd.web.pages.words import UTC_NAME, Moment, moment

_LISTED_MAX = 50
_BYTE_ORDER_MARK = "\ufeff".encode()
"""Without it some spreadsheets take the file for one in their own old encoding."""


class OrderRow(msgspec.Struct, frozen=True):
    """An order in the list."""

    number: str
    status: str
    created: Moment
    contents: Sequence[str]
    total: str
    guest: Sequence[str]
    """Name and e-mail address, as far as they are known."""


class OrdersView(msgspec.Struct, frozen=True):
    """The list, newest first."""

    organizer: str
    rows: Sequence[OrderRow]
    pager: Pager
    csv_path: str
    query: str
    list_path: str


@desk_page
async def list_orders(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The orders, newest first; `?q=` finds some of them."""
    if request.query.get("format") == "csv":
        return await _csv(request, desk)
    query = request.query.get("q", "")
    page = await request.app[SERVICES].order_lists.page(
        desk.owner.id,
        desk.organizer.slug,
        query=query,
        cursor=request.query.get("cursor"),
        limit=_LISTED_MAX,
    )
    if isinstance(page, Refusal):
        return refusal_page(request, page)
    path = f"{desk.path}/orders"
    view = OrdersView(
        desk.organizer.name,
        [_row(order, _timezone(request, order)) for order in page.items],
        Pager(
            previous=_link(path, q=query) if "cursor" in request.query else "",
            next="" if page.next is None else _link(path, q=query, cursor=page.next),
        ),
        _link(path, format="csv", q=query),
        query,
        path,
    )
    return render(request, "orders.html", view, masthead=desk.masthead)


async def _csv(request: web.Request, desk: Desk) -> web.StreamResponse:
    orders = await request.app[SERVICES].order_lists.all(
        desk.owner.id, desk.organizer.slug, query=request.query.get("q", "")
    )
    if isinstance(orders, Refusal):
        return refusal_page(request, orders)
    response = web.StreamResponse(headers=OWNER_HEADERS)
    response.headers[hdrs.CONTENT_TYPE] = "text/csv; charset=utf-8"
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{desk.organizer.slug}-orders.csv"'
    await response.prepare(request)
    await response.write(_BYTE_ORDER_MARK)
    async for rows in csv_lines(orders):
        await response.write(rows.encode())
    await response.write_eof()
    return response


def _link(path: str, **parameters: str) -> str:
    """The path with those parameters that aren't empty."""
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _timezone(request: web.Request, order: Order) -> str:
    """That of its first event; coupons alone have none."""
    catalogue = request.app[SERVICES].catalogue
    events = (catalogue.event(line.event_id) for line in order.lines if line.event_id is not None)
    return next((event.timezone for event in events if event is not None), UTC_NAME)


def _row(order: Order, timezone: str) -> OrderRow:
    return OrderRow(
        order.number,
        order.status.value.capitalize(),
        moment(order.created_at, timezone),
        [_content(line) for line in order.lines],
        format_cents(order.total_cents),
        [text for text in (order.name, order.email) if text],
    )


def _content(line: OrderLine) -> str:
    what = f"{line.quantity} × {line.name}"
    if line.event_name:
        what += f", {line.event_name}"
    return f"{what}: {', '.join(line.seats)}" if line.seats else what

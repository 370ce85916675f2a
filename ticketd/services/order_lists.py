"""Orders page by page: cursors, and the whole list as CSV."""

import base64
import binascii
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ticketd.core.ids import Instant
from ticketd.core.money import EUR
from ticketd.storage.orders import NEWEST, Order, Position

_POSITION = re.compile(r"(?P<created_at>[0-9]{1,18}):(?P<number>[0-9]{1,10}-[0-9]{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_HEADINGS = (
    "number",
    "status",
    "created_at",
    "ticket_type_id",
    "ticket_type",
    "quantity",
    "unit_price_cents",
    "line_total_cents",
    "currency",
    "email",
    "name",
    "seats",
    "event",
)


class OrderPage(msgspec.Struct, frozen=True):
    """Some orders, and the cursor of those that follow; None if these were the last."""

    items: tuple[Order, ...]
    next: str | None


def cursor_after(order: Order) -> str:
    """The opaque text that leads to the orders after this one.

    It is made of the number, since a cursor stands in URLs and a reservation id must not.
    """
    return base64.urlsafe_b64encode(f"{order.created_at}:{order.number}".encode()).decode()


def position_of(cursor: str | None) -> Position:
    """Where the page begins; ValueError if no list ever gave such a cursor."""
    if cursor is None:
        return NEWEST
    try:
        text = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("not a cursor") from error
    match = _POSITION.fullmatch(text)
    if match is None:
        raise ValueError("not a cursor")
    return Position(Instant(int(match["created_at"])), match["number"])


async def csv_lines(orders: AsyncIterator[Order]) -> AsyncIterator[str]:
    """The orders as CSV, one row per line of an order, headings first; each text is whole rows."""
    yield _csv([_HEADINGS])
    async for order in orders:
        yield _csv(_rows(order))


def _rows(order: Order) -> list[Sequence[object]]:
    created_at = (_EPOCH + timedelta(microseconds=order.created_at)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        (
            order.number,
            order.status.value,
            created_at,
            line.ticket_type_id,
            _defused(line.name),
            line.quantity,
            line.unit_price_cents,
            line.quantity * line.unit_price_cents,
            EUR,
            _defused(order.email),
            _defused(order.name),
            _defused(", ".join(line.seats)),
            _defused(line.event_name),
        )
        for line in order.lines
    ]


def _defused(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv(rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()

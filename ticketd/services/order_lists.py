"""Organizers' orders: page by page, and the whole list as CSV."""

import base64
import binascii
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from ticketd.core.catalogue import Organizer
from ticketd.core.ids import Instant, OwnerId
from ticketd.core.instants import moment_of
from ticketd.core.money import EUR
from ticketd.core.refusals import Refusal, invalid
from ticketd.services.access import Access
from ticketd.services.texts import EMAIL_LENGTH_MAX, is_line
from ticketd.storage.orders import NEWEST, Order, OrderLine, OrderStore, Position

__all__ = ["Order", "OrderLine", "OrderLists", "OrderPage", "csv_lines", "cursor_after", "position_of"]

ORDERS_PER_PAGE_MAX = 200
UNSEARCHABLE = invalid("q", f"At most {EMAIL_LENGTH_MAX} characters, and no control characters.")

_POSITION = re.compile(r"(?P<created_at>[0-9]{1,18}):(?P<number>[0-9]{1,10}-[0-9]{1,18})", re.ASCII)
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


class OrderLists:
    """Owners' view of what was ordered from their organizers."""

    def __init__(self, *, access: Access, orders: OrderStore) -> None:
        self._access = access
        self._orders = orders

    async def page(
        self, owner_id: OwnerId, slug: str, *, query: str = "", cursor: str | None = None, limit: int = 50
    ) -> OrderPage | Refusal:
        """A page of the organizer's orders, newest first; with a query those with that number or guest."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        if not 1 <= limit <= ORDERS_PER_PAGE_MAX:
            return invalid("limit", f"From 1 to {ORDERS_PER_PAGE_MAX}.")
        if not is_searchable(query):
            return UNSEARCHABLE
        try:
            after = position_of(cursor)
        except ValueError:
            return invalid("cursor", "Not a cursor of this list.")
        items = await self._orders.page(organizer.id, after=after, limit=limit + 1, matching=query.strip())
        more = len(items) > limit
        return OrderPage(tuple(items[:limit]), cursor_after(items[limit - 1]) if more else None)

    async def all(self, owner_id: OwnerId, slug: str, *, query: str = "") -> AsyncIterator[Order] | Refusal:
        """Every such order of the organizer, newest first, read in pages."""
        organizer = await self._access.organizer(owner_id, slug)
        if isinstance(organizer, Refusal):
            return organizer
        if not is_searchable(query):
            return UNSEARCHABLE
        return self._orders_of(organizer, query.strip())

    async def _orders_of(self, organizer: Organizer, matching: str) -> AsyncIterator[Order]:
        after = NEWEST
        while page := await self._orders.page(
            organizer.id, after=after, limit=ORDERS_PER_PAGE_MAX, matching=matching
        ):
            for order in page:
                yield order
            after = Position(page[-1].created_at, page[-1].number)


def is_searchable(query: str) -> bool:
    """Whether a number, an e-mail address or a name can be like that."""
    return len(query) <= EMAIL_LENGTH_MAX and is_line(query)


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
    created_at = moment_of(order.created_at).strftime("%Y-%m-%dT%H:%M:%SZ")
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

"""Cursors, and orders as CSV."""

import csv
from collections.abc import AsyncIterator

import pytest

from ticketd.core.ids import EventId, Instant, ReservationId, SeatId, TicketTypeId
from ticketd.core.reservations import ReservationStatus
from ticketd.services.order_lists import csv_lines, cursor_after, position_of
from ticketd.storage.orders import NEWEST, Order, OrderLine, Position


def order(
    *,
    ticket_type: str = "Dinner",
    event: str = "Hamlet",
    email: str = "guest@example.org",
    name: str = "Guest",
) -> Order:
    lines = (
        OrderLine(
            TicketTypeId(1),
            ticket_type,
            2,
            12_50,
            (SeatId("Stalls-A-1"), SeatId("Stalls-A-2")),
            EventId(3),
            event,
        ),
        OrderLine(TicketTypeId(2), "Drink", 1, 0),
    )
    return Order(
        ReservationId("secret"),
        "1-7",
        ReservationStatus.PAID,
        Instant(1_800_000_000_999_999),
        lines,
        25_00,
        email,
        name,
    )


async def table(*orders: Order) -> list[list[str]]:
    async def given() -> AsyncIterator[Order]:
        for each in orders:
            yield each

    return list(csv.reader("".join([text async for text in csv_lines(given())]).splitlines()))


async def test_each_line_of_an_order_is_a_row_under_headings() -> None:
    headings, *rows = await table(order())
    assert [dict(zip(headings, row, strict=True)) for row in rows] == [
        {
            "number": "1-7",
            "status": "paid",
            "created_at": "2027-01-15T08:00:00Z",
            "ticket_type_id": str(ticket_type_id),
            "ticket_type": ticket_type,
            "quantity": quantity,
            "unit_price_cents": price,
            "line_total_cents": total,
            "currency": "EUR",
            "email": "guest@example.org",
            "name": "Guest",
            "seats": seats,
            "event": event,
        }
        for ticket_type_id, ticket_type, quantity, price, total, seats, event in (
            (1, "Dinner", "2", "1250", "2500", "Stalls-A-1, Stalls-A-2", "Hamlet"),
            (2, "Drink", "1", "0", "0", "", ""),
        )
    ]


async def test_no_orders_are_headings_only() -> None:
    assert len(await table()) == 1


async def test_quotes_and_commas_stay_what_they_are() -> None:
    _, row, _ = await table(order(name='O"Neill, "Jim"'))
    assert row[10] == 'O"Neill, "Jim"'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
async def test_a_formula_becomes_a_text(start: str) -> None:
    formula = f"{start}HYPERLINK(1)"
    _, row, _ = await table(order(ticket_type=formula, event=formula, email=formula, name=formula))
    assert [row[4], row[9], row[10], row[12]] == [f"'{formula}"] * 4


def test_a_cursor_leads_back_to_its_order() -> None:
    assert position_of(cursor_after(order())) == Position(Instant(1_800_000_000_999_999), "1-7")


def test_no_cursor_is_the_beginning() -> None:
    assert position_of(None) == NEWEST


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!", "\x00", "ä", "\ud800", "MTox", "YTpi", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6MS0x"],
)
def test_a_cursor_that_no_list_gave_is_an_error(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        position_of(cursor)

"""Cursors, and orders as CSV."""

import csv
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.fakes.clock import START
from tests.services.conftest import People
from tests.services.owners import refused_fields
from ticketd.core.ids import EventId, Instant, ReservationId, SeatId, TicketTypeId
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import ReservationStatus
from ticketd.services.order_lists import csv_lines, cursor_after, position_of
from ticketd.services.owners import OwnerServices
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


class TestALongList:
    @pytest.fixture(autouse=True)
    async def five_orders(self, pool: asyncpg.Pool, people: People) -> None:
        await pool.executemany(
            "INSERT INTO order_line VALUES ($1, 1, $2, $3, 'paid', 1, 100, $4)",
            [(f"r{n}", people.aurora.id, f"1-{n}", START + n // 2) for n in range(5)],
        )

    async def test_come_page_by_page_each_once(self, owners: OwnerServices, people: People) -> None:
        numbers: list[str] = []
        cursor = None
        while True:
            page = await owners.order_lists.page(people.alice, "aurora", cursor=cursor, limit=2)
            assert not isinstance(page, Refusal)
            numbers += [order.number for order in page.items]
            if page.next is None:
                break
            cursor = page.next
        assert numbers == ["1-4", "1-2", "1-3", "1-0", "1-1"]

    async def test_a_full_last_page_has_no_cursor(self, owners: OwnerServices, people: People) -> None:
        page = await owners.order_lists.page(people.alice, "aurora", limit=5)
        assert not isinstance(page, Refusal)
        assert page.next is None

    async def test_a_cursor_that_no_list_gave_is_refused(self, owners: OwnerServices, people: People) -> None:
        assert refused_fields(await owners.order_lists.page(people.alice, "aurora", cursor="x")) == ["cursor"]

    async def test_a_limit_out_of_range_is_refused(self, owners: OwnerServices, people: People) -> None:
        for limit in (-1, 0, 201):
            assert refused_fields(await owners.order_lists.page(people.alice, "aurora", limit=limit)) == [
                "limit"
            ]

    async def test_no_cursor_gives_a_reservation_id_away(self, owners: OwnerServices, people: People) -> None:
        page = await owners.order_lists.page(people.alice, "aurora", limit=1)
        assert not isinstance(page, Refusal)
        assert page.next == "MTgwMDAwMDAwMDAwMDAwMjoxLTQ="  # 1800000000000002:1-4

    async def test_all_of_them_can_be_read_in_one_go(
        self, owners: OwnerServices, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ticketd.services.order_lists.ORDERS_PER_PAGE_MAX", 2)
        orders = await owners.order_lists.all(people.alice, "aurora")
        assert not isinstance(orders, Refusal)
        assert [order.number async for order in orders] == ["1-4", "1-2", "1-3", "1-0", "1-1"]

"""Orders read from their lines."""

import asyncpg
import pytest

from ticketd.core.ids import EventId, Instant, OrganizerId, ReservationId, TicketTypeId
from ticketd.core.reservations import ReservationStatus
from ticketd.storage.database import Database
from ticketd.storage.orders import NEWEST, PAGE, Order, OrderLine, OrderStore, Position

LUNA, OTHER = OrganizerId(1), OrganizerId(2)
NOON = 1_800_000_000_000_000


@pytest.fixture
def store(pool: asyncpg.Pool) -> OrderStore:
    return OrderStore(Database(pool))


async def insert(
    pool: asyncpg.Pool,
    reservation_id: str,
    *,
    inventory_id: int = 1,
    organizer: OrganizerId = LUNA,
    number: str | None,
    created_at: int = NOON,
    quantity: int = 1,
    status: str = "paid",
) -> None:
    await pool.execute(
        "INSERT INTO order_line VALUES ($1, $2, $3, $4, $5, $6, 1250, $7)",
        reservation_id,
        inventory_id,
        organizer,
        number,
        status,
        quantity,
        created_at,
    )


async def insert_ticket_type(
    pool: asyncpg.Pool,
    ticket_type_id: int,
    name: str,
    *,
    event_id: EventId | None = None,
    deleted: bool = False,
) -> None:
    await pool.execute(
        """
        INSERT INTO ticket_type
        VALUES ($1, 1, 1, $3, gen_random_uuid(), jsonb_build_object('name', $2::text), $4)
        """,
        ticket_type_id,
        name,
        event_id,
        deleted,
    )


async def insert_event(pool: asyncpg.Pool, name: str) -> EventId:
    organizer_id = await pool.fetchval(
        "INSERT INTO organizer (slug, name) VALUES ('luna', 'Luna') RETURNING id"
    )
    return EventId(
        await pool.fetchval(
            """
            INSERT INTO event (organizer_id, name, starts_at, timezone, status)
            VALUES ($1, $2, $3, 'UTC', 'on_sale')
            RETURNING id
            """,
            organizer_id,
            name,
            NOON,
        )
    )


async def numbers(store: OrderStore, *, after: Position = NEWEST, limit: int = 50) -> list[str]:
    return [order.number for order in await store.page(LUNA, after=after, limit=limit)]


async def test_an_order_has_all_its_lines_with_their_events_and_its_guest(
    store: OrderStore, pool: asyncpg.Pool
) -> None:
    event_id = await insert_event(pool, "New Year")
    await insert_ticket_type(pool, 1, "Dinner", event_id=event_id)
    await insert_ticket_type(pool, 2, "Drink", deleted=True)
    await insert(pool, "r", inventory_id=2, number="2-7", quantity=3)
    await insert(pool, "r", inventory_id=1, number=None, quantity=2)
    await pool.execute("INSERT INTO guest VALUES ('r', 'guest@example.org', 'Guest')")
    assert await store.page(LUNA, after=NEWEST, limit=50) == [
        Order(
            ReservationId("r"),
            "2-7",
            ReservationStatus.PAID,
            Instant(NOON),
            (
                OrderLine(TicketTypeId(2), "Drink", 3, 1250),
                OrderLine(TicketTypeId(1), "Dinner", 2, 1250, (), event_id, "New Year"),
            ),
            5 * 1250,
            "guest@example.org",
            "Guest",
        )
    ]


async def test_an_order_without_a_guest_or_a_known_name_has_blanks(
    store: OrderStore, pool: asyncpg.Pool
) -> None:
    await insert(pool, "r", number="1-1", status="expired")
    (order,) = await store.page(LUNA, after=NEWEST, limit=50)
    assert (order.status, order.lines[0].name, order.email, order.name) == ("expired", "", "", "")


async def test_orders_come_newest_first_and_by_number_within_an_instant(
    store: OrderStore, pool: asyncpg.Pool
) -> None:
    for number, created_at in (("1-1", NOON), ("1-3", NOON + 1), ("1-2", NOON + 1), ("1-4", NOON + 2)):
        await insert(pool, f"r{number}", number=number, created_at=created_at)
    assert await numbers(store) == ["1-4", "1-2", "1-3", "1-1"]


async def test_a_page_begins_after_its_position_and_counts_orders_not_lines(
    store: OrderStore, pool: asyncpg.Pool
) -> None:
    for number in ("1-1", "1-2", "1-3", "1-4"):
        await insert(pool, f"r{number}", number=number)
        await insert(pool, f"r{number}", number=None, inventory_id=2)
    assert await numbers(store, limit=2) == ["1-1", "1-2"]
    assert await numbers(store, after=Position(Instant(NOON), "1-2"), limit=2) == ["1-3", "1-4"]
    assert await numbers(store, after=Position(Instant(NOON), "1-4"), limit=2) == []
    assert await numbers(store, after=Position(Instant(NOON - 1), ""), limit=2) == []


async def test_another_organizers_orders_are_not_among_them(store: OrderStore, pool: asyncpg.Pool) -> None:
    await insert(pool, "theirs", number="9-1", organizer=OTHER)
    assert await numbers(store) == []


@pytest.mark.parametrize(
    ("matching", "found"),
    [
        ("1-1", ["1-12", "1-1"]),
        ("1-12", ["1-12"]),
        ("-1", []),
        ("ada@example.org", ["1-1"]),
        ("EXAMPLE.org", ["1-2", "1-1"]),
        ("özg", ["1-2"]),
        ("%", []),
        ("a_a", []),
        ("' OR true --", []),
        ("nobody", []),
    ],
)
async def test_orders_are_found_by_the_beginning_of_their_number_or_a_part_of_their_guest(
    store: OrderStore, pool: asyncpg.Pool, matching: str, found: list[str]
) -> None:
    for place, number in enumerate(("1-1", "1-2", "1-12")):
        await insert(pool, number, number=number, created_at=NOON + place)
    await insert(pool, "theirs", number="1-13", organizer=OTHER)
    await pool.execute(
        """
        INSERT INTO guest VALUES
            ('1-1', 'Ada@example.org', 'Ada'),
            ('1-2', 'o@example.org', 'Özge Ünal'),
            ('theirs', 'ada@example.org', '')
        """
    )
    orders = await store.page(LUNA, after=NEWEST, limit=50, matching=matching)
    assert [order.number for order in orders] == found
    later = await store.page(LUNA, after=Position(Instant(NOON + 1), "1-2"), limit=50, matching=matching)
    assert [order.number for order in later] == [number for number in found if number == "1-1"]


async def test_a_page_is_read_from_the_index_however_many_orders_there_are(pool: asyncpg.Pool) -> None:
    await pool.execute(
        """
        INSERT INTO order_line
        SELECT 'r' || n, 1, 1, '1-' || n, 'paid', 1, 100, n FROM generate_series(1, 20000) n
        """
    )
    await pool.execute("ANALYZE order_line")
    plan = await pool.fetch("EXPLAIN " + PAGE, LUNA, 10_000, "", 50)
    assert "order_line_newest" in "".join(row[0] for row in plan)

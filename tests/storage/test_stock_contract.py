"""What every journal promises of seats, shared capacities, access codes and guest limits."""

import asyncpg
import msgspec
import pytest

from tests.core.desk import GUESTS, POOL, PROFILE, hall
from tests.core.soundness import content
from tests.storage.clerk import ORGANIZER, Clerk, code_of, payment
from tests.storage.storages import Storage
from tests.storage.writing import writing
from ticketd.core import commands as c
from ticketd.core.ids import Instant, InventoryId, ReservationId, SeatId, TicketTypeId
from ticketd.core.replay import line_of
from ticketd.core.terms import UNLIMITED, Profile, Terms
from ticketd.ports import Journal
from ticketd.storage.checkpoints import decode_snapshot, encode_snapshot
from ticketd.storage.database import Database
from ticketd.storage.fence import Fence
from ticketd.storage.orders import NEWEST, OrderStore

PARQUET, FLOOR, DOOR = InventoryId(1), InventoryId(2), InventoryId(3)
REGULAR, STUDENT = TicketTypeId(21), TicketTypeId(22)
SEATS = tuple(SeatId(f"Stalls-{name}") for name in ("A-1", "A-2", "B-1"))
SOLD, HELD = ReservationId("sold"), ReservationId("held")
HOLD_SECONDS = 900


def profile(like: Profile, number: int, capacity_id: InventoryId | None = None) -> Profile:
    return msgspec.structs.replace(
        like, organizer_id=ORGANIZER, code=code_of(number), capacity_id=capacity_id
    )


def opening(place: InventoryId, clerk: Clerk) -> list[c.AnyCommand]:
    """Eight seats; a floor of ten for two ticket types, one of them hidden; four for each guest."""
    if place == PARQUET:
        stalls = hall(4, 4).encode()
        return [c.Open(profile(PROFILE, clerk.inventory.id), Terms("Parquet", 0, 500), None, hall=stalls)]
    if place == DOOR:
        terms = Terms("Door", UNLIMITED, max_per_reservation=4)
        return [c.Open(profile(GUESTS, place), terms, None)]
    shelves = [
        c.Open(profile(PROFILE, shelf, FLOOR), Terms(name, UNLIMITED, price_cents), None, shelf)
        for shelf, name, price_cents in ((REGULAR, "Regular", 700), (STUDENT, "Student", 300))
    ]
    code = c.SetAccessCode("fan", 8, Instant(clerk.clock.now() + 10**9), STUDENT)
    return [c.Open(profile(POOL, place), Terms("Floor", 10), None), *shelves, code]


def wish(place: InventoryId, reservation_id: ReservationId) -> c.Reserve:
    """Three."""
    reserve = c.Reserve(reservation_id, 3, HOLD_SECONDS)
    replace = msgspec.structs.replace
    if place == PARQUET:
        return replace(reserve, seats=SEATS) if reservation_id == SOLD else reserve
    if place == FLOOR:
        wanted = (c.Wanted(STUDENT, 2), c.Wanted(REGULAR, 1))
        return replace(reserve, wanted=wanted, access_code="fan")
    return replace(reserve, parts=(PARQUET, DOOR), guest=f"guest of {reservation_id}")


def sale(place: InventoryId) -> list[c.AnyCommand]:
    return [wish(place, SOLD), *payment(SOLD, "a", "b", "c")]


@pytest.mark.parametrize("place", [PARQUET, FLOOR, DOOR], ids=["seats", "shared capacity", "guests"])
@pytest.mark.parametrize("checkpoint", [False, True])
async def test_what_stands_beside_the_counts_is_recovered(
    journal: Journal, place: InventoryId, checkpoint: bool
) -> None:
    clerk = Clerk(place)
    await clerk.write(
        journal,
        clerk.batch(*opening(place, clerk)),
        clerk.batch(*sale(place), checkpoint=checkpoint),
        clerk.batch(wish(place, HELD)),
    )
    [recovered] = await journal.recover([place])
    assert recovered.restored_seq == (recovered.seq - 1 if checkpoint else 0)
    assert content(recovered) == content(clerk.inventory)
    assert recovered.lines[HELD] == clerk.inventory.lines[HELD]


@pytest.mark.parametrize("place", [PARQUET, FLOOR, DOOR], ids=["seats", "shared capacity", "guests"])
async def test_a_checkpoint_of_it_comes_back_from_its_bytes_as_it_was(place: InventoryId) -> None:
    clerk = Clerk(place)
    clerk.batch(*opening(place, clerk), *sale(place), wish(place, HELD))
    snapshot = clerk.inventory.snapshot()
    assert snapshot is not None
    assert decode_snapshot(await encode_snapshot(snapshot)) == snapshot


async def test_an_order_on_a_shared_capacity_has_a_row_for_each_ticket_type_with_its_tickets(
    storage: Storage,
) -> None:
    clerk = Clerk(FLOOR)
    await clerk.write(storage.journal, clerk.batch(*opening(FLOOR, clerk)), clerk.batch(*sale(FLOOR)))
    assert await storage.orders() == {
        (SOLD, STUDENT): ("2-5", "paid", 2, 300, ["a", "b"]),
        (SOLD, REGULAR): (None, "paid", 1, 700, ["c"]),
    }


async def test_what_is_on_a_shared_capacity_is_shown_with_it(storage: Storage) -> None:
    clerk = Clerk(FLOOR)
    await clerk.write(storage.journal, clerk.batch(*opening(FLOOR, clerk)))
    await clerk.write(storage.journal, clerk.batch(c.Delete(REGULAR)))
    shown = {each: row[1:] for each, row in (await storage.ticket_types()).items()}
    assert shown == {FLOOR: ("Floor", False), REGULAR: ("Regular", True), STUDENT: ("Student", False)}


async def test_the_history_of_a_claim_made_anew_tells_its_last_life(journal: Journal) -> None:
    clerk = Clerk(DOOR)
    await clerk.write(journal, clerk.batch(*opening(DOOR, clerk), wish(DOOR, SOLD)))
    await clerk.write(journal, clerk.batch(c.Release(SOLD)))
    again = msgspec.structs.replace(wish(DOOR, SOLD), guest="another")
    await clerk.write(journal, clerk.batch(again), clerk.batch(*payment(SOLD)))
    line = line_of(DOOR, await journal.history(SOLD, DOOR))
    assert line is not None
    assert line == clerk.inventory.lines[SOLD]
    assert (line.status.value, line.guest) == ("paid", "another")


async def test_an_order_shows_its_seats(database_url: str, pool: asyncpg.Pool, fence: Fence) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        clerk = Clerk(7)
        await clerk.write(w.journal, clerk.batch(*opening(PARQUET, clerk)), clerk.batch(*sale(PARQUET)))
        [order] = await OrderStore(Database(pool)).page(ORGANIZER, after=NEWEST, limit=5)
    assert [(line.name, line.quantity, line.seats) for line in order.lines] == [("Parquet", 3, SEATS)]


async def test_an_order_on_a_shared_capacity_shows_its_ticket_types_and_what_they_cost_together(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        clerk = Clerk(FLOOR)
        await clerk.write(w.journal, clerk.batch(*opening(FLOOR, clerk)), clerk.batch(*sale(FLOOR)))
        [order] = await OrderStore(Database(pool)).page(ORGANIZER, after=NEWEST, limit=5)
    assert [(line.name, line.quantity) for line in order.lines] == [("Student", 2), ("Regular", 1)]
    assert (order.number, order.total_cents) == ("2-5", 2 * 300 + 700)

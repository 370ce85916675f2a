"""Carts of seats, shared capacities and quantities, with keys and access codes: all or nothing."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.actors.house import HOLD_SECONDS, VIP, codes, profile, turns
from tests.core.desk import hall
from tests.fakes.clock import ManualClock
from tests.services.office import KEY, TENTATIVE_SECONDS, Office, line, reason
from ticketd.core import commands as c
from ticketd.core.ids import InventoryId, SeatId, SeatMapId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import UNLIMITED, Kind, Profile, Terms
from ticketd.services.sales import Granted, LineRequest

PARQUET, POOL = InventoryId(14), InventoryId(15)
REGULAR, STUDENT = TicketTypeId(16), TicketTypeId(17)
CODE = "open sesame"


class Playhouse(Office):
    """Beside three plain ticket types: eight seats, and a floor of ten with at most four Students."""

    async def open(self, capacity: int = 10, max_per_reservation: int = 10) -> "Playhouse":
        await super().open(capacity, max_per_reservation)
        seated = msgspec.structs.replace(profile(PARQUET), seat_map_id=SeatMapId(1))
        await self.put(PARQUET, c.Open(seated, Terms("Parquet", 0, 30_00), None, hall=hall(4, 4).encode()))
        floor = msgspec.structs.replace(profile(POOL), kind=Kind.CAPACITY)
        await self.put(POOL, c.Open(floor, Terms("Floor", 10), None))
        for shelf, terms in (
            (REGULAR, Terms("Regular", UNLIMITED, 20_00)),
            (STUDENT, Terms("Student", 4, 12_00)),
        ):
            await self.put(POOL, c.Open(self.on_floor(shelf), terms, None, shelf))
        return self

    def on_floor(self, shelf: TicketTypeId) -> Profile:
        return msgspec.structs.replace(profile(InventoryId(shelf)), capacity_id=POOL)

    async def put(self, inventory_id: InventoryId, command: c.AnyCommand) -> None:
        """Change something; the catalogue follows."""
        offer = await self.house.ask(inventory_id, command)
        assert isinstance(offer, Offer)
        self.catalogue.follow(inventory_id, offer)

    async def try_for(self, *lines: LineRequest, key: str | None = None, code: str = "") -> Granted | Refusal:
        return await self.sales.reserve(lines, key, code)

    def left(self) -> tuple[int, int, int, int]:
        """Free of VIP, of the parquet, of the floor and of its Students."""
        offers = [self.house.registry.offer(each) for each in (VIP, PARQUET, POOL)]
        free = [offer.figures.free for offer in offers if offer is not None]
        assert offers[2] is not None
        student = offers[2].of(STUDENT)
        assert student is not None
        return free[0], free[1], free[2], student.figures.free


@pytest.fixture
async def playhouse(clock: ManualClock) -> AsyncIterator[Playhouse]:
    playhouse = await Playhouse(clock).open()
    yield playhouse
    playhouse.house.registry.close()


def seats(*names: str) -> LineRequest:
    return LineRequest(TicketTypeId(PARQUET), seats=tuple(SeatId(f"Stalls-{name}") for name in names))


def best(count: int, *, together: bool = True) -> LineRequest:
    return LineRequest(TicketTypeId(PARQUET), best_available=count, together=together)


def regular(quantity: int) -> LineRequest:
    return LineRequest(REGULAR, quantity)


def student(quantity: int) -> LineRequest:
    return LineRequest(STUDENT, quantity)


def made(outcome: Granted | Refusal) -> Reservation:
    assert isinstance(outcome, Granted), outcome
    return outcome.reservation


EVERYTHING = (line(VIP, 2), seats("A-1", "A-2"), regular(1), student(2))


# -- all or nothing


async def test_a_cart_of_all_kinds_is_one_reservation(playhouse: Playhouse) -> None:
    cart = made(await playhouse.try_for(*EVERYTHING))
    assert [(each.inventory_id, each.quantity) for each in cart.lines] == [(VIP, 2), (PARQUET, 2), (POOL, 3)]
    assert cart.total_cents == 2 * 5_00 + 2 * 30_00 + 20_00 + 2 * 12_00
    assert playhouse.left() == (8, 6, 7, 2)
    await playhouse.sales.release(cart.home.reservation_id)
    assert playhouse.left() == (10, 8, 10, 4)


@pytest.mark.parametrize(
    ("lines", "code", "refusal"),
    [
        (
            (line(VIP), seats("A-1", "B-1"), regular(1)),
            CODE,
            Refusal(
                Reason.SEAT_TAKEN, ticket_type_id=TicketTypeId(PARQUET), taken_seats=(SeatId("Stalls-B-1"),)
            ),
        ),
        ((line(VIP), best(4)), CODE, Refusal(Reason.SOLD_OUT, ticket_type_id=TicketTypeId(PARQUET))),
        ((line(VIP), student(4)), CODE, Refusal(Reason.SOLD_OUT, ticket_type_id=STUDENT, available=3)),
        ((line(VIP, 11), student(1)), "", Refusal(Reason.FORBIDDEN, ticket_type_id=STUDENT)),
        ((line(VIP, 11), student(1), best(1)), CODE, Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=10)),
    ],
    ids=["a seat is taken", "no such block", "over the ceiling", "no code", "over the limit"],
)
async def test_a_cart_with_one_line_that_is_refused_holds_nothing(
    playhouse: Playhouse, lines: tuple[LineRequest, ...], code: str, refusal: Refusal
) -> None:
    await playhouse.try_for(seats("B-1", "A-3"), student(1))
    await playhouse.put(POOL, c.SetAccessCode(CODE, ticket_type_id=STUDENT))
    before = playhouse.left()
    refused = await playhouse.try_for(*lines, code=code)
    assert isinstance(refused, Refusal)
    assert refused.reason is refusal.reason
    if refusal.ticket_type_id is not None:
        assert (refused.ticket_type_id, refused.taken_seats) == (refusal.ticket_type_id, refusal.taken_seats)
    await turns()
    assert playhouse.left() == before


async def test_two_ticket_types_on_one_shared_capacity_are_no_cart(playhouse: Playhouse) -> None:
    both = made(await playhouse.try_for(regular(2), student(1)))
    assert (len(both.lines), both.home.parts) == (1, ())
    assert await playhouse.reservations.find(both.home.reservation_id) == both


async def test_of_two_carts_that_want_the_same_seat_one_holds_nothing(playhouse: Playhouse) -> None:
    outcomes = await asyncio.gather(
        playhouse.try_for(line(VIP, 2), seats("A-1", "A-2")), playhouse.try_for(seats("A-2"), regular(3))
    )
    assert sorted(str(reason(each)) for each in outcomes) == ["None", "seat_taken"]
    await turns()
    first_won = isinstance(outcomes[0], Granted)
    assert playhouse.left() == ((8, 6, 10, 4) if first_won else (10, 7, 7, 4))


@pytest.mark.parametrize("commits", range(12))
async def test_after_a_crash_between_any_two_steps_seats_and_shares_are_blocked_for_seconds_only(
    clock: ManualClock, commits: int
) -> None:
    playhouse = await Playhouse(clock).open()
    journal = playhouse.house.journal
    journal.held = True
    cart = asyncio.create_task(playhouse.try_for(*EVERYTHING))
    for _ in range(commits):
        await turns()
        if journal.pending:
            journal.commit()
    await playhouse.restart()
    cart.cancel()
    clock.advance(TENTATIVE_SECONDS)
    playhouse.house.tick()
    await turns()
    whole, nothing = (8, 6, 7, 2), (10, 8, 10, 4)
    assert playhouse.left() in (whole, nothing)
    clock.advance(HOLD_SECONDS)
    playhouse.house.tick()
    await turns()
    assert playhouse.left() == nothing
    playhouse.house.registry.close()


async def test_a_paid_cart_of_all_kinds_survives_a_restart(playhouse: Playhouse) -> None:
    cart = made(await playhouse.try_for(*EVERYTHING))
    await playhouse.buy(cart)
    await playhouse.restart()
    assert playhouse.left() == (8, 6, 7, 2)
    found = await playhouse.reservations.find(cart.home.reservation_id)
    assert isinstance(found, Reservation)
    assert {each.status for each in found.lines} == {ReservationStatus.PAID}
    assert [each.seats for each in found.lines] == [each.seats for each in cart.lines]
    assert [each.shares for each in found.lines] == [each.shares for each in cart.lines]


async def test_orders_have_a_row_for_each_ticket_type_with_its_tickets_and_seats(
    playhouse: Playhouse,
) -> None:
    cart = made(await playhouse.try_for(*EVERYTHING))
    await playhouse.buy(cart)
    orders = playhouse.house.database.orders
    rows = {
        ticket_type_id: (order.quantity, len(order.ticket_codes), order.seats)
        for (_, ticket_type_id), order in orders.items()
    }
    assert rows == {
        VIP: (2, 2, ()),
        PARQUET: (2, 2, (SeatId("Stalls-A-1"), SeatId("Stalls-A-2"))),
        REGULAR: (1, 1, ()),
        STUDENT: (2, 2, ()),
    }
    floor = [orders[cart.home.reservation_id, shelf].ticket_codes for shelf in (REGULAR, STUDENT)]
    issued = codes(cart.home.reservation_id, 3)
    assert floor == [issued[:1], issued[1:]]


# -- keys


@pytest.mark.parametrize(
    ("first", "again", "repeats"),
    [
        ((best(2),), (best(2),), True),
        ((best(2),), (best(1),), False),
        ((best(2),), (best(2, together=False),), False),
        ((best(1),), (LineRequest(TicketTypeId(PARQUET), seats=(SeatId("Stalls-A-2"),)),), False),
        ((seats("A-1", "A-2"),), (seats("A-2", "A-1"),), True),
        ((seats("A-1"),), (seats("A-2"),), False),
        ((regular(1), student(2)), (student(2), regular(1)), True),
        ((regular(1), student(2)), (regular(2), student(1)), False),
        (EVERYTHING, tuple(reversed(EVERYTHING)), True),
        (EVERYTHING, (line(VIP, 2), seats("A-1", "A-3"), regular(1), student(2)), False),
    ],
)
async def test_a_key_tells_a_repeat_from_another_request(
    playhouse: Playhouse, first: tuple[LineRequest, ...], again: tuple[LineRequest, ...], repeats: bool
) -> None:
    reservation = made(await playhouse.try_for(*first, key=KEY))
    before = playhouse.left()
    outcome = await playhouse.try_for(*again, key=KEY)
    if repeats:
        assert outcome == Granted(reservation, repeated=True)
    else:
        assert reason(outcome) is Reason.KEY_REUSED
    await turns()
    assert playhouse.left() == before


async def test_another_access_code_is_another_request(playhouse: Playhouse) -> None:
    for code in (CODE, "swordfish"):
        await playhouse.put(VIP, c.SetAccessCode(code))
    first = made(await playhouse.try_for(line(VIP), key=KEY, code=CODE))
    assert await playhouse.try_for(line(VIP), key=KEY, code=CODE) == Granted(first, repeated=True)
    assert reason(await playhouse.try_for(line(VIP), key=KEY, code="swordfish")) is Reason.KEY_REUSED


async def test_a_key_for_seats_outlives_a_restart(playhouse: Playhouse) -> None:
    first = made(await playhouse.try_for(best(2), key=KEY))
    await playhouse.restart()
    assert await playhouse.try_for(best(2), key=KEY) == Granted(first, repeated=True)


# -- what can't be asked


async def test_seats_of_what_is_not_sold_by_the_seat_are_refused_by_field(playhouse: Playhouse) -> None:
    refused = await playhouse.try_for(
        line(VIP), LineRequest(REGULAR, seats=(SeatId("Stalls-A-1"),)), LineRequest(STUDENT, best_available=1)
    )
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.INVALID
    assert refused.errors[0].field == "lines[1].seats"


async def test_a_code_opens_what_it_is_for_and_hurts_nothing_else(playhouse: Playhouse) -> None:
    await playhouse.put(PARQUET, c.SetAccessCode(CODE, capacity=2))
    assert reason(await playhouse.try_for(line(VIP), best(1))) is Reason.FORBIDDEN
    made(await playhouse.try_for(line(VIP), best(2), code=CODE))
    assert reason(await playhouse.try_for(line(VIP), best(1), code=CODE)) is Reason.SOLD_OUT

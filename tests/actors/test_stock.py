"""Actors of seats, shared capacities and guest limits: what readers see, and what a restart finds."""

import msgspec

from tests.actors.house import HOLD_SECONDS, VIP, House, codes, profile, turns
from tests.core.desk import hall
from ticketd.core import commands as c
from ticketd.core.facts import AnyFact, Reserved
from ticketd.core.hall import Hall
from ticketd.core.ids import InventoryId, ReservationId, SeatId, SeatMapId, TicketTypeId
from ticketd.core.outcomes import AccessCode, AccessCodes, Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import UNLIMITED, Kind, Terms

PARQUET, POOL, DOOR = InventoryId(14), InventoryId(15), InventoryId(18)
REGULAR, STUDENT = TicketTypeId(16), TicketTypeId(17)
HALL = hall(4, 4)
CODE = "open sesame"


async def open_parquet(house: House) -> None:
    seated = msgspec.structs.replace(profile(PARQUET), seat_map_id=SeatMapId(1))
    await house.ask(PARQUET, c.Open(seated, Terms("Parquet", 0, 30_00), None, hall=HALL.encode()))


async def open_pool(house: House) -> None:
    shared = msgspec.structs.replace(profile(POOL), kind=Kind.CAPACITY)
    await house.ask(POOL, c.Open(shared, Terms("Floor", 10), None))
    for shelf, terms in (
        (REGULAR, Terms("Regular", UNLIMITED, 20_00)),
        (STUDENT, Terms("Student", 4, 12_00)),
    ):
        on_shelf = msgspec.structs.replace(profile(InventoryId(shelf)), capacity_id=POOL)
        await house.ask(POOL, c.Open(on_shelf, terms, None, shelf))


async def open_door(house: House, limit: int = 4) -> None:
    counting = msgspec.structs.replace(profile(DOOR), kind=Kind.GUESTS)
    await house.ask(DOOR, c.Open(counting, Terms("Door", UNLIMITED, max_per_reservation=limit), None))


def take(*names: str, reservation_id: ReservationId) -> c.Reserve:
    seats = tuple(SeatId(f"Stalls-{name}") for name in names)
    return c.Reserve(reservation_id, len(names), HOLD_SECONDS, seats=seats)


def claim(reservation_id: ReservationId, guest: str = "ada", quantity: int = 1) -> c.Reserve:
    return c.Reserve(reservation_id, quantity, HOLD_SECONDS, parts=(VIP, DOOR), guest=guest)


def seen(house: House) -> dict[str, str]:
    """Every seat that isn't free, as readers see it."""
    view = house.registry.seats(PARQUET)
    assert view is not None
    statuses = {HALL.seat_id(index): view.status(index) for index in range(len(HALL))}
    return {seat: str(status) for seat, status in statuses.items() if status != "free"}


async def buy(house: House, inventory_id: InventoryId, command: c.Reserve) -> Outcome:
    await house.ask(inventory_id, command)
    await house.ask(inventory_id, c.StartPayment(command.reservation_id, 1))
    tickets = codes(command.reservation_id, command.quantity if not command.guest else 0)
    return await house.ask(inventory_id, c.Confirm(command.reservation_id, 1, tickets))


# -- what readers see of seats


async def test_seats_are_seen_as_they_durably_are(house: House) -> None:
    await open_parquet(house)
    house.journal.held = True
    reservation_id = house.new_id(PARQUET)
    reply = house.ask(PARQUET, take("A-1", "B-2", reservation_id=reservation_id))
    await turns()
    assert seen(house) == {}
    house.journal.let_go()
    line = await reply
    assert isinstance(line, Line)
    assert seen(house) == {"Stalls-A-1": "held", "Stalls-B-2": "held"}
    await house.ask(PARQUET, c.StartPayment(reservation_id))
    await house.ask(PARQUET, c.Confirm(reservation_id, 1, codes(reservation_id, 2)))
    assert set(seen(house).values()) == {"sold"}


async def test_a_reader_gets_the_seats_that_changed_since_it_looked(house: House) -> None:
    await open_parquet(house)
    view = house.registry.seats(PARQUET)
    assert view is not None
    first = view.version
    await house.ask(PARQUET, take("A-1", reservation_id=(gone := house.new_id(PARQUET))))
    second = view.version
    await house.ask(PARQUET, take("A-3", reservation_id=house.new_id(PARQUET)))
    await house.ask(PARQUET, c.Release(gone))
    changed = [view.changed_since(version) for version in (first, second, view.version)]
    assert changed == [[0, 2], [0, 2], []]
    assert seen(house) == {"Stalls-A-3": "held"}
    assert (first, second, view.version) == (1, 2, 4)


async def test_there_are_no_seats_where_nothing_is_sold_by_the_seat(house: House) -> None:
    await house.open(VIP)
    assert house.registry.seats(VIP) is None
    assert house.registry.seats(PARQUET) is None


async def test_what_a_lost_group_decided_is_neither_seen_nor_taken(house: House) -> None:
    await open_parquet(house)
    poisoned, sound = house.new_id(PARQUET), house.new_id(PARQUET)

    def refuses(fact: AnyFact) -> bool:
        return isinstance(fact, Reserved) and fact.reservation_id == poisoned

    house.journal.refuses = refuses
    lost = house.ask(PARQUET, take("A-1", "A-2", reservation_id=poisoned))
    kept = house.ask(PARQUET, take("B-1", reservation_id=sound))
    refused = house.ask(PARQUET, take("A-2", reservation_id=house.new_id(PARQUET)))
    await turns(50)
    assert lost.exception() is not None
    assert isinstance(await kept, Line)
    assert isinstance(await refused, Line), "decided again, when the lost one had never been there"
    assert seen(house) == {"Stalls-B-1": "held", "Stalls-A-2": "held"}


async def test_two_who_want_one_seat_in_one_turn_hear_who_has_it_once_it_is_durable(house: House) -> None:
    await open_parquet(house)
    house.journal.held = True
    replies = [house.ask(PARQUET, take("A-1", reservation_id=house.new_id(PARQUET))) for _ in range(2)]
    await turns()
    assert not any(reply.done() for reply in replies)
    house.journal.let_go()
    assert isinstance(await replies[0], Line)
    assert await replies[1] == Refusal(Reason.SEAT_TAKEN, taken_seats=(SeatId("Stalls-A-1"),))


# -- what a restart finds


async def test_a_restart_finds_seats_shares_codes_and_guests_with_and_without_a_checkpoint(
    house: House,
) -> None:
    await open_parquet(house)
    await open_pool(house)
    await open_door(house)
    await house.ask(POOL, c.SetAccessCode(CODE, capacity=3, ticket_type_id=STUDENT))
    await buy(house, PARQUET, take("A-1", "A-2", reservation_id=house.new_id(PARQUET)))
    wanted = (c.Wanted(REGULAR, 1), c.Wanted(STUDENT, 2))
    shared = c.Reserve(house.new_id(POOL), 3, HOLD_SECONDS, wanted=wanted, access_code=CODE)
    await buy(house, POOL, shared)
    await buy(house, DOOR, claim(house.new_id(VIP), quantity=3))
    await house.ask(PARQUET, take("B-4", reservation_id=house.new_id(PARQUET)))
    for clean in (False, True):
        if clean:
            await house.registry.drain()
        await house.restart()
        await _check_all(house)


async def _check_all(house: House) -> None:
    assert await house.registry.offers([PARQUET, POOL, DOOR])
    assert seen(house) == {"Stalls-A-1": "sold", "Stalls-A-2": "sold", "Stalls-B-4": "held"}
    pool = house.registry.offer(POOL)
    assert pool is not None
    assert [shelf.figures.sold for shelf in pool.shelves] == [1, 2]
    assert pool.figures.revenue_cents == 20_00 + 2 * 12_00
    listed = await house.ask(POOL, c.ListAccessCodes(STUDENT))
    assert listed == AccessCodes((AccessCode(CODE, 3, None, 2),))
    over = await house.ask(DOOR, claim(house.new_id(VIP), quantity=2))
    assert over == Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=4)


async def test_a_hall_in_the_ledger_is_the_hall_that_was_opened(house: House) -> None:
    await open_parquet(house)
    await house.restart()
    await house.registry.offers([PARQUET])
    offer = house.registry.offer(PARQUET)
    assert offer is not None
    assert isinstance(offer.hall, Hall)
    assert offer.hall == HALL


# -- claims, and what stands beside the ledger


async def test_a_claim_leaves_no_order(house: House) -> None:
    await open_door(house)
    await buy(house, DOOR, claim(house.new_id(VIP)))
    assert house.database.orders == {}


async def test_a_claim_made_anew_outlives_word_of_its_first_life(house: House) -> None:
    await open_door(house)
    known = house.new_id(VIP)
    await house.ask(DOOR, claim(known, "ada"))
    house.journal.held = True
    released = house.ask(DOOR, c.Release(known))
    await turns()
    anew = house.ask(DOOR, claim(known, "bob"))
    await turns()
    house.journal.commit()
    assert isinstance(await released, Line)
    house.journal.let_go()
    assert isinstance(await anew, Line)
    line = await house.ask(DOOR, c.StartPayment(known, 1))
    assert isinstance(line, Line)
    assert (line.status.value, line.guest) == ("paying", "bob")


async def test_the_catalogue_hears_of_every_ticket_type_on_a_shared_capacity(house: House) -> None:
    await open_pool(house)
    await house.ask(POOL, c.SetAccessCode(CODE, ticket_type_id=STUDENT))
    await house.ask(POOL, c.Delete(REGULAR))
    inventory_id, offer = house.observed[-1]
    assert inventory_id == POOL
    assert isinstance(offer, Offer)
    assert [(shelf.ticket_type_id, shelf.hidden) for shelf in offer.shelves] == [(STUDENT, True)]
    rows = house.database.ticket_types
    assert {each: (row.deleted, row.ticket_type.hidden) for each, row in rows.items()} == {
        TicketTypeId(POOL): (False, False),
        REGULAR: (True, False),
        STUDENT: (False, True),
    }


async def test_an_idle_hall_leaves_memory_and_comes_back_with_what_was_sold(house: House) -> None:
    await open_parquet(house)
    await buy(house, PARQUET, take("A-1", reservation_id=house.new_id(PARQUET)))
    actor = house.registry._actors[PARQUET]
    house.clock.advance(house.limits.idle_seconds + 1)
    assert actor.is_idle(house.clock.now())
    actor.checkpoint()
    await turns()
    del house.registry._actors[PARQUET]
    await house.registry.offers([PARQUET])
    assert seen(house) == {"Stalls-A-1": "sold"}

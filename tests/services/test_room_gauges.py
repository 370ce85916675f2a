"""What a waiting room counts as tickets that its guests can get."""

import pytest

from tests.services.lobby import Lobby
from ticketd.core import commands as c
from ticketd.core.catalogue import Event
from ticketd.core.ids import END_OF_TIME, InventoryId, ReservationId, TicketTypeId
from ticketd.core.terms import Kind, Profile, Terms
from ticketd.services.room_gauges import Gauges, Stock

POOL = InventoryId(900)


@pytest.fixture
def lobby() -> Lobby:
    return Lobby()


async def stock_of(lobby: Lobby, event: Event) -> Stock:
    gauges = Gauges(
        catalogue=lobby.catalogue, router=lobby.router, clock=lobby.clock, journal=lobby.shop.journal
    )
    return await gauges.stock(event.id)


async def share_capacity(lobby: Lobby, event: Event, capacity: int, **ceilings: int) -> list[TicketTypeId]:
    """The ticket types that draw on it."""
    profile = Profile(event.organizer_id, None, "pool", kind=Kind.CAPACITY)
    await lobby._ask(POOL, c.Open(profile, Terms("Floor", capacity), None))
    made = []
    for number, (name, ceiling) in enumerate(ceilings.items(), 901):
        shelf = Profile(event.organizer_id, event.id, name, capacity_id=POOL)
        made.append(TicketTypeId(number))
        await lobby._ask(POOL, c.Open(shelf, Terms(name, ceiling), event.window(), made[-1]))
    return made


async def test_without_ticket_types_nothing_ever_opens(lobby: Lobby) -> None:
    stock = await stock_of(lobby, lobby.announce())
    assert (stock.free, stock.in_baskets, stock.opens_at) == (0, 0, END_OF_TIME)


async def test_what_needs_an_access_code_is_nothing_for_the_crowd(lobby: Lobby) -> None:
    event = await lobby.open(capacity=4)
    hidden = await lobby.sell(event, 50)
    await lobby._ask(InventoryId(hidden), c.SetAccessCode("MEMBERS"))
    stock = await stock_of(lobby, event)
    assert (stock.free, stock.unsold) == (4, 4)


async def test_but_where_all_needs_one_it_is_what_they_come_for(lobby: Lobby) -> None:
    event = lobby.announce()
    hidden = await lobby.sell(event, 50)
    await lobby._ask(InventoryId(hidden), c.SetAccessCode("MEMBERS"))
    assert (await stock_of(lobby, event)).free == 50


async def test_of_a_shared_capacity_counts_what_the_events_ticket_types_may_take(lobby: Lobby) -> None:
    event = lobby.announce()
    (students, _) = await share_capacity(lobby, event, 500, students=4, seniors=6)
    assert (await stock_of(lobby, event)).free == 10
    wanted = (c.Wanted(students, 3),)
    await lobby.router.ask(POOL, c.Reserve(ReservationId("r"), 3, 900, wanted=wanted))
    stock = await stock_of(lobby, event)
    assert (stock.free, stock.in_baskets) == (7, 3)
    assert stock.next_return_at is not None


async def test_what_several_share_counts_once(lobby: Lobby) -> None:
    event = lobby.announce()
    await share_capacity(lobby, event, 8, students=8, seniors=8)
    assert (await stock_of(lobby, event)).free == 8

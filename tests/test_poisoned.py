"""A command that can't be stored, forced past the edge into the real house, harms only itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from ticketd.actors.ticket_type import PoisonedCommand
from ticketd.app import open_services
from ticketd.core.commands import AnyCommand, ChangeTerms, Confirm, Reserve, StartPayment
from ticketd.core.ids import InventoryId, OwnerId, ReservationId, TicketCode, TicketTypeId, reservation_id
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.sales import Granted, LineRequest
from ticketd.settings import Settings
from ticketd.web.context import Services

NUL, SURROGATE = "\x00", "\ud800"
TICKET_TYPES, CAPACITY, GUESTS = 3, 1000, 90
SECONDS_MAX = 30.0

_GAPS = "SELECT inventory_id FROM ledger GROUP BY 1 HAVING min(fact_seq) <> 1 OR max(fact_seq) <> count(*)"

Poison = Callable[["House"], Awaitable[AnyCommand]]


class House:
    """Everything behind the edge, with some ticket types on sale."""

    def __init__(self, services: Services, ticket_types: Sequence[TicketTypeId]) -> None:
        self.services = services
        self.ticket_types = ticket_types
        self._made = 0

    def new_id(self) -> ReservationId:
        """A reservation id that nobody has had."""
        self._made += 1
        home = InventoryId(self.ticket_types[0])
        return reservation_id(home=home, now=self.services.clock.now(), random=self._made.to_bytes(16))

    def ask(self, command: AnyCommand) -> Awaitable[Outcome]:
        """What the first ticket type's actor says."""
        return self.services.router.ask(InventoryId(self.ticket_types[0]), command)

    async def reserve(self, guest: int) -> object:
        """One ticket; for every third guest a cart."""
        first = guest % TICKET_TYPES
        wanted = [first] if guest % 3 else [first, (first + 1) % TICKET_TYPES]
        lines = [LineRequest(self.ticket_types[each], 1) for each in wanted]
        return await self.services.sales.reserve(lines, f"the secret key of guest {guest}")

    async def available(self) -> list[int]:
        """How many are left of each."""
        offers = await self.services.router.offers(InventoryId(each) for each in self.ticket_types)
        return [offers[InventoryId(each)].figures.free for each in self.ticket_types]


@asynccontextmanager
async def opened(dsn: str, data_dir: Path) -> AsyncIterator[Services]:
    """The whole house but for HTTP; nothing may end it."""
    faults: list[BaseException] = []
    settings = Settings(data_dir=data_dir, tentative_hold_seconds=1)
    async with asyncio.timeout(SECONDS_MAX), open_services(settings, dsn, fatal=faults.append) as services:
        yield services
    assert faults == []


@pytest.fixture
async def house(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    owner = OwnerId(await pool.fetchval("INSERT INTO owner (email) VALUES ('ada@example.org') RETURNING id"))
    async with opened(database_url, tmp_path) as services:
        await services.organizers.create(owner, name="Aurora", slug="aurora")
        offers = [
            await services.ticket_types.create(
                owner, "aurora", TicketTypeDraft(Terms(f"Type {number}", CAPACITY, price_cents=500))
            )
            for number in range(TICKET_TYPES)
        ]
        yield House(services, [TicketTypeId(each.inventory_id) for each in offers if isinstance(each, Offer)])


async def odd_id(house: House) -> AnyCommand:
    """A reservation whose id no text column takes."""
    return Reserve(ReservationId(house.new_id() + NUL), 1, 900)


async def odd_name(_: House) -> AnyCommand:
    """A name that no JSON column takes."""
    return ChangeTerms(TermsPatch(name=NUL))


async def odd_key(house: House) -> AnyCommand:
    """A reservation that not even JSON can hold."""
    return Reserve(house.new_id(), 1, 900, SURROGATE, "request")


async def odd_ticket(house: House) -> AnyCommand:
    """A payment that ends in a ticket whose code no text column takes."""
    made = house.new_id()
    await house.ask(Reserve(made, 1, 900))
    await house.ask(StartPayment(made))
    return Confirm(made, 1, (TicketCode(f"CODE{NUL}"),))


@pytest.mark.parametrize("doses", [1, 3])
@pytest.mark.parametrize("poison", [odd_id, odd_name, odd_key, odd_ticket])
async def test_a_poisoned_command_amid_a_crowd_harms_only_itself(
    poison: Poison, doses: int, house: House, pool: asyncpg.Pool
) -> None:
    poisoned = [await poison(house) for _ in range(doses)]
    before = await house.available()
    crowd: list[Awaitable[object]] = [house.reserve(guest) for guest in range(GUESTS)]
    for number, command in enumerate(poisoned):
        crowd.insert((number + 1) * GUESTS // (doses + 1), asyncio.ensure_future(house.ask(command)))
    told = await asyncio.gather(*crowd, return_exceptions=True)
    faults = [each for each in told if isinstance(each, BaseException)]
    assert [type(each) for each in faults] == [PoisonedCommand] * doses
    assert sum(isinstance(each, Granted) for each in told) == GUESTS
    assert await pool.fetch(_GAPS) == []
    lines = sum(len(each.reservation.lines) for each in told if isinstance(each, Granted))
    assert sum(before) - sum(await house.available()) == lines


async def test_after_a_poisoned_command_everything_goes_on(
    house: House, database_url: str, tmp_path: Path
) -> None:
    first, fault = await asyncio.gather(
        house.reserve(1), house.ask(await odd_id(house)), return_exceptions=True
    )
    assert isinstance(fault, PoisonedCommand)
    assert isinstance(first, Granted)
    again = await house.reserve(1)
    assert isinstance(again, Granted)
    assert (again.repeated, again.reservation) == (True, first.reservation)
    assert isinstance(await house.ask(ChangeTerms(TermsPatch(name="Dinner"))), Offer)
    assert isinstance(await house.reserve(2), Granted)

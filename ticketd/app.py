"""The composition root: every resource of `ticketd serve`, opened in order and closed in reverse."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

import asyncpg

from ticketd.actors.registry import Registry
from ticketd.actors.ticket_type import ActorLimits
from ticketd.clock import DatabaseClock
from ticketd.core.ids import Instant
from ticketd.core.places import Tokens
from ticketd.core.stats import RuleTally
from ticketd.metrics import Metrics
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import StartupRefused, StorageUnavailable
from ticketd.services.accounts import Accounts
from ticketd.services.catalogue import Catalogue
from ticketd.services.charging import Charging, ChargingLimits
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.door import Door
from ticketd.services.entrance import Entrance
from ticketd.services.guest_limits import GuestLimits
from ticketd.services.offers import Offers
from ticketd.services.owners import OwnerServices, owner_services
from ticketd.services.pressure import Pressure
from ticketd.services.proof_demands import ProofDemands
from ticketd.services.proof_of_work import ProofOfWork
from ticketd.services.request_limits import RequestLimits
from ticketd.services.reservations import Reservations
from ticketd.services.room_gauges import Gauges
from ticketd.services.sales import Sales
from ticketd.services.signed_forms import SignedForms
from ticketd.services.statistics import Statistics
from ticketd.services.waiting_rooms import WaitingRooms
from ticketd.settings import Settings
from ticketd.storage.accounts import AccountStore
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.fence import Fence
from ticketd.storage.guests import GuestStore
from ticketd.storage.journal import PostgresJournal
from ticketd.storage.migrate import migrate
from ticketd.storage.orders import OrderStore
from ticketd.storage.outages import OUTAGES
from ticketd.storage.preflight import check_server
from ticketd.storage.sandbox import AttemptStore
from ticketd.storage.sandbox_file import SANDBOX_FILE, take_over
from ticketd.storage.secrets import secret_named
from ticketd.storage.sessions import SessionStore
from ticketd.storage.venues import VenueStore
from ticketd.storage.waiting_rooms import WaitingRoomStore
from ticketd.tasks import Fatal
from ticketd.web.context import Services

GUEST_KEY: Final = "guest limits"
QUEUE_KEY: Final = "waiting rooms"
IDENTITY_KEY: Final = "identities"
FORM_KEY: Final = "signed forms"
PROOF_KEY_BYTES: Final = 32
"""Of a secret that no other process knows, and that is gone with this one."""
POOL_SIZE_MAX: Final = 10
READY_SECONDS_MAX: Final = 2.0
POOL_CLOSE_SECONDS_MAX: Final = 1.0

WEB_SHARE, CHECKOUT_SHARE, DRAIN_SHARE = 3 / 8, 2 / 8, 3 / 8
"""How a clean stop's time is shared out, in the order in which things stop."""


class _End:
    """Hears what the house can't go on after, and tells it on."""

    def __init__(self, fatal: Fatal) -> None:
        self._fatal = fatal
        self.give_up: list[Callable[[], None]] = []
        """Before: nothing can become durable any more, and whoever waits for that hears so at once."""

    def __call__(self, reason: Exception) -> None:
        """Everything that waits gives up, and the process ends for this reason."""
        for each in self.give_up:
            each()
        self._fatal(reason)


class _Storage(NamedTuple):
    """What lasts, and the time that goes with it."""

    incarnation: int
    clock: DatabaseClock
    database: Database
    dedicated: Callable[..., DedicatedConnection]
    """A connection of one's own, by its `name`."""
    journal: PostgresJournal


class _Inventories(NamedTuple):
    """What is sold, and how its owners get at it."""

    store: CatalogueStore
    catalogue: Catalogue
    registry: Registry
    owners: OwnerServices


class _Guests(NamedTuple):
    """How it is bought."""

    rules: RuleTally
    rooms: WaitingRooms
    reservations: Reservations
    sales: Sales
    checkout: Checkout


@asynccontextmanager
async def open_services(settings: Settings, dsn: str, *, fatal: Fatal) -> AsyncIterator[Services]:
    """The whole house behind the edge, recovered and ready; `fatal` hears what it can't go on after."""
    end = _End(fatal)
    async with AsyncExitStack() as stack:
        storage = await _open_storage(stack, settings, dsn, end)
        inventories = await _open_inventories(stack, settings, storage, end)
        guests = await _open_guests(stack, settings, storage, inventories, end)
        await _realign(inventories.owners, storage.clock)
        yield await _services(settings, storage, inventories, guests)


# -- the stages: each opens what the next ones stand on; everything closes in reverse


async def _open_storage(stack: AsyncExitStack, settings: Settings, dsn: str, end: _End) -> _Storage:
    fence = Fence(dsn, lease_seconds=settings.lease_seconds)
    stack.push_async_callback(fence.leave)
    clock = DatabaseClock(await _enter(fence))
    fence.keep(correct=clock.correct, fatal=end)
    pool = await stack.enter_async_context(_pool(dsn, settings))
    database = Database(pool, incarnation=fence.incarnation, answer_seconds_max=settings.answer_seconds_max)
    journal = PostgresJournal(
        dsn,
        database=database,
        incarnation=fence.incarnation,
        fatal=end,
        commit_seconds_max=settings.commit_seconds_max,
        group_facts_max=settings.group_rows_max,
    )
    stack.push_async_callback(journal.close)
    await journal.start()
    return _Storage(
        incarnation=fence.incarnation,
        clock=clock,
        database=database,
        dedicated=partial(DedicatedConnection, dsn, answer_seconds_max=settings.answer_seconds_max),
        journal=journal,
    )


async def _open_inventories(
    stack: AsyncExitStack, settings: Settings, storage: _Storage, end: _End
) -> _Inventories:
    store = CatalogueStore(storage.database)
    catalogue = Catalogue(store)
    await catalogue.load()
    registry = Registry(
        journal=storage.journal,
        clock=storage.clock,
        limits=_limits(settings),
        observer=catalogue.follow,
        fatal=end,
    )
    end.give_up.append(registry.close)
    stack.callback(registry.close)
    stack.push_async_callback(_drain, registry, storage.journal, settings)
    owners = owner_services(
        catalogue=catalogue,
        store=store,
        venues=VenueStore(storage.database),
        orders=OrderStore(storage.database),
        router=registry,
        clock=storage.clock,
    )
    await registry.start(owners.events.followers(storage.clock.now()))
    return _Inventories(store, catalogue, registry, owners)


async def _open_guests(
    stack: AsyncExitStack, settings: Settings, storage: _Storage, inventories: _Inventories, end: _End
) -> _Guests:
    catalogue, registry = inventories.catalogue, inventories.registry
    rules = RuleTally()
    rooms = await _waiting_rooms(storage, inventories, end)
    stack.push_async_callback(rooms.close)
    door = Door(
        catalogue=catalogue,
        rooms=rooms,
        clock=storage.clock,
        secret=await secret_named(storage.database, IDENTITY_KEY),
        rules=rules,
    )
    reservations = Reservations(
        router=registry,
        journal=storage.journal,
        catalogue=catalogue,
        answer_seconds_max=settings.answer_seconds_max,
    )
    sales = Sales(
        router=registry,
        reservations=reservations,
        catalogue=catalogue,
        clock=storage.clock,
        door=door,
        hold_seconds=settings.hold_seconds,
        tentative_hold_seconds=settings.tentative_hold_seconds,
        answer_seconds_max=settings.answer_seconds_max,
    )
    await sales.clear_strays(registry.strays())
    checkout = await _checkout(stack, settings, storage, inventories, reservations)
    stack.push_async_callback(checkout.close)
    await checkout.settle_unfinished(registry.paying())
    await rooms.start(registry.used_admissions())
    return _Guests(rules, rooms, reservations, sales, checkout)


async def _realign(owners: OwnerServices, clock: DatabaseClock) -> None:
    refusal = await owners.events.realign(clock.now())
    if refusal is not None:
        raise StartupRefused(f"Ticket types can't be brought in line with their events: {refusal.reason}.")


async def _services(
    settings: Settings, storage: _Storage, inventories: _Inventories, guests: _Guests
) -> Services:
    clock, database, rules, rooms = storage.clock, storage.database, guests.rules, guests.rooms
    store, catalogue, registry, owners = inventories
    return Services(
        catalogue=catalogue,
        router=registry,
        clock=clock,
        offers=Offers(registry),
        reservations=guests.reservations,
        sales=guests.sales,
        checkout=guests.checkout,
        access=owners.access,
        organizers=owners.organizers,
        events=owners.events,
        ticket_types=owners.ticket_types,
        order_lists=owners.order_lists,
        venues=owners.venues,
        capacities=owners.capacities,
        access_codes=owners.access_codes,
        accounts=Accounts(AccountStore(database), clock=clock),
        statistics=Statistics(catalogue=catalogue, store=store, router=registry),
        sessions=SessionStore(database),
        settings=settings,
        readiness=partial(_readiness, database),
        metrics=Metrics(
            registry=registry.stats,
            journal=storage.journal.stats,
            payments=guests.checkout.stats,
            rooms=rooms.stats,
            rules=rules,
        ),
        request_limits=RequestLimits(
            per_second=settings.address_requests_per_second,
            burst=settings.address_burst,
            rules=rules,
        ),
        entrance=_entrance(rooms, clock, rules),
        signed_forms=SignedForms(await secret_named(database, FORM_KEY), is_open=rooms.is_open, rules=rules),
        rules=rules,
        waiting_rooms=rooms,
    )


# -- what they are made of


async def _enter(fence: Fence) -> Instant:
    async def prepare(connection: asyncpg.Connection) -> None:
        await check_server(connection)
        await migrate(connection)

    try:
        return await fence.enter(prepare=prepare)
    except asyncpg.PostgresError as error:
        raise StartupRefused(f"The database can't be used: {error}.") from error


@asynccontextmanager
async def _pool(dsn: str, settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=POOL_SIZE_MAX,
        command_timeout=settings.answer_seconds_max,
        server_settings={
            "application_name": "ticketd",
            # A process paused inside a write holds its node row: nobody could fence it.
            "idle_in_transaction_session_timeout": str(int(settings.lease_seconds * 1000)),
        },
        reset=_leave_as_it_is,
    )
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(POOL_CLOSE_SECONDS_MAX):
                await pool.close()
        except OUTAGES:  # the database doesn't even say good-bye
            pool.terminate()


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Nothing here changes a session: no round trip to undo it after every use."""


def _limits(settings: Settings) -> ActorLimits:
    return ActorLimits(
        mailbox_length_max=settings.mailbox_length_max,
        mailbox_age_seconds_max=settings.mailbox_age_seconds_max,
        batch_size_max=settings.batch_size_max,
        undurable_commands_max=settings.undurable_commands_max,
        answer_seconds_max=settings.answer_seconds_max,
        checkpoint_facts=settings.checkpoint_facts,
        idle_seconds=settings.idle_seconds,
    )


async def _drain(registry: Registry, journal: PostgresJournal, settings: Settings) -> None:
    """Everything accepted becomes durable and is answered, if the database lets it in time."""
    if not journal.is_writing:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.shutdown_seconds_max * DRAIN_SHARE):
            await registry.drain()


async def _waiting_rooms(storage: _Storage, inventories: _Inventories, end: _End) -> WaitingRooms:
    catalogue, clock = inventories.catalogue, storage.clock
    gauges = Gauges(
        catalogue=catalogue, router=inventories.registry, clock=clock, journal=storage.journal.stats
    )
    return WaitingRooms(
        catalogue=catalogue,
        store=WaitingRoomStore(storage.database),
        gauges=gauges,
        tokens=Tokens(await secret_named(storage.database, QUEUE_KEY)),
        clock=clock,
        pressure=Pressure(catalogue=catalogue, gauges=gauges),
        fatal=end,
    )


async def _checkout(
    stack: AsyncExitStack,
    settings: Settings,
    storage: _Storage,
    inventories: _Inventories,
    reservations: Reservations,
) -> Checkout:
    guest_limits = GuestLimits(
        catalogue=inventories.catalogue,
        router=inventories.registry,
        secret=await secret_named(storage.database, GUEST_KEY),
    )
    bank, guest_book = storage.dedicated(name="ticketd sandbox"), storage.dedicated(name="ticketd guests")
    stack.push_async_callback(bank.close)
    stack.push_async_callback(guest_book.close)
    for connection in (bank, guest_book):  # no guest should hold what nobody can pay
        await connection.connect()
    await take_over(settings.data_dir / SANDBOX_FILE, bank)
    charging = Charging(
        router=inventories.registry,
        reservations=reservations,
        guests=GuestStore(guest_book, incarnation=storage.incarnation),
        guest_limits=guest_limits,
        gateway=SandboxGateway(AttemptStore(bank)),
        limits=ChargingLimits(charge_seconds_max=settings.charge_seconds_max),
    )
    limits = CheckoutLimits(
        answer_seconds_max=settings.answer_seconds_max,
        close_seconds_max=settings.shutdown_seconds_max * CHECKOUT_SHARE,
    )
    return Checkout(charging, limits)


def _entrance(rooms: WaitingRooms, clock: DatabaseClock, rules: RuleTally) -> Entrance:
    proof_demands = ProofDemands(
        proof=ProofOfWork(secrets.token_bytes(PROOF_KEY_BYTES)),
        is_open=rooms.is_open,
        rules=rules,
        is_quiet=rooms.is_quiet,
    )
    return Entrance(rooms=rooms, proof_demands=proof_demands, clock=clock, rules=rules)


async def _readiness(database: Database) -> Mapping[str, bool]:
    return {"database": await _answers(database), "actors": True}


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS_MAX):
            await database.fetchval("SELECT 1")
    except (StorageUnavailable, TimeoutError):
        return False
    return True

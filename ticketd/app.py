"""The composition root: every resource of `ticketd serve`, opened in order and closed in reverse."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from ticketd.actors.registry import Registry
from ticketd.actors.ticket_type import ActorLimits
from ticketd.clock import DatabaseClock
from ticketd.core.ids import Instant
from ticketd.core.places import Tokens
from ticketd.core.stats import RuleTally
from ticketd.metrics import Metrics
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import PaymentGateway, StartupRefused, StorageUnavailable
from ticketd.services.accounts import Accounts
from ticketd.services.catalogue import Catalogue
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.door import Door
from ticketd.services.entrance import Entrance
from ticketd.services.guest_limits import GuestLimits
from ticketd.services.offers import Offers
from ticketd.services.owners import owner_services
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
from ticketd.storage.guests import GuestTable
from ticketd.storage.journal import PostgresJournal
from ticketd.storage.migrate import migrate
from ticketd.storage.orders import OrderStore
from ticketd.storage.outages import OUTAGES
from ticketd.storage.preflight import check_server
from ticketd.storage.sandbox import AttemptTable
from ticketd.storage.secrets import secret_named
from ticketd.storage.sessions import SessionTable
from ticketd.storage.venues import VenueStore
from ticketd.storage.waiting_rooms import WaitingRoomStore
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

Fatal = Callable[[BaseException], None]


@asynccontextmanager
async def open_services(settings: Settings, dsn: str, *, fatal: Fatal) -> AsyncIterator[Services]:
    """The whole house behind the edge, recovered and ready; `fatal` hears what it can't go on after."""
    give_up: list[Callable[[], None]] = []

    def end(reason: BaseException) -> None:
        """Nothing can become durable any more: whoever waits for that hears so at once."""
        for each in give_up:
            each()
        fatal(reason)

    async with AsyncExitStack() as stack:
        fence = Fence(dsn, lease_seconds=settings.lease_seconds)
        stack.push_async_callback(fence.leave)
        clock = DatabaseClock(await _enter(fence))
        fence.keep(correct=clock.correct, fatal=end)
        pool = await stack.enter_async_context(_pool(dsn, settings))
        database = Database(
            pool, incarnation=fence.incarnation, answer_seconds_max=settings.answer_seconds_max
        )
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
        catalogue_store = CatalogueStore(database)
        catalogue = Catalogue(catalogue_store)
        await catalogue.load()
        registry = Registry(
            journal=journal, clock=clock, limits=_limits(settings), observer=catalogue.follow, fatal=end
        )
        give_up.append(registry.close)
        stack.callback(registry.close)
        stack.push_async_callback(_drain, registry, journal, settings)
        owners = owner_services(
            catalogue=catalogue,
            store=catalogue_store,
            venues=VenueStore(database),
            orders=OrderStore(database),
            router=registry,
            clock=clock,
        )
        management = owners.management
        await registry.start(management.followers(clock.now()))
        rules = RuleTally()
        rooms = await _waiting_rooms(database, catalogue, registry, journal, clock, fatal=end)
        stack.push_async_callback(rooms.close)
        door = Door(
            catalogue=catalogue,
            rooms=rooms,
            clock=clock,
            secret=await secret_named(database, IDENTITY_KEY),
            rules=rules,
        )
        reservations = Reservations(
            router=registry,
            journal=journal,
            catalogue=catalogue,
            answer_seconds_max=settings.answer_seconds_max,
        )
        sales = Sales(
            router=registry,
            reservations=reservations,
            catalogue=catalogue,
            clock=clock,
            door=door,
            hold_seconds=settings.hold_seconds,
            tentative_hold_seconds=settings.tentative_hold_seconds,
            answer_seconds_max=settings.answer_seconds_max,
        )
        await sales.clear_strays(registry.strays())
        guest_limits = GuestLimits(
            catalogue=catalogue, router=registry, secret=await secret_named(database, GUEST_KEY)
        )
        dedicated = partial(DedicatedConnection, dsn, answer_seconds_max=settings.answer_seconds_max)
        bank, guest_book = dedicated(name="ticketd sandbox"), dedicated(name="ticketd guests")
        stack.push_async_callback(bank.close)
        stack.push_async_callback(guest_book.close)
        gateway = SandboxGateway(AttemptTable(bank))
        guests = GuestTable(guest_book, incarnation=fence.incarnation)
        checkout = _checkout(settings, registry, reservations, gateway, guests, guest_limits)
        stack.push_async_callback(checkout.close)
        await checkout.settle_unfinished(registry.paying())

        await rooms.start(registry.used_admissions())
        refusal = await management.realign_events(clock.now())
        if refusal is not None:
            raise StartupRefused(
                f"Ticket types can't be brought in line with their events: {refusal.reason}."
            )

        async def readiness() -> Mapping[str, bool]:
            return {"database": await _answers(database), "actors": True}

        yield Services(
            catalogue=catalogue,
            router=registry,
            clock=clock,
            offers=Offers(registry),
            reservations=reservations,
            sales=sales,
            checkout=checkout,
            management=management,
            venues=owners.venues,
            capacities=owners.capacities,
            access_codes=owners.access_codes,
            accounts=Accounts(AccountStore(database), clock=clock),
            statistics=Statistics(catalogue=catalogue, store=catalogue_store, router=registry),
            sessions=SessionTable(database),
            settings=settings,
            readiness=readiness,
            metrics=Metrics(
                registry=registry.stats,
                journal=journal.stats,
                payments=checkout.stats,
                rooms=rooms.stats,
                rules=rules,
            ),
            request_limits=_request_limits(settings, rules),
            entrance=_entrance(settings, rooms, clock, rules),
            signed_forms=SignedForms(
                await secret_named(database, FORM_KEY), is_open=rooms.is_open_at, rules=rules
            ),
            rules=rules,
            waiting_rooms=rooms,
        )


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


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS_MAX):
            await database.fetchval("SELECT 1")
    except (StorageUnavailable, TimeoutError):
        return False
    return True


async def _enter(fence: Fence) -> Instant:
    async def prepare(connection: asyncpg.Connection) -> None:
        await check_server(connection)
        await migrate(connection)

    try:
        return await fence.enter(prepare=prepare)
    except asyncpg.PostgresError as error:
        raise StartupRefused(f"The database can't be used: {error}.") from error


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


async def _waiting_rooms(
    database: Database,
    catalogue: Catalogue,
    registry: Registry,
    journal: PostgresJournal,
    clock: DatabaseClock,
    *,
    fatal: Fatal,
) -> WaitingRooms:
    gauges = Gauges(catalogue=catalogue, router=registry, clock=clock, journal=journal.stats)
    return WaitingRooms(
        catalogue=catalogue,
        store=WaitingRoomStore(database),
        gauges=gauges,
        tokens=Tokens(await secret_named(database, QUEUE_KEY)),
        clock=clock,
        pressure=Pressure(catalogue=catalogue, gauges=gauges),
        fatal=fatal,
    )


def _entrance(settings: Settings, rooms: WaitingRooms, clock: DatabaseClock, rules: RuleTally) -> Entrance:
    proof_demands = ProofDemands(
        proof=ProofOfWork(secrets.token_bytes(PROOF_KEY_BYTES)),
        is_open=rooms.is_open_at,
        rules=rules,
        is_quiet=rooms.is_quiet_at,
    )
    return Entrance(rooms=rooms, proof_demands=proof_demands, clock=clock, rules=rules)


def _request_limits(settings: Settings, rules: RuleTally) -> RequestLimits:
    return RequestLimits(
        per_second=settings.address_requests_per_second,
        burst=settings.address_burst,
        rules=rules,
    )


def _checkout(
    settings: Settings,
    registry: Registry,
    reservations: Reservations,
    gateway: PaymentGateway,
    guests: GuestTable,
    guest_limits: GuestLimits,
) -> Checkout:
    return Checkout(
        router=registry,
        reservations=reservations,
        guests=guests,
        guest_limits=guest_limits,
        gateway=gateway,
        limits=CheckoutLimits(
            answer_seconds_max=settings.answer_seconds_max,
            charge_seconds_max=settings.charge_seconds_max,
            close_seconds_max=settings.shutdown_seconds_max * CHECKOUT_SHARE,
        ),
    )


async def _drain(registry: Registry, journal: PostgresJournal, settings: Settings) -> None:
    """Everything accepted becomes durable and is answered, if the database lets it in time."""
    if not journal.is_writing:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.shutdown_seconds_max * DRAIN_SHARE):
            await registry.drain()

"""The composition root: every resource of `ticketd serve`, opened in order and closed in reverse."""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg
import click
import structlog
import uvloop
from aiohttp import web

from ticketd.actors.registry import Registry
from ticketd.actors.ticket_type import Limits
from ticketd.clock import DatabaseClock
from ticketd.core.ids import Instant, inventory_of
from ticketd.demo import install_demo, refuse_exposed_demo
from ticketd.embedded import EmbeddedPostgres
from ticketd.metrics import Metrics
from ticketd.payments.offload import OffloadedGateway
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import StartupRefused, StorageUnavailable, Superseded
from ticketd.services.accounts import Accounts
from ticketd.services.catalogue import Catalogue
from ticketd.services.checkout import Checkout, CheckoutLimits
from ticketd.services.management import Management
from ticketd.services.sales import Sales
from ticketd.services.statistics import Statistics
from ticketd.settings import Settings
from ticketd.storage.accounts import AccountStore
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.fence import Fence
from ticketd.storage.guests import GuestTable
from ticketd.storage.journal import PostgresJournal
from ticketd.storage.migrate import migrate
from ticketd.storage.orders import OrderStore
from ticketd.storage.outages import OUTAGES
from ticketd.storage.preflight import check_server
from ticketd.storage.sessions import SessionTable
from ticketd.web import routes
from ticketd.web.context import Services
from ticketd.web.parsing import BODY_BYTES_MAX

SANDBOX_FILE: Final = "sandbox-gateway.sqlite3"
POOL_SIZE_MAX: Final = 10
BACKLOG: Final = 4096
READY_SECONDS_MAX: Final = 2.0
POOL_CLOSE_SECONDS_MAX: Final = 1.0
COLLECTOR_THRESHOLDS: Final = (20_000, 20, 50)
EXIT_FAILED: Final = 1
EXIT_SUPERSEDED: Final = 3

_WEB_SHARE, _CHECKOUT_SHARE, _DRAIN_SHARE = 3 / 8, 2 / 8, 3 / 8
"""How a clean stop's time is shared out, in the order in which things stop."""

Fatal = Callable[[BaseException], None]

log = structlog.get_logger(__name__)


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop; returns the process's exit code."""
    if settings.demo:
        refuse_exposed_demo(settings.host)
    listener = _bind(settings.host, settings.port)
    embedded = EmbeddedPostgres(settings.data_dir) if settings.database_url is None else None
    if embedded is None:
        _make_data_dir(settings)  # for the sandbox's log; an embedded Postgres makes its own
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if embedded is None:
            return runner.run(_serve(settings, listener, embedded))
        embedded.start()
        try:
            return runner.run(_serve(settings, listener, embedded))
        finally:
            embedded.stop()


def _bind(host: str, port: int) -> socket.socket:
    """A bound socket that doesn't listen yet: a port in use is found before anything starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise StartupRefused(_unavailable(host, port, error)) from error
    return listener


def _unavailable(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use."
    return f"Can't listen on {host} port {port}: {error.strerror}."


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupRefused(
            f"The data directory {settings.data_dir} can't be made: {error.strerror}."
        ) from error


async def _serve(settings: Settings, listener: socket.socket, embedded: EmbeddedPostgres | None) -> int:
    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    def end(reason: BaseException | None = None) -> None:
        if not ended.done():
            ended.set_result(reason)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with AsyncExitStack() as stack:
        if embedded is not None:
            await stack.enter_async_context(_owned(embedded.supervise(), fatal=end))
        dsn = embedded.dsn if embedded is not None else _database_url(settings)
        opening = asyncio.ensure_future(stack.enter_async_context(open_services(settings, dsn, fatal=end)))
        waited_for: set[asyncio.Future[Any]] = {opening, ended}
        await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():  # told to stop before there was anything to stop
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            return _exit_code(ended.result())
        try:
            services = opening.result()
        except (StorageUnavailable, *OUTAGES) as error:
            reason = str(error) or type(error).__name__
            raise StartupRefused(f"The database can't be used: {reason}.") from error
        if settings.demo:
            click.echo(await install_demo(services, host=settings.host, port=listener.getsockname()[1]))
        await stack.enter_async_context(_listening(settings, services, listener))
        _spare_the_collector()
        ended_by = await ended
        log.info("stopping")
    return _exit_code(ended_by)


def _spare_the_collector() -> None:
    """What lives as long as the process needn't be looked at again; requests leave next to no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def _exit_code(reason: BaseException | None) -> int:
    match reason:
        case None:
            return 0
        case Superseded():
            click.echo(f"ticketd: {reason}", err=True)
            return EXIT_SUPERSEDED
        case _:
            log.error("ended by a fault", exc_info=reason)
            return EXIT_FAILED


def _database_url(settings: Settings) -> str:
    assert settings.database_url is not None, "without one the embedded server is used"
    return settings.database_url.reveal()


@asynccontextmanager
async def _owned(work: Awaitable[object], *, fatal: Fatal) -> AsyncIterator[None]:
    """A task for as long as the context is open; its failure ends the process."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: None if done.cancelled() else fatal(done.exception() or _ENDED))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


_ENDED = RuntimeError("a task that never ends has ended")


@asynccontextmanager
async def _listening(settings: Settings, services: Services, listener: socket.socket) -> AsyncIterator[None]:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    routes.setup(app, services)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        auto_decompress=False,  # a few bytes could become gigabytes before anyone looks at them
        shutdown_timeout=settings.shutdown_seconds_max * _WEB_SHARE,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
    except OSError as error:
        await runner.cleanup()
        raise StartupRefused(_unavailable(settings.host, settings.port, error)) from error
    host, port = listener.getsockname()[:2]
    click.echo(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        yield
    finally:
        await runner.cleanup()


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
        await registry.start(
            inventory_of(each.id)
            for event in catalogue.events()
            if event.over_at > clock.now()
            for each in catalogue.ticket_types_of_event(event.id)
        )
        sales = Sales(
            router=registry,
            journal=journal,
            catalogue=catalogue,
            clock=clock,
            hold_seconds=settings.hold_seconds,
            tentative_hold_seconds=settings.tentative_hold_seconds,
        )
        await sales.clear_strays(registry.strays())
        checkout = _checkout(settings, registry, sales, database)
        stack.push_async_callback(checkout.close)
        await checkout.settle_unfinished(registry.paying())

        management = Management(
            catalogue=catalogue, store=catalogue_store, orders=OrderStore(database), router=registry
        )
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
            sales=sales,
            checkout=checkout,
            management=management,
            accounts=Accounts(AccountStore(database), clock=clock),
            statistics=Statistics(catalogue=catalogue, store=catalogue_store, router=registry),
            sessions=SessionTable(database),
            settings=settings,
            readiness=readiness,
            metrics=Metrics(registry=registry.stats, journal=journal.stats, payments=checkout.stats),
        )


@asynccontextmanager
async def _pool(dsn: str, settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=POOL_SIZE_MAX,
        command_timeout=settings.answer_seconds_max,
        server_settings={"application_name": "ticketd"},
    )
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(POOL_CLOSE_SECONDS_MAX):
                await pool.close()
        except OUTAGES:  # the database doesn't even say good-bye
            pool.terminate()


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


def _limits(settings: Settings) -> Limits:
    return Limits(
        mailbox_length_max=settings.mailbox_length_max,
        mailbox_age_seconds_max=settings.mailbox_age_seconds_max,
        batch_size_max=settings.batch_size_max,
        undurable_commands_max=settings.undurable_commands_max,
        answer_seconds_max=settings.answer_seconds_max,
        checkpoint_facts=settings.checkpoint_facts,
        idle_seconds=settings.idle_seconds,
    )


def _checkout(settings: Settings, registry: Registry, sales: Sales, database: Database) -> Checkout:
    try:
        gateway = SandboxGateway(settings.data_dir / SANDBOX_FILE)
    except (OSError, sqlite3.Error) as error:
        raise StartupRefused(f"The data directory {settings.data_dir} can't be written: {error}.") from error
    return Checkout(
        router=registry,
        reservations=sales,
        guests=GuestTable(database),
        gateway=OffloadedGateway(gateway, charge_seconds_max=settings.charge_seconds_max),
        limits=CheckoutLimits(
            answer_seconds_max=settings.answer_seconds_max,
            close_seconds_max=settings.shutdown_seconds_max * _CHECKOUT_SHARE,
        ),
    )


async def _drain(registry: Registry, journal: PostgresJournal, settings: Settings) -> None:
    """Everything accepted becomes durable and is answered, if the database lets it in time."""
    if not journal.is_writing:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.shutdown_seconds_max * _DRAIN_SHARE):
            await registry.drain()

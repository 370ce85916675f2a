"""The serving process: it binds, opens the house, listens, and ends when it is told to or has to."""

import asyncio
import errno
import gc
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import click
import structlog
import uvloop
from aiohttp import web

from ticketd.app import WEB_SHARE, open_services
from ticketd.demo import install_demo, refuse_exposed_demo
from ticketd.embedded import EmbeddedPostgres
from ticketd.ports import StartupRefused, StorageUnavailable, Superseded
from ticketd.settings import Settings
from ticketd.storage.outages import OUTAGES
from ticketd.tasks import for_ever, stop
from ticketd.web import routes
from ticketd.web.acceptor import Acceptor
from ticketd.web.api.stream import STREAMS
from ticketd.web.connections import ConnectionGate, fitting_connections
from ticketd.web.context import Services
from ticketd.web.conversations import EdgeLimits
from ticketd.web.fast_path import FAST_PATH
from ticketd.web.parsing import BODY_BYTES_MAX

BACKLOG: Final = 4096
COLLECTOR_THRESHOLDS: Final = (50_000, 10, 20)
"""The first is above what thousands of reservations in progress need: looking at them again and again would
cost a tenth of the time. What they leave behind is freed without the collector."""

EXIT_FAILED: Final = 1
EXIT_SUPERSEDED: Final = 3

log = structlog.get_logger(__name__)


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop; returns the process's exit code."""
    if settings.demo:
        refuse_exposed_demo(settings.host)
    listener = _bind(settings.host, settings.port)
    embedded = EmbeddedPostgres(settings.data_dir) if settings.database_url is None else None
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


async def _serve(settings: Settings, listener: socket.socket, embedded: EmbeddedPostgres | None) -> int:
    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    def end(reason: BaseException | None = None) -> None:
        if not ended.done():
            ended.set_result(reason)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with AsyncExitStack() as stack:
        if embedded is not None:
            stack.push_async_callback(stop, for_ever(embedded.supervise, end))
        dsn = embedded.dsn if embedded is not None else _database_url(settings)
        opening = asyncio.ensure_future(stack.enter_async_context(open_services(settings, dsn, fatal=end)))
        waited_for: set[asyncio.Future[Any]] = {opening, ended}
        await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():  # told to stop before there was anything to stop
            await stop(opening)
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
async def _listening(settings: Settings, services: Services, listener: socket.socket) -> AsyncIterator[None]:
    async with _web_server(settings, services) as runner:
        assert runner.server is not None, "it is set up"
        connections_max, streams = fitting_connections(settings.connections_max), runner.app[STREAMS]
        streams.fit_into(connections_max)
        gate = ConnectionGate(
            runner.server,
            fast_path=runner.app[FAST_PATH],
            connections_max=connections_max,
            limits=_limits(settings),
            handed_over=streams.viewers,
        )
        services.metrics.add_edge(gate.stats)
        services.waiting_rooms.feel_pressure(gate.reservations_turned_away)
        loop = asyncio.get_running_loop()
        try:
            acceptor = Acceptor(listener, gate)
            listening = await loop.create_server(acceptor, sock=listener, backlog=BACKLOG)
        except OSError as error:
            raise StartupRefused(_unavailable(settings.host, settings.port, error)) from error
        host, port = listener.getsockname()[:2]
        log.info("listening", host=host, port=port)
        click.echo(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
        try:
            yield
        finally:
            listening.close()
            gate.close()


def _limits(settings: Settings) -> EdgeLimits:
    return EdgeLimits(
        reservations_in_progress_max=settings.reservations_in_progress_max,
        head_seconds_max=settings.head_seconds_max,
        read_seconds_max=settings.read_seconds_max,
    )


@asynccontextmanager
async def _web_server(settings: Settings, services: Services) -> AsyncIterator[web.AppRunner]:
    """The application with its URLs; in the end it finishes what it has begun."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    routes.setup(app, services)
    runner = web.AppRunner(
        app,
        handle_signals=False,
        shutdown_timeout=settings.shutdown_seconds_max * WEB_SHARE,
    )
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()

"""Keeps one process of the server running, as systemd would."""

import asyncio
from contextvars import Context
from typing import Final

import asyncpg

from tests.simulation.broken import Broken
from tests.simulation.loop import Life
from tests.simulation.network import in_the_world
from tests.simulation.process import ServerProcess
from tests.simulation.scene import Scene
from ticketd.actors.registry import Registry
from ticketd.ports import StartupRefused, StorageUnavailable, Superseded
from ticketd.web.context import Services

SERVED_SECONDS_MAX: Final = 400.0


class Supervisor:
    """All processes that ever were."""

    def __init__(self, scene: Scene) -> None:
        self.processes: list[ServerProcess] = []
        self._scene = scene
        self._over = False

    # -- who is there

    def newest(self) -> ServerProcess | None:
        """The running process that was started last."""
        running = self.running()
        return running[-1] if running else None

    def running(self) -> list[ServerProcess]:
        """Those that are neither paused nor dead, the newest last."""
        return [each for each in self.processes if each.life is Life.RUNNING]

    def incarnation(self, process: ServerProcess) -> int:
        """A process's incarnation, 0 before it has one."""
        nodes = self._scene.postgres.nodes.values()
        return max((node.inc for node in nodes if node.owner is process), default=0)

    def services(self) -> Services:
        """Those of the one who serves; in calm weather there is one."""
        serving = self.newest()
        assert serving is not None, "somebody serves in calm weather"
        assert serving.services is not None, "and listens"
        return serving.services

    def registry(self) -> Registry:
        """The actors of the one who serves."""
        router = self.services().router
        assert isinstance(router, Registry), "in one process the router is the registry"
        return router

    # -- starting and ending

    def start(self) -> None:
        """One more process, whoever else is there."""
        process = ServerProcess(self._scene.loop, self._scene.settings)
        self.processes.append(process)
        self._scene.figures["processes started"] += 1
        self._scene.note(f"process {len(self.processes)} starts")
        process.gone.add_done_callback(lambda _: self._gone(process), context=Context())

    async def until_served(self) -> None:
        """Wait until one process serves, and no other runs."""
        if not self.processes:
            self.start()
        deadline = self._scene.loop.time() + SERVED_SECONDS_MAX
        while [self._serves(each) for each in self.running()] != [True]:
            if self._scene.loop.time() > deadline:
                raise Broken("one process serves in the end", f"{len(self.processes)} were started")
            await asyncio.sleep(0.05)

    async def restart(self) -> None:
        """A clean stop and a start, in calm weather."""
        serving = self.newest()
        assert serving is not None, "somebody serves in calm weather"
        serving.stop()
        await serving.gone
        await self.until_served()

    def end(self) -> None:
        """Nobody is started any more."""
        self._over = True

    def _serves(self, process: ServerProcess) -> bool:
        return process.listens and not self._scene.postgres.nodes[self.incarnation(process)].fenced

    def _gone(self, process: ServerProcess) -> None:
        self._scene.note(f"process {self.processes.index(process) + 1} is gone: {process.ended_by!r}")
        self._scene.network.hang_up(process)
        self._check_end(process)
        if not self._over:
            in_the_world(self._replace())

    def _check_end(self, process: ServerProcess) -> None:
        """A process ends by itself only if it couldn't start, or was fenced."""
        nodes = [node for node in self._scene.postgres.nodes.values() if node.owner is process]
        match process.ended_by:
            case None:
                return
            case Superseded() if all(node.fenced for node in nodes):
                return
            case (
                StartupRefused()
                | StorageUnavailable()
                | OSError()
                | asyncpg.PostgresError()
                | asyncpg.InterfaceError()
            ) if not process.was_ready:
                return
            case fault:
                raise Broken("a process ends only when it is superseded", repr(fault)) from fault

    async def _replace(self) -> None:
        random = self._scene.random
        await asyncio.sleep(random.choice((0.01, 0.5, 2.0)) * random.random())
        if self.newest() is None and not self._over:
            self.start()

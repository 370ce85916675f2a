"""What happens to whole processes and to Postgres, as long as the storm lasts."""

import asyncio
from collections.abc import Callable
from typing import Final

from tests.simulation.faults import Fault
from tests.simulation.loop import SECOND_NS, Life
from tests.simulation.network import in_the_world
from tests.simulation.process import ServerProcess
from tests.simulation.scene import Scene
from tests.simulation.supervisor import Supervisor

AIMED_MAX: Final = 6
AFTER_WRITE_NS: Final = (60_000, 5_000_000, 20_000_000)
"""Among the callbacks that hear of a write, or before and after the next one."""
SLEEPS_ON_SHARE: Final = 0.3
"""Of the paused: they wake up only when all has been calm for long."""
OUTAGE_SECONDS: Final = (0.05, 1.0, 8.0)


class Disasters:
    """Kills, pauses, restarts."""

    def __init__(self, scene: Scene, supervisor: Supervisor) -> None:
        self._scene = scene
        self._supervisor = supervisor
        self._aimed_left = AIMED_MAX
        self._sleepers: list[ServerProcess] = []
        scene.postgres.on_write = self._after_write

    def plan(self, seconds: float) -> None:
        """Strike now and then in the next seconds; servers are struck just after they wrote as well."""
        for fault, count_max, strike in (
            (Fault.CRASH, 1, self._crash),
            (Fault.RESTART, 2, self._restart_postgres),
            (Fault.PAUSE, 1, self._pause),
        ):
            if self._scene.weather.enabled(fault):
                for _ in range(self._scene.random.randint(1, count_max)):
                    self._strike_within(seconds, fault, strike)

    def heal(self) -> None:
        """Everything goes on, but for paused processes that nobody ever woke."""
        self._scene.postgres.start()
        for process in self._supervisor.processes:
            if process not in self._sleepers:
                process.resume()

    def wake(self) -> None:
        """Even those go on."""
        for process in self._sleepers:
            process.resume()

    def _strike_within(self, seconds: float, fault: Fault, strike: Callable[[], None]) -> None:
        def strike_and_count() -> None:
            if self._scene.stormy:
                self._scene.weather.seen[fault] += 1
                strike()

        after_ns = round(self._scene.random.uniform(0, seconds) * SECOND_NS)
        self._scene.loop.interrupt_at(self._scene.loop.now_ns + after_ns, strike_and_count)

    # -- the server

    def _after_write(self) -> None:
        """Something has just been written, and nobody knows yet: a good moment to strike."""
        for fault, strike in ((Fault.CRASH, self._crash), (Fault.PAUSE, self._pause)):
            if self._aimed_left and self._scene.weather.strikes(fault):
                self._aimed_left -= 1
                late_ns = self._scene.random.randrange(self._scene.random.choice(AFTER_WRITE_NS))
                self._scene.loop.interrupt_at(self._scene.loop.now_ns + late_ns, strike)

    def _crash(self) -> None:
        serving = self._supervisor.newest()
        if serving is not None and self._scene.stormy:
            self._scene.note("kill -9")
            serving.kill()

    def _pause(self) -> None:
        serving = self._supervisor.newest()
        if serving is not None and self._scene.stormy:
            self._scene.note("SIGSTOP, and another process starts")
            serving.pause()
            in_the_world(self._supersede(serving))

    async def _supersede(self, paused: ServerProcess) -> None:
        await asyncio.sleep(self._scene.random.random())
        if self._scene.stormy:
            self._supervisor.start()
        if self._scene.random.random() < SLEEPS_ON_SHARE:
            self._sleepers.append(paused)
            return
        await asyncio.sleep(self._scene.settings.lease_seconds * self._scene.random.uniform(0, 4))
        if paused.life is Life.PAUSED:
            self._scene.note("SIGCONT")
            paused.resume()

    # -- Postgres

    def _restart_postgres(self) -> None:
        self._scene.note("Postgres stops")
        self._scene.postgres.stop()
        self._scene.network.cut_all()
        in_the_world(self._start_postgres(self._scene.random.choice(OUTAGE_SECONDS)))

    async def _start_postgres(self, seconds_max: float) -> None:
        await asyncio.sleep(seconds_max * self._scene.random.random())
        self._scene.note("Postgres is up")
        self._scene.postgres.start()

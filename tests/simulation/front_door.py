"""The way of a call into a process and of its answer back; everything is written down."""

import asyncio
from contextvars import Context
from functools import partial
from typing import Any, Final

from tests.simulation.broken import Broken
from tests.simulation.faults import Fault
from tests.simulation.guests import Work
from tests.simulation.history import Answer, Call, Kind, Unknown
from tests.simulation.process import ServerProcess
from tests.simulation.scene import Scene
from tests.simulation.supervisor import Supervisor
from ticketd.actors.ticket_type import PoisonedCommand
from ticketd.ports import Clock, StorageUnavailable

PATIENCE_SECONDS: Final = 100.0
"""Longer than any answer may take."""
WAITS_MAX: Final = {Kind.RESERVE: 6, Kind.PAY: 8, Kind.RELEASE: 10, Kind.LOOK: 4, Kind.CHANGE: 1}
"""How many times in a row a call may wait for `answer_seconds_max`: a cart is held, sealed and read."""
REACHES_NEWEST_SHARE: Final = 0.8
"""The others reach any process that listens, superseded ones included."""


class FrontDoor:
    """HTTP, as far as promises go."""

    def __init__(self, scene: Scene, supervisor: Supervisor) -> None:
        self._scene = scene
        self._supervisor = supervisor

    async def call(self, kind: Kind, subject: tuple[Any, ...], work: Work) -> Answer:
        """The answer, or that there was none; whoever leaves drops the answer, not the work."""
        process = self._choose()
        if process is None:
            await asyncio.sleep(0.1)
            return Unknown.KILLED
        history, now = self._scene.history, self._scene.loop.time()
        call = history.ask(kind, subject, inc=self._supervisor.incarnation(process), at=now)
        call.clock_at_question = process.clock.now()
        task = process.handle(call.number, work)
        task.add_done_callback(partial(self._answered, call, process.clock), context=Context())
        hangs_up = self._scene.weather.strikes(Fault.HANG_UP)
        patience = self._scene.weather.moment() if hangs_up else PATIENCE_SECONDS
        waited_for: set[asyncio.Future[Any]] = {task, process.gone}
        await asyncio.wait(waited_for, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            call.leave(Unknown.KILLED if process.gone.done() else Unknown.GAVE_UP)
            self._scene.note(f"  #{call.number} {call.answer}")
            if hangs_up and self._scene.random.random() < 0.5:
                task.cancel()
        if not hangs_up:
            self._check_time(call, process)
        return call.answer

    def _choose(self) -> ServerProcess | None:
        """In calm weather nobody gets lost in a process that sleeps on."""
        reachable = self._supervisor.processes if self._scene.stormy else self._supervisor.running()
        listening = [each for each in reachable if each.listens]
        if not listening:
            return None
        random = self._scene.random
        return listening[-1] if random.random() < REACHES_NEWEST_SHARE else random.choice(listening)

    def _check_time(self, call: Call, process: ServerProcess) -> None:
        if call.answer is Unknown.KILLED or process.was_paused_after(call.asked_at):
            return
        waited = self._scene.loop.time() - call.asked_at
        if waited > WAITS_MAX[call.kind] * self._scene.settings.answer_seconds_max + 1.0:
            raise Broken("everyone is answered in time", f"{call} after {waited:.1f} s: {call.answer}")

    def _answered(self, call: Call, clock: Clock, task: asyncio.Task[Any]) -> None:
        if call.left:
            if not task.cancelled():
                task.exception()  # nobody is there to hear it
            return
        call.clock_at_answer = clock.now()
        self._scene.history.answer(call, _answer(call, task), at=self._scene.loop.time())


def _answer(call: Call, task: asyncio.Task[Any]) -> Answer:
    if task.cancelled():
        return Unknown.KILLED
    match task.exception():
        case None:
            answer: Answer = task.result()
            return answer
        case StorageUnavailable():
            return Unknown.OVERLOADED
        case PoisonedCommand():
            return Unknown.POISONED
        case fault:
            raise Broken("no fault reaches a guest", f"{call}: {fault!r}") from fault

"""What everything in one seed's life shares, and the plugs that lead the server's ways out into it."""

from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from typing import Any, Final
from unittest.mock import patch

import asyncpg
import structlog

from tests.fakes.clock import START
from tests.simulation.believing_door import BelievingDoor
from tests.simulation.faults import Weather
from tests.simulation.gateway import Bank, RemoteGateway
from tests.simulation.history import History
from tests.simulation.loop import SECOND_NS, SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.postgres import Postgres
from tests.simulation.process import CALL
from tests.simulation.statements import STATEMENTS
from ticketd import app
from ticketd.clock import DatabaseClock
from ticketd.core import habits
from ticketd.core.ids import SECOND, Instant
from ticketd.services import guest_limits
from ticketd.services.randomness import RandomBytes
from ticketd.settings import Settings

CALL_NUMBER_BYTES: Final = 4


class Scene:
    """Time, chance, weather, Postgres, the network to it and the payment gateway, all from one seed."""

    def __init__(self, seed: int, *, show: bool) -> None:
        self.random = Random(seed)
        self.history = History(show=show)
        self.loop = SimulatedLoop()  # type: ignore[abstract]  # it has no I/O, and nobody asks it for any
        self.settings = _settings(self.random)
        self.weather = Weather(
            Random(self.random.random()),
            patience_seconds=self.settings.commit_seconds_max,
            bank_patience_seconds=self.settings.charge_seconds_max,
        )
        self.postgres = Postgres(STATEMENTS)
        self.network = Network(self.postgres, self.weather)
        self.bank = Bank()
        self.claim_seconds = self.random.choice((1, 5, 20))
        self.habits = _habits(self.random)
        self.stormy = False
        """Whether people still come, and disasters."""
        self.figures: Counter[str] = Counter()
        """What was counted on the way."""

    def now(self) -> Instant:
        """The database's time."""
        return Instant(START + self.loop.now_ns * SECOND // SECOND_NS)

    def note(self, text: str) -> None:
        """Keep one line of the trace."""
        self.history.note(self.loop.time(), text)


def _settings(random: Random) -> Settings:
    """Limits small enough to be reached."""
    return Settings(
        hold_seconds=random.choice((1, 5, 15)),
        tentative_hold_seconds=random.randint(1, 8),
        mailbox_length_max=random.choice((2, 20_000, 20_000)),
        batch_size_max=random.choice((1, 3, 1024)),
        group_rows_max=random.choice((1, 4, 2048)),
        undurable_commands_max=random.choice((1, 4, 8192)),
        answer_seconds_max=random.uniform(1, 6),
        commit_seconds_max=random.uniform(1, 4),
        charge_seconds_max=random.uniform(1, 4),
        checkpoint_facts=random.choice((2, 10, 10_000)),
        lease_seconds=random.choice((0.5, 3.0)),
        idle_seconds=random.uniform(1, 5),
        shutdown_seconds_max=4.0,
    )


def _habits(random: Random) -> dict[str, int]:
    """Limits of habits that few guests come to, and hours that pass."""
    return {
        "OPEN_HOLDS_MAX": random.choice((1, 3, 8)),
        "DROPS_FREE": random.choice((0, 1, 3)),
        "DROPS_PER_PAYMENT": random.choice((1, 2)),
        "SHORT_HOLD_SECONDS_MIN": 1,
        "HABIT_SECONDS": random.choice((2, 20, 3600)),
    }


@contextmanager
def plugged_in(scene: Scene) -> Iterator[None]:
    """The server's ways out lead into the scene: database, gateway, randomness, time and log."""
    plugs: tuple[tuple[Any, str, Any], ...] = (
        (asyncpg, "connect", scene.network.connect),
        (asyncpg, "create_pool", scene.network.create_pool),
        (app, "check_server", _nothing),
        (app, "migrate", _nothing),
        (app, "Door", BelievingDoor),
        (app, "SandboxGateway", lambda _: RemoteGateway(scene.bank, scene.weather)),
        (app, "DatabaseClock", partial(DatabaseClock, monotonic_ns=lambda: scene.loop.now_ns)),
        (RandomBytes, "take", partial(_take, scene.random)),
        (guest_limits, "CLAIM_SECONDS", scene.claim_seconds),
        *((habits, name, limit) for name, limit in scene.habits.items()),
    )
    with ExitStack() as stack:
        for target, name, plug in plugs:
            stack.enter_context(patch.object(target, name, plug))
        stack.enter_context(_logged(scene))
        yield


async def _nothing(_: object) -> None:
    """What a simulated Postgres doesn't need."""


def _take(random: Random, count: int) -> bytes:
    """Random bytes that begin with the number of the call they are for: every id tells who made it."""
    return CALL.get().to_bytes(CALL_NUMBER_BYTES, "big") + random.randbytes(count - CALL_NUMBER_BYTES)


@contextmanager
def _logged(scene: Scene) -> Iterator[None]:
    """The server's log goes into the trace."""

    def into_trace(_: object, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        details = " ".join(f"{name}={value}" for name, value in event.items() if name != "event")
        scene.note(f"  log: {event['event']} {details}")
        scene.figures[f"log: {event['event']}"] += 1
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[into_trace], wrapper_class=structlog.BoundLogger)
    try:
        yield
    finally:
        structlog.configure(**before)

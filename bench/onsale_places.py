"""Half a million guests in one waiting room: what each costs its process, and a guest's requests by HTTP."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from bench import costs, load
from bench.client import connected, request
from bench.costs import MICRO, Cost, cost_of
from bench.event_sale import UNDEFENDED, EventSale, Terms, event_sale
from bench.house import Stall, in_house
from bench.onsale_guests import decode_place
from bench.places import scratch
from bench.processes import resident_mib
from bench.rounds import in_turns, medians
from bench.subjects import bare_handler
from bench.table import show
from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND, Instant
from ticketd.core.refusals import Refusal
from ticketd.core.terms import Switch
from ticketd.services.drafts import EventDraft, EventPatch
from ticketd.services.room_keeper import TICK_SECONDS
from ticketd.services.standings import Standing
from ticketd.services.waiting_rooms import Joined, WaitingRooms
from ticketd.settings import Settings
from ticketd.web.context import Services

TURN: Final = 1000
"""So many come before anything else has a turn in the event loop."""
OPENS_AFTER_SECONDS: Final = 24 * 3600
CONNECTIONS: Final = 64
SECONDS: Final = 4.0
"""Of one measurement by HTTP."""
MIB: Final = 2**20

BARE, JOIN, LOOK, READ = "bare aiohttp handler", "join", "look at one's place", "the room, for everybody"


class Stage(NamedTuple):
    """A part of it, done for all guests."""

    name: str
    cpu_seconds: float
    grown_mib: float
    """Of the whole process, since before the first guest."""


def measure_places(*, places: int, rounds: int) -> None:
    """All places in one process first, then joins and looks by HTTP turn by turn."""
    with scratch() as place:
        settings = Settings(data_dir=place / "data", rate_limit="off")
        stages = in_house(settings, partial(_fill, notebook=place / "tokens", places=places))
    show(
        f"{places} guests in one waiting room, in process: a token for each and, after the draw, a look",
        ("", "CPU s", "µs each", "process has grown, MiB", "bytes each"),
        [
            [
                stage.name,
                f"{stage.cpu_seconds:.1f}",
                f"{stage.cpu_seconds / places * MICRO:.1f}",
                f"{stage.grown_mib:.1f}",
                f"{stage.grown_mib * MIB / places:.1f}",
            ]
            for stage in stages
        ],
    )
    _measure_requests(rounds)


async def _fill(services: Services, *, notebook: Path, places: int) -> list[Stage]:
    """Guests keep their tokens; here a file does, so that the process has no more than a server."""
    rooms, stall = services.waiting_rooms, await Stall.open(services)
    now = services.clock.now()
    opens_at = Instant(now + OPENS_AFTER_SECONDS * SECOND)
    starts_at = Instant(opens_at + OPENS_AFTER_SECONDS * SECOND)
    event = await stall.announce(EventDraft("Final", starts_at, "UTC", "", opens_at, waiting_room=Switch.ON))
    await stall.put_on_sale(event.id)
    await _join(rooms, event, notebook, TURN)  # warm up
    clock = _Clock()
    await _join(rooms, event, notebook, places)
    joined = clock.stage("join")
    event = await stall.change(event, EventPatch(on_sale_at=now))
    await _drawn(rooms, event)
    drawn = clock.stage("open and draw")
    await _look(rooms, notebook)
    return [joined, drawn, clock.stage("everybody looks once")]


class _Clock:
    def __init__(self) -> None:
        self._before = resident_mib(os.getpid())
        self._began = time.process_time()

    def stage(self, name: str) -> Stage:
        """What has been used since the last stage."""
        began, self._began = self._began, time.process_time()
        return Stage(name, self._began - began, resident_mib(os.getpid()) - self._before)


async def _join(rooms: WaitingRooms, event: Event, notebook: Path, places: int) -> None:
    with notebook.open("w", encoding="ascii") as tokens:
        for number in range(places):
            joined = await rooms.join(event)
            assert isinstance(joined, Joined), joined
            tokens.write(f"{joined.standing.token}\n")
            if number % TURN == 0:
                await asyncio.sleep(0)


async def _drawn(rooms: WaitingRooms, event: Event) -> None:
    while True:
        notice = await rooms.notice(event)
        assert not isinstance(notice, Refusal), notice
        if notice.drawn is not None:
            return
        await asyncio.sleep(TICK_SECONDS)


async def _look(rooms: WaitingRooms, notebook: Path) -> None:
    with notebook.open(encoding="ascii") as tokens:
        for number, line in enumerate(tokens):
            standing = rooms.standing(line[:-1])
            assert isinstance(standing, Standing), standing
            if number % TURN == 0:
                await asyncio.sleep(0)


def _measure_requests(rounds: int) -> None:
    terms = Terms(
        tickets=1,
        max_per_reservation=1,
        opens_after=OPENS_AFTER_SECONDS,
        waiting_room=True,
        defences=UNDEFENDED,
    )
    with scratch() as place, ExitStack() as stack:
        bare = stack.enter_context(bare_handler())
        sale = stack.enter_context(event_sale(place / "data", terms, {}))
        headers = {"Queue-Token": uvloop.run(_token(sale))}

        asks: dict[str, Callable[..., load.Load]] = {
            BARE: partial(load.post, bare.url, [bare.body]),
            JOIN: partial(load.post, sale.queue_url, [b"{}"]),
            LOOK: partial(load.get, f"{sale.api}/queue", headers),
            READ: partial(load.get, sale.queue_url, {}),
        }

        def measure(name: str, seconds: float) -> Cost:
            ask = partial(asks[name], connections=CONNECTIONS, seconds=seconds)
            return cost_of(bare if name == BARE else sale.server, ask)

        for name in asks:  # warm up
            measure(name, 1)
        measured = medians(in_turns({name: partial(measure, name, SECONDS) for name in asks}, rounds=rounds))
    show(
        f"a waiting guest's requests; {CONNECTIONS} connections of {load.client_name()},"
        f" medians of {rounds} rounds of {SECONDS:g} s",
        ("", *costs.HEADS),
        costs.rows(measured),
    )


async def _token(sale: EventSale) -> str:
    async with connected(sale.server.base_url, 1) as (connection,):
        answer = await connection.ask(request("POST", sale.queue_url))
    if answer.status != 201:
        raise SystemExit(f"POST {sale.queue_url} was answered with {answer}")
    return decode_place(answer.body).token

"""How fast the core decides and applies: one core, no event loop, no journal."""

import gc
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec

from bench.costs import MICRO
from bench.rounds import in_turns, median
from bench.table import show
from ticketd.core.commands import AnyCommand, Confirm, ExpireDue, Release, Reserve, StartPayment
from ticketd.core.facts import CLOSING, Opened, Reserved
from ticketd.core.ids import (
    RANDOM_BYTES,
    SECOND,
    TICKET_CODE_LENGTH,
    Instant,
    InventoryId,
    OrganizerId,
    reservation_id,
    ticket_code,
)
from ticketd.core.inventory import EXPIRED_PER_DECISION_MAX, Inventory
from ticketd.core.terms import Profile, Terms
from ticketd.server import COLLECTOR_THRESHOLDS

HOME = InventoryId(1)
BEGIN = Instant(1_800_000_000 * SECOND)
MICROSECONDS_PER_GUEST = 5
HOLD_SECONDS = 900
IMPATIENT_SECONDS = 1
GUESTS_PER_NETWORK = 10

Moment = tuple[Instant, AnyCommand]


class Pace(NamedTuple):
    """Facts decided and applied; every command but ExpireDue makes one."""

    per_second: float


def measure_core(*, rounds: int, reservations: int) -> None:
    """Measure each kind of work turn by turn and print best and median."""
    works = {
        "reserve, no keys": partial(_reserve, reservations, keys=False),
        "reserve, each with a key": partial(_reserve, reservations, keys=True),
        "reserve, each with a key, an admission and an identity": partial(
            _reserve, reservations, keys=True, visitors=True
        ),
        "mix, no keys": partial(_mix, reservations, keys=False),
        "mix, each with a key": partial(_mix, reservations, keys=True),
    }
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)  # as the server does
    samples = in_turns({name: partial(_pace, work) for name, work in works.items()}, rounds=rounds)
    show(
        f"decide and apply on one core, CPU time; {reservations} reservations a measurement, {rounds} rounds."
        " Mix: of 10 reservations 6 are paid (start, confirm), 2 released, 2 run out",
        ("", "median/s", "best/s", "µs"),
        [
            [
                name,
                f"{median(paces).per_second:.0f}",
                f"{max(paces).per_second:.0f}",
                f"{MICRO / median(paces).per_second:.2f}",
            ]
            for name, paces in samples.items()
        ],
    )


def _pace(work: Callable[[], Iterable[Moment]]) -> Pace:
    moments = list(work())
    inventory = Inventory(HOME)
    terms = Terms("General Admission", capacity=len(moments), price_cents=1500)
    inventory.apply(Opened(BEGIN, Profile(OrganizerId(1), None, ""), terms))
    opened = inventory.seq
    began = time.process_time()
    _run(inventory, moments)
    took = time.process_time() - began
    assert inventory.conserved()
    return Pace((inventory.seq - opened) / took)


def _run(inventory: Inventory, moments: Iterable[Moment]) -> None:
    """As the actor does: what is closed leaves memory."""
    for now, command in moments:
        for fact in inventory.decide(command, now).facts:
            inventory.apply(fact)
            if type(fact) is not Reserved and isinstance(fact, CLOSING):
                inventory.forget(fact.reservation_id)


def _reserve(count: int, *, keys: bool, visitors: bool = False) -> Iterator[Moment]:
    """One each; `visitors` come through a waiting room, ten from each network."""
    for number in range(count):
        now = Instant(BEGIN + number * MICROSECONDS_PER_GUEST)
        command = _reserve_command(number, now, HOLD_SECONDS, keys=keys)
        if visitors:
            network = f"{number // GUESTS_PER_NETWORK:012x}"
            command = msgspec.structs.replace(command, admission=f"1:{number}", identity=network)
        yield now, command


def _mix(count: int, *, keys: bool) -> Iterator[Moment]:
    """Guests in tens, and after them the time in which the impatient run out."""
    now = BEGIN
    for number in range(count):
        now = Instant(BEGIN + number * MICROSECONDS_PER_GUEST)
        guest = number % 10
        reserve = _reserve_command(number, now, IMPATIENT_SECONDS if guest >= 8 else HOLD_SECONDS, keys=keys)
        yield now, reserve
        if guest < 6:
            yield now, StartPayment(reserve.reservation_id)
            yield (
                now,
                Confirm(reserve.reservation_id, 1, (ticket_code(secrets.token_bytes(TICKET_CODE_LENGTH)),)),
            )
        elif guest < 8:
            yield now, Release(reserve.reservation_id)
    now = Instant(now + IMPATIENT_SECONDS * SECOND)
    for _ in range(count // EXPIRED_PER_DECISION_MAX + 1):
        yield now, ExpireDue()


def _reserve_command(number: int, now: Instant, hold_seconds: int, *, keys: bool) -> Reserve:
    made = reservation_id(home=HOME, now=now, random=secrets.token_bytes(RANDOM_BYTES))
    return Reserve(made, 1, hold_seconds, f"{number:032x}" if keys else "", "1" if keys else "")

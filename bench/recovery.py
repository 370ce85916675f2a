"""How soon a killed server is ready again, over how much was sold."""

import json
import time
import urllib.request
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.filling import Sale, fill_and_kill
from bench.places import scratch
from bench.processes import cpu_seconds, family_cpu_seconds, postgres_of, resident_mib
from bench.rounds import in_turns, median
from bench.subjects import environment, running, serving
from bench.table import show
from ticketd.settings import Settings

CHECKPOINT_FACTS = Settings().checkpoint_facts
NO_CHECKPOINT = 1_000_000
"""The largest setting: in effect no checkpoint before a clean stop."""


class Start(NamedTuple):
    """One start after kill -9, up to the moment when /readyz says that guests can be served."""

    ready_seconds: float
    server_cpu_seconds: float
    postgres_cpu_seconds: float
    resident_mib: float


def measure_recovery(*, rounds: int, sold: Sequence[int], held: int) -> None:
    """Fill, kill, start and kill again and again; print the medians."""
    rows = []
    for sale in _sales(sold, held):
        with scratch() as place:
            fill_and_kill(place / "data", sale)
            begin = partial(_start, place / "data", sale)
            first = begin()
            rows.append(_row(sale, first, median(in_turns({"": begin}, rounds=rounds)[""])))
    show(
        f"from exec to ready after kill -9, medians of {rounds} starts;"
        " the first one comes right after the sale, when Postgres still has to write",
        (
            *("", "sold", "held", "first s", "ready s"),
            *("server CPU s", "Postgres CPU s", "resident MiB"),
        ),
        rows,
    )


def _sales(sold: Sequence[int], held: int) -> Iterator[Sale]:
    yield Sale(0, 0, False, CHECKPOINT_FACTS)
    for with_keys in (False, True):
        for count in sold:
            yield Sale(count, held, with_keys, CHECKPOINT_FACTS)
    yield Sale(max(sold), held, False, NO_CHECKPOINT)


def _start(data_dir: Path, sale: Sale) -> Start:
    began = time.perf_counter()
    with running(serving(data_dir), environment({})) as (server, url):
        _get(f"{url}/readyz")
        took = time.perf_counter() - began
        found = _get(f"{url}/api/v1/ticket-types/1/availability")
        if (found["sold"], found["held"]) != (sale.sold, sale.held):
            raise SystemExit(f"{sale} came back as {found}")
        postgres = postgres_of(server.pid)
        assert postgres is not None, "it is a child of the server"
        start = Start(took, cpu_seconds(server.pid), family_cpu_seconds(postgres), resident_mib(server.pid))
        server.kill()
    return start


def _get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def _row(sale: Sale, first: Start, then: Start) -> list[str]:
    return [
        _name(sale),
        str(sale.sold),
        str(sale.held),
        f"{first.ready_seconds:.2f}",
        f"{then.ready_seconds:.2f}",
        f"{then.server_cpu_seconds:.2f}",
        f"{then.postgres_cpu_seconds:.2f}",
        f"{then.resident_mib:.0f}",
    ]


def _name(sale: Sale) -> str:
    match sale:
        case Sale(sold=0):
            return "nothing sold"
        case Sale(checkpoint_facts=int(facts)) if facts == NO_CHECKPOINT:
            return f"no keys, no checkpoint for up to {NO_CHECKPOINT} facts"
        case Sale(with_keys=True):
            return "all with keys, all in this hour"
        case _:
            return "no keys"

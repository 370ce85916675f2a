"""Far more than the server can take: what it grants, how soon, and whether held tickets get paid."""

import multiprocessing
import statistics
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from bench.client import request
from bench.flood import Flooded, closed_loop, flood_at_rate
from bench.places import scratch
from bench.processes import resident_mib
from bench.rounds import percentile
from bench.subjects import Subject, ticketd
from bench.table import show

PEAK_ROUNDS: Final = 3
PEAK_SECONDS: Final = 3.0
PEAK_CONNECTIONS: Final = 512
PAYMENT_SECONDS_MAX: Final = 10.0

_PAYMENT: Final = msgspec.json.encode({"token": "tok_visa"})


class Beside(NamedTuple):
    """What was seen of the server beside the flood."""

    payments: Counter[int]
    """By status; 0 for no answer."""
    paid_after: list[float]
    memory_mib: list[float]
    """At the beginning of each payment."""


def measure_overload(*, seconds: float, times: float, connections: int, payments: int) -> None:
    """Find the peak, ask for a multiple of it, pay what was held before, and print what became of it all."""
    with (
        scratch() as place,
        ticketd(place / "data") as server,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere,
    ):
        wanted = request("POST", server.url, server.body)
        peak = statistics.median(_peak(server, wanted, elsewhere) for _ in range(PEAK_ROUNDS))
        held = [_hold(server) for _ in range(payments)]
        used = server.server_cpu_seconds()
        flooding = elsewhere.submit(
            flood_at_rate,
            server.base_url,
            wanted,
            connections=connections,
            rate=times * peak,
            seconds=seconds,
        )
        beside = _pay_meanwhile(server, held, flooding, seconds)
        flooded = flooding.result()
        cores = (server.server_cpu_seconds() - used) / seconds
    show(
        f"open loop at {times:g}× the closed loop's peak of {peak:.0f}/s ({PEAK_CONNECTIONS} connections),"
        f" {connections} keep-alive connections, {seconds:g} s, client and server on the same machine;"
        f" payments on connections of their own",
        ("", ""),
        _rows(flooded, beside, peak=peak, rate=times * peak, cores=cores),
    )


def _peak(server: Subject, wanted: bytes, elsewhere: ProcessPoolExecutor) -> float:
    flooded = elsewhere.submit(
        closed_loop, server.base_url, wanted, connections=PEAK_CONNECTIONS, seconds=PEAK_SECONDS
    ).result()
    if set(flooded.statuses) != {201}:
        raise SystemExit(f"at its peak the server answered {flooded.statuses}")
    return flooded.statuses[201] / PEAK_SECONDS


def _hold(server: Subject) -> str:
    status, body = _ask(server, "/api/v1/reservations", server.body)
    if status != 201:
        raise SystemExit(f"a reservation was answered with {status}")
    return str(msgspec.json.decode(body)["id"])


def _pay_meanwhile(server: Subject, held: list[str], flooding: "Future[Flooded]", seconds: float) -> Beside:
    beside = Beside(Counter(), [], [])
    began = time.monotonic()
    for number, reservation_id in enumerate(held):
        time.sleep(max(0.0, began + number * seconds / len(held) - time.monotonic()))
        if flooding.done():
            break
        beside.memory_mib.append(resident_mib(server.pid))
        asked = time.monotonic()
        status, _ = _ask(server, f"/api/v1/reservations/{reservation_id}/payment", _PAYMENT)
        beside.payments[status] += 1
        beside.paid_after.append(time.monotonic() - asked)
    return beside


def _ask(server: Subject, path: str, body: bytes) -> tuple[int, bytes]:
    """Status and body, on a connection of its own; 0 if there is no answer."""
    connection = HTTPConnection(urlsplit(server.base_url).netloc, timeout=PAYMENT_SECONDS_MAX)
    with closing(connection), suppress(OSError):
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    return 0, b""


def _rows(
    flooded: Flooded, beside: Beside, *, peak: float, rate: float, cores: float
) -> list[tuple[str, str]]:
    accepted, paid = len(flooded.accepted_after) / flooded.seconds, beside.payments[200]
    asked = beside.payments.total()
    memory = beside.memory_mib
    return [
        ("due", f"{rate:.0f}/s"),
        ("sent", f"{flooded.sent / flooded.seconds:.0f}/s"),
        ("not sent: all connections waited", f"{flooded.unsent / flooded.seconds:.0f}/s"),
        ("granted", f"{accepted:.0f}/s, {100 * accepted / peak:.0f} % of the peak"),
        ("granted after", _waits(flooded.accepted_after)),
        ("refused after", _waits(flooded.refused_after)),
        ("answers by status", _counted(flooded.statuses)),
        ("hung up on", f"{flooded.hung_up}"),
        (
            "payments",
            f"{100 * paid / max(1, asked):.1f} % of {asked} went through; {_counted(beside.payments)}",
        ),
        ("paid after", _waits(beside.paid_after)),
        ("server's CPU", f"{cores:.2f} cores"),
        ("server's memory", f"{memory[0]:.0f} MiB, then {_course(memory)}"),
    ]


def _waits(seconds: list[float]) -> str:
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    p50, p99 = percentile(ordered, 0.5), percentile(ordered, 0.99)
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, max {ordered[-1] * 1000:.0f} ms"


def _counted(statuses: "dict[int, int] | Counter[int]") -> str:
    return ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))


def _course(memory: list[float]) -> str:
    """A few of the figures, in order."""
    step = max(1, len(memory) // 6)
    return " ".join(f"{each:.0f}" for each in [*memory[step::step], memory[-1]])

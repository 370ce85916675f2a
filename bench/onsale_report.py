"""What happened in an on-sale minute, in figures."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import click

from bench.costs import MICRO
from bench.event_sale import EventSale
from bench.onsale_fairness import overtaken
from bench.onsale_guests import KINDS, Admission, headcount
from bench.onsale_minute import Minute
from bench.rounds import percentile
from bench.switchboard import Call
from bench.table import render, show
from ticketd.core.draw import Draw
from ticketd.core.ids import EventId

MILLI: Final = 1000
SHARES: Final = (0.5, 0.99, 0.999)
EXPECTED_CODES: Final = frozenset({"", "sold_out"})


def show_minute(sale: EventSale, minute: Minute, *, tickets: int, opens_at: float, connections: int) -> None:
    """Print it."""
    show(
        f"{minute.guests} guests for {tickets} tickets over {connections} connections of one client process;"
        f" open at {opens_at:g} s, over at {minute.seconds:.0f} s",
        ("", ""),
        [*_people(minute, opens_at), *_goods(minute, tickets, opens_at), *_machine(minute)],
    )
    click.echo(render(("request", "answers", "p50 ms", "p99 ms", "p99.9 ms", "max ms"), _latencies(minute)))
    click.echo()
    click.echo(render(("refused", ""), _refusals(minute.board.calls)))
    click.echo()
    faults = faults_of(sale, minute, tickets)
    click.echo(render(("what must not happen", ""), [[what, f"{count}"] for what, count in faults.items()]))


def faults_of(sale: EventSale, minute: Minute, tickets: int) -> dict[str, int]:
    """How often it has happened."""
    codes, sold = minute.diary.codes, minute.totals["sold"]
    return {
        "requests that ended in errors": sum(map(is_error, minute.board.calls)),
        "guests who were overtaken": _overtaken(sale, minute),
        "tickets that nobody bought, or sold beyond the capacity": abs(tickets - sold),
        "tickets sold that nobody was given, or given without a sale": abs(sold - len(codes)),
        "tickets that two guests were given": len(codes) - len(set(codes)),
        "guests who still waited in the end": minute.still_there,
    }


def is_error(call: Call) -> bool:
    """Whether it should not have been answered like this: sold out is no error, nor is "come back later"."""
    return call.code not in EXPECTED_CODES and not call.is_deliberate


def _people(minute: Minute, opens_at: float) -> list[list[str]]:
    diary = minute.diary
    waits = waits_of(diary.admitted, opens_at=opens_at)
    return [
        ["came", f"{minute.guests}"],
        ["joined the queue", f"{diary.joined}"],
        ["admitted", f"{len(diary.admitted)}"],
        ["reserved", f"{diary.reserved}"],
        ["walked away from their basket", f"{diary.abandoned}"],
        ["paid", f"{diary.paid}"],
        ["how visits ended", headcount(diary.left)],
        ["waited, of the admitted: median", f"{statistics.median(waits):.1f} s" if waits else "–"],
        ["waited, of the admitted: longest", f"{max(waits):.1f} s" if waits else "–"],
    ]


def waits_of(admitted: Iterable[Admission], *, opens_at: float) -> list[float]:
    """From the opening, or when they came if that was later, until they knew that it was their turn."""
    return [admission.at - max(admission.came_at, opens_at) for admission in admitted]


def _goods(minute: Minute, tickets: int, opens_at: float) -> list[list[str]]:
    empty = next((sight.at for sight in minute.sights if sight.held + sight.sold >= tickets), None)
    sold = next((sight.at for sight in minute.sights if sight.sold == tickets), None)
    totals = minute.totals
    return [
        ["all tickets in baskets or sold", _since(empty, opens_at)],
        ["all tickets sold", _since(sold, opens_at)],
        ["capacity, sold, held in the end", f"{totals['capacity']}, {totals['sold']}, {totals['held']}"],
    ]


def _since(at: float | None, opens_at: float) -> str:
    return "never" if at is None else f"{at - opens_at:.1f} s after the opening"


def _machine(minute: Minute) -> list[list[str]]:
    calls = len(minute.board.calls)
    server, postgres = (
        seconds / calls * MICRO for seconds in (minute.server_cpu_seconds, minute.postgres_cpu_seconds)
    )
    busiest = max(Counter(int(call.due) for call in minute.board.calls).values())
    before, peak = minute.sights[0].resident_mib, max(sight.resident_mib for sight in minute.sights)
    return [
        ["requests, at most in a second", f"{calls}, {busiest}"],
        ["server CPU, a request", f"{server:.0f} µs"],
        ["its Postgres, a request", f"{postgres:.0f} µs"],
        ["server memory: before, at most", f"{before:.0f} MiB, {peak:.0f} MiB"],
        ["this client's CPU", f"{minute.client_cpu_seconds / minute.seconds:.0%} of a core"],
    ]


def _latencies(minute: Minute) -> list[list[str]]:
    rows = []
    for kind in KINDS:
        ordered = sorted(call.after for call in minute.board.calls if call.kind == kind)
        if ordered:
            figures = [*(percentile(ordered, share) for share in SHARES), ordered[-1]]
            rows.append([kind, f"{len(ordered)}", *(f"{figure * MILLI:.1f}" for figure in figures)])
    return rows


def _refusals(calls: Sequence[Call]) -> list[list[str]]:
    refused = Counter(f"{call.kind}: {call.status} {call.code}" for call in calls if call.code)
    return [[how, f"{count}"] for how, count in sorted(refused.items())] or [["none", "0"]]


def _overtaken(sale: EventSale, minute: Minute) -> int:
    """With the places that the published seed gives: anybody could work them out."""
    queue = minute.queue
    if queue["drawn"] is None:
        return 0
    drawn = Draw(bytes.fromhex(queue["seed"]), EventId(sale.event_id), queue["drawn"])

    def place_of(number: int) -> int:
        return drawn.place_of(number) if number < queue["drawn"] else number

    return overtaken(minute.diary.looks, place_of)

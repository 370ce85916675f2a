"""Who got the tickets, and what stopped the others, in figures."""

import statistics
from collections.abc import Sequence
from typing import Final

import click

from bench.bots_operators import Operator
from bench.bots_outcome import Outcome, Sizes
from bench.devices import SCALE
from bench.onsale_guests import Diary, headcount
from bench.onsale_report import waits_of
from bench.rounds import percentile
from bench.table import render, show

TARGET: Final = 0.95
CODES_SHOWN: Final = 3
HEADS: Final = (
    "",
    "tries",
    "places",
    "tickets held",
    "paid",
    "share",
    "proofs, core s",
    "mostly refused with",
)


def show_outcomes(sizes: Sizes, outcomes: Sequence[Outcome]) -> None:
    """Print them one after the other, and whether the last one is what people deserve."""
    for outcome in outcomes:
        show(
            _title(outcome), HEADS, [_people(outcome), *(_bots(outcome, each) for each in outcome.operators)]
        )
        click.echo(_people_in_words(outcome))
        if outcome.rules:
            rules = [[rule, f"{refused}"] for rule, refused in sorted(outcome.rules.items())]
            click.echo(f"\n{render(('refused by rule', ''), rules)}")
    shares = " and ".join(
        f"{outcome.people_share:.1%} {'with' if outcome.is_defended else 'without'} defences"
        for outcome in outcomes
    )
    click.echo(f"\nof {sizes.tickets} tickets people have {shares} (target with them: {TARGET:.0%})")


def _title(outcome: Outcome) -> str:
    sizes = outcome.sizes
    defences = "waiting room and all defences on" if outcome.is_defended else "no waiting room, no defences"
    end = "not sold out" if outcome.sold_after is None else f"sold out after {outcome.sold_after:.1f} s"
    proofs = f", proofs of a {SCALE}th and devices as much slower" if outcome.is_defended else ""
    return (
        f"{sizes.people} people, {sizes.bots} bots, {sizes.tickets} tickets; {defences}{proofs}; {end};\n"
        f"tickets that are held again count again"
    )


def _people(outcome: Outcome) -> list[str]:
    diary, paid = outcome.diary, len(outcome.diary.codes)
    return [
        "people",
        f"{outcome.people_tries}",
        f"{diary.joined}",
        f"{diary.tickets_held}",
        f"{paid}",
        f"{paid / outcome.sizes.tickets:.1%}",
        f"{sum(diary.proving_seconds):.0f}",
        "",
    ]


def _bots(outcome: Outcome, operator: Operator) -> list[str]:
    return [
        operator.name,
        f"{operator.tries}",
        f"{operator.places}",
        f"{operator.held}",
        f"{operator.paid}",
        f"{operator.paid / outcome.sizes.tickets:.1%}",
        f"{operator.devices.seconds:.0f}",
        ", ".join(f"{code} {count}" for code, count in operator.refused().most_common(CODES_SHOWN)),
    ]


def _people_in_words(outcome: Outcome) -> str:
    diary = outcome.diary
    waits = sorted(waits_of(diary.admitted, opens_at=outcome.opens_at))
    proving = sorted(diary.proving_seconds)
    lines = [
        f"people: {headcount(diary.left) or 'nobody had left'}",
        f"people sent away by a defence, for a while or for good: {_held_up(diary, outcome.sizes)}",
    ]
    if proving:
        lines.append(
            f"proof of work: {len(proving)} computed, median {statistics.median(proving):.1f} s,"
            f" p99 {percentile(proving, 0.99):.1f} s, longest {proving[-1]:.1f} s"
        )
    if waits:
        lines.append(
            f"the admitted waited {statistics.median(waits):.1f} s at the median, {waits[-1]:.1f} s at most"
        )
    return "\n".join(lines)


def _held_up(diary: Diary, sizes: Sizes) -> str:
    return (
        ", ".join(f"{code}: {count} ({count / sizes.people:.1%})" for code, count in diary.held_up.items())
        or "none"
    )

"""`python -m tests.simulation`: live many seeds, replay one, or switch the safeguards off."""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence

import click

from tests.simulation.crew import blocks, crew, live_block
from tests.simulation.life import live
from tests.simulation.mutations import MUTATIONS, Verdict, attack
from tests.simulation.report import report, verdict_table


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if a promise was broken, or the absence of a safeguard wasn't noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=int, metavar="COUNT", help="live so many, up to the first failure")
    what.add_argument("--seed", type=int, metavar="N", help="replay one seed with its trace")
    what.add_argument("--mutations", action="store_true", help="switch off each safeguard in turn")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first of the seeds")
    parser.add_argument("--without", choices=sorted(MUTATIONS), help="replay a seed without this safeguard")
    options = parser.parse_args(arguments)
    if options.mutations:
        return _attack_all()
    if options.seed is not None:
        return _replay(options.seed, options.without)
    return _live_many(options.first, options.seeds)


def _live_many(first: int, count: int) -> int:
    started_at = time.monotonic()
    figures: Counter[str] = Counter()
    with crew() as pool:
        for lived in pool.imap(live_block, blocks(first, count)):
            figures += lived.figures
            if lived.failure is not None:
                click.echo(lived.failure)
                return 1
            if sys.stderr.isatty():
                click.echo(f"\r{figures['seeds']:,} seeds", nl=False, err=True)
    click.echo(report(figures, seconds=time.monotonic() - started_at))
    return 0


def _attack_all() -> int:
    started_at = time.monotonic()
    verdicts: list[Verdict] = []
    with crew() as pool:
        verdicts += pool.imap(attack, MUTATIONS)
    click.echo(verdict_table(verdicts, seconds=time.monotonic() - started_at))
    return int(any(verdict.promise is None for verdict in verdicts))


def _replay(seed: int, without: str | None) -> int:
    if without is None:
        outcome = live(seed, show=True)
    else:
        with MUTATIONS[without].off():
            outcome = live(seed, show=True)
    click.echo(f"digest {outcome.digest}")
    if outcome.broken is None:
        click.echo("every promise was kept")
        return 0
    cause = outcome.broken.__cause__
    if cause is not None:
        click.echo("".join(traceback.format_exception(cause)))
    click.echo(f"BROKEN: {outcome.broken}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""The figures of a run, for people and for docs/reliability.md."""

from collections import Counter
from collections.abc import Sequence

from tests.simulation.faults import Fault
from tests.simulation.mutations import Verdict


def summary(figures: Counter[str]) -> str:
    """One line."""
    faults = sum(figures[_of(fault)] for fault in Fault)
    return (
        f"simulation: {figures['seeds']:,} seeds, {figures['virtual seconds'] / 3600:,.1f} simulated hours, "
        f"{figures['calls']:,} calls, {figures['facts']:,} facts in {figures['groups committed']:,} groups, "
        f"{figures['charges']:,} charges, {faults:,} faults, {figures[_of(Fault.CRASH)]:,} kill -9, "
        f"{figures[_of(Fault.PAUSE)]:,} take-overs, {figures['log: group was in doubt']:,} groups in doubt: "
        "every promise kept"
    )


def report(figures: Counter[str], *, seconds: float) -> str:
    """All figures, with the faults by kind and the answers by call."""
    lines = [f"{summary(figures)} ({seconds:.0f} s)", "", "faults"]
    lines += [f"  {figures[_of(fault)]:9,}  {fault}" for fault in Fault if figures[_of(fault)]]
    lines += ["", "answers"]
    prefix = "answer: "
    answers = sorted(
        (name.removeprefix(prefix), count) for name, count in figures.items() if name[:8] == prefix
    )
    lines += [f"  {count:9,}  {name}" for name, count in answers]
    return "\n".join(lines)


def verdict_table(verdicts: Sequence[Verdict], *, seconds: float) -> str:
    """Each safeguard, the check that noticed its absence, and at which seed."""
    head = f"{'safeguard switched off':65} │ {'noticed by':60} │ seed"
    caught = sum(verdict.promise is not None for verdict in verdicts)
    lines = [head, *map(str, verdicts), f"{caught} of {len(verdicts)} noticed ({seconds:.0f} s)"]
    return "\n".join(lines)


def _of(fault: Fault) -> str:
    return f"fault: {fault}"

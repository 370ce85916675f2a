"""What must hold of how long things are held: shorter for those who hold and drop, and for nobody else."""

from itertools import pairwise

from tests.core.networks import Network
from tests.simulation.broken import Broken
from tests.simulation.conduct import Conduct
from tests.simulation.ledger import Ledger, Timeline
from ticketd.core import facts as f
from ticketd.core import habits
from ticketd.core.ids import SECOND

_PROMISE = "those who drop hold for a shorter time, and nobody else"


def check_holds(ledger: Ledger, *, hold_seconds: int) -> None:
    """Every hold lasts as long as its identity's habits leave it."""
    short_seconds = min(
        hold_seconds, max(hold_seconds // habits.SHORT_HOLD_DIVISOR, habits.SHORT_HOLD_SECONDS_MIN)
    )
    for timeline in ledger.timelines.values():
        for before, state in pairwise(timeline.states):
            fact = state.fact
            if isinstance(fact, f.Reserved) and not fact.parts:
                seconds = short_seconds if _is_slowed(before.conduct, fact, fact.at) else hold_seconds
                if fact.deadline - fact.at != seconds * SECOND:
                    raise Broken(_PROMISE, f"{fact}: {seconds}")
            elif isinstance(fact, f.Sealed):
                _check_sealed(ledger, timeline, before.conduct, fact, short_seconds)


def _check_sealed(
    ledger: Ledger, timeline: Timeline, before: Conduct, fact: f.Sealed, short_seconds: int
) -> None:
    """A cart's lines are sealed until the same instant, unless habits shorten that of some; then the home
    line, which speaks for all, may have no longer than those."""
    held = timeline.lines[fact.reservation_id][0].fact
    assert isinstance(held, f.Reserved), "a line's first fact holds it"
    parts = ledger.parts(fact.reservation_id)
    deadlines = {
        inventory_id: state.fact.deadline
        for inventory_id, states in parts.items()
        for state in states
        if isinstance(state.fact, f.Sealed)
    }
    allowed = {max(deadlines.values())}
    home = deadlines.pop(held.parts[0], None)
    if home == fact.deadline and deadlines:
        allowed.add(min(deadlines.values()))
    if _is_slowed(before, held, fact.at):
        # A hold is cut by whole seconds, of what is left of it when the seal arrives.
        if fact.deadline - fact.at >= (short_seconds + 1) * SECOND:
            raise Broken(_PROMISE, f"{fact}: {short_seconds}")
    elif fact.deadline not in allowed:
        raise Broken(_PROMISE, f"{fact}: {allowed}")


def _is_slowed(conduct: Conduct, held: f.Reserved, now: int) -> bool:
    return conduct.networks.get(held.identity, Network()).is_slowed(now)

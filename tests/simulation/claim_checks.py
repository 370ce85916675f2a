"""What must hold between reservations and what their payments took of their guests' limits.

That no guest ever has more than the limit, `bookkeeping` says of every fact.
"""

from tests.simulation.broken import Broken
from tests.simulation.ledger import OPEN, Ledger, State
from ticketd.core import facts as f


def check_claims(ledger: Ledger) -> None:
    """What is paid was claimed before, and what was claimed is paid or given back."""
    if not ledger.counts_guests:
        return
    for _, reservation_id, _ in ledger.lines():
        parts = ledger.parts(reservation_id)
        claims = ledger.claims(reservation_id)
        home = parts[min(parts)]
        quantity = sum(_quantity(states[0]) for states in parts.values())
        paid = home[-1].status == "paid"
        if claims and claims[-1].status in OPEN:
            raise Broken("everything is settled in the end", f"the claim of {reservation_id}")
        if (bool(claims) and claims[-1].status == "paid") is not paid:
            raise Broken("a claim is paid exactly if its reservation is", reservation_id)
        if paid and claims[-1].entry.commit > home[-1].entry.commit:
            raise Broken("a claim is paid before its reservation", reservation_id)
        if any(_quantity(state) != quantity for state in claims if isinstance(state.fact, f.Reserved)):
            raise Broken("a claim is of all that is paid", reservation_id)


def _quantity(state: State) -> int:
    fact = state.fact
    assert isinstance(fact, f.Reserved), "a line's first fact holds it"
    return fact.quantity

"""What must hold between reservations and what their payments took of their guests' limits.

That no guest ever has more than the limit, `bookkeeping` says of every fact.
"""

from collections import Counter

from tests.simulation.broken import Broken
from tests.simulation.ledger import OPEN, Ledger, State
from tests.simulation.postgres import Postgres
from ticketd.core import facts as f
from ticketd.core.terms import Kind


def check_claims(postgres: Postgres, ledger: Ledger) -> None:
    """What is paid was claimed before, what was claimed is paid or given back, and nobody has too much."""
    if not ledger.counts_guests:
        return
    _check_people(postgres, ledger)
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


def _check_people(postgres: Postgres, ledger: Ledger) -> None:
    """A guest is a person, however they write their address."""
    limits = [each.states[0].terms for each in ledger.timelines.values() if each.kind is Kind.GUESTS]
    paid: Counter[str] = Counter()
    for _, reservation_id, states in ledger.lines():
        if states[-1].status == "paid":
            local, _, domain = postgres.guests[reservation_id][0].lower().partition("@")
            paid[f"{local.split('+')[0]}@{domain}"] += _quantity(states[0])
    if max(paid.values(), default=0) > limits[0].max_per_reservation:
        raise Broken("nobody has paid for more than the limit", str(paid))


def _quantity(state: State) -> int:
    fact = state.fact
    assert isinstance(fact, f.Reserved), "a line's first fact holds it"
    return fact.quantity

"""The five promises, verified over what people were told, what is durable, and what was charged.

1. Never oversold: every fact of every inventory is followed with pencil and paper (`Timeline`; seats,
   shared capacities, access codes and guests in `bookkeeping`), and was right on the terms of its moment
   (`check_decisions`). What is paid counts for its guest's limit (`check_claims`).
2. Acknowledged is durable: what an answer says was durable before the answer left; a definite no has no
   effect ever, and was true at some instant while it was asked (`CallChecks`).
3. Never charged twice, never paid without a ticket (`check_money`, `check_settled`).
4. Same key, same reservation (`check_keys`, `CallChecks`).
   An admission makes one reservation, and nobody holds more, or for longer, than their habits leave them
   (`check_decisions`, `check_holds`).
5. One owner: a superseded process commits nothing after the fence (`check_commits`).
"""

from tests.simulation.call_checks import CallChecks
from tests.simulation.claim_checks import check_claims
from tests.simulation.hold_checks import check_holds
from tests.simulation.ledger import Ledger
from tests.simulation.ledger_checks import (
    check_carts,
    check_checkpoints,
    check_commits,
    check_decisions,
    check_keys,
    check_projections,
    check_settled,
    check_tickets,
)
from tests.simulation.money_checks import check_money
from tests.simulation.scene import Scene


def check(scene: Scene) -> None:
    """Broken with the first promise that this life didn't keep, once all is calm."""
    ledger = Ledger(scene.postgres)
    check_commits(scene.postgres, ledger)
    check_decisions(ledger)
    check_keys(ledger)
    check_holds(ledger, hold_seconds=scene.settings.hold_seconds)
    check_carts(ledger)
    check_tickets(ledger)
    check_money(scene.bank.captures, ledger)
    CallChecks(scene.history.calls, scene.postgres, ledger).check()
    check_settled(ledger)
    check_claims(scene.postgres, ledger)
    check_projections(scene.postgres, ledger)
    check_checkpoints(scene.postgres)

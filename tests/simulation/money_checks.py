"""What must hold between the ledger and the payment gateway."""

from collections.abc import Iterable
from typing import Final

from tests.simulation.broken import Broken
from tests.simulation.gateway import Capture
from tests.simulation.ledger import Ledger, State
from tests.simulation.ledger_checks import is_made
from ticketd.core import facts as f
from ticketd.core.ids import InventoryId, ReservationId

ID_LENGTH: Final = 32


def check_money(captures: Iterable[Capture], ledger: Ledger) -> None:
    """Charged once at most and only while every line is durably `paying`; charged exactly if paid."""
    charged: set[ReservationId] = set()
    for capture in captures:
        known, attempt = ReservationId(capture.attempt_id[:ID_LENGTH]), capture.attempt_id[ID_LENGTH + 1 :]
        if known in charged:
            raise Broken("never charged twice", capture.attempt_id)
        charged.add(known)
        _check_capture(capture, attempt, ledger.parts(known))
        _check_claimed(capture, attempt, ledger)
    for reservation_id in {each for _, each, _ in ledger.lines()}:
        parts = ledger.parts(reservation_id)
        paid = all(states[-1].status == "paid" for states in parts.values())
        if paid and _total_cents(parts) > 0 and reservation_id not in charged:
            raise Broken("never a ticket without a payment", reservation_id)
        if not paid and reservation_id in charged:
            raise Broken("never paid without a ticket", reservation_id)


def _check_capture(capture: Capture, attempt: str, parts: dict[InventoryId, list[State]]) -> None:
    if capture.amount_cents != _total_cents(parts):
        raise Broken("charged what was agreed", f"{capture}")
    first = parts[min(parts)][0].fact
    if not is_made(parts[min(parts)]) or (
        isinstance(first, f.Reserved) and first.parts and set(first.parts) != parts.keys()
    ):
        raise Broken("only a whole cart is charged", capture.attempt_id)
    for inventory_id, states in parts.items():
        durable = [state.fact for state in states if state.entry.committed_at <= capture.at]
        last = durable[-1] if durable else None
        if not isinstance(last, f.PaymentStarted) or str(last.attempt) != attempt:
            raise Broken(
                "money moves only when every line is durably paying",
                f"{capture.attempt_id}: inventory {inventory_id} says {last}",
            )


def _check_claimed(capture: Capture, attempt: str, ledger: Ledger) -> None:
    claims = ledger.claims(ReservationId(capture.attempt_id[:ID_LENGTH]))
    durable = [state.fact for state in claims if state.entry.committed_at <= capture.at]
    last = durable[-1] if durable else None
    if ledger.counts_guests and not (isinstance(last, f.PaymentStarted) and str(last.attempt) == attempt):
        raise Broken(
            "money moves only when the guest's claim is durably paying", f"{capture.attempt_id}: {last}"
        )


def _total_cents(parts: dict[InventoryId, list[State]]) -> int:
    holds = [states[0].fact for states in parts.values()]
    return sum(_cents_of(hold) for hold in holds if isinstance(hold, f.Reserved))


def _cents_of(hold: f.Reserved) -> int:
    if hold.shares:
        return sum(share.quantity * share.unit_price_cents for share in hold.shares)
    return hold.quantity * hold.unit_price_cents

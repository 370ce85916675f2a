"""What facts change for those who look at an inventory from outside."""

from collections.abc import Iterable
from typing import NamedTuple, assert_never

from ticketd.core import facts as f
from ticketd.core.ids import ReservationId, TicketTypeId


class Changes(NamedTuple):
    """Which lines and ticket types some facts were about, without those that were reserved only."""

    orders: dict[ReservationId, None]
    """Lines that were paid for or tried to, or have ended; as in a set, in order."""
    closed: list[ReservationId]
    """Lines that have ended."""
    ticket_types: dict[TicketTypeId, None]
    """What is sold on other terms than before."""


def changes_of(facts: Iterable[f.AnyFact]) -> Changes:
    """Which lines and ticket types these facts are about, each of them once."""
    changes = orders, closed, ticket_types = Changes({}, [], {})
    for fact in facts:
        match fact:
            case f.Reserved() | f.Sealed():
                pass
            case f.PaymentStarted() | f.PaymentFailed():
                orders[fact.reservation_id] = None
            case f.Confirmed() | f.Released() | f.Expired():
                orders[fact.reservation_id] = None
                closed.append(fact.reservation_id)
            case (
                f.Opened()
                | f.TermsChanged()
                | f.EventWindowChanged()
                | f.Deleted()
                | f.AccessCodeSet()
                | f.AccessCodeRemoved()
            ):
                ticket_types[fact.ticket_type_id] = None
            case _:
                assert_never(fact)
    return changes

"""What holds for all that is sold on terms: an inventory's own ticket type, or one on its shelves."""

from typing import Protocol

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.decisions import Decision
from ticketd.core.ids import Instant
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventWindow, SaleTime, Terms, opening, window_errors


class OnSale(Protocol):
    """Terms, when they hold, and what was sold on them."""

    terms: Terms
    window: EventWindow | None
    sale_time: SaleTime
    sold: int


def time_refusal(on: OnSale, now: Instant) -> Refusal | None:
    """NOT_ON_SALE outside of the sale time."""
    opens_at, ends_at = on.sale_time
    if now >= ends_at:
        return Refusal(Reason.NOT_ON_SALE)
    if now < opens_at:
        return Refusal(Reason.NOT_ON_SALE, on_sale_at=opening(on.terms, on.window))
    return None


def limit_refusal(on: OnSale, quantity: int) -> Refusal | None:
    """LIMIT_EXCEEDED for more than one reservation may have."""
    most = on.terms.max_per_reservation
    return Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=most) if quantity > most else None


def change_terms(on: OnSale, command: c.ChangeTerms, now: Instant, *, taken: int) -> Decision:
    """The new terms, unless they would undo a sale."""
    terms = command.patch.applied_to(on.terms)
    errors = window_errors(terms.on_sale_at, terms.off_sale_at)
    if errors:
        return Decision(Refusal(Reason.INVALID, errors=errors))
    if terms.capacity < taken:
        return Decision(_taken_refusal(on, Reason.CAPACITY_BELOW_SOLD, taken))
    return Decision(None, (f.TermsChanged(now, terms, command.ticket_type_id),))


def change_window(on: OnSale, command: c.ChangeEventWindow, now: Instant) -> Decision:
    """The new window, if it is another."""
    if command.window == on.window:
        return Decision(None)
    return Decision(None, (f.EventWindowChanged(now, command.window, command.ticket_type_id),))


def delete(on: OnSale, command: c.Delete, now: Instant, *, taken: int) -> Decision:
    """The end, unless somebody has something of it."""
    if taken > 0:
        return Decision(_taken_refusal(on, Reason.HAS_SALES, taken))
    return Decision(None, (f.Deleted(now, command.ticket_type_id),))


def _taken_refusal(on: OnSale, reason: Reason, taken: int) -> Refusal:
    return Refusal(reason, sold=on.sold, held=taken - on.sold)

"""Whether a no to a reservation was true of an inventory in some state of it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.simulation.bookkeeping import CodeState, ShelfState, Stock
from tests.simulation.conduct import refuses_visitor
from tests.simulation.ledger import State
from tests.simulation.programme import SHELVES, count_of
from ticketd.core.facts import OWN
from ticketd.core.hall import Hall
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import EventWindow, SaleStatus, Terms, sale_status
from ticketd.services.door import Visitor
from ticketd.services.sales import LineRequest

_NOTHING: Final = Stock({}, {}, {}, {})
_CLOSED: Final = (SaleStatus.NOT_YET, SaleStatus.ENDED)


class Asked(NamedTuple):
    """What a guest wanted of one inventory, with which code, who they were, and when by its clock."""

    lines: Sequence[LineRequest]
    code: str
    visitor: Visitor
    at: tuple[Instant, Instant]


class _OnSale(NamedTuple):
    """What one ticket type is sold on."""

    terms: Terms
    window: EventWindow | None
    exists: bool
    free: int
    codes: dict[str, CodeState]


def refuses(state: State, hall: Hall | None, refusal: Refusal, asked: Asked) -> bool:
    """Whether the inventory, in this state, says just this no."""
    if refuses_visitor(state.conduct, refusal, asked.visitor, asked.at):
        return True
    if any(_refuses_line(state, hall, refusal, asked, line) for line in asked.lines):
        return True
    wanted = sum(count_of(line) for line in asked.lines)
    return refusal.reason is Reason.SOLD_OUT and refusal.available == state.free < wanted


def _refuses_line(state: State, hall: Hall | None, refusal: Refusal, asked: Asked, line: LineRequest) -> bool:
    on = _on_sale(state, line.ticket_type_id)
    if on is None:
        return refusal.reason is Reason.NOT_FOUND
    code = on.codes.get(asked.code)
    match refusal.reason:
        case Reason.NOT_FOUND:
            return not on.exists
        case Reason.FORBIDDEN:
            return bool(on.codes) and code is None
        case Reason.NOT_ON_SALE:
            return any(_is_closed(on, code, now) for now in asked.at)
        case Reason.LIMIT_EXCEEDED:
            return count_of(line) > on.terms.max_per_reservation == refusal.max_per_reservation
        case Reason.SEAT_TAKEN:
            seats = (state.stock or _NOTHING).seats
            return refusal.taken_seats == tuple(seat for seat in line.seats if seat in seats) != ()
        case Reason.SOLD_OUT:
            return _is_sold_out(state, hall, on, code, refusal, line)
        case _:
            return False


def _on_sale(state: State, ticket_type_id: TicketTypeId) -> _OnSale | None:
    stock = state.stock or _NOTHING
    if ticket_type_id not in SHELVES:
        codes = dict(stock.codes.get(OWN, {}))
        return _OnSale(state.terms, state.window, state.exists, state.free, codes)
    shelf: ShelfState | None = stock.shelves.get(ticket_type_id)
    if shelf is None:
        return None
    free = max(0, min(state.free, shelf.terms.capacity - shelf.taken))
    codes = dict(stock.codes.get(ticket_type_id, {}))
    return _OnSale(shelf.terms, shelf.window, shelf.exists, free, codes)


def _is_closed(on: _OnSale, code: CodeState | None, now: Instant) -> bool:
    over = code is not None and code.until is not None and now >= code.until
    return over or sale_status(on.terms, on.window, free=1, now=now) in _CLOSED


def _is_sold_out(
    state: State, hall: Hall | None, on: _OnSale, code: CodeState | None, refusal: Refusal, line: LineRequest
) -> bool:
    room = on.free
    if code is not None and code.capacity is not None:
        room = max(0, min(room, code.capacity - code.used))
    if count_of(line) > room:
        return refusal.available == room
    if hall is None or not line.best_available or not line.together:
        return False
    return refusal.available == state.free and not _has_block(state, hall, count_of(line))


def _has_block(state: State, hall: Hall, count: int) -> bool:
    taken = (state.stock or _NOTHING).seats
    for row in hall.rows:
        side_by_side = 0
        for index in range(row.first, row.first + row.count):
            side_by_side = 0 if hall.seat_id(index) in taken else side_by_side + 1
            if side_by_side >= count:
                return True
    return False

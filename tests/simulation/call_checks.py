"""What must hold between what people were told and the ledger.

Time is virtual and exact. A call is open from the instant it is asked until its answer leaves the server.
What an answer says must be so in some state that was durable before the answer left, and that is no older
than anything anybody had been told before the question. From a process that has been fenced, an answer
that commits nothing may be as old as the fence, no older.
"""

import base64
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, assert_never

from tests.simulation.broken import Broken
from tests.simulation.guests import wants_poison
from tests.simulation.history import Call, Kind, Unknown
from tests.simulation.ledger import Ledger, State
from tests.simulation.ledger_checks import is_made
from tests.simulation.postgres import Postgres
from tests.simulation.programme import by_inventory, count_of
from tests.simulation.refusal_checks import Asked, refuses
from ticketd.core import facts as f
from ticketd.core.commands import AnyCommand, RemoveAccessCode
from ticketd.core.ids import InventoryId, ReservationId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, Reservation, ReservationStatus
from ticketd.core.terms import EventStatus, EventWindow
from ticketd.services.sales import Granted, LineRequest

CALL_BYTES: Final = slice(8, 12)
"""Where a reservation id says which call made it."""


def call_that_made(reservation_id: str) -> int:
    """The number of the call."""
    return int.from_bytes(base64.urlsafe_b64decode(reservation_id)[CALL_BYTES])


class CallChecks:
    """Compares every call's answer with the ledger."""

    def __init__(self, calls: Sequence[Call], postgres: Postgres, ledger: Ledger) -> None:
        self._calls = calls
        self._postgres = postgres
        self._ledger = ledger
        self._homes = {
            call_that_made(reservation_id): (reservation_id, states)
            for inventory_id, reservation_id, states in ledger.lines()
            if isinstance(fact := states[0].fact, f.Reserved)
            and (not fact.parts or fact.parts[0] == inventory_id)
        }
        """The home line that each call made, if it made one."""
        self._told: dict[InventoryId, list[tuple[float, int]]] = {}
        """By inventory: when people were told of which fact, the newest so far each time."""

    def check(self) -> None:
        """Broken with the first call whose answer doesn't fit."""
        by_number = {call.number: call for call in self._calls}
        for _, reservation_id, states in self._ledger.lines():
            self._check_asked_for(by_number[call_that_made(reservation_id)], states)
        answered = [call for call in self._calls if call.answered_at is not None]
        for call in sorted(answered, key=_until):
            self._check_call(call)

    def _check_asked_for(self, call: Call, states: list[State]) -> None:
        fact, entry = states[0].fact, states[0].entry
        assert isinstance(fact, f.Reserved), "a line's first fact holds it"
        asked = by_inventory(call.subject[0]).get(InventoryId(entry.inventory_id), [])
        visitor = call.subject[3]
        if (fact.admission, fact.identity) != (visitor.queue_token or "", visitor.network):
            raise Broken("a hold is its visitor's", f"{call}: {fact}")
        if not _is_of(fact, asked) or entry.committed_at < call.asked_at:
            raise Broken("nothing is held that nobody asked for", f"{call}: {fact}")

    def _check_call(self, call: Call) -> None:
        match call.answer:
            case Granted():
                self._check_granted(call, call.answer)
            case Reservation():
                self._check_shown(call, call.answer)
            case Offer():
                self._check_offer(call, call.answer)
            case Refusal():
                self._check_refusal(call, call.answer)
            case Unknown.POISONED:
                self._check_poisoned(call)
            case Unknown():
                pass
            case _:
                assert_never(call.answer)

    # -- yes

    def _check_granted(self, call: Call, granted: Granted) -> None:
        wanted = by_inventory(call.subject[0])
        reservation = granted.reservation
        if {line.inventory_id for line in reservation.lines} != wanted.keys() or not all(
            _is_of(line, wanted[line.inventory_id]) for line in reservation.lines
        ):
            raise Broken("held what was asked for", f"{call}: {reservation}")
        if granted.repeated is (call_that_made(reservation.home.reservation_id) == call.number):
            raise Broken("same key, same reservation", f"{call} repeats {reservation.home.reservation_id}")
        home = self._ledger.line(reservation.home.inventory_id, reservation.home.reservation_id)
        if not home or not is_made([each for each in home if self._is_durable(each, call)]):
            raise Broken("acknowledged is durable", f"{call}: {reservation.home.reservation_id}")
        self._check_shown(call, reservation)
        if granted.repeated:
            self._check_made_nothing(call)

    def _check_shown(self, call: Call, reservation: Reservation) -> None:
        for line in reservation.lines:
            states = self._line_states(call, line, reservation.home)
            shown = [state for state in states if state.status == line.status.value]
            if not shown:
                durable = [state.status for state in states]
                raise Broken(
                    "an answer shows what was so while it was asked", f"{call}: {line} not {durable}"
                )
            self._tell(line.inventory_id, _until(call), shown[0].entry.fact_seq)
            if line.ticket_codes and not any(
                isinstance(state.fact, f.Confirmed) and state.fact.ticket_codes == line.ticket_codes
                for state in states
            ):
                raise Broken("acknowledged is durable", f"{call}: its tickets")
        if call.kind is Kind.RELEASE and reservation.home.status.value not in ("released", "expired"):
            raise Broken("a release that is acknowledged has happened", f"{call}: {reservation.home.status}")

    def _line_states(self, call: Call, line: Line, home: Line) -> Sequence[State]:
        """The states that a line may be shown in. `paying` says to one who pays that an attempt runs or
        isn't known to have ended: all lines may be shown as they were when it began."""
        timeline = self._ledger.timelines[line.inventory_id]
        runs = call.kind is Kind.PAY and home.status is ReservationStatus.PAYING
        known = 0 if runs else self._known(call, line.inventory_id)
        return timeline.line_between(line.reservation_id, known, _until(call))

    def _check_offer(self, call: Call, offer: Offer) -> None:
        states = self._states(call, offer.inventory_id)
        if not any(state.entry.fact_seq == offer.seq and state.terms == offer.terms for state in states):
            raise Broken("acknowledged is durable", f"{call}: {offer}")
        self._tell(offer.inventory_id, _until(call), offer.seq)

    # -- no

    def _check_refusal(self, call: Call, refusal: Refusal) -> None:
        match call.kind:
            case Kind.RESERVE:
                self._check_made_nothing(call)
                self._check_reserve_refused(call, refusal)
            case Kind.PAY | Kind.RELEASE | Kind.LOOK:
                self._check_line_refusal(call, refusal)
            case Kind.CHANGE:
                self._check_change_refused(call, refusal)
            case _:
                assert_never(call.kind)

    def _check_made_nothing(self, call: Call) -> None:
        made = self._homes.get(call.number)
        if made is not None and is_made(made[1]):
            raise Broken("refused means no effect ever", f"{call}: {made[0]}")

    def _check_reserve_refused(self, call: Call, refusal: Refusal) -> None:
        lines, _, code, visitor = call.subject
        if refusal.reason is Reason.KEY_REUSED:
            if not any(self._used_otherwise(other, call) for other in self._calls):
                raise Broken("a key is reused only if it was used", f"{call}")
            return
        for inventory_id, asked_of in by_inventory(lines).items():
            asked = Asked(asked_of, code, visitor, (call.clock_at_question, call.clock_at_answer))
            hall = self._ledger.timelines[inventory_id].hall
            if refusal.ticket_type_id in (None, *(line.ticket_type_id for line in asked_of)) and any(
                refuses(state, hall, refusal, asked) for state in self._states(call, inventory_id)
            ):
                return
        raise Broken("a no was true at some instant while it was asked", f"{call}: {refusal}")

    def _used_otherwise(self, other: Call, call: Call) -> bool:
        if other.kind is not Kind.RESERVE or other.number not in self._homes:
            return False
        (lines, key, code, _), (other_lines, other_key, other_code, _) = call.subject, other.subject
        scope, other_scope = ({line.ticket_type_id for line in each} for each in (lines, other_lines))
        _, states = self._homes[other.number]
        return (
            key == other_key
            and scope == other_scope
            and (_canonical(lines), code) != (_canonical(other_lines), other_code)
            and self._is_durable(states[0], call)
        )

    def _check_line_refusal(self, call: Call, refusal: Refusal) -> None:
        reservation_id = ReservationId(call.subject[0])
        states = [
            state
            for inventory_id in self._ledger.parts(reservation_id)
            for state in self._ledger.timelines[inventory_id].line_between(
                reservation_id, self._known(call, inventory_id), _until(call)
            )
        ]
        seen = {state.status for state in states}
        allowed = _STATUS_THAT_REFUSES.get(refusal.reason)
        if allowed is not None:
            true = bool(seen & allowed)
        elif refusal.reason is Reason.NOT_ON_SALE:
            true = self._was_cancelled(call, reservation_id)
        elif refusal.reason is Reason.NOT_FOUND:
            true = self._was_unknown(call, reservation_id)
        elif refusal.max_per_guest is not None:
            true = self._had_too_many(call, refusal.max_per_guest, reservation_id)
        else:
            true = refusal.reason in _OF_A_PAYMENT and call.kind is Kind.PAY
        if not true:
            raise Broken("a no was true at some instant while it was asked", f"{call}: {refusal} but {seen}")

    def _was_cancelled(self, call: Call, reservation_id: ReservationId) -> bool:
        return any(
            window is not None and window.status is EventStatus.CANCELLED
            for inventory_id in self._ledger.parts(reservation_id)
            for state in self._states(call, inventory_id)
            for window in (state.window, *_windows_of_shelves(state))
        )

    def _had_too_many(self, call: Call, limit: int, reservation_id: ReservationId) -> bool:
        """Whether some guest would have had more than the limit."""
        holds = [states[0].fact for states in self._ledger.parts(reservation_id).values()]
        quantity = sum(hold.quantity for hold in holds if isinstance(hold, f.Reserved))
        return quantity > limit or any(
            taken + quantity > limit
            for timeline in self._ledger.timelines.values()
            for state in timeline.between(0, _until(call))
            for taken in (() if state.stock is None else state.stock.guests.values())
        )

    def _was_unknown(self, call: Call, reservation_id: ReservationId) -> bool:
        """Only to a process that was fenced before the reservation was made."""
        fenced_at = self._postgres.nodes[call.inc].fenced_at
        states = next(iter(self._ledger.parts(reservation_id).values()))
        return fenced_at is not None and fenced_at < states[0].entry.committed_at

    def _check_change_refused(self, call: Call, refusal: Refusal) -> None:
        inventory_id, command = call.subject
        states = self._states(call, inventory_id)
        match refusal.reason:
            case Reason.NOT_FOUND:
                true = any(_is_missing(state, command) for state in states)
            case Reason.CAPACITY_BELOW_SOLD | Reason.HAS_SALES:
                taken = (refusal.held or 0) + (refusal.sold or 0)
                true = any(_taken(state, command) == taken for state in states)
            case _:
                true = refusal.reason is Reason.INVALID
        if not true:
            raise Broken("a no was true at some instant while it was asked", f"{call}: {refusal}")

    def _check_poisoned(self, call: Call) -> None:
        if call.kind is not Kind.RESERVE or not wants_poison(call):
            raise Broken("a poisoned command harms only itself", str(call))
        self._check_made_nothing(call)

    # -- when

    def _tell(self, inventory_id: InventoryId, at: float, seq: int) -> None:
        told = self._told.setdefault(inventory_id, [])
        if not told or seq > told[-1][1]:
            told.append((at, seq))

    def _known(self, call: Call, inventory_id: InventoryId) -> int:
        """The newest fact that anybody had been told of when the call was asked."""
        fenced_at = self._postgres.nodes[call.inc].fenced_at
        asked_at = call.asked_at if fenced_at is None else min(call.asked_at, fenced_at)
        told = self._told.get(inventory_id, [])
        before = bisect_left(told, (asked_at, 0))
        return told[before - 1][1] if before else 0

    def _states(self, call: Call, inventory_id: InventoryId) -> Sequence[State]:
        return self._ledger.timelines[inventory_id].between(self._known(call, inventory_id), _until(call))

    @staticmethod
    def _is_durable(state: State, call: Call) -> bool:
        return state.entry.committed_at <= _until(call)


_STATUS_THAT_REFUSES: Final = {
    Reason.RESERVATION_EXPIRED: {"expired"},
    Reason.RESERVATION_CLOSED: {"paid", "released"},
    Reason.PAYMENT_IN_PROGRESS: {"paying"},
}
_OF_A_PAYMENT: Final = {Reason.CARD_ERROR, Reason.PAYMENT_ERROR, Reason.LIMIT_EXCEEDED, Reason.INVALID}


def _until(call: Call) -> float:
    assert call.answered_at is not None, "an answer has its time"
    return call.answered_at


def _is_of(line: f.Reserved | Line, asked: Sequence[LineRequest]) -> bool:
    """Whether it is what was asked of its inventory."""
    seats = tuple(seat for each in asked for seat in each.seats)
    shares = {share.ticket_type_id: share.quantity for share in line.shares}
    return (
        line.quantity == sum(count_of(each) for each in asked)
        and (not seats or set(line.seats) == set(seats))
        and (not shares or shares == {each.ticket_type_id: count_of(each) for each in asked})
    )


def _canonical(lines: Sequence[LineRequest]) -> list[object]:
    """What a repeat must have in common with the first request."""
    ordered = sorted(lines, key=lambda line: line.ticket_type_id)
    return [(line.quantity, sorted(line.seats), line.best_available, line.together) for line in ordered]


def _windows_of_shelves(state: State) -> list[EventWindow | None]:
    return [] if state.stock is None else [shelf.window for shelf in state.stock.shelves.values()]


def _is_missing(state: State, command: AnyCommand) -> bool:
    shelf_id: TicketTypeId = getattr(command, "ticket_type_id", f.OWN)
    shelves, codes = ({}, {}) if state.stock is None else (state.stock.shelves, state.stock.codes)
    exists = state.exists if shelf_id == f.OWN else shelf_id in shelves and shelves[shelf_id].exists
    if isinstance(command, RemoveAccessCode):
        return not exists or command.code not in codes.get(shelf_id, {})
    return not exists


def _taken(state: State, command: AnyCommand) -> int:
    shelf_id: TicketTypeId = getattr(command, "ticket_type_id", f.OWN)
    if shelf_id == f.OWN or state.stock is None:
        return state.terms.capacity - state.free
    return state.stock.shelves[shelf_id].taken

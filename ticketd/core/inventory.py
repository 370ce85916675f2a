"""The state machine of one inventory: `decide` judges a command and changes nothing."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.access_codes import ACCESS_CODES_MAX
from ticketd.core.decisions import Decision, closed_refusal
from ticketd.core.hall import shared_hall
from ticketd.core.ids import SECOND, Instant, ReservationId
from ticketd.core.moves import Move
from ticketd.core.on_sale import change_terms, change_window, delete, limit_refusal, time_refusal
from ticketd.core.outcomes import AccessCodes, Departed, Outcome
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.reserving import Reserving
from ticketd.core.state import EXPIRED, HELD, PAID, PAYING
from ticketd.core.terms import EventStatus, EventWindow

ADMISSION_USED = Refusal(Reason.ADMISSION_REQUIRED, "This admission has been used.")
_NOT_ADMITTED = Refusal(Reason.ADMISSION_REQUIRED)
EXPIRED_PER_DECISION_MAX = 256
PAYMENT_ATTEMPTS_MAX = 5
RETRY_SECONDS = 60
"""A failed payment leaves this long, but never goes this far past the first deadline."""


class Inventory(Reserving):
    """What may be done with one inventory, and what becomes of it."""

    def decide(self, command: c.AnyCommand, now: Instant) -> Decision:
        """Judge a command at `now`; what has run out by then is given back first."""
        expired = self._due(now) if self.deadlines.earliest <= now else ()
        freed = sum(self.lines[fact.reservation_id].quantity for fact in expired) if expired else 0
        match command:
            case c.Reserve():
                if self.is_plain and not (command.admission or command.identity):
                    decision = self._reserve(command, now, self.free + freed)
                else:
                    decision = self._reserve_from_stock(command, now, expired)
            case c.Confirm() | c.StartPayment() | c.Release() | c.FailPayment() | c.Seal() | c.Inspect():
                if expired and any(fact.reservation_id == command.reservation_id for fact in expired):
                    decision = Decision(self._answer_closed(command, EXPIRED))
                else:
                    decision = self._on_line(command, now)
            case c.ExpireDue():
                decision = Decision(None)
            case c.ListAccessCodes() | c.SetAccessCode() | c.RemoveAccessCode():
                decision = self._on_codes(command, now)
            case c.Open() | c.ChangeTerms() | c.ChangeEventWindow() | c.Delete():
                if command.ticket_type_id == f.OWN:
                    decision = self._on_own_terms(command, now, taken=self._taken - freed)
                else:
                    decision = self._on_shelf_terms(command, now, expired)
            case _:
                assert_never(command)
        return Decision(decision.answer, expired + decision.facts) if expired else decision

    def _due(self, now: Instant) -> tuple[f.Expired, ...]:
        due: dict[ReservationId, f.Expired] = {}
        for deadline, reservation_id in self.deadlines.due(now):
            if self.runs_out(reservation_id, deadline):
                due[reservation_id] = f.Expired(now, reservation_id, self.lines[reservation_id].seq)
                if len(due) == EXPIRED_PER_DECISION_MAX:
                    break
        return tuple(due.values())

    def _reserve(self, command: c.Reserve, now: Instant, free: int) -> Decision:
        reservation_id, quantity, terms = command.reservation_id, command.quantity, self.terms
        if reservation_id in self.lines:
            return Decision(reservation_id)
        if command.key and (use := self.keys.find(command.key)):
            same = use.request == command.request
            return Decision(use.reservation_id if same else Refusal(Reason.KEY_REUSED))
        opens_at, ends_at = self.sale_time
        if not opens_at <= now < ends_at or quantity > free or quantity > terms.max_per_reservation:
            return Decision(self._sale_refusal(quantity, now, free))
        deadline = Instant(now + command.hold_seconds * SECOND)
        fact = f.Reserved(
            now,
            reservation_id,
            quantity,
            terms.price_cents,
            deadline,
            command.key,
            command.request,
            command.parts,
        )
        return Decision(reservation_id, (fact,))

    def _sale_refusal(self, quantity: int, now: Instant, free: int) -> Refusal:
        if not self.exists:
            return Refusal(Reason.NOT_FOUND)
        return (
            time_refusal(self, now)
            or limit_refusal(self, quantity)
            or Refusal(Reason.SOLD_OUT, available=free)
        )

    def _reserve_from_stock(self, command: c.Reserve, now: Instant, expired: Sequence[f.Expired]) -> Decision:
        """Where there is more to look at than counts, or who asks matters."""
        known = self.lines.get(command.reservation_id)
        if known is not None:
            lapsed = any(fact.reservation_id == known.reservation_id for fact in expired)
            if command.guest and (lapsed or known.status not in (HELD, PAYING)):
                known = None  # a claim that is over can be made anew
            elif known.guest == command.guest:
                return Decision(command.reservation_id)
        gone = [self.lines[fact.reservation_id] for fact in expired] if expired else ()
        if before := self._made_before(command, gone):
            return Decision(before)
        allowed = self.allowed(command, now, gone) if command.identity else command
        if isinstance(allowed, Refusal):
            return Decision(allowed)
        if gone:
            taken = self._take_after(gone, allowed, now, known)
        else:
            taken = self.take(allowed, now, self.free, known)
        if isinstance(taken, Refusal):
            return Decision(taken)
        return Decision(command.reservation_id, taken)

    def _made_before(self, command: c.Reserve, gone: Sequence[Line]) -> ReservationId | Refusal | None:
        """What the same key, or the same admission, stands for already."""
        if command.key and (use := self.keys.find(command.key)):
            return use.reservation_id if use.request == command.request else Refusal(Reason.KEY_REUSED)
        if command.admission == c.NOT_ADMITTED:
            return _NOT_ADMITTED
        if command.admission and (use := self.keys.find_admission(command.admission)):
            if use.reservation_id == command.reservation_id:
                return use.reservation_id
            came_to_nothing = any(
                line.reservation_id == use.reservation_id and line.tentative for line in gone
            )
            return None if came_to_nothing else ADMISSION_USED
        return None

    def _take_after(
        self, gone: Sequence[Line], command: c.Reserve, now: Instant, known: Line | None
    ) -> tuple[f.AnyFact, ...] | Refusal:
        """Judged as if these lines were gone already; all is put back, for nothing has happened yet."""
        for line in gone:
            self._move(line, Move.GIVE_BACK)
        try:
            return self.take(command, now, self.free + sum(line.quantity for line in gone), known)
        finally:
            for line in gone:
                self._move(line, Move.HOLD)

    def _on_line(
        self,
        command: c.Confirm | c.StartPayment | c.Release | c.FailPayment | c.Seal | c.Inspect,
        now: Instant,
    ) -> Decision:
        line = self.lines.get(command.reservation_id)
        if line is None or isinstance(command, c.Inspect):
            return Decision(command.reservation_id)
        if line.status is HELD and line.deadline <= now:
            expired = f.Expired(now, line.reservation_id, line.seq)
            return Decision(self._answer_closed(command, EXPIRED), (expired,))
        match command:
            case c.StartPayment():
                return self._start_payment(command, line, now)
            case c.Confirm():
                return self._confirm(command, line, now)
            case c.FailPayment():
                return self._fail_payment(command, line, now)
            case c.Release():
                return self._release(command, line, now)
            case c.Seal():
                return self._seal(command, line, now)
            case _:
                assert_never(command)

    @staticmethod
    def _answer_closed(
        command: c.Confirm | c.StartPayment | c.Release | c.FailPayment | c.Seal | c.Inspect,
        status: ReservationStatus,
    ) -> Refusal | ReservationId:
        match command:
            case c.Release() | c.StartPayment():
                return closed_refusal(command, status) or command.reservation_id
            case c.Confirm() | c.Seal():
                return Refusal(Reason.RESERVATION_CLOSED)
            case c.FailPayment() | c.Inspect():
                return command.reservation_id
            case _:
                assert_never(command)

    def _start_payment(self, command: c.StartPayment, line: Line, now: Instant) -> Decision:
        if line.status is PAYING:
            if line.is_home:
                return Decision(Refusal(Reason.PAYMENT_IN_PROGRESS))
            return Decision(line.reservation_id)
        if line.status is not HELD:
            return Decision(self._answer_closed(command, line.status))
        if line.tentative:
            return Decision(Refusal(Reason.NOT_FOUND))
        if self._is_cancelled(line):
            return Decision(Refusal(Reason.NOT_ON_SALE, "The event has been cancelled."))
        if line.attempt >= PAYMENT_ATTEMPTS_MAX:
            return Decision(Refusal(Reason.LIMIT_EXCEEDED, "Too many attempts to pay."))
        attempt = command.attempt or line.attempt + 1
        started = f.PaymentStarted(now, line.reservation_id, attempt, command.claims)
        return Decision(line.reservation_id, (started,))

    def _is_cancelled(self, line: Line) -> bool:
        if not line.shares:
            return _cancels(self.window)
        return any(_cancels(self.shelves[share.ticket_type_id].window) for share in line.shares)

    def _confirm(self, command: c.Confirm, line: Line, now: Instant) -> Decision:
        if line.status is PAID:
            return Decision(line.reservation_id)
        if line.status is not PAYING or line.attempt != command.attempt:
            return Decision(Refusal(Reason.RESERVATION_CLOSED))
        confirmed = f.Confirmed(now, line.reservation_id, command.ticket_codes, line.seq)
        return Decision(line.reservation_id, (confirmed,))

    def _fail_payment(self, command: c.FailPayment, line: Line, now: Instant) -> Decision:
        if line.status is not PAYING or line.attempt != command.attempt:
            return Decision(line.reservation_id)
        grace = RETRY_SECONDS * SECOND
        deadline = min(max(line.deadline, now + grace), line.first_deadline + grace)
        return Decision(line.reservation_id, (f.PaymentFailed(now, line.reservation_id, Instant(deadline)),))

    def _release(self, command: c.Release, line: Line, now: Instant) -> Decision:
        if line.status is HELD:
            return Decision(line.reservation_id, (f.Released(now, line.reservation_id, line.seq),))
        if line.status is PAYING:
            return Decision(Refusal(Reason.PAYMENT_IN_PROGRESS))
        return Decision(self._answer_closed(command, line.status))

    def _seal(self, command: c.Seal, line: Line, now: Instant) -> Decision:
        if line.status is not HELD:
            return Decision(self._answer_closed(command, line.status))
        if not line.tentative:
            return Decision(line.reservation_id)
        deadline = self.sealed_until(line, command.deadline, now) if line.identity else command.deadline
        return Decision(line.reservation_id, (f.Sealed(now, line.reservation_id, deadline),))

    def _on_own_terms(
        self, command: c.Open | c.ChangeTerms | c.ChangeEventWindow | c.Delete, now: Instant, *, taken: int
    ) -> Decision:
        if isinstance(command, c.Open):
            return self._open(command, now)
        if not self.exists:
            return Decision(Refusal(Reason.NOT_FOUND))
        match command:
            case c.ChangeTerms():
                capacity = command.patch.capacity
                if self.seating is not None and capacity not in (msgspec.UNSET, self.terms.capacity):
                    return Decision(invalid("capacity", "It is the number of its seats."))
                return change_terms(self, command, now, taken=taken)
            case c.ChangeEventWindow():
                return change_window(self, command, now)
            case c.Delete():
                if len(self.shelves):
                    return Decision(
                        Refusal(Reason.HAS_SALES, "Ticket types still draw on it.", sold=0, held=0)
                    )
                return delete(self, command, now, taken=taken)
            case _:
                assert_never(command)

    def _open(self, command: c.Open, now: Instant) -> Decision:
        if self.profile is not None:
            return Decision(None)
        terms = command.terms
        if command.hall:
            terms = msgspec.structs.replace(terms, capacity=shared_hall(command.hall).sellable)
        opened = f.Opened(now, command.profile, terms, command.window, hall=command.hall)
        return Decision(None, (opened,))

    def _on_shelf_terms(
        self,
        command: c.Open | c.ChangeTerms | c.ChangeEventWindow | c.Delete,
        now: Instant,
        expired: Sequence[f.Expired],
    ) -> Decision:
        shelf_id = command.ticket_type_id
        shelf = self.shelves.get(shelf_id)
        if isinstance(command, c.Open):
            if not self.exists or self.is_plain:
                return Decision(Refusal(Reason.NOT_FOUND))
            if shelf is not None:
                return Decision(None)
            opened = f.Opened(now, command.profile, command.terms, command.window, shelf_id)
            return Decision(None, (opened,))
        if shelf is None:
            return Decision(Refusal(Reason.NOT_FOUND))
        freed = sum(
            share.quantity
            for fact in expired
            for share in self.lines[fact.reservation_id].shares
            if share.ticket_type_id == shelf_id
        )
        match command:
            case c.ChangeTerms():
                return change_terms(shelf, command, now, taken=shelf.taken - freed)
            case c.ChangeEventWindow():
                return change_window(shelf, command, now)
            case c.Delete():
                return delete(shelf, command, now, taken=shelf.taken - freed)
            case _:
                assert_never(command)

    def _on_codes(
        self, command: c.ListAccessCodes | c.SetAccessCode | c.RemoveAccessCode, now: Instant
    ) -> Decision:
        shelf_id = command.ticket_type_id
        if not self.exists or not (shelf_id == f.OWN or self.shelves.get(shelf_id)):
            return Decision(Refusal(Reason.NOT_FOUND))
        codes = self.codes_of(shelf_id)
        match command:
            case c.ListAccessCodes():
                return Decision(AccessCodes(codes.codes()))
            case c.SetAccessCode():
                if not codes.has_room_for(command.code):
                    return Decision(invalid("code", f"At most {ACCESS_CODES_MAX:,} codes."))
                fact = f.AccessCodeSet(now, command.code, command.capacity, command.until, shelf_id)
                return Decision(None, (fact,))
            case c.RemoveAccessCode():
                if command.code not in codes:
                    return Decision(Refusal(Reason.NOT_FOUND))
                return Decision(None, (f.AccessCodeRemoved(now, command.code, shelf_id),))
            case _:
                assert_never(command)

    @property
    def _taken(self) -> int:
        return self.held + self.paying + self.sold

    def outcome(self, answer: Refusal | AccessCodes | ReservationId | None) -> Outcome:
        """A decision's answer in full, once its facts are applied."""
        if isinstance(answer, str):
            return self.lines.get(answer) or Departed(answer)
        return (self.offer() or Refusal(Reason.NOT_FOUND)) if answer is None else answer


def _cancels(window: EventWindow | None) -> bool:
    return window is not None and window.status is EventStatus.CANCELLED

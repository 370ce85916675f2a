"""The state machine of one inventory: `decide` judges a command and changes nothing."""

from collections.abc import Sequence
from typing import assert_never

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.decisions import Decision, closed_refusal
from ticketd.core.ids import SECOND, Instant, ReservationId
from ticketd.core.moves import Move
from ticketd.core.on_sale import limit_refusal, time_refusal
from ticketd.core.outcomes import AccessCodes, Departed, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.reserving import Reserving
from ticketd.core.state import EXPIRED, HELD, PAID, PAYING
from ticketd.core.terms import EventStatus, EventWindow
from ticketd.core.terms_commands import on_codes, on_terms

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
        match command:
            case c.Reserve():
                if self.is_plain and not (command.admission or command.identity):
                    free = self.free + self._given_back_by(expired) if expired else self.free
                    decision = self._reserve(command, now, free)
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
                decision = on_codes(self, command, now)
            case c.Open() | c.ChangeTerms() | c.ChangeEventWindow() | c.Delete():
                decision = on_terms(self, command, now, expired)
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

    def _given_back_by(self, expired: Sequence[f.Expired]) -> int:
        return sum(self.lines[fact.reservation_id].quantity for fact in expired)

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

    def outcome(self, answer: Refusal | AccessCodes | ReservationId | None) -> Outcome:
        """A decision's answer in full, once its facts are applied."""
        if isinstance(answer, str):
            return self.lines.get(answer) or Departed(answer)
        return (self.offer() or Refusal(Reason.NOT_FOUND)) if answer is None else answer


def _cancels(window: EventWindow | None) -> bool:
    return window is not None and window.status is EventStatus.CANCELLED

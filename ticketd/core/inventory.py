"""The state machine of one inventory: `decide` judges a command and changes nothing."""

from typing import assert_never

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.decisions import Decision, closed_refusal
from ticketd.core.ids import MICROSECONDS, Instant, ReservationId
from ticketd.core.outcomes import Departed, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.state import EXPIRED, HELD, PAID, PAYING, InventoryState
from ticketd.core.terms import EventStatus, opening, window_errors

EXPIRED_PER_DECISION_MAX = 256
PAYMENT_ATTEMPTS_MAX = 5
RETRY_SECONDS = 60
"""A failed payment leaves this long, but never goes this far past the first deadline."""


class Inventory(InventoryState):
    """What may be done with one inventory, and what becomes of it."""

    def decide(self, command: c.AnyCommand, now: Instant) -> Decision:
        """Judge a command at `now`; what has run out by then is given back first."""
        expired = self._due(now) if self.deadlines.earliest <= now else ()
        freed = sum(self.lines[fact.reservation_id].quantity for fact in expired) if expired else 0
        match command:
            case c.Reserve():
                decision = self._reserve(command, now, self.free + freed)
            case c.Confirm() | c.StartPayment() | c.Release() | c.FailPayment() | c.Seal() | c.Inspect():
                if any(fact.reservation_id == command.reservation_id for fact in expired):
                    decision = Decision((), self._answer_closed(command, EXPIRED))
                else:
                    decision = self._on_line(command, now)
            case c.ExpireDue():
                decision = Decision((), None)
            case c.Open():
                decision = self._open(command, now)
            case c.ChangeTerms():
                decision = self._change_terms(command, now, taken=self._taken - freed)
            case c.ChangeEventWindow():
                decision = self._change_event_window(command, now)
            case c.Delete():
                decision = self._delete(now, taken=self._taken - freed)
            case _:
                assert_never(command)
        return Decision(expired + decision.facts, decision.answer) if expired else decision

    def _due(self, now: Instant) -> tuple[f.Expired, ...]:
        due: dict[ReservationId, f.Expired] = {}
        for deadline, reservation_id in self.deadlines.due(now):
            if self.runs_out(reservation_id, deadline):
                due[reservation_id] = f.Expired(now, reservation_id, self.lines[reservation_id].seq)
                if len(due) == EXPIRED_PER_DECISION_MAX:
                    break
        return tuple(due.values())

    def _reserve(self, command: c.Reserve, now: Instant, free: int) -> Decision:
        if command.reservation_id in self.lines:
            return Decision((), command.reservation_id)
        if command.key and (use := self.keys.find(command.key)):
            same = use.request == command.request
            return Decision((), use.reservation_id if same else Refusal(Reason.KEY_REUSED))
        opens_at, ends_at = self.sale_time
        quantity, terms = command.quantity, self.terms
        if not opens_at <= now < ends_at or quantity > free or quantity > terms.max_per_reservation:
            return Decision((), self._sale_refusal(quantity, now, free))
        deadline = Instant(now + command.hold_seconds * MICROSECONDS)
        fact = f.Reserved(
            now,
            command.reservation_id,
            quantity,
            terms.price_cents,
            deadline,
            command.key,
            command.request,
            command.parts,
        )
        return Decision((fact,), command.reservation_id)

    def _sale_refusal(self, quantity: int, now: Instant, free: int) -> Refusal:
        if not self.exists:
            return Refusal(Reason.NOT_FOUND)
        opens_at, ends_at = self.sale_time
        if now >= ends_at:
            return Refusal(Reason.NOT_ON_SALE)
        if now < opens_at:
            return Refusal(Reason.NOT_ON_SALE, on_sale_at=opening(self.terms, self.window))
        max_per_reservation = self.terms.max_per_reservation
        if quantity > max_per_reservation:
            return Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=max_per_reservation)
        return Refusal(Reason.SOLD_OUT, available=free)

    def _on_line(
        self,
        command: c.Confirm | c.StartPayment | c.Release | c.FailPayment | c.Seal | c.Inspect,
        now: Instant,
    ) -> Decision:
        line = self.lines.get(command.reservation_id)
        if line is None or isinstance(command, c.Inspect):
            return Decision((), command.reservation_id)
        if line.status is HELD and line.deadline <= now:
            expired = f.Expired(now, line.reservation_id, line.seq)
            return Decision((expired,), self._answer_closed(command, EXPIRED))
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
                return Decision((), Refusal(Reason.PAYMENT_IN_PROGRESS))
            return Decision((), line.reservation_id)
        if line.status is not HELD:
            return Decision((), self._answer_closed(command, line.status))
        if line.tentative:
            return Decision((), Refusal(Reason.NOT_FOUND))
        if self.window is not None and self.window.status is EventStatus.CANCELLED:
            return Decision((), Refusal(Reason.NOT_ON_SALE, "The event has been cancelled."))
        if line.attempt >= PAYMENT_ATTEMPTS_MAX:
            return Decision((), Refusal(Reason.LIMIT_EXCEEDED, "Too many attempts to pay."))
        attempt = command.attempt or line.attempt + 1
        return Decision((f.PaymentStarted(now, line.reservation_id, attempt),), line.reservation_id)

    def _confirm(self, command: c.Confirm, line: Line, now: Instant) -> Decision:
        if line.status is PAID:
            return Decision((), line.reservation_id)
        if line.status is not PAYING or line.attempt != command.attempt:
            return Decision((), Refusal(Reason.RESERVATION_CLOSED))
        confirmed = f.Confirmed(now, line.reservation_id, command.ticket_codes, line.seq)
        return Decision((confirmed,), line.reservation_id)

    def _fail_payment(self, command: c.FailPayment, line: Line, now: Instant) -> Decision:
        if line.status is not PAYING or line.attempt != command.attempt:
            return Decision((), line.reservation_id)
        grace = RETRY_SECONDS * MICROSECONDS
        deadline = min(max(line.deadline, now + grace), line.first_deadline + grace)
        return Decision((f.PaymentFailed(now, line.reservation_id, Instant(deadline)),), line.reservation_id)

    def _release(self, command: c.Release, line: Line, now: Instant) -> Decision:
        if line.status is HELD:
            return Decision((f.Released(now, line.reservation_id, line.seq),), line.reservation_id)
        if line.status is PAYING:
            return Decision((), Refusal(Reason.PAYMENT_IN_PROGRESS))
        return Decision((), self._answer_closed(command, line.status))

    def _seal(self, command: c.Seal, line: Line, now: Instant) -> Decision:
        if line.status is not HELD:
            return Decision((), self._answer_closed(command, line.status))
        if not line.tentative:
            return Decision((), line.reservation_id)
        return Decision((f.Sealed(now, line.reservation_id, command.deadline),), line.reservation_id)

    def _open(self, command: c.Open, now: Instant) -> Decision:
        if self.profile is not None:
            return Decision((), None)
        return Decision((f.Opened(now, command.profile, command.terms, command.window),), None)

    def _change_terms(self, command: c.ChangeTerms, now: Instant, *, taken: int) -> Decision:
        if not self.exists:
            return Decision((), Refusal(Reason.NOT_FOUND))
        terms = command.patch.applied_to(self.terms)
        errors = window_errors(terms.on_sale_at, terms.off_sale_at)
        if errors:
            return Decision((), Refusal(Reason.INVALID, errors=errors))
        if terms.capacity < taken:
            return Decision((), self._taken_refusal(Reason.CAPACITY_BELOW_SOLD, taken))
        return Decision((f.TermsChanged(now, terms),), None)

    def _change_event_window(self, command: c.ChangeEventWindow, now: Instant) -> Decision:
        if not self.exists:
            return Decision((), Refusal(Reason.NOT_FOUND))
        if command.window == self.window:
            return Decision((), None)
        return Decision((f.EventWindowChanged(now, command.window),), None)

    def _delete(self, now: Instant, *, taken: int) -> Decision:
        if not self.exists:
            return Decision((), Refusal(Reason.NOT_FOUND))
        if taken > 0:
            return Decision((), self._taken_refusal(Reason.HAS_SALES, taken))
        return Decision((f.Deleted(now),), None)

    def _taken_refusal(self, reason: Reason, taken: int) -> Refusal:
        return Refusal(reason, sold=self.sold, held=taken - self.sold)

    @property
    def _taken(self) -> int:
        return self.held + self.paying + self.sold

    def outcome(self, answer: Refusal | ReservationId | None) -> Outcome:
        """A decision's answer in full, once its facts are applied."""
        if answer is None:
            return self.offer() or Refusal(Reason.NOT_FOUND)
        if isinstance(answer, Refusal):
            return answer
        return self.lines.get(answer) or Departed(answer)

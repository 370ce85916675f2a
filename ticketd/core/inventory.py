"""The state machine of one inventory.

`decide` judges a command and changes nothing; `apply` takes in a fact and cannot refuse. Replaying an
inventory's facts rebuilds it exactly, so that the ledger is the truth and everything else a projection.

Invariant, after every fact: capacity = free + held + paying + sold, and none is negative.
"""

from typing import assert_never

import msgspec

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.deadlines import Deadlines
from ticketd.core.decisions import Decision, closed_refusal
from ticketd.core.ids import MICROSECONDS, Instant, InventoryId, ReservationId
from ticketd.core.keys import KeyMemory
from ticketd.core.outcomes import Departed, Figures, Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.snapshots import Snapshot
from ticketd.core.terms import (
    EventStatus,
    EventWindow,
    Profile,
    SaleStatus,
    Terms,
    opening,
    sale_status,
    window_errors,
)

EXPIRED_PER_DECISION_MAX = 256
PAYMENT_ATTEMPTS_MAX = 5
RETRY_SECONDS = 60
"""A failed payment leaves this long, but never goes this far past the first deadline."""

HELD, PAYING, PAID = ReservationStatus.HELD, ReservationStatus.PAYING, ReservationStatus.PAID
RELEASED, EXPIRED = ReservationStatus.RELEASED, ReservationStatus.EXPIRED


class LedgerGap(Exception):
    """A ledger that isn't dense: somebody else has written or deleted facts."""


class Inventory:
    """One inventory's capacity, who has it, and until when."""

    def __init__(self, inventory_id: InventoryId) -> None:
        self.id = inventory_id
        self.seq = 0
        self.restored_seq = 0
        """The fact up to which a snapshot spared the replay."""
        self.profile: Profile | None = None
        self.terms = Terms(name="", capacity=0)
        self.window: EventWindow | None = None
        self.deleted = False
        self.free = self.held = self.paying = self.sold = 0
        self.revenue_cents = 0
        self.lines: dict[ReservationId, Line] = {}
        """Open lines, and closed ones until the owner calls `forget`."""
        self.keys = KeyMemory()
        self._deadlines = Deadlines()

    # -- what it shows

    @property
    def exists(self) -> bool:
        """Whether it has been opened and not deleted."""
        return self.profile is not None and not self.deleted

    def conserved(self) -> bool:
        """Whether the invariant holds."""
        counts = (self.free, self.held, self.paying, self.sold)
        return min(counts) >= 0 and sum(counts) == self.terms.capacity

    def figures(self) -> Figures:
        """The counts as they stand."""
        return Figures(self.terms.capacity, self.free, self.held, self.paying, self.sold, self.revenue_cents)

    def offer(self) -> Offer | None:
        """What guests and owners may see; None if it doesn't exist."""
        if self.profile is None or self.deleted:
            return None
        return Offer(self.id, self.seq, self.profile, self.terms, self.window, self.figures())

    def next_deadline(self) -> Instant | None:
        """When the next held line runs out."""
        first = self._deadlines.first()
        return None if first is None else first[0]

    def outcome(self, answer: Refusal | ReservationId | None) -> Outcome:
        """A decision's answer in full, once its facts are applied."""
        if answer is None:
            return self.offer() or Refusal(Reason.NOT_FOUND)
        if isinstance(answer, Refusal):
            return answer
        return self.lines.get(answer) or Departed(answer)

    # -- deciding

    def decide(self, command: c.AnyCommand, now: Instant) -> Decision:
        """Judge a command at `now`; what has run out by then is given back first."""
        expired = self._due(now)
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

    @property
    def _taken(self) -> int:
        return self.held + self.paying + self.sold

    def _due(self, now: Instant) -> tuple[f.Expired, ...]:
        first = self._deadlines.first()
        if first is None or first[0] > now:
            return ()
        due: dict[ReservationId, f.Expired] = {}
        for deadline, reservation_id in self._deadlines.due(now):
            if self._runs_out(reservation_id, deadline):
                due[reservation_id] = f.Expired(now, reservation_id)
                if len(due) == EXPIRED_PER_DECISION_MAX:
                    break
        return tuple(due.values())

    def _runs_out(self, reservation_id: ReservationId, deadline: Instant) -> bool:
        line = self.lines.get(reservation_id)
        return line is not None and line.status is HELD and line.deadline == deadline

    def _reserve(self, command: c.Reserve, now: Instant, free: int) -> Decision:
        if command.reservation_id in self.lines:
            return Decision((), command.reservation_id)
        if command.key and (use := self.keys.find(command.key)):
            same = use.request == command.request
            return Decision((), use.reservation_id if same else Refusal(Reason.KEY_REUSED))
        refusal = self._sale_refusal(command.quantity, now, free)
        if refusal is not None:
            return Decision((), refusal)
        deadline = Instant(now + command.hold_seconds * MICROSECONDS)
        fact = f.Reserved(
            now,
            command.reservation_id,
            command.quantity,
            self.terms.price_cents,
            deadline,
            command.key,
            command.request,
            command.parts,
        )
        return Decision((fact,), command.reservation_id)

    def _sale_refusal(self, quantity: int, now: Instant, free: int) -> Refusal | None:
        if not self.exists:
            return Refusal(Reason.NOT_FOUND)
        terms = self.terms
        status = sale_status(terms, self.window, free=free, now=now)
        if status is SaleStatus.NOT_YET or status is SaleStatus.ENDED:
            opens_at = opening(terms, self.window) if status is SaleStatus.NOT_YET else None
            return Refusal(Reason.NOT_ON_SALE, on_sale_at=opens_at)
        if quantity > terms.max_per_reservation:
            return Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=terms.max_per_reservation)
        if quantity > free:
            return Refusal(Reason.SOLD_OUT, available=free)
        return None

    def _on_line(
        self,
        command: c.Confirm | c.StartPayment | c.Release | c.FailPayment | c.Seal | c.Inspect,
        now: Instant,
    ) -> Decision:
        line = self.lines.get(command.reservation_id)
        if line is None or isinstance(command, c.Inspect):
            return Decision((), command.reservation_id)
        if line.status is HELD and line.deadline <= now:
            expired = f.Expired(now, line.reservation_id)
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
        return Decision((f.Confirmed(now, line.reservation_id, command.ticket_codes),), line.reservation_id)

    def _fail_payment(self, command: c.FailPayment, line: Line, now: Instant) -> Decision:
        if line.status is not PAYING or line.attempt != command.attempt:
            return Decision((), line.reservation_id)
        grace = RETRY_SECONDS * MICROSECONDS
        deadline = min(max(line.deadline, now + grace), line.first_deadline + grace)
        return Decision((f.PaymentFailed(now, line.reservation_id, Instant(deadline)),), line.reservation_id)

    def _release(self, command: c.Release, line: Line, now: Instant) -> Decision:
        if line.status is HELD:
            return Decision((f.Released(now, line.reservation_id),), line.reservation_id)
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

    # -- applying

    def apply(self, fact: f.AnyFact) -> None:
        """Take in the next fact of the ledger."""
        self.seq += 1
        match fact:
            case f.Reserved():
                self._apply_reserved(fact)
                return  # the only fact after which no deadline is stale
            case f.PaymentStarted():
                line = self._replace(fact.reservation_id, status=PAYING, attempt=fact.attempt)
                self.held -= line.quantity
                self.paying += line.quantity
            case f.Confirmed():
                line = self._replace(fact.reservation_id, status=PAID, ticket_codes=fact.ticket_codes)
                self.paying -= line.quantity
                self.sold += line.quantity
                self.revenue_cents += line.quantity * line.unit_price_cents
            case f.PaymentFailed():
                line = self._replace(fact.reservation_id, status=HELD, deadline=fact.deadline)
                self.paying -= line.quantity
                self.held += line.quantity
                self._deadlines.add(fact.deadline, fact.reservation_id)
            case f.Released() | f.Expired():
                status = RELEASED if isinstance(fact, f.Released) else EXPIRED
                line = self._replace(fact.reservation_id, status=status)
                self.held -= line.quantity
                self.free += line.quantity
                self.keys.follow(fact, self.seq)
            case f.Sealed():
                self._replace(
                    fact.reservation_id,
                    deadline=fact.deadline,
                    first_deadline=fact.deadline,
                    tentative=False,
                )
                self._deadlines.add(fact.deadline, fact.reservation_id)
                self.keys.follow(fact, self.seq)
            case f.Opened():
                self.profile, self.terms, self.window = fact.profile, fact.terms, fact.window
                self.free = fact.terms.capacity
            case f.TermsChanged():
                self.free += fact.terms.capacity - self.terms.capacity
                self.terms = fact.terms
            case f.EventWindowChanged():
                self.window = fact.window
            case f.Deleted():
                self.deleted = True
            case _:
                assert_never(fact)
        self._drop_stale_deadlines()

    def _apply_reserved(self, fact: f.Reserved) -> None:
        self.free -= fact.quantity
        self.held += fact.quantity
        self.lines[fact.reservation_id] = Line(
            fact.reservation_id,
            self.id,
            self.seq,
            HELD,
            fact.quantity,
            fact.unit_price_cents,
            fact.at,
            fact.deadline,
            fact.deadline,
            tentative=bool(fact.parts),
            parts=fact.parts,
        )
        self._deadlines.add(fact.deadline, fact.reservation_id)
        self.keys.follow(fact, self.seq)

    def _replace(self, reservation_id: ReservationId, **changes: object) -> Line:
        line = msgspec.structs.replace(self.lines[reservation_id], **changes)
        self.lines[reservation_id] = line
        return line

    def _drop_stale_deadlines(self) -> None:
        deadlines = self._deadlines
        while (first := deadlines.first()) and not self._runs_out(first[1], first[0]):
            deadlines.drop_first()
        if deadlines.crowded(len(self.lines)):
            deadlines.rebuild(
                [(line.deadline, line.reservation_id) for line in self.lines.values() if line.status is HELD]
            )

    def replay(self, seq: int, fact: f.AnyFact) -> None:
        """Take in a fact read from the ledger; those up to the snapshot only tell their keys."""
        if seq <= self.seq:
            self.keys.follow(fact, seq)
            return
        if seq != self.seq + 1:
            raise LedgerGap(f"inventory {self.id}: fact {seq} follows fact {self.seq}")
        self.apply(fact)
        if isinstance(fact, f.CLOSING):
            self.forget(fact.reservation_id)

    def forget(self, reservation_id: ReservationId) -> None:
        """Let a closed line leave memory; an open one stays."""
        line = self.lines.get(reservation_id)
        if line is not None and line.status not in (HELD, PAYING):
            del self.lines[reservation_id]

    # -- snapshots

    def snapshot(self) -> Snapshot | None:
        """The state to go on from; None before it was ever opened."""
        if self.profile is None:
            return None
        open_lines = tuple(line for line in self.lines.values() if line.status in (HELD, PAYING))
        oldest_key = self.keys.oldest_seq()
        return Snapshot(
            self.seq,
            self.profile,
            self.terms,
            self.window,
            self.deleted,
            self.sold,
            self.revenue_cents,
            open_lines,
            self.seq + 1 if oldest_key is None else oldest_key,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot; only for an inventory that has no facts yet."""
        assert self.seq == 0, "an inventory is restored before its first fact"
        self.seq = self.restored_seq = snapshot.seq
        self.profile, self.terms = snapshot.profile, snapshot.terms
        self.window, self.deleted = snapshot.window, snapshot.deleted
        self.sold, self.revenue_cents = snapshot.sold, snapshot.revenue_cents
        for line in snapshot.open_lines:
            self.lines[line.reservation_id] = line
            if line.status is HELD:
                self.held += line.quantity
                self._deadlines.add(line.deadline, line.reservation_id)
            else:
                self.paying += line.quantity
        self.free = self.terms.capacity - self.held - self.paying - self.sold

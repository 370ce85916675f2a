"""What the facts make of an inventory: counts, open lines, keys and deadlines.

`apply` takes in a fact and cannot refuse. Replaying an inventory's facts rebuilds it exactly, so that the
ledger is the truth and everything else a projection.

Invariant, after every fact: capacity = free + held + paying + sold, and none is negative.
"""

from typing import assert_never

import msgspec

from ticketd.core import facts as f
from ticketd.core.deadlines import Deadlines
from ticketd.core.ids import Instant, InventoryId, ReservationId
from ticketd.core.keys import KeyMemory
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.snapshots import Snapshot
from ticketd.core.terms import NO_TIME, EventWindow, Profile, Terms, sale_time

HELD, PAYING, PAID = ReservationStatus.HELD, ReservationStatus.PAYING, ReservationStatus.PAID
RELEASED, EXPIRED = ReservationStatus.RELEASED, ReservationStatus.EXPIRED


class LedgerGap(Exception):
    """A ledger that isn't dense: somebody else has written or deleted facts."""


class InventoryState:
    """One inventory's capacity, who has it, and until when."""

    def __init__(self, inventory_id: InventoryId) -> None:
        self.id = inventory_id
        self.seq = 0
        self.restored_seq = 0
        """The fact up to which a snapshot spared the replay."""
        self.profile: Profile | None = None
        self.terms = Terms(name="", capacity=0)
        self.window: EventWindow | None = None
        self.sale_time = sale_time(self.terms, None)
        self.deleted = False
        self.free = self.held = self.paying = self.sold = 0
        self.revenue_cents = 0
        self.lines: dict[ReservationId, Line] = {}
        """Open lines, and closed ones until the owner calls `forget`."""
        self.keys = KeyMemory()
        self.deadlines = Deadlines()

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
        first = self.deadlines.first()
        return None if first is None else first[0]

    def runs_out(self, reservation_id: ReservationId, deadline: Instant) -> bool:
        """Whether this line is held until just then, and no longer."""
        line = self.lines.get(reservation_id)
        return line is not None and line.status is HELD and line.deadline == deadline

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
                self.deadlines.add(fact.deadline, fact.reservation_id)
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
                self.deadlines.add(fact.deadline, fact.reservation_id)
                self.keys.follow(fact, self.seq)
            case f.Opened():
                self.profile = fact.profile
                self.free = fact.terms.capacity
                self._sell_on(fact.terms, fact.window)
            case f.TermsChanged():
                self.free += fact.terms.capacity - self.terms.capacity
                self._sell_on(fact.terms, self.window)
            case f.EventWindowChanged():
                self._sell_on(self.terms, fact.window)
            case f.Deleted():
                self.deleted = True
                self._sell_on(self.terms, self.window)
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
            bool(fact.parts),
            0,
            fact.parts,
        )
        self.deadlines.add(fact.deadline, fact.reservation_id)
        self.keys.follow(fact, self.seq)

    def _sell_on(self, terms: Terms, window: EventWindow | None) -> None:
        self.terms, self.window = terms, window
        self.sale_time = NO_TIME if self.deleted else sale_time(terms, window)

    def _replace(self, reservation_id: ReservationId, **changes: object) -> Line:
        line = msgspec.structs.replace(self.lines[reservation_id], **changes)
        self.lines[reservation_id] = line
        return line

    def _drop_stale_deadlines(self) -> None:
        deadlines = self.deadlines
        while (first := deadlines.first()) and not self.runs_out(first[1], first[0]):
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
        open_lines = [line for line in self.lines.values() if line.status is HELD or line.status is PAYING]
        oldest_key = self.keys.oldest_seq()
        return Snapshot(
            self.seq,
            self.profile,
            self.terms,
            self.window,
            self.deleted,
            self.sold,
            self.revenue_cents,
            tuple(open_lines),
            self.seq + 1 if oldest_key is None else oldest_key,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot; only for an inventory that has no facts yet."""
        assert self.seq == 0, "an inventory is restored before its first fact"
        self.seq = self.restored_seq = snapshot.seq
        self.profile, self.deleted = snapshot.profile, snapshot.deleted
        self._sell_on(snapshot.terms, snapshot.window)
        self.sold, self.revenue_cents = snapshot.sold, snapshot.revenue_cents
        for line in snapshot.open_lines:
            self.lines[line.reservation_id] = line
            if line.status is HELD:
                self.held += line.quantity
                self.deadlines.add(line.deadline, line.reservation_id)
            else:
                self.paying += line.quantity
        self.free = self.terms.capacity - self.held - self.paying - self.sold

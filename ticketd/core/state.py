"""What the facts make of an inventory: counts, open lines, keys and deadlines.

`apply` takes in a fact and cannot refuse. Replaying an inventory's facts rebuilds it exactly, so that the
ledger is the truth and everything else a projection.

Invariant, after every fact: capacity = free + held + paying + sold, and none is negative; where there are
seats, so many of them are free, held and sold as well.
"""

from typing import assert_never

import msgspec

from ticketd.core import facts as f
from ticketd.core.access_codes import AccessCodeBook
from ticketd.core.catalogue import Listing, TicketType
from ticketd.core.deadlines import Deadlines
from ticketd.core.guest_tally import GuestTally
from ticketd.core.habits import Habits
from ticketd.core.hall import shared_hall
from ticketd.core.ids import Instant, InventoryId, ReservationId, TicketTypeId
from ticketd.core.keys import KeyMemory
from ticketd.core.moves import Move
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.seating import Seating
from ticketd.core.shelves import Shelf, Shelves
from ticketd.core.snapshots import Snapshot
from ticketd.core.terms import NO_TIME, EventWindow, Kind, Profile, Terms, sale_time

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
        self.habits = Habits()
        self.is_plain = True
        """Whether it has nothing but counts: none of the following says anything."""
        self.is_shared = False
        self.seating: Seating | None = None
        self.shelves = Shelves()
        self.codes = AccessCodeBook()
        self.guests = GuestTally()

    # -- what it shows

    @property
    def exists(self) -> bool:
        """Whether it has been opened and not deleted."""
        return self.profile is not None and not self.deleted

    @property
    def taken(self) -> int:
        """Held, paying and sold."""
        return self.held + self.paying + self.sold

    def conserved(self) -> bool:
        """Whether the invariant holds."""
        counts = (self.free, self.held, self.paying, self.sold)
        seated = self.seating is None or self.seating.free == self.free
        return min(counts) >= 0 and sum(counts) == self.terms.capacity and seated

    def figures(self) -> Figures:
        """The counts as they stand."""
        return Figures(self.terms.capacity, self.free, self.held, self.paying, self.sold, self.revenue_cents)

    def offer(self) -> Offer | None:
        """What guests and owners may see; None if it doesn't exist."""
        if self.profile is None or self.deleted:
            return None
        return Offer(
            self.id,
            TicketTypeId(self.id),
            self.seq,
            self.profile,
            self.terms,
            self.window,
            self.figures(),
            None if self.seating is None else self.seating.hall,
            self.codes.required,
            self._shelf_offers() if self.is_shared else (),
            self.next_deadline(),
        )

    def _shelf_offers(self) -> tuple[Offer, ...]:
        capacity, free = self.terms.capacity, self.free
        return tuple([shelf.offer(self.id, capacity=capacity, free=free) for shelf in self.shelves])

    def listing(self, ticket_type_id: TicketTypeId) -> Listing:
        """Itself (OWN), or a ticket type that is or was on its shelves."""
        if ticket_type_id != f.OWN:
            shelf = self.shelves[ticket_type_id]
            hidden = shelf.codes.required
            return Listing(TicketType(shelf.id, self.seq, shelf.profile, shelf.terms, hidden), shelf.deleted)
        assert self.profile is not None, "an inventory's first fact opens it"
        own, hidden = TicketTypeId(self.id), self.codes.required
        return Listing(TicketType(own, self.seq, self.profile, self.terms, hidden), self.deleted)

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
                return  # it makes no deadline stale, and the next one neither
            case f.PaymentStarted():
                line = self._replace(
                    fact.reservation_id, status=PAYING, attempt=fact.attempt, claims=fact.claims
                )
                self.held -= line.quantity
                self.paying += line.quantity
                self._move(line, Move.PAY)
            case f.Confirmed():
                line = self._replace(fact.reservation_id, status=PAID, ticket_codes=fact.ticket_codes)
                self.paying -= line.quantity
                self.sold += line.quantity
                self.revenue_cents += line.total_cents
                self._move(line, Move.SELL)
                if line.identity:
                    self.habits.paid(line, fact.at)
                return
            case f.PaymentFailed():
                line = self._replace(fact.reservation_id, status=HELD, deadline=fact.deadline)
                self.paying -= line.quantity
                self.held += line.quantity
                self._move(line, Move.FAIL)
                self.deadlines.add(fact.deadline, fact.reservation_id)
            case f.Released() | f.Expired():
                status = RELEASED if isinstance(fact, f.Released) else EXPIRED
                line = self._replace(fact.reservation_id, status=status)
                self.held -= line.quantity
                self.free += line.quantity
                self._move(line, Move.GIVE_BACK)
                if line.identity:
                    self.habits.given_back(line, fact.at)
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
            case f.Opened() | f.TermsChanged() | f.EventWindowChanged() | f.Deleted():
                if fact.ticket_type_id == f.OWN:
                    self._apply_own_terms(fact)
                else:
                    self._apply_shelf_terms(fact)
            case f.AccessCodeSet():
                self._codes_changed(fact.ticket_type_id).set(fact.code, fact.capacity, fact.until)
                self.is_plain = False
            case f.AccessCodeRemoved():
                self._codes_changed(fact.ticket_type_id).remove(fact.code)
            case _:
                assert_never(fact)
        self._drop_stale_deadlines()

    def _apply_own_terms(self, fact: f.Opened | f.TermsChanged | f.EventWindowChanged | f.Deleted) -> None:
        match fact:
            case f.Opened():
                self.profile = fact.profile
                self.free = fact.terms.capacity
                self._furnish(fact.profile, fact.hall)
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

    def _apply_shelf_terms(self, fact: f.Opened | f.TermsChanged | f.EventWindowChanged | f.Deleted) -> None:
        match fact:
            case f.Opened():
                self.shelves.put(Shelf(fact.ticket_type_id, fact.profile, fact.terms, fact.window))
            case f.TermsChanged():
                shelf = self.shelves[fact.ticket_type_id]
                shelf.sell_on(fact.terms, shelf.window)
            case f.EventWindowChanged():
                shelf = self.shelves[fact.ticket_type_id]
                shelf.sell_on(shelf.terms, fact.window)
            case f.Deleted():
                self.shelves[fact.ticket_type_id].deleted = True
            case _:
                assert_never(fact)
        self.shelves[fact.ticket_type_id].seq = self.seq

    def _codes_changed(self, ticket_type_id: TicketTypeId) -> AccessCodeBook:
        if ticket_type_id != f.OWN:
            self.shelves[ticket_type_id].seq = self.seq
        return self.codes_of(ticket_type_id)

    def codes_of(self, ticket_type_id: TicketTypeId) -> AccessCodeBook:
        """The access codes of a ticket type that is here."""
        return self.codes if ticket_type_id == f.OWN else self.shelves[ticket_type_id].codes

    def _furnish(self, profile: Profile, hall: bytes) -> None:
        """Make room for what it keeps beside its counts."""
        if hall:
            self.seating = Seating(shared_hall(hall))
        self.is_plain = not hall and profile.kind is Kind.TICKETS
        self.is_shared = profile.kind is Kind.CAPACITY

    def _move(self, line: Line, move: Move) -> None:
        if self.is_plain:
            return
        if line.seats and self.seating is not None:
            self.seating.follow(line.seats, move)
        if line.guest:
            self.guests.follow(line.guest, line.quantity, move)
        if line.shares:
            self.shelves.follow(line.shares, move)
        if line.access_code:
            self.codes.follow(line.access_code, line.quantity, move)

    def _apply_reserved(self, fact: f.Reserved) -> None:
        reservation_id, quantity, deadline = fact.reservation_id, fact.quantity, fact.deadline
        self.free -= quantity
        self.held += quantity
        line = Line(
            reservation_id,
            self.id,
            self.seq,
            HELD,
            quantity,
            fact.unit_price_cents,
            fact.at,
            deadline,
            deadline,
            fact.parts != () and not fact.guest,
            0,
            fact.parts,
            (),
            fact.seats,
            fact.shares,
            fact.access_code,
            fact.guest,
            (),
            fact.identity,
        )
        self.lines[reservation_id] = line
        if not self.is_plain:
            if fact.seats and self.seating is not None and not fact.access_code:
                self.seating.hold(fact.seats)  # nothing else counts along, as nearly always
            else:
                self._move(line, Move.HOLD)
        if fact.identity:
            self.habits.held(line)
        self.deadlines.add(deadline, reservation_id)
        self.keys.follow_reserved(fact, self.seq)

    def _sell_on(self, terms: Terms, window: EventWindow | None) -> None:
        self.terms, self.window = terms, window
        self.sale_time = NO_TIME if self.deleted else sale_time(terms, window)

    def _replace(self, reservation_id: ReservationId, **changes: object) -> Line:
        line = msgspec.structs.replace(self.lines[reservation_id], **changes)
        self.lines[reservation_id] = line
        return line

    def _drop_stale_deadlines(self) -> None:
        deadlines = self.deadlines
        deadlines.drop_stale(self.runs_out)
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
            b"" if self.seating is None else self.seating.hall.encode(),
            b"" if self.seating is None else self.seating.sold_bytes(),
            self.shelves.at_rest(),
            self.codes.at_rest(),
            self.guests.sold_to(),
            self.habits.at_rest(),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot; only for an inventory that has no facts yet."""
        assert self.seq == 0, "an inventory is restored before its first fact"
        self.seq = self.restored_seq = snapshot.seq
        self.profile, self.deleted = snapshot.profile, snapshot.deleted
        self._furnish(snapshot.profile, snapshot.hall)
        if self.seating is not None:
            self.seating.restore(snapshot.sold_seats)
        self.shelves.restore(snapshot.shelves)
        self.codes.restore(snapshot.codes)
        self.is_plain = self.is_plain and not snapshot.codes
        self.guests.restore(snapshot.sold_to)
        self.habits.restore(snapshot.habits)
        self._sell_on(snapshot.terms, snapshot.window)
        self.sold, self.revenue_cents = snapshot.sold, snapshot.revenue_cents
        for line in snapshot.open_lines:
            self.lines[line.reservation_id] = line
            self._move(line, Move.HOLD)
            if line.identity:
                self.habits.held(line)
            if line.status is HELD:
                self.held += line.quantity
                self.deadlines.add(line.deadline, line.reservation_id)
            else:
                self.paying += line.quantity
                self._move(line, Move.PAY)
        self.free = self.terms.capacity - self.held - self.paying - self.sold

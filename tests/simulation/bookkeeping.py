"""Seats, shared capacities, access codes and guests, followed with pencil and paper, fact by fact."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.simulation.broken import Broken
from ticketd.core import facts as f
from ticketd.core.hall import Hall
from ticketd.core.ids import Instant, ReservationId, SeatId, TicketTypeId
from ticketd.core.terms import EventWindow, Kind, Terms


class ShelfState(NamedTuple):
    """A ticket type on a shared capacity."""

    terms: Terms
    window: EventWindow | None
    exists: bool
    taken: int


class CodeState(NamedTuple):
    """An access code that opens something."""

    capacity: int | None
    until: Instant | None
    used: int


class Stock(NamedTuple):
    """What one inventory has beside its counts, after some fact."""

    seats: Mapping[SeatId, ReservationId]
    """Those that somebody has."""
    shelves: Mapping[TicketTypeId, ShelfState]
    codes: Mapping[TicketTypeId, Mapping[str, CodeState]]
    """By ticket type; OWN is the inventory's."""
    guests: Mapping[str, int]
    """How many each has claimed."""


class Bookkeeper:
    """Follows one inventory; Broken if a seat, a share, a code or a guest's limit is had twice."""

    def __init__(self) -> None:
        self.is_needed = False
        """Whether there is anything but counts."""
        self.hall: Hall | None = None
        self._limit = 0
        self._held: dict[ReservationId, f.Reserved] = {}
        self._seats: dict[SeatId, ReservationId] = {}
        self._shelves: dict[TicketTypeId, ShelfState] = {}
        self._codes: dict[TicketTypeId, dict[str, CodeState]] = {}
        self._removed: dict[TicketTypeId, set[str]] = {}
        self._guests: dict[str, int] = {}

    def stock(self) -> Stock | None:
        """As it stands; None where there are only counts."""
        if not self.is_needed:
            return None
        codes = {
            shelf: {name: code for name, code in codes.items() if name not in self._removed[shelf]}
            for shelf, codes in self._codes.items()
        }
        return Stock(dict(self._seats), dict(self._shelves), codes, dict(self._guests))

    def follow(self, fact: f.AnyFact) -> None:
        """Take in the next fact."""
        match fact:
            case f.Opened() | f.TermsChanged() | f.EventWindowChanged() | f.Deleted():
                self._follow_terms(fact)
            case f.AccessCodeSet():
                self._set_code(fact)
            case f.AccessCodeRemoved():
                self._removed[fact.ticket_type_id].add(fact.code)
            case f.Reserved() if self.is_needed:
                self._hold(fact)
            case f.Released() | f.Expired() if self.is_needed:
                self._count(self._held.pop(fact.reservation_id), -1)
            case _:
                pass

    def _follow_terms(self, fact: f.Opened | f.TermsChanged | f.EventWindowChanged | f.Deleted) -> None:
        shelf_id = fact.ticket_type_id
        if isinstance(fact, f.Opened):
            if shelf_id == f.OWN:
                self.hall = Hall.decode(fact.hall) if fact.hall else None
                self.is_needed = self.hall is not None or fact.profile.kind is not Kind.TICKETS
                self._limit = fact.terms.max_per_reservation
            else:
                self._shelves[shelf_id] = ShelfState(fact.terms, fact.window, exists=True, taken=0)
        elif shelf_id != f.OWN:
            shelf = self._shelves[shelf_id]
            match fact:
                case f.TermsChanged():
                    shelf = shelf._replace(terms=fact.terms)
                case f.EventWindowChanged():
                    shelf = shelf._replace(window=fact.window)
                case _:
                    shelf = shelf._replace(exists=False)
            self._shelves[shelf_id] = shelf
            if shelf.taken > (shelf.terms.capacity if shelf.exists else 0):
                raise Broken("a ticket type keeps what it has sold", f"{fact}: {shelf}")
        elif isinstance(fact, f.TermsChanged):
            self._limit = fact.terms.max_per_reservation

    def _set_code(self, fact: f.AccessCodeSet) -> None:
        self.is_needed = True
        codes = self._codes.setdefault(fact.ticket_type_id, {})
        self._removed.setdefault(fact.ticket_type_id, set()).discard(fact.code)
        known = codes.get(fact.code, CodeState(None, None, 0))
        codes[fact.code] = CodeState(fact.capacity, fact.until, known.used)

    # -- holding and giving back

    def _hold(self, fact: f.Reserved) -> None:
        for seat in fact.seats:
            if seat in self._seats:
                raise Broken("a seat has one owner", f"{seat} of {self._seats[seat]}: {fact}")
        if self.hall is not None:
            known = {seat for seat in fact.seats if self.hall.find(seat) is not None}
            if len(known) != fact.quantity:
                raise Broken("a seat for each admission", str(fact))
        self._held[fact.reservation_id] = fact
        self._count(fact, 1)
        self._check_shelves(fact)
        self._check_code(f.OWN, fact.access_code, fact)
        for share in fact.shares:
            self._check_code(share.ticket_type_id, share.access_code, fact)
        if self._guests.get(fact.guest, 0) > self._limit:
            raise Broken("no guest has more than the limit", f"{self._limit}: {fact}")

    def _count(self, fact: f.Reserved, sign: int) -> None:
        for seat in fact.seats:
            if sign > 0:
                self._seats[seat] = fact.reservation_id
            else:
                del self._seats[seat]
        for share in fact.shares:
            shelf = self._shelves[share.ticket_type_id]
            self._shelves[share.ticket_type_id] = shelf._replace(taken=shelf.taken + sign * share.quantity)
            self._use(share.ticket_type_id, share.access_code, sign * share.quantity)
        self._use(f.OWN, fact.access_code, sign * fact.quantity)
        if fact.guest:
            self._guests[fact.guest] = self._guests.get(fact.guest, 0) + sign * fact.quantity

    def _use(self, shelf_id: TicketTypeId, name: str, quantity: int) -> None:
        if name:
            code = self._codes[shelf_id][name]
            self._codes[shelf_id][name] = code._replace(used=code.used + quantity)

    def _check_shelves(self, fact: f.Reserved) -> None:
        for share in fact.shares:
            shelf = self._shelves[share.ticket_type_id]
            if not shelf.exists or shelf.taken > shelf.terms.capacity:
                raise Broken("no ticket type has more than its ceiling", f"{shelf}: {fact}")
        if fact.shares and sum(share.quantity for share in fact.shares) != fact.quantity:
            raise Broken("the shares are the whole", str(fact))

    def _check_code(self, shelf_id: TicketTypeId, name: str, fact: f.Reserved) -> None:
        codes = self._codes.get(shelf_id, {})
        if codes.keys() <= self._removed.get(shelf_id, set()):
            return
        code = None if name in self._removed[shelf_id] else codes.get(name)
        if code is None or (code.until is not None and fact.at >= code.until):
            raise Broken("what is hidden is sold with a code only", f"{name!r}: {fact}")
        if code.capacity is not None and code.used > code.capacity:
            raise Broken("a code opens no more than its capacity", f"{code}: {fact}")

"""The simulated ledger, fact by fact: how every inventory and every line stood at any time."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tests.actors.audit import Audit
from tests.simulation.bookkeeping import Bookkeeper, Stock
from tests.simulation.broken import Broken
from tests.simulation.conduct import Conduct, Observer
from tests.simulation.postgres import Entry, Postgres
from ticketd.core import facts as f
from ticketd.core.hall import Hall
from ticketd.core.ids import InventoryId, ReservationId
from ticketd.core.terms import EventWindow, Kind, Terms
from ticketd.storage.group import decode_fact

OPEN: Final = ("held", "paying")
STATUS: Final = {
    f.Reserved: "held",
    f.Sealed: "held",
    f.PaymentStarted: "paying",
    f.PaymentFailed: "held",
    f.Confirmed: "paid",
    f.Released: "released",
    f.Expired: "expired",
}
"""How a line stands after each of its facts."""


class State(NamedTuple):
    """One inventory after one fact."""

    entry: Entry
    fact: f.AnyFact
    free: int
    terms: Terms
    window: EventWindow | None
    exists: bool
    stock: Stock | None
    """None where there are only counts."""
    conduct: Conduct

    @property
    def status(self) -> str:
        """How the fact's line stands."""
        return STATUS[type(self.fact)]


class Timeline:
    """One inventory's states in the order of its ledger; Broken if they can't follow each other."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.states: list[State] = []
        self.lines: dict[ReservationId, list[State]] = {}
        """The states after each line's own facts."""
        self.audit = Audit(())
        self.kind = Kind.TICKETS
        self._books, observer = Bookkeeper(), Observer()
        terms, window, exists = Terms("", 0), None, False
        for seq, entry in enumerate(entries, 1):
            fact = decode_fact(entry.body)
            if entry.fact_seq != seq:
                raise Broken("fact_seq is dense", f"inventory {entry.inventory_id} lacks fact {seq}")
            match fact:
                case f.Opened(ticket_type_id=f.OWN):
                    terms, window, exists = fact.terms, fact.window, True
                    self.kind = fact.profile.kind
                case f.TermsChanged(ticket_type_id=f.OWN):
                    terms = fact.terms
                case f.EventWindowChanged(ticket_type_id=f.OWN):
                    window = fact.window
                case f.Deleted(ticket_type_id=f.OWN):
                    exists = False
                case _:
                    pass
            free = self._free_after(entry, fact)
            self._books.follow(fact)
            observer.follow(fact)
            stock = self._books.stock()
            self._add(State(entry, fact, free, terms, window, exists, stock, observer.conduct))

    @property
    def hall(self) -> Hall | None:
        """Its seats, if it is sold by the seat."""
        return self._books.hall

    def _free_after(self, entry: Entry, fact: f.AnyFact) -> int:
        where = f"inventory {entry.inventory_id}, fact {entry.fact_seq}"
        try:
            self.audit._follow(fact)
        except (AssertionError, KeyError) as error:
            raise Broken("every fact follows from those before it", f"{where}: {error}") from error
        free = self.audit.capacity - self.audit.taken
        if free < 0:
            raise Broken("never oversold", f"{where}: {-free} too many")
        return free

    def _add(self, state: State) -> None:
        self.states.append(state)
        reservation_id = getattr(state.fact, "reservation_id", None)
        if reservation_id is not None:
            self.lines.setdefault(reservation_id, []).append(state)

    def between(self, seq: int, until: float) -> Sequence[State]:
        """The state after this fact, and those after every later one that was durable by then."""
        return [each for each in self.states[max(seq - 1, 0) :] if each.entry.committed_at <= until]

    def line_between(self, reservation_id: ReservationId, seq: int, until: float) -> Sequence[State]:
        """The same of one line; empty if it wasn't durable by then."""
        durable = [each for each in self.lines.get(reservation_id, ()) if each.entry.committed_at <= until]
        passed = sum(each.entry.fact_seq <= seq for each in durable)
        return durable[max(passed - 1, 0) :]


class Ledger:
    """All timelines."""

    def __init__(self, postgres: Postgres) -> None:
        entries: dict[InventoryId, list[Entry]] = {}
        for entry in postgres.entries():
            entries.setdefault(InventoryId(entry.inventory_id), []).append(entry)
        self.timelines = {inventory_id: Timeline(rows) for inventory_id, rows in entries.items()}

    def lines(self) -> Iterator[tuple[InventoryId, ReservationId, list[State]]]:
        """Every line of every reservation, and its facts; claims are none."""
        for inventory_id, timeline in self.timelines.items():
            if timeline.kind is not Kind.GUESTS:
                for reservation_id, states in timeline.lines.items():
                    yield inventory_id, reservation_id, states

    def claims(self, reservation_id: ReservationId) -> list[State]:
        """The facts of what a reservation's payments took of its guest's limit, first life and later ones."""
        return [
            state
            for timeline in self.timelines.values()
            if timeline.kind is Kind.GUESTS
            for state in timeline.lines.get(reservation_id, ())
        ]

    @property
    def counts_guests(self) -> bool:
        """Whether there is a limit for each guest."""
        return any(timeline.kind is Kind.GUESTS for timeline in self.timelines.values())

    def line(self, inventory_id: InventoryId, reservation_id: ReservationId) -> list[State]:
        """One line's facts."""
        return self.timelines[inventory_id].lines.get(reservation_id, [])

    def parts(self, reservation_id: ReservationId) -> dict[InventoryId, list[State]]:
        """A reservation's lines, home first, and their facts."""
        return {
            inventory_id: timeline.lines[reservation_id]
            for inventory_id, timeline in self.timelines.items()
            if timeline.kind is not Kind.GUESTS and reservation_id in timeline.lines
        }

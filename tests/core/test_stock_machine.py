"""Random commands and times on seats, shared capacities, access codes and guest limits, against a model."""

from dataclasses import dataclass, field

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.core.desk import GUESTS, HOME, OTHER, POOL, PROFILE, Desk, hall
from tests.core.soundness import at_rest, content, replayed
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import SECOND, Instant, ReservationId, SeatId, TicketTypeId
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.seat_status import FREE, HELD, SOLD
from ticketd.core.terms import UNLIMITED, Terms, TermsPatch

HOLD_SECONDS = 100
LIMIT = 4
CAPACITY = 8
REGULAR, STUDENT = TicketTypeId(21), TicketTypeId(22)
SHELVES = (REGULAR, STUDENT)
HALL = hall(4, 4)
SEATS = tuple(HALL.seat_id(index) for index in range(len(HALL)))
CODES = ("fan", "club")
TAKEN = ("held", "paying", "paid")


@dataclass
class Model:
    """One reservation as a person with a pencil would follow it."""

    quantity: int
    deadline: int
    code: str = ""
    guest: str = ""
    seats: tuple[SeatId, ...] = ()
    shares: dict[TicketTypeId, int] = field(default_factory=dict)
    status: str = "held"
    attempts: int = 0


@dataclass
class Code:
    capacity: int | None
    until: int | None


class StockMachine(RuleBasedStateMachine):
    """One inventory of a kind that is drawn; a shelf's codes are those of STUDENT."""

    @initialize(
        kind=st.sampled_from(["seated", "shared", "plain", "guests"]), opened_by=st.none() | st.integers(1, 4)
    )
    def open(self, kind: str, opened_by: int | None) -> None:
        self.kind = kind
        self.model: dict[ReservationId, Model] = {}
        self.codes: dict[str, Code] = {}
        self.capacity, self.ceilings = CAPACITY, {REGULAR: UNLIMITED, STUDENT: 3}
        self.snapshot = b""
        profile = {"shared": POOL, "guests": GUESTS}.get(kind, PROFILE)
        hall_bytes = HALL.encode() if kind == "seated" else b""
        self.desk = Desk(capacity=CAPACITY, profile=profile, hall=hall_bytes)
        self.desk.send(c.ChangeTerms(TermsPatch(max_per_reservation=LIMIT)))
        for shelf in SHELVES if kind == "shared" else ():
            on_shelf = msgspec.structs.replace(PROFILE, capacity_id=HOME, code=str(shelf))
            terms = Terms(f"Type {shelf}", self.ceilings[shelf], 5_00, max_per_reservation=LIMIT)
            self.desk.send(c.Open(on_shelf, terms, None, shelf))
        if opened_by is not None and kind != "guests":
            self._set_code(CODES[0], opened_by)

    # -- driving

    def send(self, command: c.AnyCommand) -> Outcome:
        for each in self.model.values():
            if each.status == "held" and each.deadline <= self.desk.now:
                each.status = "expired"
        return self.desk.send(command)

    def taken(self) -> list[Model]:
        return [each for each in self.model.values() if each.status in TAKEN]

    @property
    def free(self) -> int:
        return self.capacity - sum(each.quantity for each in self.taken())

    @property
    def of_codes(self) -> TicketTypeId:
        return STUDENT if self.kind == "shared" else f.OWN

    def used(self, code: str) -> int:
        """Of a shared capacity, only what STUDENT has of a line was opened by the code."""
        return sum(
            each.shares[STUDENT] if self.kind == "shared" else each.quantity
            for each in self.taken()
            if each.code == code
        )

    def room(self, code: str) -> int:
        known = self.codes.get(code)
        return CAPACITY if known is None or known.capacity is None else known.capacity - self.used(code)

    def some(self, pick: int) -> ReservationId:
        names = list(self.model)
        return names[pick % len(names)]

    def some_code(self, pick: int) -> str:
        """Mostly one that opens something."""
        return ("", "wrong", *self.codes, *self.codes, *self.codes)[pick % (2 + 3 * len(self.codes))]

    # -- reserving

    @precondition(lambda self: self.kind in ("plain", "seated"))
    @rule(
        quantity=st.integers(1, LIMIT + 1),
        named=st.none() | st.lists(st.sampled_from(SEATS), min_size=1, max_size=3, unique=True),
        pick=st.integers(0, 7),
    )
    def reserve(self, quantity: int, named: list[SeatId] | None, pick: int) -> None:
        code = self.some_code(pick)
        seats = tuple(named or ()) if self.kind == "seated" else ()
        quantity = len(seats) or quantity
        name = ReservationId(f"r{len(self.model)}")
        command = c.Reserve(name, quantity, HOLD_SECONDS, seats=seats, together=False, access_code=code)
        outcome = self.send(command)
        expected = self._code_refusal(code) or (Reason.LIMIT_EXCEEDED if quantity > LIMIT else None)
        gone = tuple(seat for seat in seats if any(seat in each.seats for each in self.taken()))
        expected = expected or (Reason.SEAT_TAKEN if gone else None)
        expected = expected or (Reason.SOLD_OUT if quantity > min(self.free, self.room(code)) else None)
        if self._is_refused(outcome, expected):
            return
        assert isinstance(outcome, Line)
        if self.kind == "seated":
            assert len(set(outcome.seats)) == quantity
            assert not any(set(outcome.seats) & set(each.seats) for each in self.taken())
        self._take(outcome, Model(quantity, outcome.deadline, self._kept(code), seats=outcome.seats))

    def _code_refusal(self, code: str) -> Reason | None:
        if not self.codes:
            return None
        if code not in self.codes:
            return Reason.FORBIDDEN
        until = self.codes[code].until
        return Reason.NOT_ON_SALE if until is not None and until <= self.desk.now else None

    def _kept(self, code: str) -> str:
        return code if code in self.codes else ""

    def _is_refused(self, outcome: Outcome, expected: Reason | None) -> bool:
        reason = outcome.reason if isinstance(outcome, Refusal) else None
        assert reason == expected, outcome
        return reason is not None

    def _take(self, line: Line, model: Model) -> None:
        assert line.deadline == self.desk.now + HOLD_SECONDS * SECOND
        self.model[line.reservation_id] = model

    @precondition(lambda self: self.kind == "shared")
    @rule(regular=st.integers(0, LIMIT + 1), student=st.integers(0, LIMIT), pick=st.integers(0, 7))
    def reserve_shared(self, regular: int, student: int, pick: int) -> None:
        code = self.some_code(pick)
        shares = {shelf: count for shelf, count in ((REGULAR, regular), (STUDENT, student)) if count}
        if not shares:
            return
        wanted = tuple(c.Wanted(shelf, count) for shelf, count in shares.items())
        name, quantity = ReservationId(f"r{len(self.model)}"), regular + student
        outcome = self.send(c.Reserve(name, quantity, HOLD_SECONDS, wanted=wanted, access_code=code))
        expected = self._code_refusal(code) if student else None
        expected = expected or (Reason.LIMIT_EXCEEDED if max(shares.values()) > LIMIT else None)
        fits = quantity <= self.free and (not student or student <= self.room(code))
        fits = fits and all(count <= self.left_of(shelf) for shelf, count in shares.items())
        if self._is_refused(outcome, expected or (None if fits else Reason.SOLD_OUT)):
            return
        assert isinstance(outcome, Line)
        assert {share.ticket_type_id: share.quantity for share in outcome.shares} == shares
        kept = self._kept(code) if student else ""
        self._take(outcome, Model(quantity, outcome.deadline, kept, shares=shares))

    def left_of(self, shelf: TicketTypeId) -> int:
        return self.ceilings[shelf] - sum(each.shares.get(shelf, 0) for each in self.taken())

    @precondition(lambda self: self.kind == "guests")
    @rule(pick=st.integers(0, 5), quantity=st.integers(1, 3), guest=st.sampled_from(["ada", "bob"]))
    def claim(self, pick: int, quantity: int, guest: str) -> None:
        name = ReservationId(f"r{pick}")
        known = self.model.get(name)
        if known is not None:
            quantity = known.quantity  # a reservation's lines don't change
            if known.status == "paid":
                return  # as its home line is, or is about to be: nobody asks again
        command = c.Reserve(name, quantity, HOLD_SECONDS, parts=(OTHER, HOME), guest=guest)
        outcome = self.send(command)
        if known is not None and known.status in ("held", "paying") and known.guest == guest:
            assert isinstance(outcome, Line)
            assert (outcome.status, outcome.deadline) == (known.status, known.deadline)
            return
        others = [each for each in self.taken() if each.guest == guest]
        expected = None
        if known is not None and known.status == "paying":
            expected = Reason.PAYMENT_IN_PROGRESS
        elif quantity + sum(each.quantity for each in others) > LIMIT:
            expected = Reason.LIMIT_EXCEEDED
        elif quantity > self.free:
            expected = Reason.SOLD_OUT
        if not self._is_refused(outcome, expected):
            assert isinstance(outcome, Line)
            self._take(outcome, Model(quantity, outcome.deadline, guest=guest))

    # -- what becomes of it

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 99, 100, 101]))
    def time_passes(self, seconds: int) -> None:
        self.desk.pass_time(seconds)

    @precondition(lambda self: self.model)
    @rule(pick=st.integers(0, 20), end=st.sampled_from([None, "charged", "charged", "failed"]))
    def pay(self, pick: int, end: str | None) -> None:
        name = self.some(pick)
        each = self.model[name]
        outcome = self.send(c.StartPayment(name, each.attempts + 1 if each.guest else 0))
        if each.status == "held" and isinstance(outcome, Line):
            each.status, each.attempts = "paying", outcome.attempt
        if end is None:
            return
        step = c.Confirm(name, each.attempts, ()) if end == "charged" else c.FailPayment(name, each.attempts)
        outcome = self.send(step)
        if each.status == "paying":
            assert isinstance(outcome, Line)
            each.status, each.deadline = "paid" if end == "charged" else "held", outcome.deadline

    @precondition(lambda self: self.model)
    @rule(pick=st.integers(0, 20))
    def release(self, pick: int) -> None:
        name = self.some(pick)
        self.send(c.Release(name))
        if self.model[name].status == "held":
            self.model[name].status = "released"

    # -- what owners change

    @rule(
        change=st.sampled_from(["set code", "remove code", "capacity", "ceiling", "restart", "snapshot"]),
        name=st.sampled_from(CODES),
        number=st.none() | st.integers(0, 10),
    )
    def change(self, change: str, name: str, number: int | None) -> None:
        match change:
            case "set code" if self.kind != "guests":
                self._set_code(name, number)
            case "remove code" if self.kind != "guests":
                outcome = self.send(c.RemoveAccessCode(name, self.of_codes))
                assert (outcome == Refusal(Reason.NOT_FOUND)) is (name not in self.codes)
                self.codes.pop(name, None)
            case "capacity" if self.kind in ("shared", "plain"):
                self._change_capacity(number or CAPACITY)
            case "ceiling" if self.kind == "shared":
                self._change_ceiling(number or 0, STUDENT if name == CODES[0] else REGULAR)
            case "restart":
                self.desk.inventory = replayed(HOME, self.desk.ledger, self.snapshot)
            case _:
                self.snapshot = at_rest(self.desk.inventory)

    def _set_code(self, name: str, number: int | None) -> None:
        until = None
        if number is not None and number > 7:
            until, number = Instant(self.desk.now + (number - 8) * 50 * SECOND), None
        self.send(c.SetAccessCode(name, number, until, self.of_codes))
        self.codes[name] = Code(number, until)

    def _change_capacity(self, capacity: int) -> None:
        outcome = self.send(c.ChangeTerms(TermsPatch(capacity=capacity)))
        below = capacity < self.capacity - self.free
        if not self._is_refused(outcome, Reason.CAPACITY_BELOW_SOLD if below else None):
            self.capacity = capacity

    def _change_ceiling(self, ceiling: int, shelf: TicketTypeId) -> None:
        outcome = self.send(c.ChangeTerms(TermsPatch(capacity=ceiling), shelf))
        below = ceiling < self.ceilings[shelf] - self.left_of(shelf)
        if not self._is_refused(outcome, Reason.CAPACITY_BELOW_SOLD if below else None):
            self.ceilings[shelf] = ceiling

    # -- what always holds

    @invariant()
    def a_restart_finds_everything(self) -> None:
        self.desk.check_ledger()
        from_snapshot = replayed(HOME, self.desk.ledger, self.snapshot)
        assert content(from_snapshot) == content(self.desk.inventory)

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        inventory = self.desk.inventory
        counts = inventory.held, inventory.paying, inventory.sold
        by_status = {status: sum(e.quantity for e in self.taken() if e.status == status) for status in TAKEN}
        assert counts == tuple(by_status.values())
        assert inventory.free == self.free
        listed = {code.code: code.used for code in inventory.codes_of(self.of_codes).codes()}
        assert listed == {name: self.used(name) for name in self.codes}
        for guest in ("ada", "bob"):
            claimed = sum(each.quantity for each in self.taken() if each.guest == guest)
            assert inventory.guests.taken_by(guest) == claimed <= LIMIT
        for shelf in inventory.shelves:
            assert shelf.taken == self.ceilings[shelf.id] - self.left_of(shelf.id)
        if inventory.seating is not None:
            assert inventory.seating.statuses == self._seat_statuses()

    def _seat_statuses(self) -> bytes:
        statuses = dict.fromkeys(SEATS, FREE)
        for each in self.taken():
            statuses |= dict.fromkeys(each.seats, SOLD if each.status == "paid" else HELD)
        return bytes(statuses.values())


TestStock = StockMachine.TestCase
TestStock.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)

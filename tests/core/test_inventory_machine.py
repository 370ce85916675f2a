"""Random commands and times against a model so simple that it is obviously right."""

from dataclasses import dataclass
from unittest.mock import patch

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from tests.core.networks import Network
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core import habits
from ticketd.core.ids import SECOND, Instant, InventoryId, OrganizerId, ReservationId, TicketCode
from ticketd.core.inventory import ADMISSION_USED, PAYMENT_ATTEMPTS_MAX, RETRY_SECONDS, Inventory
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.outcomes import Departed, Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.snapshots import Snapshot
from ticketd.core.terms import EventStatus, EventWindow, Profile, Terms, TermsPatch

LOWER, INVENTORY, HIGHER = InventoryId(3), InventoryId(7), InventoryId(9)
START = Instant(1_800_000_000 * SECOND)
PROFILE = Profile(OrganizerId(1), None, "code")
HOLD_SECONDS = 100
TENTATIVE_SECONDS = 10
AS_HOME, AS_OTHER = (INVENTORY, HIGHER), (LOWER, INVENTORY)
SHORT_HOLD_SECONDS = HOLD_SECONDS // habits.SHORT_HOLD_DIVISOR
WITHIN_REACH = {"OPEN_HOLDS_MAX": 3, "DROPS_FREE": 1, "COOLDOWN_FACTOR": 2, "SHORT_HOLD_SECONDS_MIN": 20}
"""Limits of habits that a random walk comes to."""


@dataclass
class Model:
    """One reservation as a person with a pencil would follow it."""

    quantity: int
    deadline: int
    first_deadline: int
    price: int
    parts: tuple[InventoryId, ...] = ()
    identity: str = ""
    status: str = "held"
    attempts: int = 0

    def __post_init__(self) -> None:
        self.tentative = bool(self.parts)

    @property
    def is_home(self) -> bool:
        return self.parts != AS_OTHER

    @property
    def revenue(self) -> int:
        return self.quantity * self.price if self.status == "paid" else 0


class InventoryMachine(RuleBasedStateMachine):
    reservations = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.inventory = Inventory(INVENTORY)
        self.ledger: list[f.AnyFact] = []
        self.now = START
        self.model: dict[ReservationId, Model] = {}
        self.keys: dict[str, tuple[ReservationId, str]] = {}
        self.admissions: dict[str, ReservationId] = {}
        self.networks = {"net": Network(), "other net": Network()}
        self.limits = patch.dict(vars(habits), WITHIN_REACH)
        self.limits.start()
        self.capacity = self.price = 0
        self.window: EventWindow | None = None
        self.deleted = False
        self.snapshot: Snapshot | None = None
        self.snapshot_at = 0

    def teardown(self) -> None:
        self.limits.stop()

    # -- driving

    def send(self, command: c.AnyCommand) -> Outcome:
        self._expire_model()
        before = msgspec.json.encode(self.inventory.snapshot())
        decision = self.inventory.decide(command, self.now)
        assert msgspec.json.encode(self.inventory.snapshot()) == before, "decide changes nothing"
        for fact in decision.facts:
            self.ledger.append(fact)
            self.inventory.apply(fact)
            assert self.inventory.conserved()
        return self.inventory.outcome(decision.answer)

    def _expire_model(self) -> None:
        for reservation, each in self.model.items():
            if each.status == "held" and each.deadline <= self.now:
                self._close(reservation, "expired")

    def _close(self, reservation: ReservationId, status: str) -> None:
        """Only a yes is remembered: a cart that was never sealed takes key and admission along."""
        each = self.model[reservation]
        each.status = status
        if each.tentative:
            self.keys = {key: use for key, use in self.keys.items() if use[0] != reservation}
            self.admissions = {name: use for name, use in self.admissions.items() if use != reservation}
        elif each.identity:
            self.networks[each.identity] = self.networks[each.identity].dropped(self.now)

    def count(self, status: str) -> int:
        return sum(each.quantity for each in self.model.values() if each.status == status)

    @property
    def taken(self) -> int:
        return self.count("held") + self.count("paying") + self.count("paid")

    @property
    def cancelled(self) -> bool:
        return self.window is not None and self.window.status is EventStatus.CANCELLED

    @property
    def hour(self) -> int:
        return (self.now - START) // (KEY_SECONDS_MIN * SECOND)

    # -- rules

    @initialize(capacity=st.integers(0, 12), price=st.integers(0, 500))
    def open(self, capacity: int, price: int) -> None:
        self.capacity, self.price = capacity, price
        terms = Terms("VIP", capacity, price, max_per_reservation=6)
        self.send(c.Open(PROFILE, terms, None))

    @rule(seconds=st.sampled_from([0, 1, 30, 59, 60, 61, 99, 100, 101, 3000]))
    def time_passes(self, seconds: int) -> None:
        self.now = Instant(self.now + seconds * SECOND)

    @rule(
        target=reservations,
        quantity=st.integers(1, 8),
        key=st.sampled_from(["", "a", "b"]),
        parts=st.sampled_from([(), (), AS_HOME, AS_OTHER]),
        admission=st.sampled_from(["", "", "5:1", "5:2"]),
        identity=st.sampled_from(["", "net", "net", "other net"]),
    )
    def reserve(
        self, quantity: int, key: str, parts: tuple[InventoryId, ...], admission: str, identity: str
    ) -> ReservationId | object:
        if parts == AS_OTHER:
            key = ""  # the home inventory keeps it
        elif key:
            key += f"{len(parts)}{self.hour}"  # one is remembered for at least an hour: ask no longer
        if admission:
            admission += f"{self.hour}"
        new = ReservationId(f"r{len(self.ledger)}-{len(self.model)}")
        seconds = TENTATIVE_SECONDS if parts else HOLD_SECONDS
        command = c.Reserve(
            new, quantity, seconds, key, str(quantity), parts, admission=admission, identity=identity
        )
        outcome = self.send(command)
        if key in self.keys:
            known, request = self.keys[key]
            if request != str(quantity):
                assert outcome == Refusal(Reason.KEY_REUSED)
                return multiple()
            assert isinstance(outcome, Line | Departed)
            assert outcome.reservation_id == known
            return known
        if admission in self.admissions:
            assert outcome == ADMISSION_USED
            return multiple()
        if identity and (reason := self._habit_refusal(identity)) is not None:
            assert isinstance(outcome, Refusal)
            assert outcome.reason is reason
            return multiple()
        if (expected := self._sale_refusal(quantity)) is not None:
            assert outcome == expected
            return multiple()
        assert isinstance(outcome, Line)
        assert outcome.reservation_id == new
        deadline = self.now + (seconds if parts else self._hold_seconds(identity)) * SECOND
        assert outcome.deadline == deadline
        self.model[new] = Model(quantity, deadline, deadline, self.price, parts, identity)
        if key:
            self.keys[key] = (new, str(quantity))
        if admission:
            self.admissions[admission] = new
        return new

    @rule(
        identity=st.sampled_from(["net", "other net"]),
        parts=st.sampled_from([(), (), AS_HOME]),
        drops=st.lists(st.booleans(), min_size=2, max_size=5),
    )
    def one_network_holds_much(
        self, identity: str, parts: tuple[InventoryId, ...], drops: list[bool]
    ) -> None:
        for is_dropped in drops:
            made = self.reserve(1, "", parts, "", identity)
            if is_dropped and isinstance(made, str):
                self.release(ReservationId(made))

    def _habit_refusal(self, identity: str) -> Reason | None:
        unpaid = [
            each
            for each in self.model.values()
            if each.identity == identity and each.status in ("held", "paying")
        ]
        if len(unpaid) >= habits.OPEN_HOLDS_MAX:
            return Reason.LIMIT_EXCEEDED
        return Reason.TOO_MANY_REQUESTS if self.networks[identity].has_to_wait(self.now) else None

    def _hold_seconds(self, identity: str) -> int:
        slowed = bool(identity) and self.networks[identity].is_slowed(self.now)
        return SHORT_HOLD_SECONDS if slowed else HOLD_SECONDS

    def _sale_refusal(self, quantity: int) -> Refusal | None:
        if self.deleted:
            return Refusal(Reason.NOT_FOUND)
        if self.cancelled:
            return Refusal(Reason.NOT_ON_SALE)
        if quantity > 6:
            return Refusal(Reason.LIMIT_EXCEEDED, max_per_reservation=6)
        if quantity > self.capacity - self.taken:
            return Refusal(Reason.SOLD_OUT, available=self.capacity - self.taken)
        return None

    @rule(reservation=reservations)
    def seal(self, reservation: ReservationId) -> None:
        deadline = Instant(self.now + HOLD_SECONDS * SECOND)
        outcome = self.send(c.Seal(reservation, deadline))
        each = self.model[reservation]
        deadline = Instant(self.now + self._hold_seconds(each.identity) * SECOND)
        if each.status == "held":
            assert isinstance(outcome, Line)
            assert not outcome.tentative
            assert outcome.deadline == (deadline if each.tentative else each.deadline)
        if each.status == "held" and each.tentative:
            each.tentative, each.deadline, each.first_deadline = False, deadline, deadline

    @rule(reservation=reservations)
    def release(self, reservation: ReservationId) -> None:
        outcome = self.send(c.Release(reservation))
        each = self.model[reservation]
        if each.status == "held":
            self._close(reservation, "released")
        elif each.status == "paying":
            assert outcome == Refusal(Reason.PAYMENT_IN_PROGRESS)

    @rule(reservation=reservations)
    def start_payment(self, reservation: ReservationId) -> None:
        each = self.model[reservation]
        outcome = self.send(c.StartPayment(reservation, 0 if each.is_home else each.attempts + 1))
        expected = self._payment_refusal(each)
        if expected is not None:
            assert isinstance(outcome, Refusal)
            assert outcome.reason is expected
        elif each.status == "held":
            each.status, each.attempts = "paying", each.attempts + 1
        elif each.status == "paying":
            assert isinstance(outcome, Line)
            assert outcome.attempt == each.attempts, "the other line of a cart is under way already"

    def _payment_refusal(self, each: Model) -> Reason | None:
        if each.status == "paying" and each.is_home:
            return Reason.PAYMENT_IN_PROGRESS
        if each.status != "held":
            return None
        if each.tentative:
            return Reason.NOT_FOUND
        if self.cancelled:
            return Reason.NOT_ON_SALE
        return Reason.LIMIT_EXCEEDED if each.attempts >= PAYMENT_ATTEMPTS_MAX else None

    @rule(reservation=reservations, stale=st.booleans())
    def confirm(self, reservation: ReservationId, stale: bool) -> None:
        each = self.model[reservation]
        attempt = each.attempts - stale
        codes = tuple(TicketCode(f"{reservation}/{number}") for number in range(each.quantity))
        outcome = self.send(c.Confirm(reservation, attempt, codes))
        if each.status == "paying" and not stale:
            each.status = "paid"
            assert isinstance(outcome, Line)
            assert outcome.ticket_codes == codes
            if each.identity:
                self.networks[each.identity] = self.networks[each.identity].paid(self.now)

    @rule(reservation=reservations, stale=st.booleans())
    def fail_payment(self, reservation: ReservationId, stale: bool) -> None:
        each = self.model[reservation]
        self.send(c.FailPayment(reservation, each.attempts - stale))
        if each.status == "paying" and not stale:
            grace = RETRY_SECONDS * SECOND
            each.status = "held"
            each.deadline = min(max(each.deadline, self.now + grace), each.first_deadline + grace)

    @rule(capacity=st.integers(0, 14))
    def change_capacity(self, capacity: int) -> None:
        outcome = self.send(c.ChangeTerms(TermsPatch(capacity=capacity)))
        if self.deleted:
            assert outcome == Refusal(Reason.NOT_FOUND)
        elif capacity < self.taken:
            sold = self.count("paid")
            assert outcome == Refusal(Reason.CAPACITY_BELOW_SOLD, sold=sold, held=self.taken - sold)
        else:
            self.capacity = capacity

    @rule(price=st.integers(0, 500))
    def change_price(self, price: int) -> None:
        if isinstance(self.send(c.ChangeTerms(TermsPatch(price_cents=price))), Offer):
            self.price = price

    @rule(status=st.sampled_from([EventStatus.PUBLISHED, EventStatus.PUBLISHED, EventStatus.CANCELLED]))
    def change_event(self, status: EventStatus) -> None:
        window = EventWindow(status)
        outcome = self.send(c.ChangeEventWindow(window))
        if self.deleted:
            assert outcome == Refusal(Reason.NOT_FOUND)
        else:
            self.window = window

    @rule()
    def delete_is_refused_while_anything_is_taken(self) -> None:
        self._expire_model()
        if self.taken:
            outcome = self.send(c.Delete())
            assert isinstance(outcome, Refusal)
            assert outcome.reason is Reason.HAS_SALES

    @precondition(lambda self: self.now > START + 3 * HOLD_SECONDS * SECOND)
    @rule()
    def delete(self) -> None:
        self._expire_model()
        if not self.taken:
            assert self.send(c.Delete()) == Refusal(Reason.NOT_FOUND)
            self.deleted = True

    @rule()
    def take_snapshot(self) -> None:
        self.snapshot, self.snapshot_at = self.inventory.snapshot(), len(self.ledger)

    @rule()
    def restart(self) -> None:
        """Go on with an inventory rebuilt from the last snapshot and the facts after it."""
        self.inventory = self.rebuilt()

    def rebuilt(self) -> Inventory:
        inventory = Inventory(INVENTORY)
        if self.snapshot is not None:
            inventory.restore(self.snapshot)
        for seq, fact in enumerate(self.ledger, start=1):
            inventory.replay(seq, fact)
        return inventory

    # -- what always holds

    @invariant()
    def conservation(self) -> None:
        figures = self.inventory.figures()
        assert figures.capacity == figures.free + figures.held + figures.paying + figures.sold
        assert min(figures.free, figures.held, figures.paying, figures.sold) >= 0

    @invariant()
    def figures_are_the_models(self) -> None:
        self.send(c.ExpireDue())
        figures = self.inventory.figures()
        assert figures.capacity == self.capacity
        assert (figures.held, figures.paying, figures.sold) == (
            self.count("held"),
            self.count("paying"),
            self.count("paid"),
        )
        assert figures.revenue_cents == sum(each.revenue for each in self.model.values())

    @invariant()
    def replay_of_the_facts_equals_the_state(self) -> None:
        replayed, state = self.rebuilt(), self.inventory
        keys = [key for key in self.keys if key.endswith(str(self.hour))]
        admissions = [each for each in self.admissions if each.endswith(str(self.hour))]
        assert _content(replayed, keys, admissions) == _content(state, keys, admissions)


def _content(inventory: Inventory, known_keys: list[str], admissions: list[str]) -> object:
    """Everything that later decisions depend on."""
    snapshot = inventory.snapshot()
    if snapshot is None:
        return None
    lines = {line.reservation_id: line for line in snapshot.open_lines}
    keys = {key: inventory.keys.find(key) for key in known_keys}
    used = {admission: inventory.keys.find_admission(admission) for admission in admissions}
    rest = msgspec.structs.replace(snapshot, open_lines=())
    return rest, lines, keys, used, inventory.habits._open, inventory.next_deadline()


TestInventory = InventoryMachine.TestCase
TestInventory.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

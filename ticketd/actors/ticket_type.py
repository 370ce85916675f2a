"""The actor that alone owns one inventory.

A turn drains the mailbox, decides and applies in memory, and hands the facts to the journal; it never
waits. Outcomes go out when the journal says that what they depend on is durable: a yes with its own
batch, a no with the last batch it was judged against. Meanwhile the next turns go on deciding.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from ticketd.actors.mailbox import Envelope, Mailbox
from ticketd.core.changes import Changes, changes_of
from ticketd.core.commands import AnyCommand, ExpireDue
from ticketd.core.facts import AnyFact
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.outcomes import Offer, Outcome
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.seat_views import SeatView
from ticketd.core.seating import Seating
from ticketd.core.stats import SIZE_BOUNDS, Distribution
from ticketd.ports import Batch, Clock, Journal

Observer = Callable[[InventoryId, Offer | None], None]
"""Hears the new offer (None: deleted) whenever changed terms have become durable."""


class PoisonedCommand(Exception):
    """The database refuses this command's data; everything else goes on."""


class ActorLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much an actor takes on before it says no, and how long it makes anyone wait."""

    mailbox_length_max: int
    mailbox_age_seconds_max: float
    batch_size_max: int
    undurable_commands_max: int
    answer_seconds_max: float
    checkpoint_facts: int
    idle_seconds: float


class Tally:
    """What all actors of a process count together."""

    def __init__(self) -> None:
        self.reloads = 0
        self.refusals: Counter[Reason] = Counter()
        self.batch_sizes = Distribution(SIZE_BOUNDS)


class Turn(NamedTuple):
    """What one turn decided, waiting for its batch to become durable."""

    batch: Batch
    offer: Offer | None
    answers: list[tuple[Envelope, Outcome]]
    closed: Sequence[ReservationId] = ()
    """Lines that it ended: they leave memory once that is durable."""
    seats: Sequence[tuple[int, int]] = ()
    """The seats that changed, by index, and how each stands then."""


class TicketTypeActor:
    """Serializes everything that happens to one inventory."""

    def __init__(
        self,
        inventory_id: InventoryId,
        *,
        journal: Journal,
        clock: Clock,
        limits: ActorLimits,
        observer: Observer,
        tally: Tally,
        reload: Callable[["TicketTypeActor"], None],
    ) -> None:
        self.id = inventory_id
        self.offer: Offer | None = None
        """The last durable offer."""
        self.seats: SeatView | None = None
        """Who durably has which seat, if it is sold by the seat."""
        self.loaded = False
        """Whether it may decide: not before its first load, nor while it reloads."""
        self.seen = False
        """Whether `offer` is known: from its first load on."""
        self.last_used_at = clock.now()
        self.mailbox = Mailbox(
            length_max=limits.mailbox_length_max, age_seconds_max=limits.mailbox_age_seconds_max
        )
        self.inventory = Inventory(inventory_id)
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._observer = observer
        self._tally = tally
        self._reload = reload
        self._loop = asyncio.get_running_loop()
        self._turn_is_due = False
        self._undurable: deque[Turn] = deque()
        self._undurable_commands = 0
        self._quiet = asyncio.Event()
        self._checkpoint_seq = 0
        self._alone: deque[Envelope] = deque()
        """After a lost batch: its commands, to be decided one per group, so that a poisoned one
        harms only itself."""

    # -- asking

    def ask(self, command: AnyCommand) -> asyncio.Future[Outcome]:
        """See `ports.Router.ask`."""
        reply: asyncio.Future[Outcome] = self._loop.create_future()
        now = self._clock.now()
        self.last_used_at = now
        if self.mailbox.put(Envelope(command, reply, now)):
            self._schedule_turn()
        else:
            self._tally.refusals[Reason.OVERLOADED] += 1
            reply.set_result(TRY_AGAIN)
        return reply

    def start(self, inventory: Inventory) -> None:
        """Begin to work with an inventory as the ledger has it."""
        self.inventory = inventory
        self._checkpoint_seq = inventory.restored_seq
        self.offer = inventory.offer()
        self.seats = self._seats_as_decided()
        self.loaded = self.seen = True
        self._schedule_turn()

    def _seats_as_decided(self) -> SeatView | None:
        seating = self.inventory.seating
        if seating is None:
            return None
        seating.take_changes()
        return SeatView(seating.hall, seating.statuses, self.inventory.seq)

    # -- working

    def _schedule_turn(self) -> None:
        if self.loaded and not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn_is_due = False
        if not self._may_decide():
            return
        now = self._clock.now()
        facts: list[AnyFact] = []
        answers: list[tuple[Envelope, Outcome]] = []
        self._expire_due(facts, now)
        envelopes = self._next_envelopes(now)
        if envelopes:
            self._tally.batch_sizes.observe(len(envelopes))
        for envelope in envelopes:
            self._decide(envelope, facts, answers, now)
        self._hand_over(facts, answers)
        self._note_quiet()
        if self._has_work(now) and self._may_decide():
            self._schedule_turn()

    def _may_decide(self) -> bool:
        if self._alone and self._undurable:
            return False
        return self.loaded and self._undurable_commands < self._limits.undurable_commands_max

    def _next_envelopes(self, now: Instant) -> list[Envelope]:
        if self._alone:
            return [self._alone[0]]
        # While more has run out than a turn gives back, nobody is told that there is nothing left.
        return [] if self.has_due(now) else self.mailbox.drain(self._limits.batch_size_max)

    def _has_work(self, now: Instant) -> bool:
        return len(self.mailbox) > 0 or len(self._alone) > 0 or self.has_due(now)

    def _expire_due(self, facts: list[AnyFact], now: Instant) -> None:
        if self.has_due(now):
            for fact in self.inventory.decide(ExpireDue(), now).facts:
                self.inventory.apply(fact)
                facts.append(fact)

    def _decide(
        self,
        envelope: Envelope,
        facts: list[AnyFact],
        answers: list[tuple[Envelope, Outcome]],
        now: Instant,
    ) -> None:
        try:
            decision = self.inventory.decide(envelope.command, now)
        except Exception as fault:  # decide has changed nothing; its asker hears the fault
            if not envelope.reply.done():
                envelope.reply.set_exception(fault)
            return
        for fact in decision.facts:
            self.inventory.apply(fact)
            facts.append(fact)
        outcome = self.inventory.outcome(decision.answer)
        if type(outcome) is Refusal:
            self._tally.refusals[outcome.reason] += 1
        answers.append((envelope, outcome))

    def _hand_over(self, facts: list[AnyFact], answers: list[tuple[Envelope, Outcome]]) -> None:
        if facts:
            changes = changes_of(facts)
            seating = self.inventory.seating
            seats = () if seating is None else seating.take_changes()
            batch = self._batch(facts, changes)
            turn = Turn(batch, self.inventory.offer(), answers, changes.closed, seats)
            self._undurable.append(turn)
            self._undurable_commands += len(answers)
            self._journal.append(batch, self)
        elif self._undurable:
            self._undurable[-1].answers.extend(answers)
            self._undurable_commands += len(answers)
        else:
            self._finish_alone()
            for envelope, outcome in answers:
                envelope.answer(outcome)

    def _batch(self, facts: Sequence[AnyFact], changes: Changes) -> Batch:
        inventory = self.inventory
        lines = [inventory.lines[reservation_id] for reservation_id in changes.orders]
        profile = inventory.profile
        assert profile is not None, "an inventory's first fact opens it"
        return Batch(
            self.id,
            inventory.seq - len(facts) + 1,
            facts,
            [inventory.listing(ticket_type_id) for ticket_type_id in changes.ticket_types],
            [line for line in lines if line.attempt and not line.guest],
            profile.organizer_id,
            inventory.snapshot() if self._checkpoint_is_due() else None,
            bool(self._alone),
        )

    def _checkpoint_is_due(self) -> bool:
        facts = self.inventory.seq - self._checkpoint_seq
        due = facts >= max(self._limits.checkpoint_facts, len(self.inventory.lines))
        if due:
            self._checkpoint_seq = self.inventory.seq
        return due

    # -- hearing from the journal

    def committed(self, batch: Batch) -> None:
        """See `ports.Author.committed`."""
        turn = self._undurable.popleft()
        assert turn.batch is batch, "batches of one inventory become durable in order"
        self._undurable_commands -= len(turn.answers)
        self.offer = turn.offer
        if self.seats is not None:
            self.seats.follow(batch.first_seq + len(batch.facts) - 1, turn.seats)
        elif turn.offer is not None and turn.offer.hall is not None:  # it has just been opened
            hall = turn.offer.hall
            self.seats = SeatView(hall, Seating(hall).statuses, turn.offer.seq)
            self.seats.follow(turn.offer.seq, turn.seats)
        if batch.listings:
            self._observer(self.id, turn.offer)
        for reservation_id in turn.closed:
            self.inventory.forget(reservation_id)
        self._finish_alone()
        for envelope, outcome in turn.answers:
            envelope.answer(outcome)
        if self._has_work(self._clock.now()):
            self._schedule_turn()
        self._note_quiet()

    def lost(self, batch: Batch) -> None:
        """See `ports.Author.lost`: forget what was decided, reload, and decide again, one by one."""
        assert self._undurable[0].batch is batch, "the oldest batch is lost first"
        if batch.alone:
            poisoned = self._alone.popleft()
            if not poisoned.reply.done():
                poisoned.reply.set_exception(PoisonedCommand(type(poisoned.command).__name__))
        else:
            self._alone.extend(envelope for turn in self._undurable for envelope, _ in turn.answers)
        self._undurable.clear()
        self._undurable_commands = 0
        self.loaded = False
        self._tally.reloads += 1
        self._reload(self)

    def _finish_alone(self) -> None:
        if self._alone:
            self._alone.popleft()

    # -- the passing of time

    def has_due(self, now: Instant) -> bool:
        """Whether a held line has run out."""
        return self.inventory.deadlines.earliest <= now

    def tick(self, now: Instant) -> None:
        """Give back what ran out, and answer those who have waited too long."""
        if self.has_due(now):
            self._schedule_turn()
        if not self.is_quiet:
            self._answer_overdue(Instant(now - int(self._limits.answer_seconds_max * SECOND)))

    def _answer_overdue(self, too_old: Instant) -> None:
        """OVERLOADED to all who came before `too_old`; what was decided, or is urgent, still happens."""
        overdue = self.mailbox.drop_older(too_old) + self.mailbox.urgent_older(too_old)
        decided = (envelope for turn in self._undurable for envelope, _ in turn.answers)
        overdue += [envelope for envelope in decided if envelope.arrived_at < too_old]
        overdue += [envelope for envelope in self._alone if envelope.arrived_at < too_old]
        for envelope in overdue:
            if not envelope.reply.done():
                envelope.answer(TRY_AGAIN)
                self._tally.refusals[Reason.OVERLOADED] += 1
        self._note_quiet()

    # -- leaving

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits for a decision or for durability."""
        return not self.mailbox and not self._undurable and not self._alone

    def _note_quiet(self) -> None:
        if self.is_quiet:
            self._quiet.set()

    async def until_quiet(self) -> None:
        """Return once nothing waits any more."""
        while not self.is_quiet:
            self._quiet.clear()
            await self._quiet.wait()

    def is_idle(self, now: Instant) -> bool:
        """Whether it can leave memory: quiet, nothing open, not asked for a while, and no key to be known.

        An hour's keys would be read again from the ledger, and that may take a while.
        """
        unused = now - self.last_used_at > self._limits.idle_seconds * SECOND
        inventory = self.inventory
        return (
            unused
            and self.loaded
            and self.is_quiet
            and not inventory.lines
            and not inventory.keys.counts_at(now)
        )

    def checkpoint(self) -> bool:
        """Have the state written if the last checkpoint lacks facts; False if it lacks none."""
        snapshot = self.inventory.snapshot() if self.loaded else None
        if snapshot is None or snapshot.seq == self._checkpoint_seq:
            return False
        self._checkpoint_seq = snapshot.seq
        turn = Turn(Batch(self.id, snapshot.seq + 1, (), checkpoint=snapshot), self.inventory.offer(), [])
        self._undurable.append(turn)
        self._journal.append(turn.batch, self)
        return True

    def give_up(self) -> None:
        """This process may no longer decide: everyone who waits hears OVERLOADED."""
        self.loaded = False
        waiting = self.mailbox.empty() + list(self._alone)
        waiting += [envelope for turn in self._undurable for envelope, _ in turn.answers]
        self._undurable.clear()
        self._alone.clear()
        for envelope in waiting:
            envelope.answer(TRY_AGAIN)

"""One actor: who hears what when, and what becomes of it when its batch is lost."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.actors.house import HOLD_SECONDS, VIP, actor_limits, codes, profile, turns
from tests.fakes.clock import ManualClock
from tests.fakes.journal import MemoryJournal
from ticketd.actors.ticket_type import ActorLimits, PoisonedCommand, Tally, TicketTypeActor
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import InventoryId, ReservationId, TicketTypeId
from ticketd.core.inventory import EXPIRED_PER_DECISION_MAX, Inventory
from ticketd.core.outcomes import Departed, Offer, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.terms import Terms, TermsPatch

CAPACITY = 10


class Stage:
    """One actor on a journal that commits only when told."""

    def __init__(self, clock: ManualClock, limits: ActorLimits) -> None:
        self.clock = clock
        self.journal = MemoryJournal()
        self.database = self.journal.database
        self.tally = Tally()
        self.observed: list[tuple[InventoryId, Offer | None]] = []
        self.reloads: list[TicketTypeActor] = []
        self.actor = TicketTypeActor(
            VIP,
            journal=self.journal,
            clock=clock,
            limits=limits,
            observer=lambda inventory_id, offer: self.observed.append((inventory_id, offer)),
            tally=self.tally,
            reload=self.reloads.append,
        )
        self._made = 0

    async def open(self, capacity: int = CAPACITY) -> None:
        self.actor.start(Inventory(VIP))
        await self.ask(c.Open(profile(VIP), Terms("VIP", capacity, 5_00), None))
        self.journal.held = True

    def ask(self, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        return self.actor.ask(command)

    def reserve(self, quantity: int = 1, name: str | None = None, key: str = "") -> asyncio.Future[Outcome]:
        self._made += 1
        reservation = ReservationId(name or f"r{self._made}")
        return self.ask(c.Reserve(reservation, quantity, HOLD_SECONDS, key, str(quantity)))

    async def commit(self) -> None:
        self.journal.commit()
        await turns()

    async def lose(self) -> None:
        self.journal.lose()
        await turns()

    def reload(self) -> None:
        (actor,) = self.reloads
        self.reloads.clear()
        actor.start(self.database.inventory(VIP))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.actor.tick(self.clock.now())

    def facts(self) -> list[str]:
        return [type(fact).__name__ for fact in self.database.facts(VIP)]


@pytest.fixture
def limits() -> ActorLimits:
    return actor_limits()


@pytest.fixture
async def stage(clock: ManualClock, limits: ActorLimits) -> Stage:
    stage = Stage(clock, limits)
    await stage.open()
    return stage


def statuses(replies: Sequence[asyncio.Future[Outcome]]) -> list[str]:
    return [_status(reply) for reply in replies]


def _status(reply: asyncio.Future[Outcome]) -> str:
    if not reply.done():
        return "waiting"
    match reply.result():
        case Line(status=status):
            return str(status)
        case Refusal(reason=reason):
            return str(reason)
        case Departed():
            return "departed"
        case _:
            return "offer"


# -- answers only after durability


async def test_a_yes_waits_for_its_batch(stage: Stage) -> None:
    reply = stage.reserve()
    await turns()
    assert _status(reply) == "waiting"
    await stage.commit()
    assert _status(reply) == "held"


async def test_a_no_judged_on_an_undurable_yes_waits_for_it(stage: Stage) -> None:
    yes = stage.reserve(CAPACITY)
    await turns()
    no = stage.reserve(1)
    look = stage.ask(c.Inspect(ReservationId("r1")))
    await turns()
    assert statuses([yes, no, look]) == ["waiting", "waiting", "waiting"]
    await stage.commit()
    assert statuses([yes, no, look]) == ["held", "sold_out", "held"]


async def test_a_no_judged_on_what_is_durable_is_said_at_once(stage: Stage) -> None:
    no = stage.reserve(CAPACITY + 1)
    await turns()
    assert _status(no) == "limit_exceeded"
    assert stage.journal.pending == []


async def test_it_decides_on_while_a_commit_is_in_flight(stage: Stage) -> None:
    replies = []
    for _ in range(3):
        replies.append(stage.reserve(4))
        await turns()
    assert [len(batch.facts) for batch in stage.journal.pending] == [1, 1]
    assert statuses(replies) == ["waiting"] * 3
    await stage.commit()
    assert statuses(replies) == ["held", "held", "sold_out"]


async def test_a_group_that_is_durable_but_untold_answers_nobody(stage: Stage) -> None:
    reply = stage.reserve()
    await turns()
    stage.journal.commit(tell=False)
    await turns()
    assert _status(reply) == "waiting"
    stage.journal.tell()
    assert _status(reply) == "held"


async def test_the_offer_shown_is_the_last_durable_one(stage: Stage) -> None:
    stage.journal.group_facts_max = 1
    shown = []
    for _ in range(2):
        stage.reserve(3)
        await turns()
    for _ in range(2):
        shown.append(stage.actor.offer.figures.held if stage.actor.offer else None)
        await stage.commit()
    assert shown == [0, 3]


async def test_changed_terms_are_observed_once_durable_and_before_the_answer(stage: Stage) -> None:
    stage.observed.clear()
    seen_at_answer: list[int] = []
    reply = stage.ask(c.ChangeTerms(TermsPatch(price_cents=7_00)))
    reply.add_done_callback(lambda _: seen_at_answer.append(len(stage.observed)))
    await turns()
    assert stage.observed == []
    await stage.commit()
    ((inventory_id, offer),) = stage.observed
    assert offer is not None
    assert (inventory_id, offer.terms.price_cents) == (VIP, 7_00)
    assert seen_at_answer == [1]


async def test_a_deletion_is_observed_as_nothing(stage: Stage) -> None:
    reply = stage.ask(c.Delete())
    await turns()
    await stage.commit()
    assert stage.observed[-1] == (VIP, None)
    assert reply.result() == Refusal(Reason.NOT_FOUND)
    assert stage.database.ticket_types[TicketTypeId(VIP)].deleted


# -- limits


@pytest.mark.parametrize("limits", [actor_limits(batch_size_max=1, undurable_commands_max=2)])
async def test_it_stops_draining_while_too_much_is_undurable(stage: Stage) -> None:
    replies = [stage.reserve() for _ in range(5)]
    await turns()
    assert len(stage.journal.pending) == 2
    assert len(stage.actor.mailbox) == 3
    await stage.commit()
    assert statuses(replies) == ["held", "held", "waiting", "waiting", "waiting"]
    await stage.commit()
    await stage.commit()
    assert statuses(replies) == ["held"] * 5


@pytest.mark.parametrize("limits", [actor_limits(batch_size_max=2, undurable_commands_max=3)])
async def test_refusals_count_as_undurable_too(stage: Stage) -> None:
    stage.reserve(CAPACITY)
    refused = [stage.reserve() for _ in range(6)]
    await turns(30)
    assert len(stage.actor.mailbox) == 3
    await stage.commit()
    assert statuses(refused) == ["sold_out"] * 6


@pytest.mark.parametrize("limits", [actor_limits(mailbox_length_max=2)])
async def test_a_full_mailbox_answers_overloaded_at_once(stage: Stage) -> None:
    replies = [stage.reserve() for _ in range(3)]
    assert statuses(replies) == ["waiting", "waiting", "overloaded"]
    assert stage.tally.refusals == {Reason.OVERLOADED: 1}
    await turns()
    await stage.commit()
    assert stage.facts() == ["Opened", "Reserved", "Reserved"]


@pytest.mark.parametrize("limits", [actor_limits(answer_seconds_max=10, undurable_commands_max=1)])
async def test_who_waits_too_long_hears_overloaded_and_what_was_decided_still_happens(stage: Stage) -> None:
    decided = stage.reserve(name="decided")
    await turns()
    undecided = stage.reserve(name="undecided")
    urgent = stage.ask(c.Release(ReservationId("decided")))
    stage.pass_time(10)
    assert statuses([decided, undecided, urgent]) == ["waiting"] * 3
    stage.pass_time(0.001)
    assert statuses([decided, undecided, urgent]) == ["overloaded"] * 3
    await stage.commit()
    await stage.commit()
    assert stage.facts() == ["Opened", "Reserved", "Released"]
    assert stage.actor.is_quiet


@pytest.mark.parametrize("limits", [actor_limits(answer_seconds_max=10, undurable_commands_max=1)])
async def test_who_waits_too_long_is_counted_once(stage: Stage) -> None:
    stage.reserve()
    await turns()
    stage.ask(c.Release(ReservationId("r1")))
    for _ in range(3):
        stage.pass_time(11)
    assert stage.tally.refusals == {Reason.OVERLOADED: 2}


async def test_an_urgent_newcomer_hides_nobody_who_waits_too_long(stage: Stage) -> None:
    old = stage.reserve()
    stage.clock.advance(9)
    stage.ask(c.Release(ReservationId("unknown")))
    await turns()  # both in one batch, the newcomer first
    stage.pass_time(2)
    assert _status(old) == "overloaded"


async def test_an_actor_that_cannot_load_answers_overloaded_in_time(clock: ManualClock) -> None:
    stage = Stage(clock, actor_limits(answer_seconds_max=10))
    reply = stage.reserve()
    await turns()
    quiet = asyncio.ensure_future(stage.actor.until_quiet())
    await turns()
    assert not quiet.done()
    stage.pass_time(11)
    assert _status(reply) == "overloaded"
    await turns()
    assert quiet.done()


# -- a lost batch


async def test_after_a_lost_batch_it_reloads_and_decides_again(stage: Stage) -> None:
    replies = [stage.reserve(4), stage.reserve(4), stage.reserve(4)]
    await turns()
    await stage.lose()
    assert statuses(replies) == ["waiting"] * 3
    assert stage.actor.inventory.held == 8
    stage.reload()
    await turns()
    assert stage.actor.inventory.held == 4
    await stage.commit()
    await stage.commit()
    assert statuses(replies) == ["held", "held", "sold_out"]
    assert stage.facts() == ["Opened", "Reserved", "Reserved"]
    assert stage.tally.reloads == 1


async def test_nothing_is_decided_between_a_loss_and_the_reload(stage: Stage) -> None:
    stage.reserve()
    await turns()
    await stage.lose()
    later = stage.reserve()
    stage.pass_time(1)
    await turns()
    assert stage.journal.pending == []
    assert _status(later) == "waiting"


async def test_nothing_decided_on_top_of_a_lost_batch_survives(stage: Stage) -> None:
    stage.journal.group_facts_max = 1
    stage.journal.refuses = lambda fact: isinstance(fact, f.Reserved) and fact.quantity == CAPACITY
    first = stage.reserve(CAPACITY, name="first")
    await turns()
    refused = stage.reserve(1, name="refused")
    released = stage.ask(c.Release(ReservationId("first")))
    await turns()
    assert len(stage.journal.pending) == 2
    await stage.lose()
    assert stage.journal.pending == [], "it would be committed without what it stands on"
    stage.reload()
    await turns()
    await stage.commit()
    stage.reload()
    stage.journal.let_go()
    await turns(30)
    assert isinstance(first.exception(), PoisonedCommand)
    assert statuses([refused, released]) == ["held", "departed"]
    assert stage.facts() == ["Opened", "Reserved"]


async def test_after_a_loss_commands_are_committed_one_by_one(stage: Stage) -> None:
    replies = [stage.reserve() for _ in range(3)]
    await turns()
    await stage.lose()
    stage.reload()
    for done in range(3):
        await turns()
        (batch,) = stage.journal.pending
        assert batch.alone
        assert statuses(replies).count("held") == done
        await stage.commit()
    assert statuses(replies) == ["held"] * 3
    last = stage.reserve()
    await turns()
    assert not stage.journal.pending[0].alone
    await stage.commit()
    assert _status(last) == "held"


async def test_a_poisoned_command_harms_only_itself(stage: Stage) -> None:
    stage.journal.refuses = lambda fact: isinstance(fact, f.Reserved) and fact.reservation_id == "poison"
    before, poison, after = stage.reserve(), stage.reserve(name="poison"), stage.reserve()
    await turns()
    stage.journal.let_go()
    for _ in range(2):
        await turns()
        stage.reload()
    await turns(30)
    assert statuses([before, after]) == ["held", "held"]
    assert isinstance(poison.exception(), PoisonedCommand)
    assert stage.facts() == ["Opened", "Reserved", "Reserved"]
    assert stage.actor.is_quiet


async def test_what_ran_out_is_not_mistaken_for_a_command_after_a_loss(stage: Stage) -> None:
    held = [stage.reserve() for _ in range(2)]
    await turns()
    await stage.commit()
    again = [stage.reserve() for _ in range(2)]
    await turns()
    await stage.lose()
    stage.clock.advance(HOLD_SECONDS + 1)
    stage.reload()
    stage.journal.let_go()
    await turns(30)
    assert statuses(held + again) == ["held"] * 4
    assert stage.facts() == ["Opened", *["Reserved"] * 2, *["Expired"] * 2, *["Reserved"] * 2]


async def test_no_command_is_forgotten_when_much_runs_out_after_a_loss(clock: ManualClock) -> None:
    holds = EXPIRED_PER_DECISION_MAX + 10
    stage = Stage(clock, actor_limits())
    await stage.open(capacity=2 * holds)
    for _ in range(holds):
        stage.reserve()
    await turns()
    await stage.commit()
    again = stage.reserve()
    await turns()
    await stage.lose()
    clock.advance(HOLD_SECONDS)
    stage.reload()
    stage.journal.let_go()
    await turns(30)
    assert _status(again) == "held"
    assert stage.facts().count("Expired") == holds


async def test_after_a_loss_those_whose_asker_has_heard_overloaded_still_happen(stage: Stage) -> None:
    reply = stage.reserve()
    await turns()
    await stage.lose()
    stage.pass_time(11)
    assert _status(reply) == "overloaded"
    stage.reload()
    await turns()
    await stage.commit()
    assert stage.facts() == ["Opened", "Reserved"]


# -- faults, and askers who leave


async def test_a_cancelled_reply_does_not_cancel_the_work(stage: Stage) -> None:
    left = stage.reserve()
    stayed = stage.reserve()
    left.cancel()
    await turns()
    await stage.commit()
    assert _status(stayed) == "held"
    assert stage.facts() == ["Opened", "Reserved", "Reserved"]


async def test_a_fault_in_deciding_reaches_only_its_asker(stage: Stage) -> None:
    before = stage.reserve()
    faulty = stage.reserve("three")  # type: ignore[arg-type]  # no quantity can be compared with this
    after = stage.reserve()
    await turns()
    assert isinstance(faulty.exception(), TypeError)
    await stage.commit()
    assert statuses([before, after]) == ["held", "held"]


# -- memory


async def test_a_closed_line_leaves_memory_once_durable(stage: Stage) -> None:
    bought = stage.reserve(name="bought")
    given_back = stage.reserve(name="given_back")
    await turns()
    await stage.commit()
    stage.ask(c.StartPayment(ReservationId("bought")))
    stage.ask(c.Confirm(ReservationId("bought"), 1, codes(ReservationId("bought"), 1)))
    stage.ask(c.Release(ReservationId("given_back")))
    await turns()
    assert len(stage.actor.inventory.lines) == 2
    await stage.commit()
    assert stage.actor.inventory.lines == {}
    replies = [stage.ask(c.Inspect(ReservationId(name))) for name in ("bought", "given_back")]
    await turns()
    assert statuses(replies) == ["departed", "departed"]
    assert statuses([bought, given_back]) == ["held", "held"]


async def test_orders_begin_when_a_payment_starts(stage: Stage) -> None:
    for name in ("held", "paid", "released"):
        stage.reserve(name=name)
    await turns()
    await stage.commit()
    stage.ask(c.Release(ReservationId("released")))
    stage.ask(c.StartPayment(ReservationId("paid")))
    await turns()
    await stage.commit()
    assert {place: row.status for place, row in stage.database.orders.items()} == {
        (ReservationId("paid"), TicketTypeId(VIP)): ReservationStatus.PAYING
    }
    stage.ask(c.FailPayment(ReservationId("paid"), 1))
    stage.ask(c.Release(ReservationId("paid")))
    await turns()
    await stage.commit()
    (row,) = stage.database.orders.values()
    assert (row.status, row.number) == (ReservationStatus.RELEASED, "1-3")


# -- checkpoints


@pytest.mark.parametrize("limits", [actor_limits(checkpoint_facts=4)])
async def test_a_checkpoint_is_written_every_so_many_facts(stage: Stage) -> None:
    written = []
    for _ in range(4):
        stage.reserve(name="one")
        await turns()
        stage.ask(c.Release(ReservationId("one")))
        await turns()
        await stage.commit()
        written.append(checkpoint_seq(stage))
    assert written == [0, 4, 4, 8]


@pytest.mark.parametrize("limits", [actor_limits(checkpoint_facts=4)])
async def test_a_checkpoint_waits_for_as_many_facts_as_it_has_open_lines_to_write(stage: Stage) -> None:
    for _ in range(7):
        stage.reserve()
    await turns()
    await stage.commit()
    written = [checkpoint_seq(stage)]
    for _ in range(4):
        stage.reserve(name="more")
        await turns()
        stage.ask(c.Release(ReservationId("more")))
        await turns()
        await stage.commit()
        written.append(checkpoint_seq(stage))
    assert written == [8, 8, 8, 8, 16]


def checkpoint_seq(stage: Stage) -> int:
    """Up to which fact the checkpoint reaches; 0 without one."""
    snapshot = stage.database.snapshot(VIP)
    return snapshot.seq if snapshot else 0


async def test_a_checkpoint_is_the_state_to_go_on_from(stage: Stage) -> None:
    stage.reserve(3, key="k")
    await turns()
    await stage.commit()
    assert stage.actor.checkpoint()
    assert not stage.actor.is_quiet
    await stage.commit()
    assert stage.actor.is_quiet
    assert not stage.actor.checkpoint()
    recovered = stage.database.inventory(VIP)
    assert recovered.restored_seq == 2
    assert recovered.figures() == stage.actor.inventory.figures()
    assert recovered.keys.find("k") == stage.actor.inventory.keys.find("k")


async def test_a_lost_checkpoint_is_written_again(stage: Stage) -> None:
    stage.actor.checkpoint()
    await stage.lose()
    stage.reload()
    assert stage.actor.checkpoint()
    await stage.commit()
    assert stage.database.snapshot(VIP) is not None


# -- the passing of time


async def test_what_has_run_out_is_given_back_without_being_asked(stage: Stage) -> None:
    stage.reserve(CAPACITY)
    await turns()
    await stage.commit()
    stage.pass_time(HOLD_SECONDS)
    await turns()
    await stage.commit()
    assert stage.facts() == ["Opened", "Reserved", "Expired"]
    assert stage.actor.offer is not None
    assert stage.actor.offer.figures.free == CAPACITY


async def test_before_its_deadline_a_line_is_not_given_back(stage: Stage) -> None:
    stage.reserve()
    await turns()
    await stage.commit()
    stage.pass_time(HOLD_SECONDS - 0.001)
    await turns()
    assert stage.journal.pending == []


async def test_nobody_is_refused_while_more_has_run_out_than_a_turn_gives_back(clock: ManualClock) -> None:
    holds = 2 * EXPIRED_PER_DECISION_MAX + 10
    stage = Stage(clock, actor_limits())
    await stage.open(capacity=holds)
    for _ in range(holds):
        stage.reserve()
    await turns()
    await stage.commit()
    clock.advance(HOLD_SECONDS)
    deleted = stage.ask(c.Delete())
    stage.journal.let_go()
    await turns(30)
    assert stage.observed[-1] == (VIP, None), deleted.result()
    assert stage.facts().count("Expired") == holds


# -- leaving


async def test_give_up_answers_everyone(stage: Stage) -> None:
    undurable = stage.reserve(name="undurable")
    await turns()
    await stage.lose()
    alone = undurable
    stage.reload()
    await turns()
    waiting = [stage.reserve(), stage.ask(c.Release(ReservationId("undurable")))]
    stage.actor.give_up()
    assert statuses([alone, *waiting]) == ["overloaded"] * 3
    await turns()
    assert stage.facts() == ["Opened"]


async def test_until_quiet_returns_only_when_nothing_waits_for_durability(stage: Stage) -> None:
    stage.reserve()
    await turns()
    quiet = asyncio.ensure_future(stage.actor.until_quiet())
    await turns()
    assert not quiet.done()
    await stage.commit()
    assert quiet.done()


@pytest.mark.parametrize("limits", [actor_limits(idle_seconds=60)])
async def test_an_actor_is_idle_without_open_lines_after_a_while(stage: Stage) -> None:
    stage.reserve(name="one")
    await turns()
    await stage.commit()
    stage.clock.advance(61)
    assert not stage.actor.is_idle(stage.clock.now())
    stage.ask(c.Release(ReservationId("one")))
    stage.clock.advance(61)
    assert not stage.actor.is_idle(stage.clock.now())
    await turns()
    await stage.commit()
    assert stage.actor.is_idle(stage.clock.now())
    stage.ask(c.Inspect(ReservationId("one")))
    await turns()
    assert not stage.actor.is_idle(stage.clock.now())

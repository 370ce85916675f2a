"""The promises seen from outside: real actors, whose journal fails and whose process dies at random."""

import asyncio
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.actors.audit import Audit
from tests.actors.house import HOLD_SECONDS, STALLS, VIP, House, actor_limits, codes, turns
from tests.fakes.clock import ManualClock
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.ids import SECOND, InventoryId, ReservationId
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.outcomes import Departed, Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import TermsPatch

inventories = st.sampled_from([VIP, STALLS])
some = st.integers(0, 30)
steps = st.one_of(
    st.tuples(st.just("reserve"), inventories, st.integers(1, 4), st.sampled_from(["", "", "a", "b"])),
    st.tuples(st.just("release"), some),
    st.tuples(st.just("start_payment"), some),
    st.tuples(st.just("confirm"), some, st.integers(1, 2)),
    st.tuples(st.just("fail_payment"), some, st.integers(1, 2)),
    st.tuples(st.just("change_capacity"), inventories, st.integers(0, 8)),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 60, HOLD_SECONDS])),
    st.tuples(st.just("go_round"), st.integers(1, 4)),
    st.tuples(st.just("hold_commits_back")),
    st.tuples(st.just("commit"), st.booleans()),
    st.tuples(st.just("lose")),
    st.tuples(st.just("let_go")),
    st.tuples(st.just("restart")),
)

KEY_MICROSECONDS = KEY_SECONDS_MIN * SECOND
EVIDENCE = {
    c.Reserve: f.Reserved,
    c.StartPayment: f.PaymentStarted,
    c.Confirm: f.Confirmed,
}


class World:
    """Guests and owners who note every answer, and check it against the ledger when it comes."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        limits = actor_limits(batch_size_max=3, undurable_commands_max=6, checkpoint_facts=5)
        self.house = House(self.clock, limits, group_facts_max=2)
        self.made: list[tuple[InventoryId, ReservationId]] = []
        self.by_key: dict[tuple[InventoryId, str, int], ReservationId] = {}
        self.replies: list[asyncio.Future[Outcome]] = []

    async def live(self, days: list[tuple[object, ...]]) -> None:
        await self.house.start()
        for inventory_id in (VIP, STALLS):
            await self.house.open(inventory_id, capacity=5)
        for name, *arguments in days:
            step = getattr(self, str(name))
            await step(*arguments)
            self.audit()
        await self.let_go()
        await turns(60)
        assert all(reply.done() for reply in self.replies), "somebody never got an answer"
        self.audit()
        self.house.registry.close()

    def ask(self, inventory_id: InventoryId, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        reply = self.house.ask(inventory_id, command)
        self.replies.append(reply)
        reply.add_done_callback(partial(self.answered, inventory_id, command))
        return reply

    # -- steps

    async def reserve(self, inventory_id: InventoryId, quantity: int, key: str) -> None:
        key = key and f"{key}{self.clock.now() // KEY_MICROSECONDS}"  # nobody promises more than an hour
        made = self.house.new_id(inventory_id)
        self.made.append((inventory_id, made))
        self.ask(inventory_id, c.Reserve(made, quantity, HOLD_SECONDS, key, str(quantity)))

    async def release(self, number: int) -> None:
        self._on_one(number, c.Release)

    async def start_payment(self, number: int) -> None:
        self._on_one(number, c.StartPayment)

    async def confirm(self, number: int, attempt: int) -> None:
        self._on_one(number, lambda made: c.Confirm(made, attempt, codes(made, 1)))

    async def fail_payment(self, number: int, attempt: int) -> None:
        self._on_one(number, lambda made: c.FailPayment(made, attempt))

    def _on_one(self, number: int, command: object) -> None:
        if self.made:
            inventory_id, made = self.made[number % len(self.made)]
            assert callable(command)
            self.ask(inventory_id, command(made))

    async def change_capacity(self, inventory_id: InventoryId, capacity: int) -> None:
        self.ask(inventory_id, c.ChangeTerms(TermsPatch(capacity=capacity)))

    async def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)

    async def go_round(self, count: int) -> None:
        await turns(count)

    async def hold_commits_back(self) -> None:
        self.house.journal.held = True

    async def commit(self, tell: bool) -> None:
        if self.house.journal.pending:
            self.house.journal.commit(tell=tell)
        elif tell:
            self.house.journal.tell()

    async def lose(self) -> None:
        self.house.journal.tell()
        if self.house.journal.pending:
            self.house.journal.lose()

    async def let_go(self) -> None:
        self.house.journal.tell()
        self.house.journal.let_go()

    async def restart(self) -> None:
        await self.house.restart()

    # -- checks

    def audit(self) -> None:
        for inventory_id in (VIP, STALLS):
            Audit(self.house.database.facts(inventory_id))
        assert self.house.registry.stats().conservation_broken == 0

    def answered(
        self, inventory_id: InventoryId, command: c.AnyCommand, reply: asyncio.Future[Outcome]
    ) -> None:
        """An answer has come: what it says must be durable by now."""
        facts = self.house.database.facts(inventory_id)
        match reply.exception() or reply.result():
            case Line() as line:
                self._is_durable(line, command, facts)
            case Refusal(reason=Reason.SOLD_OUT, available=available):
                assert available in Audit(facts).free_ever, "refused for what isn't durable"
            case Refusal(reason=Reason.OVERLOADED | Reason.RESERVATION_CLOSED | Reason.RESERVATION_EXPIRED):
                pass
            case Departed(reservation_id=gone) if isinstance(command, c.Reserve):
                assert Audit(facts).status[gone] in ("paid", "released", "expired")
                self._note_key(inventory_id, command, gone)

    def _is_durable(self, line: Line, command: c.AnyCommand, facts: list[f.AnyFact]) -> None:
        kinds = {type(fact) for fact in facts if getattr(fact, "reservation_id", None) == line.reservation_id}
        if (kind := EVIDENCE.get(type(command))) is not None:
            assert kind in kinds, f"{type(command).__name__} was answered before it was durable"
        if isinstance(command, c.Release):
            assert kinds & {f.Released, f.Expired}, "a release was answered before it was durable"
        if isinstance(command, c.Reserve):
            self._note_key(line.inventory_id, command, line.reservation_id)

    def _note_key(self, inventory_id: InventoryId, command: c.Reserve, made: ReservationId) -> None:
        if command.key:
            place = inventory_id, command.key, command.quantity
            assert self.by_key.setdefault(place, made) == made, "one key, two reservations"


@settings(max_examples=250, deadline=None)
@given(days=st.lists(steps, min_size=5, max_size=60))
def test_whatever_fails_and_whoever_dies_the_promises_hold(days: list[tuple[object, ...]]) -> None:
    broken: list[BaseException] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(
            lambda _, context: broken.append(context.get("exception") or AssertionError(context))
        )
        await World().live(days)

    asyncio.run(run())
    if broken:
        raise broken[0]

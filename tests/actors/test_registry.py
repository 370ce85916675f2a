"""All actors of a process: brought in, let go, drained, closed, and brought back after a crash."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.actors.house import (
    ANSWER_SECONDS_MAX,
    BALCONY,
    HOLD_SECONDS,
    STALLS,
    VIP,
    House,
    actor_limits,
    outcomes,
    turns,
)
from tests.eventually import eventually
from tests.fakes.clock import ManualClock
from ticketd.actors import registry as registry_module
from ticketd.core import commands as c
from ticketd.core.ids import SECOND, Instant, InventoryId
from ticketd.core.inventory import EXPIRED_PER_DECISION_MAX
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.outcomes import Departed, Offer
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.state import LedgerGap
from ticketd.core.terms import TermsPatch
from ticketd.ports import StorageUnavailable

UNKNOWN = InventoryId(99)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens every so often happens all the time."""
    monkeypatch.setattr(registry_module, "TICK_SECONDS", 0.001)
    monkeypatch.setattr(registry_module, "LOAD_RETRY_SECONDS", 0.001)


@pytest.fixture
async def impatient(clock: ManualClock, quick: None) -> AsyncIterator[House]:
    """A house that lets nobody wait, and nothing idle stay."""
    house = await House(clock, actor_limits(answer_seconds_max=0.05, idle_seconds=60)).start()
    yield house
    house.registry.close()


# -- asking


async def test_whoever_asks_first_brings_the_actor_in(house: House) -> None:
    assert house.registry.offer(VIP) is None
    offer = await house.open(VIP, capacity=3)
    assert house.registry.offer(VIP) == offer
    assert house.registry.stats().actors == 1


async def test_an_inventory_that_was_never_opened_says_not_found(house: House) -> None:
    assert await house.reserve(UNKNOWN) == Refusal(Reason.NOT_FOUND)
    assert await house.registry.offers([UNKNOWN]) == {}


async def test_offers_of_what_is_not_in_memory_are_read_from_storage(house: House) -> None:
    await house.open(VIP)
    await house.open(STALLS, capacity=5)
    await house.buy(STALLS, 2)
    await house.registry.drain()
    await house.restart()
    assert house.registry.stats().actors == 0, "nothing is unfinished after a clean end"
    offers = await house.registry.offers([VIP, STALLS, UNKNOWN])
    assert sorted(offers) == [VIP, STALLS]
    assert offers[STALLS].figures.free == 3


async def test_offers_while_storage_is_down_are_refused_in_time(impatient: House) -> None:
    impatient.database.reachable = False
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        with pytest.raises(StorageUnavailable):
            await impatient.registry.offers([VIP])


async def test_offers_of_what_is_in_memory_need_no_storage(impatient: House) -> None:
    offer = await impatient.open(VIP)
    impatient.database.reachable = False
    assert await impatient.registry.offers([VIP]) == {VIP: offer}


async def test_commands_wait_for_storage_to_come_back(house: House, quick: None) -> None:
    await house.open(VIP)
    await house.registry.drain()
    await house.restart()
    house.database.reachable = False
    reply = house.reserve(VIP)
    await turns(50)
    assert not reply.done()
    house.database.reachable = True
    (answer,) = await outcomes([reply])
    assert isinstance(answer, Line)


async def test_who_waits_too_long_for_storage_hears_overloaded(impatient: House) -> None:
    impatient.database.reachable = False
    reply = impatient.reserve(VIP)
    impatient.clock.advance(1)
    assert await outcomes([reply]) == [TRY_AGAIN]


# -- losing a batch


async def test_a_lost_batch_is_decided_again_without_anyone_noticing(house: House) -> None:
    await house.open(VIP, capacity=2)
    house.journal.held = True
    replies = [house.reserve(VIP) for _ in range(3)]
    await turns()
    house.journal.lose()
    house.journal.let_go()
    answers = await outcomes(replies)
    assert [type(answer) for answer in answers] == [Line, Line, Refusal]
    assert house.registry.stats().reloads == 1
    assert house.registry.stats().conservation_broken == 0


async def test_a_lost_batch_leaves_other_inventories_alone(house: House) -> None:
    await house.open(VIP)
    await house.open(STALLS)
    house.journal.held = True
    house.reserve(VIP)
    await turns()
    other = house.reserve(STALLS)
    await turns()
    first, second = house.journal.pending
    assert (first.inventory_id, second.inventory_id) == (VIP, STALLS)
    house.journal.refuses = lambda fact: False
    house.journal.commit()
    assert isinstance(await other, Line)


# -- letting go


async def test_an_idle_actor_leaves_memory_with_a_checkpoint_and_comes_back(impatient: House) -> None:
    house = impatient
    await house.open(VIP, capacity=5)
    bought = await house.buy(VIP, 2)
    house.clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 0)
    snapshot = house.database.snapshot(VIP)
    assert snapshot is not None
    assert snapshot.seq == len(house.database.facts(VIP))
    assert await house.ask(VIP, c.Inspect(bought)) == Departed(bought)
    assert (await house.registry.offers([VIP]))[VIP].figures.sold == 2


async def test_the_memory_of_many_that_left_goes_back_to_the_system(
    impatient: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[int] = []
    house = impatient
    monkeypatch.setattr("ticketd.actors.registry.DEPARTED_MAX", 2)
    monkeypatch.setattr(
        "ticketd.actors.registry.give_back", lambda: given_back.append(house.registry.stats().actors)
    )
    await house.open(VIP)
    house.clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 0)
    assert given_back == []
    await house.open(STALLS)
    house.clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 0)
    assert given_back == [0]


async def test_an_actor_with_an_open_hold_stays(impatient: House) -> None:
    house = impatient
    await house.open(VIP)
    await house.open(STALLS)
    await house.hold(STALLS)
    house.clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 1)
    assert house.registry.offer(STALLS) is not None


async def test_an_idle_actor_stays_in_memory_as_long_as_its_keys_count(impatient: House) -> None:
    house = impatient
    await house.open(VIP)
    await house.open(STALLS)
    first = c.Reserve(house.new_id(), 1, HOLD_SECONDS, "key", "1")
    await house.ask(VIP, first)
    await house.ask(VIP, c.Release(first.reservation_id))
    house.clock.advance(61)
    await eventually(lambda: house.registry.stats().actors == 1)
    again = await house.ask(VIP, c.Reserve(house.new_id(), 1, HOLD_SECONDS, "key", "1"))
    assert again == Departed(first.reservation_id)
    house.clock.advance(KEY_SECONDS_MIN)
    await eventually(lambda: house.registry.stats().actors == 0)


async def test_an_offer_that_is_looked_at_stays_in_memory(impatient: House) -> None:
    house = impatient
    await house.open(VIP)
    await house.open(STALLS)
    house.clock.advance(61)
    assert house.registry.offer(VIP) is not None
    await eventually(lambda: house.registry.stats().actors == 1)
    assert house.registry.offer(VIP) is not None


# -- starting


async def test_what_ran_out_while_it_was_down_is_expired_and_the_rest_keeps_its_deadline(
    house: House,
) -> None:
    await house.open(VIP, capacity=5)
    old = await house.hold(VIP, 2)
    house.clock.advance(600)
    young = await house.hold(VIP, 1)
    house.clock.advance(600)
    await house.restart()
    line = await house.ask(VIP, c.Inspect(young))
    assert isinstance(line, Line)
    assert (line.status, line.deadline) == (ReservationStatus.HELD, line.created_at + 900 * 10**6)
    assert await house.ask(VIP, c.Inspect(old)) == Departed(old)
    assert (await house.registry.offers([VIP]))[VIP].figures.held == 1


async def test_much_that_ran_out_while_it_was_down_is_all_expired(house: House) -> None:
    holds = 2 * EXPIRED_PER_DECISION_MAX + 1
    await house.open(VIP, capacity=holds)
    await asyncio.gather(*(house.reserve(VIP) for _ in range(holds)))
    house.clock.advance(HOLD_SECONDS)
    await house.restart()
    assert isinstance(await house.reserve(VIP, 10), Line)
    await turns()
    assert (await house.registry.offers([VIP]))[VIP].figures.free == holds - 10


async def test_a_payment_under_way_survives_a_restart_past_its_deadline(house: House) -> None:
    await house.open(VIP)
    held = await house.hold(VIP)
    await house.ask(VIP, c.StartPayment(held))
    house.clock.advance(10 * HOLD_SECONDS)
    await house.restart()
    (paying,) = house.registry.paying()
    assert (paying.reservation_id, paying.attempt) == (held, 1)
    assert isinstance(await house.ask(VIP, c.Confirm(held, 1, ())), Line)


async def test_everything_acknowledged_survives_a_restart_and_nothing_undurable_does(house: House) -> None:
    await house.open(VIP, capacity=5)
    kept = await house.hold(VIP, 1)
    house.journal.held = True
    lost = house.reserve(VIP, 1)
    await turns()
    assert not lost.done()
    await house.restart()
    assert await lost == TRY_AGAIN
    assert isinstance(await house.ask(VIP, c.Inspect(kept)), Line)
    assert (await house.registry.offers([VIP]))[VIP].figures.held == 1


async def test_the_process_before_can_commit_nothing_more(house: House) -> None:
    await house.open(VIP, capacity=1)
    before = house.registry
    house.journal.held = True
    reply = before.ask(VIP, c.Reserve(house.new_id(), 1, HOLD_SECONDS))
    await turns()
    old_journal = house.journal
    await house.restart()
    old_journal.let_go()
    await turns()
    assert reply.result() == TRY_AGAIN
    assert isinstance(await house.reserve(VIP), Line)
    assert len(house.database.facts(VIP)) == 2


async def test_strays_are_tentative_lines_and_those_whose_home_is_elsewhere(house: House) -> None:
    for inventory_id in (VIP, STALLS, BALCONY):
        await house.open(inventory_id)
    cart = house.new_id(VIP)
    for part in (VIP, STALLS):
        await house.ask(part, c.Reserve(cart, 1, 10, parts=(VIP, STALLS)))
    assert {line.inventory_id for line in house.registry.strays()} == {VIP, STALLS}
    for part in (VIP, STALLS):
        await house.ask(part, c.Seal(cart, Instant(house.clock.now() + SECOND)))
    await house.hold(BALCONY)
    assert {line.inventory_id for line in house.registry.strays()} == {STALLS}


async def test_the_admissions_used_are_known_after_a_restart_with_the_keys_that_their_homes_know(
    house: House,
) -> None:
    for inventory_id in (VIP, STALLS):
        await house.open(inventory_id)
    cart, other = house.new_id(VIP), house.new_id(VIP)
    for part, key in ((VIP, "key"), (STALLS, "")):
        await house.ask(part, c.Reserve(cart, 1, 10, key, parts=(VIP, STALLS), admission="5:1"))
        await house.ask(part, c.Reserve(other, 1, 10, parts=(VIP, STALLS), admission="5:2"))
        await house.ask(part, c.Seal(cart, Instant(house.clock.now() + SECOND)))
    await house.ask(STALLS, c.Reserve(house.new_id(STALLS), 1, 10, admission="5:3"))
    await house.restart()
    assert sorted(house.registry.used_admissions()) == [("5:1", "key"), ("5:3", "")]


async def test_a_ledger_with_a_gap_stops_the_start(house: House) -> None:
    await house.open(VIP)
    await house.hold(VIP)
    await house.hold(VIP)
    del house.database.ledger[VIP][2]
    with pytest.raises(LedgerGap):
        await house.restart()


async def test_a_fault_in_loading_is_heard_and_not_left_to_hang(house: House) -> None:
    await house.open(VIP)
    await house.buy(VIP)
    await house.registry.drain()
    await house.restart()
    house.database.checkpoints.clear()
    del house.database.ledger[VIP][1]
    house.reserve(VIP)
    await eventually(lambda: bool(house.faults))
    assert isinstance(house.faults[0], LedgerGap)


# -- ending


async def test_a_drain_answers_everyone_and_checkpoints_everything(house: House) -> None:
    await house.open(VIP)
    await house.open(STALLS)
    accepted = [house.reserve(VIP), house.reserve(STALLS), house.reserve(UNKNOWN)]
    draining = asyncio.create_task(house.registry.drain())
    await turns(1)
    late = house.reserve(VIP)
    await draining
    assert [type(reply.result()) for reply in accepted] == [Line, Line, Refusal]
    assert late.result() == TRY_AGAIN
    assert await house.journal.unfinished() == [VIP, STALLS], "their open lines must be brought back"
    for inventory_id in (VIP, STALLS):
        snapshot = house.database.snapshot(inventory_id)
        assert snapshot is not None
        assert snapshot.seq == len(house.database.facts(inventory_id))


async def test_the_last_checkpoint_of_a_drain_lacks_nothing_that_was_accepted(clock: ManualClock) -> None:
    house = await House(clock, actor_limits(batch_size_max=1)).start()
    await house.open(VIP)
    for _ in range(5):
        house.reserve(VIP)
    await house.registry.drain()
    snapshot = house.database.snapshot(VIP)
    assert snapshot is not None
    assert snapshot.seq == len(house.database.facts(VIP)) == 6
    house.registry.close()


async def test_a_drain_waits_for_what_is_not_durable(house: House) -> None:
    await house.open(VIP)
    house.journal.held = True
    reply = house.reserve(VIP)
    draining = asyncio.create_task(house.registry.drain())
    await turns(30)
    assert not draining.done()
    house.journal.let_go()
    await draining
    assert isinstance(reply.result(), Line)


async def test_closing_answers_everyone(house: House) -> None:
    await house.open(VIP)
    house.journal.held = True
    undurable = house.reserve(VIP)
    await turns()
    unloaded = house.reserve(STALLS)
    house.registry.close()
    assert [await undurable, await unloaded, await house.reserve(VIP)] == [TRY_AGAIN] * 3


# -- what it tells of itself


async def test_it_counts_what_waits_and_why_it_refused(house: House) -> None:
    await house.open(VIP, capacity=1)
    house.journal.held = True
    replies = [house.reserve(VIP) for _ in range(3)]
    house.clock.advance(2)
    waiting = house.registry.stats()
    assert (waiting.mailbox_depth, waiting.mailbox_age_seconds_max) == (3, 2.0)
    await turns()
    house.journal.let_go()
    await asyncio.gather(*replies)
    stats = house.registry.stats()
    assert (stats.actors, stats.mailbox_depth, stats.reservations_open) == (1, 0, 1)
    assert stats.refusals[Reason.SOLD_OUT] == 2
    assert stats.conservation_broken == 0


async def test_the_observer_hears_of_every_durable_change_of_terms(house: House) -> None:
    opened = await house.open(VIP)
    changed = await house.ask(VIP, c.ChangeTerms(TermsPatch(capacity=20)))
    assert isinstance(changed, Offer)
    await house.hold(VIP)
    assert house.observed == [(VIP, opened), (VIP, changed)]

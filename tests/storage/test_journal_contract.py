"""What every journal promises: the one in memory that other tests rely on, and the real one."""

from typing import Any

import pytest

from tests.storage.clerk import Clerk, payment
from tests.storage.storages import Make, Storage
from ticketd.core.commands import (
    AnyCommand,
    ChangeTerms,
    Delete,
    FailPayment,
    Release,
    Reserve,
    Seal,
    StartPayment,
)
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.keys import KEY_SECONDS_MIN
from ticketd.core.replay import line_of
from ticketd.core.terms import TermsPatch
from ticketd.ports import Batch, Journal


def state(inventory: Inventory) -> tuple[Any, ...]:
    """All that counts about an inventory."""
    return (
        inventory.seq,
        inventory.terms,
        inventory.deleted,
        inventory.figures(),
        dict(inventory.lines),
        inventory.next_deadline(),
    )


# -- writing


async def test_batches_of_one_inventory_become_durable_in_their_order(journal: Journal) -> None:
    clerk = Clerk()
    batches = [clerk.opened(), *(clerk.reserved(count) for count in (1, 3, 2))]
    assert await clerk.write(journal, *batches) == ["committed"] * 4
    assert clerk.committed_batches == batches
    [recovered] = await journal.recover([clerk.inventory.id])
    assert state(recovered) == state(clerk.inventory)


async def test_a_batch_larger_than_a_group_is_written_all_the_same(make: Make) -> None:
    journal = (await make(2)).journal
    clerk = Clerk()
    await clerk.write(journal, clerk.opened(), clerk.reserved(5), clerk.reserved(2))
    [recovered] = await journal.recover([clerk.inventory.id])
    assert recovered.seq == 8


async def test_many_inventories_are_written_together(journal: Journal) -> None:
    clerks = [Clerk(number) for number in range(1, 6)]
    for clerk in clerks:
        journal.append(clerk.opened(), clerk)
        journal.append(clerk.reserved(2), clerk)
    for clerk in clerks:
        assert await clerk.settled(2) == ["committed"] * 2
    wanted = [clerk.inventory.id for clerk in reversed(clerks)]
    recovered = await journal.recover(wanted)
    assert [inventory.id for inventory in recovered] == wanted
    assert all(inventory.figures().held == 2 for inventory in recovered)


# -- recovering


async def test_an_inventory_of_which_nothing_was_written_is_new(journal: Journal) -> None:
    clerk = Clerk(2)
    await clerk.open(journal)
    recovered = await journal.recover([InventoryId(1), InventoryId(2), InventoryId(3)])
    assert [inventory.exists for inventory in recovered] == [False, True, False]


async def test_recovery_goes_on_from_the_checkpoint(journal: Journal) -> None:
    clerk = Clerk()
    held = Reserve(clerk.new_id(), 4, 900)
    sold = Reserve(clerk.new_id(), 2, 900)
    await clerk.write(
        journal,
        clerk.opened(),
        clerk.batch(held, sold, *payment(clerk.last_id, "A", "B"), checkpoint=True),
        clerk.reserved(),
    )
    [recovered] = await journal.recover([clerk.inventory.id])
    assert recovered.restored_seq == 5
    clerk.inventory.forget(clerk.committed_batches[1].orders[0].reservation_id)
    assert state(recovered) == state(clerk.inventory)
    assert recovered.figures().revenue_cents == 1000


async def test_the_newest_checkpoint_counts(journal: Journal) -> None:
    clerk = Clerk()
    await clerk.write(journal, clerk.opened(), clerk.batch(checkpoint=True), clerk.reserved())
    await clerk.write(
        journal,
        clerk.batch(checkpoint=True),
        clerk.batch(Release(clerk.last_id), checkpoint=True),
    )
    [recovered] = await journal.recover([clerk.inventory.id])
    assert (recovered.restored_seq, recovered.figures().held) == (3, 0)


async def test_keys_of_the_last_hour_survive_a_checkpoint_and_older_ones_do_not(journal: Journal) -> None:
    clerk = Clerk()
    await clerk.write(journal, clerk.opened(), clerk.batch(Reserve(clerk.new_id(), 1, 900, "old", "one")))
    clerk.clock.advance(KEY_SECONDS_MIN + 1)
    young = clerk.batch(Reserve(clerk.new_id(), 1, 900, "young", "two"))
    await clerk.write(journal, young, clerk.batch(checkpoint=True), clerk.reserved())
    [recovered] = await journal.recover([clerk.inventory.id])
    assert recovered.restored_seq == clerk.inventory.seq - 1
    use = recovered.keys.find("young")
    assert use is not None
    assert (use.reservation_id, use.request) == ("r-1-2", "two")
    assert recovered.keys.find("old") is None


async def test_what_is_unfinished_has_open_lines_or_facts_after_its_checkpoint(journal: Journal) -> None:
    finished, holding, going_on, never = (Clerk(number) for number in range(1, 5))
    for clerk in (finished, holding, going_on, never):
        await clerk.open(journal)
    await finished.write(journal, finished.batch(checkpoint=True))
    held = holding.batch(Reserve(holding.new_id(), 1, 900), checkpoint=True)
    await holding.write(journal, held)
    await going_on.write(
        journal, going_on.batch(checkpoint=True), going_on.batch(ChangeTerms(TermsPatch(capacity=5)))
    )
    assert sorted(await journal.unfinished()) == [2, 3, 4]


async def test_the_history_of_a_closed_line_is_all_its_facts(journal: Journal) -> None:
    cart, parts = ReservationId("cart"), (InventoryId(1), InventoryId(2))
    clerks = [Clerk(number) for number in parts]
    for clerk in clerks:
        await clerk.write(
            journal,
            clerk.opened(),
            clerk.batch(Reserve(cart, 1, 10, parts=parts), Reserve(clerk.new_id(), 1, 900)),
            clerk.batch(Seal(cart, Instant(clerk.clock.now() + 900))),
        )
    first = clerks[0]
    await first.write(journal, first.batch(Release(cart)))
    history = await journal.history(cart, parts[0])
    assert [seq for seq, _ in history] == [2, 4, 5], "the other line is open, and no hindrance"
    assert line_of(parts[0], history) == first.inventory.lines[cart]
    assert await journal.history(ReservationId("unknown"), parts[0]) == []
    assert await journal.history(cart, InventoryId(3)) == []


# -- what is shown beside the ledger


async def test_a_reservation_that_nobody_began_to_pay_is_no_order(storage: Storage) -> None:
    clerk = Clerk()
    reserve = Reserve(clerk.new_id(), 1, 900)
    await clerk.write(storage.journal, clerk.opened(), clerk.batch(reserve, Release(clerk.last_id)))
    assert await storage.orders() == {}
    assert len(await storage.journal.history(clerk.last_id, clerk.inventory.id)) == 2


@pytest.mark.parametrize("batches", [1, 3])
async def test_a_reservation_made_and_paid_in_one_group_is_one_paid_order(
    batches: int, storage: Storage
) -> None:
    clerk = Clerk()
    await clerk.open(storage.journal)
    start, confirm = payment(clerk.new_id(), "A", "B")
    commands: list[AnyCommand] = [Reserve(clerk.last_id, 2, 900), start, confirm]
    if batches == 1:
        await clerk.write(storage.journal, clerk.batch(*commands))
    else:
        await clerk.write(storage.journal, *[clerk.batch(command) for command in commands])
    assert await storage.orders() == {("r-1-1", 1): ("1-2", "paid", 2, 500, ["A", "B"])}


async def test_an_order_follows_its_payments_from_group_to_group(storage: Storage) -> None:
    clerk = Clerk()
    await clerk.open(storage.journal)
    statuses = []
    for command in (
        Reserve(clerk.new_id(), 1, 900),
        StartPayment(clerk.last_id),
        FailPayment(clerk.last_id, 1),
        Release(clerk.last_id),
    ):
        await clerk.write(storage.journal, clerk.batch(command))
        statuses += [row[1] for row in (await storage.orders()).values()]
    assert statuses == ["paying", "held", "released"]


async def test_only_the_home_line_of_a_cart_has_a_number(storage: Storage) -> None:
    cart, parts = ReservationId("cart"), (InventoryId(1), InventoryId(2))
    for number in parts:
        clerk = Clerk(number)
        await clerk.open(storage.journal)
        line = Reserve(cart, 1, 10, parts=parts)
        await clerk.write(storage.journal, clerk.batch(line), *paying_a_cart(clerk, cart))
    assert {key: row[0] for key, row in (await storage.orders()).items()} == {
        ("cart", 1): "1-2",
        ("cart", 2): None,
    }


def paying_a_cart(clerk: Clerk, cart: ReservationId) -> list[Batch]:
    deadline = Instant(clerk.clock.now() + SECOND)
    return [clerk.batch(Seal(cart, deadline)), clerk.batch(StartPayment(cart, 1))]


async def test_a_ticket_type_is_shown_with_its_newest_terms(storage: Storage) -> None:
    clerk = Clerk()
    await clerk.write(
        storage.journal,
        clerk.opened(),
        clerk.batch(ChangeTerms(TermsPatch(name="old"))),
        clerk.batch(ChangeTerms(TermsPatch(name="new"))),
        clerk.reserved(),
    )
    assert await storage.ticket_types() == {1: (3, "new", False)}


async def test_a_deleted_ticket_type_is_shown_as_deleted(storage: Storage) -> None:
    clerk = Clerk()
    await clerk.open(storage.journal)
    await clerk.write(storage.journal, clerk.batch(Delete()))
    assert await storage.ticket_types() == {1: (2, "type 1", True)}


# -- data errors


async def test_a_data_error_loses_the_whole_group_and_every_author_hears_it_once(storage: Storage) -> None:
    poisoned, innocent = Clerk(1), Clerk(2)
    await poisoned.open(storage.journal)
    await innocent.open(storage.journal)
    for batch in (poisoned.reserved(), taken_place(poisoned), poisoned.reserved()):
        storage.journal.append(batch, poisoned)
    for batch in (innocent.reserved(), innocent.reserved()):
        storage.journal.append(batch, innocent)
    assert await poisoned.settled(2) == ["committed", "lost"]
    assert await innocent.settled(2) == ["committed", "lost"]
    assert [batch.first_seq for batch in poisoned.lost_batches + innocent.lost_batches] == [2, 2]
    recovered = await storage.journal.recover([InventoryId(1), InventoryId(2)])
    assert [inventory.seq for inventory in recovered] == [1, 1]


def taken_place(clerk: Clerk) -> Batch:
    """A batch that the database must refuse: its place in the ledger is taken."""
    return clerk.reserved()._replace(first_seq=1)


async def test_what_was_decided_on_top_of_a_lost_batch_is_lost_with_it(make: Make) -> None:
    journal = (await make(1)).journal
    clerk, other = Clerk(1), Clerk(2)
    await clerk.open(journal)
    for batch in (taken_place(clerk), clerk.reserved(), clerk.reserved()):
        journal.append(batch, clerk)
    assert await other.write(journal, other.opened(), other.reserved()) == ["committed"] * 2
    assert clerk.heard == ["committed", "lost"]
    [recovered] = await journal.recover([clerk.inventory.id])
    assert recovered.seq == 1


async def test_what_is_decided_anew_after_a_loss_becomes_durable(journal: Journal) -> None:
    clerk = Clerk()
    await clerk.open(journal)
    await clerk.write(journal, taken_place(clerk))
    [clerk.inventory] = await journal.recover([clerk.inventory.id])
    assert await clerk.write(journal, clerk.reserved()) == ["committed", "lost", "committed"]


async def test_a_batch_that_must_be_alone_harms_only_itself(journal: Journal) -> None:
    before, poisoned, after = Clerk(1), Clerk(2), Clerk(3)
    await poisoned.open(journal)
    journal.append(before.opened(), before)
    journal.append(taken_place(poisoned)._replace(alone=True), poisoned)
    journal.append(after.opened(), after)
    assert await poisoned.settled(2) == ["committed", "lost"]
    assert await before.settled(1) == ["committed"]
    assert await after.settled(1) == ["committed"]

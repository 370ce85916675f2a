"""Safeguards of the inventory, its keys and its clock, each switched off."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tests.simulation.mutation import Mutation, Patches, into
from ticketd.actors.ticket_type import TicketTypeActor
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core import on_sale, terms_commands
from ticketd.core.decisions import Decision
from ticketd.core.ids import Instant, InventoryId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.keys import KeyMemory
from ticketd.core.reservations import ReservationStatus
from ticketd.core.snapshots import Snapshot
from ticketd.core.state import InventoryState
from ticketd.services import sales, wishes
from ticketd.storage import ledger
from ticketd.storage.ledger import LedgerReader

OPEN = (ReservationStatus.HELD, ReservationStatus.PAYING)


OF_CORE: Final[list[Mutation]] = []


# -- the inventory


@into(OF_CORE, "a hold isn't compared with what is free")
def _() -> Patches:
    decide = Inventory._reserve

    def generous(self: Inventory, command: c.Reserve, now: Instant, free: int) -> Decision:
        return decide(self, command, now, free + 1)

    return [(Inventory, "_reserve", generous)]


@into(OF_CORE, "capacity is cut below what is taken")
def _() -> Patches:
    change = on_sale.change_terms

    def cut(on: on_sale.OnSale, command: c.ChangeTerms, now: Instant, *, taken: int) -> Decision:
        return change(on, command, now, taken=0)

    return [(terms_commands, "change_terms", cut)]


@into(OF_CORE, "paying expires under a payment in flight")
def _() -> Patches:
    def runs_out(inventory: InventoryState, reservation_id: ReservationId, deadline: Instant) -> bool:
        line = inventory.lines.get(reservation_id)
        return line is not None and line.status in OPEN and line.deadline == deadline

    return [(InventoryState, "runs_out", runs_out)]


@into(OF_CORE, "a deadline that was moved still counts")
def _() -> Patches:
    def runs_out(inventory: InventoryState, reservation_id: ReservationId, deadline: Instant) -> bool:
        line = inventory.lines.get(reservation_id)
        return line is not None and line.status is ReservationStatus.HELD

    return [(InventoryState, "runs_out", runs_out)]


@into(OF_CORE, "a checkpoint leaves out what is paying")
def _() -> Patches:
    snapshot = InventoryState.snapshot

    def forgetful(inventory: InventoryState) -> Snapshot | None:
        whole = snapshot(inventory)
        if whole is None:
            return None
        held = tuple(line for line in whole.open_lines if line.status is ReservationStatus.HELD)
        return msgspec.structs.replace(whole, open_lines=held)

    return [(InventoryState, "snapshot", forgetful)]


# -- keys


@into(OF_CORE, "keys are forgotten at a restart")
def _() -> Patches:
    recover = LedgerReader.recover

    async def forget(reader: LedgerReader, inventory_ids: Sequence[InventoryId]) -> list[Inventory]:
        inventories = await recover(reader, inventory_ids)
        for each in inventories:
            each.keys._keys.clear()
        return inventories

    return [(LedgerReader, "recover", forget)]


@into(OF_CORE, "keys from before the checkpoint are forgotten at a restart")
def _() -> Patches:
    async def skip(*_: object) -> None:
        """Reads nothing."""

    return [(ledger, "_recall_keys", skip)]


@into(OF_CORE, "a key doesn't remember the request that it came with")
def _() -> Patches:
    key = wishes.key_of

    def forgetful(text: str, lines: Sequence[wishes.LineRequest], access_code: str) -> object:
        return key(text, lines, access_code)._replace(request="")

    return [(sales, "key_of", forgetful)]


@into(OF_CORE, "the key of a cart that came to nothing stays taken")
def _() -> Patches:
    follow = KeyMemory.follow

    def keep(keys: KeyMemory, fact: f.AnyFact, seq: int) -> None:
        if isinstance(fact, f.Reserved):
            follow(keys, fact, seq)

    return [(KeyMemory, "follow", keep)]


# -- time


@into(OF_CORE, "those who have waited too long aren't answered")
def _() -> Patches:
    return [(TicketTypeActor, "_answer_overdue", lambda actor, too_old: None)]


@into(OF_CORE, "nothing expires unless somebody asks")
def _() -> Patches:
    return [(TicketTypeActor, "tick", lambda actor, now: None)]

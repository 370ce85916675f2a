"""Safeguards of admissions, and against those who hold and drop, each switched off."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tests.simulation.mutation import Mutation, Patches, into
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.decisions import Decision
from ticketd.core.habits import Conduct, Habits
from ticketd.core.ids import Instant, InventoryId
from ticketd.core.inventory import Inventory
from ticketd.core.keys import KeyMemory, KeyUse
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.storage.ledger import LedgerReader

OF_VISITORS: Final[list[Mutation]] = []


# -- admissions


@into(OF_VISITORS, "an admission isn't asked whether it has been used")
def _() -> Patches:
    return [(KeyMemory, "find_admission", lambda keys, admission: None)]


@into(OF_VISITORS, "admissions are forgotten at a restart")
def _() -> Patches:
    recover = LedgerReader.recover

    async def forget(reader: LedgerReader, inventory_ids: Sequence[InventoryId]) -> list[Inventory]:
        inventories = await recover(reader, inventory_ids)
        for each in inventories:
            each.keys._admissions.clear()
        return inventories

    return [(LedgerReader, "recover", forget)]


@into(OF_VISITORS, "the admission of a cart that came to nothing stays used")
def _() -> Patches:
    follow = KeyMemory.follow

    def keep(keys: KeyMemory, fact: f.AnyFact, seq: int) -> None:
        before = dict(keys._admissions)
        follow(keys, fact, seq)
        keys._admissions.update(before)

    return [(KeyMemory, "follow", keep)]


@into(OF_VISITORS, "a refusal uses the admission up")
def _() -> Patches:
    decide = Inventory.decide

    def use_up(inventory: Inventory, command: c.AnyCommand, now: Instant) -> Decision:
        decision = decide(inventory, command, now)
        if isinstance(command, c.Reserve) and command.admission and isinstance(decision.answer, Refusal):
            use = KeyUse(command.reservation_id, "", inventory.seq, now)
            inventory.keys._admissions.setdefault(command.admission, use)
        return decision

    return [(Inventory, "decide", use_up)]


# -- habits


@into(OF_VISITORS, "nobody counts what an identity holds")
def _() -> Patches:
    conduct = Habits.conduct

    def none(habits: Habits, identity: str, now: Instant, gone: Sequence[Line] = ()) -> Conduct:
        return conduct(habits, identity, now, gone)._replace(open_holds=0)

    return [(Habits, "conduct", none)]


@into(OF_VISITORS, "a line that is over still counts as held")
def _() -> Patches:
    return [(Habits, "_close", lambda habits, identity: None)]


@into(OF_VISITORS, "who drops again and again needn't wait")
def _() -> Patches:
    refusal = Conduct.refusal

    def patient(conduct: Conduct, now: Instant) -> Refusal | None:
        return refusal(conduct._replace(drops=()), now)

    return [(Conduct, "refusal", patient)]


@into(OF_VISITORS, "who drops may hold as long as anybody")
def _() -> Patches:
    return [(Conduct, "hold_seconds", lambda conduct, seconds: seconds)]


@into(OF_VISITORS, "who drops nothing holds for a shorter time, too")
def _() -> Patches:
    hold_seconds = Conduct.hold_seconds

    def shorter(conduct: Conduct, seconds: int) -> int:
        return hold_seconds(conduct._replace(drops=(Instant(0),), drops_free=0), seconds)

    return [(Conduct, "hold_seconds", shorter)]


@into(OF_VISITORS, "a cart is sealed for as long as anybody's")
def _() -> Patches:
    return [(Inventory, "sealed_until", lambda inventory, line, deadline, now: deadline)]


@into(OF_VISITORS, "a cart's tentative hold counts as a drop")
def _() -> Patches:
    given_back = Habits.given_back

    def count(habits: Habits, line: Line, at: Instant) -> None:
        given_back(habits, msgspec.structs.replace(line, tentative=False), at)

    return [(Habits, "given_back", count)]


@into(OF_VISITORS, "a payment makes no drop good")
def _() -> Patches:
    return [(Habits, "paid", lambda habits, line, at: habits._close(line.identity))]


@into(OF_VISITORS, "a checkpoint forgets who has dropped")
def _() -> Patches:
    return [(Habits, "at_rest", lambda habits: ())]

"""A reservation's lines, rebuilt from its facts alone."""

from collections.abc import Iterable

from ticketd.core.facts import AnyFact, Reserved
from ticketd.core.ids import InventoryId
from ticketd.core.inventory import Inventory
from ticketd.core.reservations import Line


def lines_of(history: Iterable[tuple[InventoryId, int, AnyFact]]) -> dict[InventoryId, Line]:
    """Each inventory's line as it stands after `history`: (inventory, seq, fact), in order for each.

    Closed lines only: of an open one, which is in memory, the history may lack the fact that reserved it.
    """
    inventories: dict[InventoryId, Inventory] = {}
    for inventory_id, seq, fact in history:
        if isinstance(fact, Reserved):
            inventories[inventory_id] = Inventory(inventory_id)
        inventory = inventories.get(inventory_id)
        if inventory is None:
            continue
        inventory.seq = seq - 1  # the facts in between are about others and change nothing here
        inventory.apply(fact)
    return {inventory_id: next(iter(each.lines.values())) for inventory_id, each in inventories.items()}

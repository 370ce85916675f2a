"""A reservation's line, rebuilt from its facts alone."""

from collections.abc import Iterable

from ticketd.core.facts import AnyFact
from ticketd.core.ids import InventoryId
from ticketd.core.inventory import Inventory
from ticketd.core.reservations import Line


def line_of(inventory_id: InventoryId, history: Iterable[tuple[int, AnyFact]]) -> Line | None:
    """The line as it stands after `history`, its facts with their numbers in order; None without any."""
    inventory = Inventory(inventory_id)
    for seq, fact in history:
        inventory.seq = seq - 1  # the facts in between are about others and change nothing here
        inventory.apply(fact)
    return next(iter(inventory.lines.values()), None)

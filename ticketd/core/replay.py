"""A reservation's line, rebuilt from its facts alone."""

from collections.abc import Iterable

from ticketd.core.facts import AnyFact, Reserved
from ticketd.core.ids import InventoryId
from ticketd.core.inventory import Inventory
from ticketd.core.moves import Move
from ticketd.core.reservations import Line


class StillOpen(LookupError):
    """The line isn't closed: its inventory knows it, in whatever process that is."""


class _LinesOnly(Inventory):
    """Without the seats, codes and ticket types that the lines are of."""

    def __init__(self, inventory_id: InventoryId) -> None:
        super().__init__(inventory_id)
        self.is_plain = False

    def _move(self, line: Line, move: Move) -> None:
        """There is nothing that could count along."""


def line_of(inventory_id: InventoryId, history: Iterable[tuple[int, AnyFact]]) -> Line | None:
    """The line as it stands after `history`, its facts with their numbers in order; None without any.

    StillOpen if the fact that made it isn't among them: only the one that closes a line names that one.
    """
    inventory = _LinesOnly(inventory_id)
    facts = list(history)
    # A claim may have run out before and been made anew: what counts is its last life.
    first = max((n for n, (_, fact) in enumerate(facts) if isinstance(fact, Reserved)), default=None)
    if first is None:
        if facts:
            raise StillOpen
        return None
    for seq, fact in facts[first:]:
        inventory.seq = seq - 1  # the facts in between are about others and change nothing here
        inventory.apply(fact)
    return next(iter(inventory.lines.values()), None)

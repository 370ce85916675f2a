"""A line's steps through an inventory, for those parts of it that count along."""

from enum import Enum, auto


class Move(Enum):
    """What happens to all that a line has."""

    HOLD = auto()
    PAY = auto()
    FAIL = auto()
    SELL = auto()
    GIVE_BACK = auto()

"""What a seat can be; one byte each where there are many."""

from enum import StrEnum
from typing import Final

FREE: Final = 0
HELD: Final = 1
"""Also while it is being paid."""
SOLD: Final = 2
BLOCKED: Final = 3
"""Never sold."""


class SeatStatus(StrEnum):
    """How a seat stands."""

    FREE = "free"
    HELD = "held"
    SOLD = "sold"
    BLOCKED = "blocked"


SEAT_STATUSES: Final = (SeatStatus.FREE, SeatStatus.HELD, SeatStatus.SOLD, SeatStatus.BLOCKED)
"""By the byte."""

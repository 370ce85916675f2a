"""How a sale to people and bots ended."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.bots_operators import Operator
from bench.onsale_guests import Diary


class Sizes(NamedTuple):
    """How many of whom and what."""

    people: int
    bots: int
    tickets: int
    seconds: float


class Outcome(NamedTuple):
    """Who has what, and what stopped the others."""

    sizes: Sizes
    diary: Diary
    """The people's."""
    people_tries: int
    operators: Sequence[Operator]
    sold_after: float | None
    """Seconds from the opening; None if some tickets are left."""
    opens_at: float
    rules: Mapping[str, int]
    """How many requests each of the server's rules has refused."""
    is_defended: bool

    @property
    def people_share(self) -> float:
        """Of the tickets on sale, what people have paid for."""
        return len(self.diary.codes) / self.sizes.tickets

    @property
    def bots_share(self) -> float:
        """The same of all bots together; what is left is still held, or free."""
        return sum(operator.paid for operator in self.operators) / self.sizes.tickets

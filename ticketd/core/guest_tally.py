"""How many tickets each guest of an event has, for its limit per guest."""

from collections import defaultdict

from ticketd.core.moves import Move


class GuestTally:
    """Guests are keyed hashes; nobody here knows who they are."""

    __slots__ = ("_sold", "_taken")

    def __init__(self) -> None:
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._sold: defaultdict[str, int] = defaultdict(int)

    def taken_by(self, guest: str) -> int:
        """What this guest has or is about to pay for."""
        return self._taken.get(guest, 0)

    def follow(self, guest: str, quantity: int, move: Move) -> None:
        """Take in a step of a claim of theirs."""
        match move:
            case Move.HOLD:
                self._taken[guest] += quantity
            case Move.GIVE_BACK:
                self._taken[guest] -= quantity
                if not self._taken[guest]:
                    del self._taken[guest]
            case Move.SELL:
                self._sold[guest] += quantity
            case Move.PAY | Move.FAIL:
                pass

    def sold_to(self) -> dict[str, int]:
        """What each guest has paid for."""
        return dict(self._sold)

    def restore(self, sold_to: dict[str, int]) -> None:
        """Go on from there; open lines are yet to follow."""
        self._sold.update(sold_to)
        self._taken.update(sold_to)

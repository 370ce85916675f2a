"""The access codes of one ticket type, and how much each of them has opened."""

from collections.abc import Iterable

import msgspec

from ticketd.core.ids import Instant
from ticketd.core.moves import Move
from ticketd.core.outcomes import AccessCode
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.snapshots import CodeAtRest

ACCESS_CODES_MAX = 1000
"""Of one ticket type, those removed included: what was bought with them still counts."""

_NEEDED = Refusal(Reason.FORBIDDEN, "This ticket type needs an access code.")
_UNKNOWN = Refusal(Reason.FORBIDDEN, "This access code isn't valid here. Mind capital and small letters.")


class _Code(msgspec.Struct):
    capacity: int | None
    until: Instant | None
    taken: int = 0
    sold: int = 0
    removed: bool = False


class AccessCodeBook:
    """While there is a code, nothing is sold without one."""

    __slots__ = ("_codes", "required")

    def __init__(self) -> None:
        self._codes: dict[str, _Code] = {}
        self.required = False
        """Whether there is any code that hasn't been removed."""

    # -- judging

    def refusal_of(self, code: str) -> Refusal | None:
        """FORBIDDEN unless this code may open the ticket type, or none is needed."""
        if not self.required or self._valid(code) is not None:
            return None
        return _UNKNOWN if code else _NEEDED

    def time_refusal(self, code: str, now: Instant) -> Refusal | None:
        """NOT_ON_SALE once this code's time has passed."""
        known = self._valid(code)
        if known is None or known.until is None or now < known.until:
            return None
        return Refusal(Reason.NOT_ON_SALE, "This access code is no longer valid.")

    def room(self, code: str, free: int) -> int:
        """How many of the `free` ones this code still opens."""
        known = self._valid(code)
        if known is None or known.capacity is None:
            return free
        return max(0, min(free, known.capacity - known.taken))

    def room_refusal(self, code: str, quantity: int, free: int) -> Refusal | None:
        """SOLD_OUT if this code doesn't open so many of the `free` ones."""
        room = self.room(code, free)
        if quantity <= room:
            return None
        if room == free:
            return Refusal(Reason.SOLD_OUT, available=free)
        detail = f"This access code is good for only {room} more." if room else "This access code is used up."
        return Refusal(Reason.SOLD_OUT, detail, available=room)

    def used(self, code: str) -> str:
        """The code as a line keeps it: empty where none is needed."""
        return code if self._valid(code) is not None else ""

    def has_room_for(self, code: str) -> bool:
        """Whether this code can be set: it is known, or there aren't too many."""
        return code in self._codes or len(self._codes) < ACCESS_CODES_MAX

    def _valid(self, code: str) -> _Code | None:
        known = self._codes.get(code)
        return None if known is None or known.removed else known

    # -- following the facts

    def set(self, code: str, capacity: int | None, until: Instant | None) -> None:
        """Open with this code; what it has opened before still counts."""
        known = self._codes.setdefault(code, _Code(None, None))
        known.capacity, known.until, known.removed = capacity, until, False
        self.required = True

    def remove(self, code: str) -> None:
        """Open nothing with this code."""
        self._codes[code].removed = True
        self.required = any(not known.removed for known in self._codes.values())

    def follow(self, code: str, quantity: int, move: Move) -> None:
        """Take in a step of a line that this code has opened; none has if it is empty."""
        if not code:
            return
        known = self._codes[code]
        match move:
            case Move.HOLD:
                known.taken += quantity
            case Move.GIVE_BACK:
                known.taken -= quantity
            case Move.SELL:
                known.sold += quantity
            case Move.PAY | Move.FAIL:
                pass

    # -- showing, and coming back

    def codes(self) -> tuple[AccessCode, ...]:
        """Every code that opens, by name."""
        return tuple(
            AccessCode(code, known.capacity, known.until, known.taken)
            for code, known in sorted(self._codes.items())
            if not known.removed
        )

    def __contains__(self, code: str) -> bool:
        return self._valid(code) is not None

    def at_rest(self) -> tuple[CodeAtRest, ...]:
        """All there is to keep of the codes, removed ones included."""
        return tuple(
            CodeAtRest(code, known.capacity, known.until, known.sold, known.removed)
            for code, known in self._codes.items()
        )

    def restore(self, codes: Iterable[CodeAtRest]) -> None:
        """Go on from there; open lines are yet to follow."""
        for code in codes:
            self._codes[code.code] = _Code(code.capacity, code.until, code.sold, code.sold, code.removed)
        self.required = any(not known.removed for known in self._codes.values())

"""Where a statement, or its answer, can break on its way: between protocol messages, or inside one."""

from dataclasses import dataclass
from enum import Enum

FOR_EVER = 3600.0
_INSIDE = 3  # the shortest message has five


class Side(Enum):
    """Which stream breaks, with the messages that a prepared statement of one row puts into it."""

    REQUEST = ("Bind", "Execute", "Sync")
    ANSWER = ("BindComplete", "DataRow", "CommandComplete", "ReadyForQuery")


@dataclass(frozen=True, slots=True)
class Cut:
    """Lets so many whole messages through, then so many bytes of the next one, and no more for now.

    An answer is cut when the server is through with the statement.
    """

    side: Side
    messages: int
    part: int = 0
    pause_seconds: float | None = None
    """The connection falls silent, and the rest comes after so long; None: both ends lose the connection."""

    def split(self, stream: bytes) -> tuple[bytes, bytes]:
        """What comes through at first, and the rest."""
        starts = starts_of_messages(stream)
        at = starts[min(self.messages, len(starts) - 1)] + self.part
        return stream[:at], stream[at:]

    def __str__(self) -> str:
        names = (*self.side.value, "nothing")
        place = "before" if self.part == 0 else f"{self.part} bytes into"
        return f"{self.side.name.lower()} {place} {names[self.messages]}, {self.aftermath}"

    @property
    def aftermath(self) -> str:
        """What the connection does then."""
        match self.pause_seconds:
            case None:
                return "cut off"
            case seconds if seconds == FOR_EVER:
                return "silent for ever"
            case seconds:
                return f"silent for {seconds:g} s"


def starts_of_messages(stream: bytes) -> list[int]:
    """Where each message begins, and where the last one ends."""
    starts = [0]
    while starts[-1] < len(stream):
        length_at = starts[-1] + 1  # after the message's type
        starts.append(length_at + int.from_bytes(stream[length_at : length_at + 4]))
    return starts


def cuts_everywhere(pause_seconds: float | None) -> list[Cut]:
    """Before each message, inside it and after the last, on both sides."""
    places = [(side, message) for side in Side for message in range(len(side.value))]
    ends = [Cut(side, len(side.value), 0, pause_seconds) for side in Side]
    return [Cut(*place, byte, pause_seconds) for place in places for byte in (0, _INSIDE)] + ends

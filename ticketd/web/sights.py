"""What the viewers of an event see, in the bytes that they all get."""

from functools import cached_property

from ticketd.web.rendered import Text


class Sight:
    """How many are left for an event, and how its waiting room stands, if it has one.

    Both are the same objects for as long as nothing changes.
    """

    def __init__(self, left: Text, room: Text | None = None) -> None:
        self._left = left
        self._room = room

    def shows(self, left: Text, room: Text | None) -> bool:
        """Whether these are what it shows."""
        return self._left is left and self._room is room

    @cached_property
    def whole(self) -> bytes:
        """All of it, for one who has seen nothing."""
        return self._availability if self._room is None else self._both

    def since(self, seen: "Sight") -> bytes:
        """What is new to one who has seen that; nothing if it is the same."""
        if self._room is seen._room:
            return b"" if self._left is seen._left else self._availability
        return self._queue if self._left is seen._left else self._both

    @cached_property
    def _both(self) -> bytes:
        return self._availability + self._queue

    @cached_property
    def _availability(self) -> bytes:
        return b"event: availability\nid: %b\ndata: %b\n\n" % (self._left.tag.encode(), self._left.body)

    @cached_property
    def _queue(self) -> bytes:
        return b"event: queue\ndata: %b\n\n" % (b"null" if self._room is None else self._room.body)

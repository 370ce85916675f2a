"""A door that lets everybody through."""

from collections.abc import Sequence

from ticketd.core.catalogue import TicketType
from ticketd.core.refusals import Refusal
from ticketd.services.carts import Granted
from ticketd.services.door import FREE, Door, Entry, Visitor


class OpenDoor(Door):
    """See `services.door.Door`; there is no waiting room."""

    def __init__(self) -> None:
        pass

    def enter(self, ticket_types: Sequence[TicketType], visitor: Visitor, key: str) -> Entry | Refusal:
        """See `Door.enter`."""
        return FREE

    def leave(self, entry: Entry, outcome: Granted | Refusal, key: str) -> None:
        """See `Door.leave`."""

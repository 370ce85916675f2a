"""No waiting room: guests bring admissions and identities, for the actors to judge."""

from collections.abc import Sequence

from ticketd.core.catalogue import TicketType
from ticketd.core.refusals import Refusal
from ticketd.services.carts import Granted
from ticketd.services.door import Door, Entry, Visitor


class BelievingDoor(Door):
    """Takes a token for the admission itself, and a network for its hash; see `services.door.Door`."""

    def __init__(self, **_: object) -> None:
        pass

    def enter(self, ticket_types: Sequence[TicketType], visitor: Visitor, key: str) -> Entry:
        """See `Door.enter`."""
        return Entry(visitor.queue_token or "", visitor.network)

    def leave(self, entry: Entry, outcome: Granted | Refusal, key: str) -> None:
        """See `Door.leave`."""

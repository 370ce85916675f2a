"""What a request for a reservation has to pass first: the waiting room of its event, if one is open.

An admission works once. While a reservation is being made with it, and once it has been, only a repeat with
the same idempotency key gets by; the actors refuse the rest as well, for each inventory by itself.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from ticketd.core.catalogue import Event, TicketType
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.stats import RuleTally
from ticketd.core.waiting_room import QueueStatus, WaitingRoom
from ticketd.ports import Clock
from ticketd.services.answering import is_in_doubt
from ticketd.services.carts import Granted
from ticketd.services.catalogue import Catalogue
from ticketd.services.waiting_rooms import WaitingRooms

IDENTITY_BYTES: Final = 9
IDENTITIES_REMEMBERED_MAX: Final = 8192


class Visitor(NamedTuple):
    """What is known of whoever sent a request."""

    queue_token: str | None = None
    network: str = ""
    """Where it came from; empty if that mustn't count."""


class Entry(NamedTuple):
    """What a reservation is made with."""

    admission: str = ""
    identity: str = ""
    room: WaitingRoom | None = None
    number: int = 0


USED: Final = "This admission has been used."
UNKNOWN: Final = Visitor()
FREE: Final = Entry()


class Door:
    """Lets reservations through, or says where to queue."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        rooms: WaitingRooms,
        clock: Clock,
        secret: bytes,
        rules: RuleTally,
    ) -> None:
        """`secret` hides networks from whoever reads the ledger."""
        self._catalogue = catalogue
        self._rooms = rooms
        self._clock = clock
        self._secret = secret
        self._rules = rules
        self._identity = lru_cache(IDENTITIES_REMEMBERED_MAX)(self._hash)

    def enter(self, ticket_types: Sequence[TicketType], visitor: Visitor, key: str) -> Entry | Refusal:
        """What to reserve with; ADMISSION_REQUIRED for who has to queue first. Pair it with `leave`.

        `key` is the digest of the idempotency key.
        """
        if len(ticket_types) == 1 and ticket_types[0].profile.event_id is None:
            return FREE
        entry = FREE
        for event in self._events(ticket_types):
            passed = self._pass(event, visitor, key)
            if isinstance(passed, Refusal):
                self._rules[passed.reason] += 1
                return passed
            if passed is not FREE:
                entry = passed if not entry.admission else entry
        if entry.room is not None:
            entry.room.begin_use(entry.number, key)
        return entry

    def leave(self, entry: Entry, outcome: Granted | Refusal, key: str) -> None:
        """Note what became of it: only a yes uses the admission up.

        What is in doubt may have; the same key finds out. Without one, the actor still knows.
        """
        if entry.room is None:
            return
        if isinstance(outcome, Granted) and not outcome.repeated:
            entry.room.granted(entry.number, key)
        elif isinstance(outcome, Granted) or outcome.reason is Reason.KEY_REUSED:
            entry.room.repeated(entry.number)
        elif key and is_in_doubt(outcome):
            entry.room.left_in_doubt(entry.number)
        else:
            entry.room.refused(entry.number)

    def _events(self, ticket_types: Sequence[TicketType]) -> Iterator[Event]:
        event_ids = dict.fromkeys([each.profile.event_id for each in ticket_types])
        for event_id in event_ids:
            event = None if event_id is None else self._catalogue.event(event_id)
            if event is not None:
                yield event

    def _pass(self, event: Event, visitor: Visitor, key: str) -> Entry | Refusal:
        is_open = self._rooms.is_open(event)
        is_limited = event.defences.hold_limits.is_on(by_itself=is_open)
        identity = self._identity(event.id, visitor.network) if is_limited and visitor.network else ""
        self._rooms.asked(event)
        if not is_open:
            return Entry(identity=identity) if identity else FREE
        admitted = self._admitted(event, visitor, key)
        return admitted if isinstance(admitted, Refusal) else admitted._replace(identity=identity)

    def _admitted(self, event: Event, visitor: Visitor, key: str) -> Entry | Refusal:
        place = self._rooms.place_in(event.id, visitor.queue_token)
        room = self._rooms.waiting_room(event.id)
        if place is None or room is None:
            return FREE if self._rooms.lets_walk_in(event) else _required(event)
        admission = Entry(f"{event.id}:{place.number}", room=room, number=place.number)
        used_with = room.used_with(place.number)
        if used_with is not None:
            return admission if key and key == used_with else _required(event, USED)
        match room.where(place.number, place.joined_at, self._clock.now()).status:
            case QueueStatus.ADMITTED:
                return admission
            case QueueStatus.WAITING:
                return (
                    FREE if self._rooms.lets_walk_in(event) else _required(event, "It isn't your turn yet.")
                )
            case QueueStatus.CLOSED:
                return FREE if self._rooms.lets_walk_in(event) else _required(event, "Your turn is over.")

    def _hash(self, event_id: EventId, network: str) -> str:
        digest = blake2b(f"{event_id} {network}".encode(), key=self._secret, digest_size=IDENTITY_BYTES)
        return urlsafe_b64encode(digest.digest()).decode("ascii")


def _required(event: Event, detail: str | None = None) -> Refusal:
    return Refusal(Reason.ADMISSION_REQUIRED, detail, event_id=event.id)

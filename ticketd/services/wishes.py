"""What a guest wants to reserve, and what that asks of each inventory."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from ticketd.core.catalogue import TicketType
from ticketd.core.commands import Reserve, Wanted
from ticketd.core.ids import InventoryId, ReservationId, SeatId, TicketTypeId
from ticketd.core.refusals import Refusal, invalid

_KEY_DIGEST_BYTES = 16
_BY_THE_SEAT = "This ticket type is sold by the seat: please ask for seats, or for the best available."


class LineRequest(msgspec.Struct, frozen=True):
    """How many of which ticket type; where it is sold by the seat, which ones or the best."""

    ticket_type_id: TicketTypeId
    quantity: int = 0
    seats: tuple[SeatId, ...] = ()
    best_available: int = 0
    """So many of the best seats that are free."""
    together: bool = True
    """Whether the best seats must be side by side."""


class Key(NamedTuple):
    """An idempotency key and the request it came with, as the home inventory remembers them."""

    digest: str = ""
    request: str = ""


NO_KEY = Key()


class Credentials(NamedTuple):
    """What a guest shows for getting what they want; each empty where there is none."""

    key: Key = NO_KEY
    access_code: str = ""
    admission: str = ""
    """From a waiting room."""
    identity: str = ""
    """Whose habits count, hidden by a hash."""


class Part(msgspec.Struct, frozen=True):
    """What is wanted of one inventory."""

    ticket_type_id: TicketTypeId
    """The first of them, if there are several."""
    quantity: int
    seats: tuple[SeatId, ...] = ()
    together: bool = True
    wanted: tuple[Wanted, ...] = ()

    def command(
        self,
        reservation_id: ReservationId,
        *,
        hold_seconds: int,
        shown: Credentials,
        parts: tuple[InventoryId, ...] = (),
    ) -> Reserve:
        """The command that holds it."""
        return Reserve(
            reservation_id,
            self.quantity,
            hold_seconds,
            shown.key.digest,
            shown.key.request,
            parts,
            self.seats,
            self.together,
            self.wanted,
            shown.access_code,
            "",
            shown.admission,
            shown.identity,
        )


def part_of(line: LineRequest, ticket_type: TicketType) -> Part:
    """What one line wants of its inventory."""
    quantity = line.quantity or line.best_available or len(line.seats)
    if ticket_type.profile.capacity_id is None:
        return Part(line.ticket_type_id, quantity, line.seats, line.together)
    return Part(line.ticket_type_id, quantity, wanted=(Wanted(line.ticket_type_id, quantity),))


def parts_of(lines: Iterable[tuple[LineRequest, TicketType]]) -> dict[InventoryId, Part]:
    """What is wanted of each inventory; ticket types on a shared capacity are wanted of that."""
    parts: dict[InventoryId, Part] = {}
    for line, ticket_type in lines:
        inventory_id = ticket_type.inventory_id
        part = part_of(line, ticket_type)
        if known := parts.get(inventory_id):
            quantity = known.quantity + part.quantity
            part = Part(known.ticket_type_id, quantity, wanted=known.wanted + part.wanted)
        parts[inventory_id] = part
    return parts


def manner_refusal(index: int, line: LineRequest, ticket_type: TicketType) -> Refusal | None:
    """INVALID for seats of what isn't sold by the seat, and for a mere quantity of what is."""
    if ticket_type.is_seated:
        return invalid(f"lines[{index}].quantity", _BY_THE_SEAT) if line.quantity else None
    for field, value in (("seats", line.seats), ("best_available", line.best_available)):
        if value:
            return invalid(f"lines[{index}].{field}", "This ticket type isn't sold by the seat.")
    return None


def key_of(key: str, lines: Sequence[LineRequest], access_code: str) -> Key:
    """Scoped to the ticket types of the request; the rest of the request decides what is a repeat."""
    ordered = sorted(lines, key=lambda line: line.ticket_type_id)
    scope = ",".join([str(line.ticket_type_id) for line in ordered])
    digest = hashlib.blake2b(f"{scope}\n{key}".encode(), digest_size=_KEY_DIGEST_BYTES).hexdigest()
    return Key(digest, _request(ordered, access_code))


def _request(lines: Sequence[LineRequest], access_code: str) -> str:
    """In one canonical form: quantities as they are, anything else as a digest."""
    if not access_code and not any(line.seats or line.best_available for line in lines):
        return ",".join([str(line.quantity) for line in lines])
    canonical = [(line.quantity, sorted(line.seats), line.best_available, line.together) for line in lines]
    encoded = msgspec.json.encode((canonical, access_code))
    return hashlib.blake2b(encoded, digest_size=_KEY_DIGEST_BYTES).hexdigest()

"""What must hold of an inventory after every fact, and what of it a restart must find again."""

from collections.abc import Iterable

import msgspec

from ticketd.core.facts import AnyFact
from ticketd.core.ids import InventoryId
from ticketd.core.inventory import Inventory
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.seat_status import FREE, HELD, SOLD
from ticketd.core.snapshots import Snapshot
from ticketd.core.terms import Kind

OPEN = (ReservationStatus.HELD, ReservationStatus.PAYING)

_encode_fact = msgspec.json.Encoder().encode
_decode_fact = msgspec.json.Decoder(AnyFact).decode
_encode_snapshot = msgspec.msgpack.Encoder().encode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode


def sound(inventory: Inventory) -> None:
    """AssertionError if anything is lost, or had twice."""
    figures = inventory.figures()
    counts = (figures.free, figures.held, figures.paying, figures.sold)
    assert sum(counts) == figures.capacity
    assert min(counts) >= 0
    assert inventory.conserved()
    _seats_add_up(inventory)
    if inventory.profile is not None and inventory.profile.kind is Kind.CAPACITY:
        _shelves_add_up(inventory)


def _seats_add_up(inventory: Inventory) -> None:
    if inventory.seating is None:
        return
    statuses, index = inventory.seating.statuses, inventory.seating.hall.index
    held = [index(seat) for line in _open_lines(inventory) for seat in line.seats]
    assert len(held) == len(set(held)) == inventory.held + inventory.paying == statuses.count(HELD)
    assert all(statuses[each] == HELD for each in held)
    assert (statuses.count(FREE), statuses.count(SOLD)) == (inventory.free, inventory.sold)


def _shelves_add_up(inventory: Inventory) -> None:
    shelves = list(inventory.shelves)
    assert sum(shelf.held for shelf in shelves) == inventory.held
    assert sum(shelf.paying for shelf in shelves) == inventory.paying
    assert sum(shelf.sold for shelf in shelves) == inventory.sold
    assert sum(shelf.revenue_cents for shelf in shelves) == inventory.revenue_cents
    assert all(shelf.taken <= shelf.terms.capacity for shelf in shelves)
    assert min((min(shelf.held, shelf.paying, shelf.sold) for shelf in shelves), default=0) >= 0


def _open_lines(inventory: Inventory) -> list[Line]:
    return [line for line in inventory.lines.values() if line.status in OPEN]


def content(inventory: Inventory) -> object:
    """Everything that later decisions and answers depend on, but for the keys."""
    snapshot = inventory.snapshot()
    if snapshot is None:
        return None
    lines = {line.reservation_id: line for line in snapshot.open_lines}
    guests = {*snapshot.sold_to, *(line.guest for line in lines.values())}
    return (
        msgspec.structs.replace(snapshot, open_lines=(), keys_from_seq=0),
        lines,
        inventory.figures(),
        inventory.offer(),
        inventory.next_deadline(),
        inventory.codes.codes(),
        [(shelf.id, shelf.taken, shelf.sale_time, shelf.codes.codes()) for shelf in inventory.shelves],
        None if inventory.seating is None else (inventory.seating.statuses, inventory.seating.free),
        {guest: inventory.guests.taken_by(guest) for guest in guests},
        inventory.habits._open,
        inventory.is_plain,
    )


def replayed(inventory_id: InventoryId, facts: Iterable[AnyFact], snapshot: bytes = b"") -> Inventory:
    """What a start makes of the facts as they stand in the ledger, and of a checkpoint."""
    inventory = Inventory(inventory_id)
    if snapshot:
        inventory.restore(_decode_snapshot(snapshot))
    for seq, fact in enumerate(facts, start=1):
        inventory.replay(seq, _decode_fact(_encode_fact(fact)))
    return inventory


def at_rest(inventory: Inventory) -> bytes:
    """A checkpoint of it."""
    return _encode_snapshot(inventory.snapshot())


def reborn(inventory: Inventory) -> Inventory:
    """What a start makes of a checkpoint with no facts after it."""
    return replayed(inventory.id, (), at_rest(inventory))

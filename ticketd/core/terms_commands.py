"""What owners ask of an inventory: its terms and codes, or those of a ticket type on its shelves."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.access_codes import ACCESS_CODES_MAX
from ticketd.core.decisions import Decision
from ticketd.core.hall import shared_hall
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.on_sale import change_terms, change_window, delete
from ticketd.core.outcomes import AccessCodes
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.shelves import Shelf
from ticketd.core.state import InventoryState


def on_terms(
    inventory: InventoryState,
    command: c.Open | c.ChangeTerms | c.ChangeEventWindow | c.Delete,
    now: Instant,
    expired: Sequence[f.Expired],
) -> Decision:
    """What becomes of the terms that the command names, once all that has `expired` is given back."""
    if isinstance(command, c.Open):
        return _open(inventory, command, now)
    on = _existing(inventory, command.ticket_type_id)
    if on is None:
        return Decision(Refusal(Reason.NOT_FOUND))
    match command:
        case c.ChangeTerms():
            if on is inventory and _contradicts_its_seats(inventory, command):
                return Decision(invalid("capacity", "It is the number of its seats."))
            return change_terms(on, command, now, taken=_taken_after(inventory, on, expired))
        case c.ChangeEventWindow():
            return change_window(on, command, now)
        case c.Delete():
            if on is inventory and len(inventory.shelves):
                return Decision(Refusal(Reason.HAS_SALES, "Ticket types still draw on it.", sold=0, held=0))
            return delete(on, command, now, taken=_taken_after(inventory, on, expired))
        case _:
            assert_never(command)


def on_codes(
    inventory: InventoryState, command: c.ListAccessCodes | c.SetAccessCode | c.RemoveAccessCode, now: Instant
) -> Decision:
    """What becomes of the access codes that the command names."""
    shelf_id = command.ticket_type_id
    on = _existing(inventory, shelf_id)
    if on is None:
        return Decision(Refusal(Reason.NOT_FOUND))
    match command:
        case c.ListAccessCodes():
            return Decision(AccessCodes(on.codes.codes()))
        case c.SetAccessCode():
            if not on.codes.has_room_for(command.code):
                return Decision(invalid("code", f"At most {ACCESS_CODES_MAX:,} codes."))
            return Decision(
                None, (f.AccessCodeSet(now, command.code, command.capacity, command.until, shelf_id),)
            )
        case c.RemoveAccessCode():
            if command.code not in on.codes:
                return Decision(Refusal(Reason.NOT_FOUND))
            return Decision(None, (f.AccessCodeRemoved(now, command.code, shelf_id),))
        case _:
            assert_never(command)


def _existing(inventory: InventoryState, ticket_type_id: TicketTypeId) -> InventoryState | Shelf | None:
    if ticket_type_id == f.OWN:
        return inventory if inventory.exists else None
    return inventory.shelves.get(ticket_type_id)


def _open(inventory: InventoryState, command: c.Open, now: Instant) -> Decision:
    shelf_id, terms = command.ticket_type_id, command.terms
    if shelf_id == f.OWN:
        if inventory.profile is not None:
            return Decision(None)
        if command.hall:
            terms = msgspec.structs.replace(terms, capacity=shared_hall(command.hall).sellable)
        opened = f.Opened(now, command.profile, terms, command.window, hall=command.hall)
        return Decision(None, (opened,))
    if not inventory.exists or inventory.is_plain:
        return Decision(Refusal(Reason.NOT_FOUND))
    if inventory.shelves.get(shelf_id) is not None:
        return Decision(None)
    return Decision(None, (f.Opened(now, command.profile, terms, command.window, shelf_id),))


def _contradicts_its_seats(inventory: InventoryState, command: c.ChangeTerms) -> bool:
    capacity = command.patch.capacity
    return inventory.seating is not None and capacity not in (msgspec.UNSET, inventory.terms.capacity)


def _taken_after(inventory: InventoryState, on: InventoryState | Shelf, expired: Sequence[f.Expired]) -> int:
    lines = [inventory.lines[fact.reservation_id] for fact in expired]
    if isinstance(on, Shelf):
        shares = [share for line in lines for share in line.shares if share.ticket_type_id == on.id]
        return on.taken - sum(share.quantity for share in shares)
    return on.taken - sum(line.quantity for line in lines)

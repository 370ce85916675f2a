"""What a reservation takes where there is more to look at than counts: seats, codes, shelves, guests."""

from collections.abc import Callable, Sequence

import msgspec

from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.hall import UnknownSeat
from ticketd.core.ids import SECOND, Instant, SeatId
from ticketd.core.on_sale import limit_refusal, time_refusal
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.reservations import Line, Share
from ticketd.core.shelves import Shelf
from ticketd.core.state import PAYING, InventoryState

SEATS_NAMED_MAX = 10
"""A refusal's sentence names no more seats than these."""


class Reserving(InventoryState):
    """The facts that a reservation would make, `free` being what is free once all that ran out is back."""

    def allowed(self, command: c.Reserve, now: Instant, gone: Sequence[Line]) -> c.Reserve | Refusal:
        """What its identity's habits leave of it, once the lines that are `gone` have run out."""
        if not gone and self.habits.says_nothing_of(command.identity):
            return command
        conduct = self.habits.conduct(command.identity, now, gone)
        if refusal := conduct.refusal(now):
            return refusal
        seconds = conduct.hold_seconds(command.hold_seconds)
        if seconds == command.hold_seconds:
            return command
        return msgspec.structs.replace(command, hold_seconds=seconds)

    def sealed_until(self, line: Line, deadline: Instant, now: Instant) -> Instant:
        """What its identity's habits leave of a cart's hold."""
        seconds = (deadline - now) // SECOND
        shorter = seconds - self.habits.conduct(line.identity, now).hold_seconds(seconds)
        return Instant(deadline - shorter * SECOND)

    def take(
        self, command: c.Reserve, now: Instant, free: int, known: Line | None
    ) -> tuple[f.AnyFact, ...] | Refusal:
        """The facts that make this reservation, or why it can't be made; nothing is changed yet."""
        if command.guest:
            return self._take_for_guest(command, now, free, known)
        if command.wanted or self.is_shared:
            return self._take_from_shelves(command, now, free)
        return self._take_of_own(command, now, free)

    def _take_of_own(self, command: c.Reserve, now: Instant, free: int) -> tuple[f.Reserved] | Refusal:
        quantity, code = command.quantity, command.access_code if self.codes.required else ""
        opens_at, ends_at = self.sale_time
        if self.codes.required or not opens_at <= now < ends_at or quantity > self.terms.max_per_reservation:
            if not self.exists:
                return Refusal(Reason.NOT_FOUND)
            refusal = (
                self.codes.refusal_of(code)
                or time_refusal(self, now)
                or self.codes.time_refusal(code, now)
                or limit_refusal(self, quantity)
            )
            if refusal is not None:
                return refusal
        seats = command.seats
        # Who names seats hears which of them are gone, however few are left.
        if seats and (refusal := self._seats_refusal(seats)):
            return refusal
        if quantity > free or code:
            refusal = self.codes.room_refusal(code, quantity, free)
            if refusal is not None:
                return refusal
        if not seats and self.seating is not None:
            best = self.seating.best(quantity, together=command.together)
            if best is None:
                none_together = f"There are no {quantity} seats together any more."
                return Refusal(Reason.SOLD_OUT, none_together, available=self.seating.free)
            seats = best
        return (_reserved(command, now, self.terms.price_cents, seats, (), code),)

    def _seats_refusal(self, seats: tuple[SeatId, ...]) -> Refusal | None:
        seating = self.seating
        if seating is None:
            return invalid("seats", "This isn't sold by the seat.")
        if len(seats) > 1 and len(set(seats)) < len(seats):
            return invalid("seats", "A seat can be had once only.")
        try:
            taken = seating.taken(seats)
        except UnknownSeat:
            unknown = seating.unknown(seats)
            more = " …" if len(unknown) > SEATS_NAMED_MAX else ""
            return invalid("seats", f"There is no seat {', '.join(unknown[:SEATS_NAMED_MAX])}{more} here.")
        return Refusal(Reason.SEAT_TAKEN, taken_seats=taken) if taken else None

    def _take_from_shelves(self, command: c.Reserve, now: Instant, free: int) -> tuple[f.Reserved] | Refusal:
        """All that is wanted of one shared capacity, or why the first of it can't be had."""
        assert command.wanted, "a shared capacity is no ticket type"
        if not self.exists:
            return Refusal(Reason.NOT_FOUND)
        shelves = []
        for wanted in command.wanted:
            shelf = self.shelves.get(wanted.ticket_type_id)
            if shelf is None:
                return Refusal(Reason.NOT_FOUND, ticket_type_id=wanted.ticket_type_id)
            shelves.append((shelf, wanted.quantity))
        checks: tuple[Callable[[Shelf, int], Refusal | None], ...] = (
            lambda shelf, _: shelf.codes.refusal_of(command.access_code),
            lambda shelf, _: time_refusal(shelf, now) or shelf.codes.time_refusal(command.access_code, now),
            limit_refusal,
            lambda shelf, quantity: shelf.room_refusal(quantity, command.access_code, free),
        )
        for check in checks:
            for shelf, quantity in shelves:
                if refusal := check(shelf, quantity):
                    return msgspec.structs.replace(refusal, ticket_type_id=shelf.id)
        if command.quantity > free:
            return Refusal(Reason.SOLD_OUT, available=free)
        shares = tuple(
            Share(shelf.id, quantity, shelf.terms.price_cents, shelf.codes.used(command.access_code))
            for shelf, quantity in shelves
        )
        return (_reserved(command, now, 0, (), shares),)

    def _take_for_guest(
        self, command: c.Reserve, now: Instant, free: int, known: Line | None
    ) -> tuple[f.AnyFact, ...] | Refusal:
        """A claim, in place of an open one that the same reservation has for another guest."""
        if known is not None and known.status is PAYING:
            return Refusal(Reason.PAYMENT_IN_PROGRESS)
        most = self.terms.max_per_reservation
        if command.quantity + self.guests.taken_by(command.guest) > most:
            return Refusal(Reason.LIMIT_EXCEEDED, max_per_guest=most)
        if command.quantity > free:
            return Refusal(Reason.SOLD_OUT, available=free)
        claim = _reserved(command, now, 0)
        if known is not None:
            return (f.Released(now, known.reservation_id, known.seq), claim)
        return (claim,)


def _reserved(
    command: c.Reserve,
    now: Instant,
    unit_price_cents: int,
    seats: tuple[SeatId, ...] = (),
    shares: tuple[Share, ...] = (),
    access_code: str = "",
) -> f.Reserved:
    return f.Reserved(
        now,
        command.reservation_id,
        command.quantity,
        unit_price_cents,
        Instant(now + command.hold_seconds * SECOND),
        command.key,
        command.request,
        command.parts,
        seats,
        shares,
        access_code,
        command.guest,
        command.admission,
        command.identity,
    )

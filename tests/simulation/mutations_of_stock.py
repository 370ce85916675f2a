"""Safeguards of seats, shared capacities, access codes and limits per guest, each switched off."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tests.simulation.mutation import Mutation, Patches, into
from ticketd.core.access_codes import AccessCodeBook
from ticketd.core.guest_tally import GuestTally
from ticketd.core.ids import Instant, ReservationId, SeatId
from ticketd.core.moves import Move
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line, Reservation
from ticketd.core.seating import Seating
from ticketd.core.shelves import Shelf
from ticketd.core.state import InventoryState
from ticketd.services.guest_limits import GuestLimits
from ticketd.services.payment_steps import PaymentSteps, Step

OF_STOCK: Final[list[Mutation]] = []


# -- seats


@into(OF_STOCK, "a seat isn't asked whether it is free")
def _() -> Patches:
    def move(seating: Seating, seat_ids: Iterable[SeatId], status: int, to: int) -> None:
        for seat_id in seat_ids:
            index = seating.hall.index(seat_id)
            seating._statuses[index] = to
            seating._changed.append(index)

    return [(Seating, "taken", lambda seating, seat_ids: ()), (Seating, "_move", move)]


@into(OF_STOCK, "the seats of what has run out stay taken")
def _() -> Patches:
    follow = Seating.follow

    def keep(seating: Seating, seat_ids: Sequence[SeatId], move: Move) -> None:
        if move is not Move.GIVE_BACK:
            follow(seating, seat_ids, move)

    return [(Seating, "follow", keep)]


@into(OF_STOCK, "a checkpoint forgets which seats are sold")
def _() -> Patches:
    return [(Seating, "sold_bytes", lambda seating: b"")]


@into(OF_STOCK, "the seats on show don't follow what is durable")
def _() -> Patches:
    return [(Seating, "take_changes", lambda seating: [])]


# -- shared capacities and access codes


@into(OF_STOCK, "a ticket type on a shared capacity has no ceiling")
def _() -> Patches:
    return [(Shelf, "room", lambda shelf, free: free)]


@into(OF_STOCK, "an access code opens more than its capacity")
def _() -> Patches:
    return [(AccessCodeBook, "room", lambda book, code, free: free)]


@into(OF_STOCK, "what is hidden is sold without a code")
def _() -> Patches:
    put = AccessCodeBook.set

    def set_and_hide_nothing(
        book: AccessCodeBook, code: str, capacity: int | None, until: Instant | None
    ) -> None:
        put(book, code, capacity, until)
        book.required = False

    return [(AccessCodeBook, "set", set_and_hide_nothing)]


@into(OF_STOCK, "a code set again begins to count anew")
def _() -> Patches:
    remove = AccessCodeBook.remove

    def forget(book: AccessCodeBook, code: str) -> None:
        remove(book, code)
        book._codes[code].taken = book._codes[code].sold = 0

    return [(AccessCodeBook, "remove", forget)]


# -- limits per guest


@into(OF_STOCK, "nobody counts what a guest has")
def _() -> Patches:
    return [(GuestTally, "taken_by", lambda tally, guest: 0)]


@into(OF_STOCK, "a payment starts without its guest's claim")
def _() -> Patches:
    start_others = PaymentSteps._start_others

    async def leave_out(
        steps: PaymentSteps, home: Line, held: Reservation
    ) -> Reservation | Refusal | Departed:
        started = await start_others(steps, home, Reservation(held.lines))
        return Reservation(started.lines, held.claims) if isinstance(started, Reservation) else started

    return [(PaymentSteps, "_start_others", leave_out)]


@into(OF_STOCK, "a claim leaves paying after its home line")
def _() -> Patches:
    async def claims_last(
        steps: PaymentSteps, reservation: Reservation, step: Callable[[Line], Step]
    ) -> list[Line | Departed]:
        others = await steps._take_all(reservation.lines[1:], step)
        home = await steps._take(reservation.home, step(reservation.home))
        return [home, *others, *await steps._take_all(reservation.claims, step)]

    return [(PaymentSteps, "_home_last", claims_last)]


@into(OF_STOCK, "a home line doesn't know its payment's claims")
def _() -> Patches:
    apply = InventoryState._replace

    def forget(state: InventoryState, reservation_id: ReservationId, **changes: object) -> Line:
        changes.pop("claims", None)
        return apply(state, reservation_id, **changes)

    return [(InventoryState, "_replace", forget)]


@into(OF_STOCK, "a checkpoint forgets what guests have")
def _() -> Patches:
    return [(GuestTally, "sold_to", lambda tally: {})]


@into(OF_STOCK, "an address counts as another guest for each way to write it")
def _() -> Patches:
    return [(GuestLimits, "_guest", lambda limits, email: email)]

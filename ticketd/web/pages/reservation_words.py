"""How a reservation stands, in words."""

from typing import NamedTuple, assert_never

from ticketd.core.ids import SECOND, Instant
from ticketd.core.inventory import PAYMENT_ATTEMPTS_MAX
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.web.pages import words

_LOOK_AGAIN_SECONDS = 3


class Said(NamedTuple):
    """A reservation's standing in words."""

    title: str
    sentence: str
    contents_title: str
    seconds_left: int | None = None
    look_again_seconds: int = 0


def can_be_tried_again(reservation: Reservation) -> bool:
    """Whether another attempt to pay for it may be made."""
    return reservation.home.attempt < PAYMENT_ATTEMPTS_MAX


def said(reservation: Reservation, *, cancelled_by: str | None, timezone: str | None, now: Instant) -> Said:
    """How the reservation stands.

    `cancelled_by` is the organizer who has cancelled its event, `timezone` that of its event, if any.
    """
    match reservation.home.status:
        case ReservationStatus.HELD if cancelled_by is not None:
            return Said(
                "The event has been cancelled",
                "These tickets can't be paid for any more. Nothing was charged.",
                "You had reserved",
            )
        case ReservationStatus.HELD:
            return _held(reservation, timezone, now)
        case ReservationStatus.PAYING:
            return Said(
                "Your payment is under way",
                "We are asking the bank. Your tickets are safe meanwhile; please don't pay again.",
                "You are buying",
                look_again_seconds=_LOOK_AGAIN_SECONDS,
            )
        case ReservationStatus.PAID if cancelled_by is not None:
            money = f"Your tickets are paid; ask {cancelled_by} about your money."
            return Said(
                "The event has been cancelled",
                money if reservation.total_cents else "Your tickets cost you nothing.",
                "You have bought",
            )
        case ReservationStatus.PAID:
            standing = "Everything is paid." if reservation.total_cents else "They cost you nothing."
            return Said("Here are your tickets", f"{standing} Enjoy!", "You have bought")
        case ReservationStatus.RELEASED:
            return Said(
                "Given back",
                "You gave these tickets back, and they are on sale again. Nothing was charged.",
                "You had reserved",
            )
        case ReservationStatus.EXPIRED:
            return Said(
                "Time is up",
                "The time to pay ran out, and the tickets went back on sale. Nothing was charged.",
                "You had reserved",
            )
        case ReservationStatus.REFUNDED:
            return Said(
                "Refunded",
                "These tickets are no longer valid, and your money has been sent back.",
                "You had bought",
            )
        case _ as unknown:
            assert_never(unknown)


def _held(reservation: Reservation, timezone: str | None, now: Instant) -> Said:
    if not can_be_tried_again(reservation):
        return Said(
            "Too many attempts to pay",
            "Give the tickets back and reserve them again. Nothing was charged.",
            "You have reserved",
        )
    seconds = max(0, (reservation.home.deadline - now) // SECOND)
    return Said("Reserved for you", _until(reservation, timezone, seconds, now), "You have reserved", seconds)


def _until(reservation: Reservation, timezone: str | None, seconds: int, now: Instant) -> str:
    """By when to pay; without an event nobody knows which clock its guest reads."""
    if timezone is None:
        return f"You have {words.time_left(seconds)} to {'pay' if reservation.total_cents else 'take them'}."
    by = words.deadline(reservation.home.deadline, timezone, now=now)
    return f"{'Pay' if reservation.total_cents else 'Take them'} by {by}."

"""A judgement on a command, and the one that closed reservations share."""

import msgspec

from ticketd.core import commands as c
from ticketd.core.facts import AnyFact
from ticketd.core.ids import ReservationId
from ticketd.core.outcomes import AccessCodes
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import ReservationStatus


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to answer, and the facts to apply before."""

    answer: Refusal | AccessCodes | ReservationId | None
    """As it is; of a reservation's id the line, of None the offer, as they stand after the facts."""
    facts: tuple[AnyFact, ...] = ()


def closed_refusal(command: c.Release | c.StartPayment, status: ReservationStatus) -> Refusal | None:
    """What a closed reservation says to a guest's command: a refusal, or None to show it as it is."""
    if status in (ReservationStatus.RELEASED, ReservationStatus.EXPIRED) and isinstance(command, c.Release):
        return None
    if status is ReservationStatus.PAID and isinstance(command, c.StartPayment):
        return None
    return Refusal(
        Reason.RESERVATION_EXPIRED if status is ReservationStatus.EXPIRED else Reason.RESERVATION_CLOSED
    )

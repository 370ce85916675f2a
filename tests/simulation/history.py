"""What guests and owners asked, and what they were told: the checker's evidence."""

import hashlib
from enum import StrEnum
from typing import Any

import click

from ticketd.core.ids import Instant
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation
from ticketd.services.sales import Granted


class Kind(StrEnum):
    """What was asked."""

    RESERVE = "reserve"
    PAY = "pay"
    RELEASE = "release"
    LOOK = "look"
    CHANGE = "change"


class Unknown(StrEnum):
    """No answer, or one that leaves open what has happened."""

    OVERLOADED = "503"
    KILLED = "connection reset"
    GAVE_UP = "guest gave up"
    POISONED = "500 for refused data"


Answer = Granted | Reservation | Offer | Refusal | Unknown


class Call:
    """One request and its answer, in virtual seconds."""

    def __init__(self, number: int, kind: Kind, subject: tuple[Any, ...], inc: int, at: float) -> None:
        self.number = number
        self.kind = kind
        self.subject = subject
        """What of: lines and key, a reservation id, or a command."""
        self.inc = inc
        """The incarnation that was asked."""
        self.asked_at = at
        self.answered_at: float | None = None
        self.answer: Answer = Unknown.GAVE_UP
        self.left = False
        """Whether its guest has gone, with or without a choice."""
        self.clock_at_question = self.clock_at_answer = Instant(0)
        """What the process's own clock showed."""

    def leave(self, why: Unknown) -> None:
        """Its guest will never hear the answer."""
        self.answer, self.left = why, True

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} {' '.join(map(str, self.subject))}"


class History:
    """Every call, and a trace of everything that happened, in order."""

    def __init__(self, *, show: bool = False) -> None:
        self.calls: list[Call] = []
        self._show = show
        self._digest = hashlib.blake2b(digest_size=8)

    def note(self, at: float, text: str) -> None:
        """Keep one line of the trace."""
        line = f"{at:11.6f}  {text}"
        self._digest.update(line.encode())
        if self._show:
            click.echo(line)

    def digest(self) -> str:
        """Tells two lives apart."""
        return self._digest.hexdigest()

    def ask(self, kind: Kind, subject: tuple[Any, ...], *, inc: int, at: float) -> Call:
        """A request leaves its guest."""
        call = Call(len(self.calls) + 1, kind, subject, inc, at)
        self.calls.append(call)
        self.note(at, f"→ {call} (process {inc})")
        return call

    def answer(self, call: Call, answer: Answer, *, at: float) -> None:
        """The answer leaves the server."""
        if isinstance(answer, Refusal) and answer.reason is Reason.OVERLOADED:
            answer = Unknown.OVERLOADED
        call.answer, call.answered_at = answer, at
        self.note(at, f"← #{call.number} {described(answer)}")


def described(answer: Answer) -> str:
    """An answer in a few words."""
    match answer:
        case Granted():
            return f"{'the same' if answer.repeated else 'yes'}: {described(answer.reservation)}"
        case Reservation():
            lines = ", ".join(
                f"{line.quantity} of {line.inventory_id} {line.status}" for line in answer.lines
            )
            return f"{short(answer.home.reservation_id)}: {lines}"
        case Offer():
            return f"offer at {answer.seq}: {answer.figures}"
        case Refusal():
            return str(answer.reason)
        case _:
            return str(answer)


def short(reservation_id: str) -> str:
    """Enough of a reservation id to follow it through a trace."""
    return f"…{reservation_id[-6:]}"

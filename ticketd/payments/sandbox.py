"""A gateway to try things out with: no money moves, but its word is as durable and final as a bank's."""

from enum import StrEnum
from typing import Protocol, assert_never

from ticketd.core.money import EUR
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError


class Verdict(StrEnum):
    """What the gateway says of an attempt, once and for all."""

    CHARGED = "charged"
    CARD_ERROR = "card_error"
    PAYMENT_ERROR = "payment_error"
    CURRENCY_ERROR = "currency_error"
    VOID = "void"
    """Looked up before it was charged: too late to charge it now."""


class Attempts(Protocol):
    """Keeps what was said of each attempt."""

    async def record(self, attempt_id: str, verdict: str, amount_cents: int) -> str:
        """The verdict that counts, durably: this one, or one before it.

        Any exception leaves in doubt what was recorded.
        """


class SandboxGateway:
    """See `ports.PaymentGateway`; safe from several processes on one database."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        verdict = Verdict(await self._attempts.record(attempt_id, _judge(token, currency), amount_cents))
        match verdict:
            case Verdict.CHARGED:
                return
            case Verdict.CARD_ERROR:
                raise CardError
            case Verdict.PAYMENT_ERROR | Verdict.VOID:
                raise PaymentError
            case Verdict.CURRENCY_ERROR:
                raise CurrencyError
            case _:
                assert_never(verdict)

    async def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        verdict = await self._attempts.record(attempt_id, Verdict.VOID, 0)
        return Charge.CHARGED if verdict == Verdict.CHARGED else Charge.NOT_CHARGED


def _judge(token: str, currency: str) -> Verdict:
    match token:
        case "card_error":
            return Verdict.CARD_ERROR
        case "payment_error":
            return Verdict.PAYMENT_ERROR
        case _:
            return Verdict.CHARGED if currency == EUR else Verdict.CURRENCY_ERROR

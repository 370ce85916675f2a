"""A gateway to try things out with: no money moves, but its word is as durable and final as a bank's."""

import sqlite3
import threading
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, assert_never

from ticketd.core.money import EUR
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError

_BUSY_SECONDS_MAX = 5.0

# Rows are only ever added: the first word on an attempt stays the only one.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt (
    attempt_id   TEXT PRIMARY KEY,
    verdict      TEXT NOT NULL,
    amount_cents INTEGER NOT NULL
) STRICT
"""
_RECORD = "INSERT INTO attempt (attempt_id, verdict, amount_cents) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_VERDICT = "SELECT verdict FROM attempt WHERE attempt_id = ?"
_CHARGES = "SELECT attempt_id, amount_cents FROM attempt WHERE verdict = ? ORDER BY attempt_id"


class _Verdict(StrEnum):
    CHARGED = "charged"
    CARD_ERROR = "card_error"
    PAYMENT_ERROR = "payment_error"
    CURRENCY_ERROR = "currency_error"
    VOID = "void"
    """Looked up before it was charged: too late to charge it now."""


class SandboxCharge(NamedTuple):
    """Money that would have moved."""

    attempt_id: str
    amount_cents: int


class SandboxGateway:
    """See `ports.PaymentGateway`; safe from several threads and from several processes on one file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)

    def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        verdict = self._record(attempt_id, _judge(token, currency), amount_cents)
        match verdict:
            case _Verdict.CHARGED:
                return
            case _Verdict.CARD_ERROR:
                raise CardError
            case _Verdict.PAYMENT_ERROR | _Verdict.VOID:
                raise PaymentError
            case _Verdict.CURRENCY_ERROR:
                raise CurrencyError
            case _:
                assert_never(verdict)

    def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        verdict = self._record(attempt_id, _Verdict.VOID, 0)
        return Charge.CHARGED if verdict is _Verdict.CHARGED else Charge.NOT_CHARGED

    def charges(self) -> list[SandboxCharge]:
        """Everything charged so far."""
        with self._lock:
            rows = self._connection.execute(_CHARGES, (_Verdict.CHARGED,)).fetchall()
        return [SandboxCharge(*row) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _record(self, attempt_id: str, verdict: _Verdict, amount_cents: int) -> _Verdict:
        """The verdict that counts: this one, or the one before it."""
        with self._lock:
            self._connection.execute(_RECORD, (attempt_id, verdict, amount_cents))
            (recorded,) = self._connection.execute(_VERDICT, (attempt_id,)).fetchone()
        return _Verdict(recorded)


def _judge(token: str, currency: str) -> _Verdict:
    match token:
        case "card_error":
            return _Verdict.CARD_ERROR
        case "payment_error":
            return _Verdict.PAYMENT_ERROR
        case _:
            return _Verdict.CHARGED if currency == EUR else _Verdict.CURRENCY_ERROR

"""What the sandbox gateway has said, in a file that outlives it."""

import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

_BUSY_SECONDS_MAX = 5.0

# Rows are only ever added: the first word on an attempt stays the only one.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt (
    attempt_id   TEXT PRIMARY KEY,
    verdict      TEXT NOT NULL,
    amount_cents INTEGER NOT NULL
) STRICT
"""
# All of a group in two steps of SQLite, because each step gives the interpreter's lock away and has to wait
# for it again.
_RECORD = """
INSERT INTO attempt (attempt_id, verdict, amount_cents)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each(?) WHERE true ON CONFLICT DO NOTHING
"""
_VERDICTS = """
SELECT json_group_object(attempt_id, verdict) FROM attempt
WHERE attempt_id IN (SELECT json_extract(value, '$[0]') FROM json_each(?))
"""
_CHARGES = "SELECT attempt_id, amount_cents FROM attempt WHERE verdict = ? ORDER BY attempt_id"


class Verdict(StrEnum):
    """What the gateway says of an attempt, once and for all."""

    CHARGED = "charged"
    CARD_ERROR = "card_error"
    PAYMENT_ERROR = "payment_error"
    CURRENCY_ERROR = "currency_error"
    VOID = "void"
    """Looked up before it was charged: too late to charge it now."""


_decode_verdicts = msgspec.json.Decoder(dict[str, Verdict]).decode


class Attempt(NamedTuple):
    """What would be said of an attempt, were this the first word on it."""

    attempt_id: str
    verdict: Verdict
    amount_cents: int


class SandboxCharge(NamedTuple):
    """Money that would have moved."""

    attempt_id: str
    amount_cents: int


class SandboxLog:
    """Not safe from several threads at once; safe from several processes on one file."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)

    def record(self, attempts: Sequence[Attempt]) -> Sequence[Verdict]:
        """The verdict on each that counts, durably: this one, or one before it.

        sqlite3.Error leaves in doubt what was recorded.
        """
        group = msgspec.json.encode(attempts).decode()
        self._connection.execute(_RECORD, (group,))
        (found,) = self._connection.execute(_VERDICTS, (group,)).fetchone()
        verdicts = _decode_verdicts(found)
        return [verdicts[attempt.attempt_id] for attempt in attempts]

    def charges(self) -> list[SandboxCharge]:
        """Everything charged so far."""
        rows = self._connection.execute(_CHARGES, (Verdict.CHARGED,)).fetchall()
        return [SandboxCharge(*row) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

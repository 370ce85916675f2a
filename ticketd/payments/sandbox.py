"""A gateway to try things out with: no money moves, but its word is as durable and final as a bank's.

All attempts of the moment go into its log at once: a file synced for each payment, and a thread started for
it, would cost a sale ten times what its reservation did.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import assert_never

from ticketd.core.money import EUR
from ticketd.gathering import Gathering
from ticketd.payments.sandbox_log import Attempt, SandboxLog, Verdict
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError

_Group = tuple[Sequence[Attempt], asyncio.Future[Sequence[Verdict]]]


class SandboxGateway:
    """See `ports.PaymentGateway`; for one event loop, and safe from several processes on one file."""

    def __init__(self, path: Path) -> None:
        self._log = SandboxLog(path)
        self._attempts = Gathering(self._record, outages=(sqlite3.Error,))
        self._groups: SimpleQueue[_Group | None] = SimpleQueue()
        # A daemon: a disk that hangs must not keep the process from ending.
        self._writer = threading.Thread(target=self._write_for_ever, name="sandbox gateway", daemon=True)
        self._writer.start()

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        verdict = await self._attempts.add(Attempt(attempt_id, _judge(token, currency), amount_cents))
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
        verdict = await self._attempts.add(Attempt(attempt_id, Verdict.VOID, 0))
        return Charge.CHARGED if verdict is Verdict.CHARGED else Charge.NOT_CHARGED

    def close(self) -> None:
        """Finish what is being written, and let go of the file."""
        self._groups.put(None)
        self._writer.join()
        self._log.close()

    async def _record(self, attempts: Sequence[Attempt]) -> Sequence[Verdict]:
        recorded: asyncio.Future[Sequence[Verdict]] = asyncio.get_running_loop().create_future()
        self._groups.put((attempts, recorded))
        return await recorded

    def _write_for_ever(self) -> None:
        while group := self._groups.get():
            attempts, recorded = group
            try:
                tell = partial(recorded.set_result, self._log.record(attempts))
            except Exception as error:  # whether it was recorded is in doubt: the askers look it up
                tell = partial(recorded.set_exception, error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                recorded.get_loop().call_soon_threadsafe(_tell, recorded, tell)


def _tell(recorded: asyncio.Future[Sequence[Verdict]], tell: partial[None]) -> None:
    if not recorded.done():
        tell()


def _judge(token: str, currency: str) -> Verdict:
    match token:
        case "card_error":
            return Verdict.CARD_ERROR
        case "payment_error":
            return Verdict.PAYMENT_ERROR
        case _:
            return Verdict.CHARGED if currency == EUR else Verdict.CURRENCY_ERROR

"""Awaits a gateway's blocking calls."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ticketd.ports import Charge, PaymentGateway

T = TypeVar("T")


class OffloadedGateway:
    """A gateway off the event loop: a bounded number of calls at once, and bounded patience with each.

    Charges that hang can't keep look-ups from being made.
    """

    def __init__(
        self,
        gateway: PaymentGateway,
        *,
        charge_seconds_max: float = 30.0,
        lookup_seconds_max: float = 10.0,
        charges_at_once_max: int = 16,
        lookups_at_once_max: int = 8,
    ) -> None:
        self._gateway = gateway
        self._charges = _Threads(charges_at_once_max, charge_seconds_max)
        self._lookups = _Threads(lookups_at_once_max, lookup_seconds_max)

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`; TimeoutError, which is a doubt, when it takes too long."""
        await self._charges.run(partial(self._gateway.charge, attempt_id, amount_cents, token, currency))

    async def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`; TimeoutError when it takes too long."""
        return await self._lookups.run(partial(self._gateway.lookup, attempt_id))


class _Threads:
    """Daemon threads, since an executor's would keep the process from ending while a call hangs."""

    def __init__(self, at_once_max: int, seconds_max: float) -> None:
        self._free = asyncio.Semaphore(at_once_max)
        self._seconds_max = seconds_max

    async def run(self, call: Callable[[], T]) -> T:
        """What the call returns or raises; TimeoutError if it takes too long, waiting for a thread included.

        A call given up on runs on, and keeps its thread until it returns.
        """
        async with asyncio.timeout(self._seconds_max):
            await self._free.acquire()
            return await self._begin(call)

    def _begin(self, call: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        try:
            threading.Thread(target=self._work, args=(call, result, loop), daemon=True).start()
        except RuntimeError:  # the system is out of threads
            self._free.release()
            raise
        return result

    def _work(
        self, call: Callable[[], T], result: asyncio.Future[T], loop: asyncio.AbstractEventLoop
    ) -> None:
        try:
            resolve = partial(result.set_result, call())
        except Exception as error:
            resolve = partial(result.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(self._finish, result, resolve)

    def _finish(self, result: asyncio.Future[T], resolve: Callable[[], None]) -> None:
        self._free.release()
        if not result.done():
            resolve()

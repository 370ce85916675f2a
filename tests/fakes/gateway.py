"""A payment gateway in memory that can be slow, and can leave its outcome in doubt."""

import asyncio

from ticketd.ports import CardError, Charge, CurrencyError, PaymentError


class FakeBank:
    """Judges like the sandbox, at once."""

    def __init__(self) -> None:
        self._verdicts: dict[str, type[Exception] | None] = {}
        self._amounts: dict[str, int] = {}

    def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        verdict = self._record(attempt_id, _judge(token, currency), amount_cents)
        if verdict is not None:
            raise verdict

    def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        verdict = self._record(attempt_id, PaymentError, 0)
        return Charge.CHARGED if verdict is None else Charge.NOT_CHARGED

    def charges(self) -> list[tuple[str, int]]:
        """(attempt_id, amount_cents) of everything charged so far."""
        return [
            (attempt_id, self._amounts[attempt_id])
            for attempt_id, verdict in self._verdicts.items()
            if not verdict
        ]

    def _record(
        self, attempt_id: str, verdict: type[Exception] | None, amount_cents: int
    ) -> type[Exception] | None:
        self._amounts.setdefault(attempt_id, amount_cents)
        return self._verdicts.setdefault(attempt_id, verdict)


class FakeGateway:
    """The way to a bank of its own. A call that was sent goes on when its caller gives up."""

    def __init__(self) -> None:
        self.bank = FakeBank()
        self.charge_calls = 0
        self.lookup_calls = 0
        self.charges_at_once = 0
        self.open = asyncio.Event()
        """While clear, charges wait before they do anything."""
        self.open.set()
        self.breaks_before_charging = False
        self.breaks_after_charging = False
        self.lookups_to_break = 0
        self._charging: set[asyncio.Task[None]] = set()

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        self.charge_calls += 1
        self.charges_at_once += 1
        task = asyncio.create_task(self._charge(attempt_id, amount_cents, token, currency))
        self._charging.add(task)
        task.add_done_callback(self._charged)
        await asyncio.shield(task)

    async def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        self.lookup_calls += 1
        if self.lookups_to_break > 0:
            self.lookups_to_break -= 1
            raise ConnectionResetError
        return self.bank.lookup(attempt_id)

    def charges(self) -> list[tuple[str, int]]:
        """(attempt_id, amount_cents) of everything charged so far."""
        return self.bank.charges()

    async def _charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        await self.open.wait()
        if self.breaks_before_charging:
            raise ConnectionResetError
        try:
            self.bank.charge(attempt_id, amount_cents, token, currency)
        finally:
            if self.breaks_after_charging:
                raise ConnectionResetError(f"while charging {attempt_id} with {token}")

    def _charged(self, task: asyncio.Task[None]) -> None:
        self.charges_at_once -= 1
        self._charging.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may wait for it any more


def _judge(token: str, currency: str) -> type[Exception] | None:
    match token:
        case "card_error":
            return CardError
        case "payment_error":
            return PaymentError
        case _:
            return None if currency == "EUR" else CurrencyError

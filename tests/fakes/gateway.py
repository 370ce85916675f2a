"""A payment gateway in memory that can be slow, and can leave its outcome in doubt."""

import threading

from ticketd.ports import CardError, Charge, CurrencyError, PaymentError

_BLOCKED_SECONDS_MAX = 20.0


class FakeGateway:
    """Judges like the sandbox. Its switches may be set at any time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdicts: dict[str, type[Exception] | None] = {}
        self._amounts: dict[str, int] = {}
        self.charge_calls = 0
        self.lookup_calls = 0
        self.most_charges_at_once = self.charges_at_once = 0
        self.open = threading.Event()
        """While clear, charges wait before they do anything."""
        self.open.set()
        self.breaks_before_charging = False
        self.breaks_after_charging = False
        self.lookups_to_break = 0

    def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """See `ports.PaymentGateway.charge`."""
        with self._lock:
            self.charge_calls += 1
            self.charges_at_once += 1
            self.most_charges_at_once = max(self.most_charges_at_once, self.charges_at_once)
        try:
            self._charge(attempt_id, amount_cents, token, currency)
        finally:
            with self._lock:
                self.charges_at_once -= 1

    def lookup(self, attempt_id: str) -> Charge:
        """See `ports.PaymentGateway.lookup`."""
        with self._lock:
            self.lookup_calls += 1
            if self.lookups_to_break > 0:
                self.lookups_to_break -= 1
                raise ConnectionResetError
        verdict = self._record(attempt_id, PaymentError, 0)
        return Charge.CHARGED if verdict is None else Charge.NOT_CHARGED

    def charges(self) -> list[tuple[str, int]]:
        """(attempt_id, amount_cents) of everything charged so far."""
        return [
            (attempt_id, self._amounts[attempt_id])
            for attempt_id, verdict in self._verdicts.items()
            if not verdict
        ]

    def _charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        assert self.open.wait(_BLOCKED_SECONDS_MAX), "nobody opened the gateway again"
        if self.breaks_before_charging:
            raise ConnectionResetError
        verdict = self._record(attempt_id, _judge(token, currency), amount_cents)
        if self.breaks_after_charging:
            raise ConnectionResetError(f"while charging {attempt_id} with {token}")
        if verdict is not None:
            raise verdict

    def _record(
        self, attempt_id: str, verdict: type[Exception] | None, amount_cents: int
    ) -> type[Exception] | None:
        with self._lock:
            if attempt_id not in self._verdicts:
                self._verdicts[attempt_id] = verdict
                self._amounts[attempt_id] = amount_cents
            return self._verdicts[attempt_id]


def _judge(token: str, currency: str) -> type[Exception] | None:
    match token:
        case "card_error":
            return CardError
        case "payment_error":
            return PaymentError
        case _:
            return None if currency == "EUR" else CurrencyError

"""What every gateway promises, asked of the sandbox and of the fake that other tests rely on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.gateway import FakeGateway
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError

Gateway = SandboxGateway | FakeGateway


@pytest.fixture(params=["sandbox", "fake"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    if request.param == "fake":
        yield FakeGateway()
        return
    sandbox = SandboxGateway(tmp_path / "gateway.sqlite3")
    yield sandbox
    sandbox.close()


def test_a_charge_is_made_and_can_be_looked_up(gateway: Gateway) -> None:
    gateway.charge("a-1", 1250, "tok", "EUR")
    assert gateway.lookup("a-1") is Charge.CHARGED
    assert gateway.charges() == [("a-1", 1250)]


def test_the_same_attempt_is_charged_once_however_often_it_is_asked_for(gateway: Gateway) -> None:
    for token in ("tok", "tok", "card_error"):
        gateway.charge("a-1", 1250, token, "EUR")
    assert gateway.charges() == [("a-1", 1250)]


def test_another_attempt_is_another_charge(gateway: Gateway) -> None:
    gateway.charge("a-1", 1250, "tok", "EUR")
    gateway.charge("a-2", 1250, "tok", "EUR")
    assert sorted(gateway.charges()) == [("a-1", 1250), ("a-2", 1250)]


def test_threads_that_charge_one_attempt_at_once_charge_it_once(gateway: Gateway) -> None:
    with ThreadPoolExecutor(8) as threads:
        for outcome in [threads.submit(gateway.charge, "a-1", 1250, "tok", "EUR") for _ in range(32)]:
            outcome.result()
    assert gateway.charges() == [("a-1", 1250)]


@pytest.mark.parametrize(
    ("token", "currency", "error"),
    [
        ("card_error", "EUR", CardError),
        ("payment_error", "EUR", PaymentError),
        ("tok", "USD", CurrencyError),
        ("card_error", "USD", CardError),
        ("payment_error", "USD", PaymentError),
    ],
)
def test_a_refused_attempt_is_not_charged_and_stays_refused(
    gateway: Gateway, token: str, currency: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        gateway.charge("a-1", 1250, token, currency)
    with pytest.raises(error):
        gateway.charge("a-1", 1250, "tok", "EUR")
    assert gateway.lookup("a-1") is Charge.NOT_CHARGED
    assert gateway.charges() == []


def test_an_attempt_looked_up_before_it_was_charged_can_never_be_charged(gateway: Gateway) -> None:
    assert gateway.lookup("a-1") is Charge.NOT_CHARGED
    with pytest.raises(PaymentError):
        gateway.charge("a-1", 1250, "tok", "EUR")
    assert gateway.lookup("a-1") is Charge.NOT_CHARGED
    assert gateway.charges() == []


def test_a_charge_and_a_look_up_that_race_agree_on_the_outcome(gateway: Gateway) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(30):
            attempt_id = f"a-{number}"
            charging = threads.submit(gateway.charge, attempt_id, 1250, "tok", "EUR")
            looking = threads.submit(gateway.lookup, attempt_id)
            charged = charging.exception() is None
            assert looking.result() is (Charge.CHARGED if charged else Charge.NOT_CHARGED)

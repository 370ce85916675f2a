"""What every gateway promises, asked of the sandbox and of the fake that other tests rely on."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.fakes.gateway import FakeGateway
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import CardError, Charge, CurrencyError, PaymentError
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.sandbox import AttemptStore

_CHARGES = "SELECT attempt_id, amount_cents FROM sandbox_attempt WHERE verdict = 'charged'"


class Sandbox(SandboxGateway):
    """The sandbox, with a look into its books."""

    def __init__(self, connection: DedicatedConnection, pool: asyncpg.Pool) -> None:
        super().__init__(AttemptStore(connection))
        self._pool = pool

    async def charges(self) -> list[tuple[str, int]]:
        return [tuple(row) for row in await self._pool.fetch(_CHARGES)]


Gateway = Sandbox | FakeGateway


@pytest.fixture
async def sandbox(database_url: str, pool: asyncpg.Pool) -> AsyncIterator[Sandbox]:
    connection = DedicatedConnection(database_url, name="ticketd sandbox", answer_seconds_max=10.0)
    yield Sandbox(connection, pool)
    await connection.close()


@pytest.fixture(params=["sandbox", "fake"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    if request.param == "fake":
        return FakeGateway()
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    return sandbox


async def charges(gateway: Gateway) -> list[tuple[str, int]]:
    """(attempt_id, amount_cents) of everything charged so far."""
    return gateway.charges() if isinstance(gateway, FakeGateway) else await gateway.charges()


async def test_a_charge_is_made_and_can_be_looked_up(gateway: Gateway) -> None:
    await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await gateway.lookup("a-1") is Charge.CHARGED
    assert await charges(gateway) == [("a-1", 1250)]


async def test_the_same_attempt_is_charged_once_however_often_it_is_asked_for(gateway: Gateway) -> None:
    for token in ("tok", "tok", "card_error"):
        await gateway.charge("a-1", 1250, token, "EUR")
    assert await charges(gateway) == [("a-1", 1250)]


async def test_another_attempt_is_another_charge(gateway: Gateway) -> None:
    await gateway.charge("a-1", 1250, "tok", "EUR")
    await gateway.charge("a-2", 1250, "tok", "EUR")
    assert sorted(await charges(gateway)) == [("a-1", 1250), ("a-2", 1250)]


async def test_one_attempt_charged_many_times_at_once_is_charged_once(gateway: Gateway) -> None:
    await asyncio.gather(*(gateway.charge("a-1", 1250, "tok", "EUR") for _ in range(32)))
    assert await charges(gateway) == [("a-1", 1250)]


async def test_of_many_at_once_each_gets_its_own_verdict(gateway: Gateway) -> None:
    tokens = ["tok", "card_error", "payment_error"] * 10
    verdicts = await asyncio.gather(
        *(gateway.charge(f"a-{number}", 1250, token, "EUR") for number, token in enumerate(tokens)),
        return_exceptions=True,
    )
    kinds = {"tok": type(None), "card_error": CardError, "payment_error": PaymentError}
    assert [type(verdict) for verdict in verdicts] == [kinds[token] for token in tokens]
    assert len(await charges(gateway)) == 10


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
async def test_a_refused_attempt_is_not_charged_and_stays_refused(
    gateway: Gateway, token: str, currency: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await gateway.charge("a-1", 1250, token, currency)
    with pytest.raises(error):
        await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await gateway.lookup("a-1") is Charge.NOT_CHARGED
    assert await charges(gateway) == []


async def test_an_attempt_looked_up_before_it_was_charged_can_never_be_charged(gateway: Gateway) -> None:
    assert await gateway.lookup("a-1") is Charge.NOT_CHARGED
    with pytest.raises(PaymentError):
        await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await gateway.lookup("a-1") is Charge.NOT_CHARGED
    assert await charges(gateway) == []


@pytest.mark.parametrize("lookup_first", [False, True])
async def test_a_charge_and_a_look_up_that_race_agree_on_the_outcome(
    gateway: Gateway, *, lookup_first: bool
) -> None:
    for number in range(30):
        looking, charging = gateway.lookup(f"a-{number}"), gateway.charge(f"a-{number}", 1250, "tok", "EUR")
        if lookup_first:
            looked, charged = await asyncio.gather(looking, charging, return_exceptions=True)
        else:
            charged, looked = await asyncio.gather(charging, looking, return_exceptions=True)
        assert looked is (Charge.CHARGED if charged is None else Charge.NOT_CHARGED)


async def test_a_charge_given_up_on_is_final_all_the_same(gateway: Gateway) -> None:
    charging = asyncio.create_task(gateway.charge("a-1", 1250, "tok", "EUR"))
    await asyncio.sleep(0)
    charging.cancel()
    await asyncio.gather(charging, return_exceptions=True)
    word = await gateway.lookup("a-1")
    assert (word is Charge.CHARGED) is bool(await charges(gateway))
    assert await gateway.lookup("a-1") is word

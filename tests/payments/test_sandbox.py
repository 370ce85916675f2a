"""The sandbox keeps its word through restarts and outages."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from tests.fakes.proxy import Fault, Proxy
from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import CardError, Charge, StorageUnavailable
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.sandbox import AttemptStore

Open = Callable[[str], SandboxGateway]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Gateways as processes of their own have them."""
    connections: list[DedicatedConnection] = []

    def opened(dsn: str) -> SandboxGateway:
        connections.append(DedicatedConnection(dsn, name="ticketd sandbox", answer_seconds_max=10.0))
        return SandboxGateway(AttemptStore(connections[-1]))

    yield opened
    for connection in connections:
        await connection.close()


async def test_verdicts_outlive_the_gateway(opened: Open, database_url: str) -> None:
    first = opened(database_url)
    await first.charge("a-1", 1250, "tok", "EUR")
    with pytest.raises(CardError):
        await first.charge("a-2", 1250, "card_error", "EUR")

    second = opened(database_url)
    assert await second.lookup("a-1") is Charge.CHARGED
    with pytest.raises(CardError):
        await second.charge("a-2", 1250, "tok", "EUR")


async def test_two_gateways_that_look_up_and_charge_at_once_agree(opened: Open, database_url: str) -> None:
    superseded, serving = opened(database_url), opened(database_url)
    charging = [superseded.charge(f"a-{number}", 1250, "tok", "EUR") for number in range(30)]
    looking = [serving.lookup(f"a-{number}") for number in range(30)]
    outcomes = await asyncio.gather(*charging, *looking, return_exceptions=True)
    for charged, looked in zip(outcomes[:30], outcomes[30:], strict=True):
        assert looked is (Charge.CHARGED if charged is None else Charge.NOT_CHARGED)


async def test_a_charge_whose_answer_is_lost_is_found_and_not_made_again(
    opened: Open, database_url: str, pool: asyncpg.Pool
) -> None:
    async with Proxy(database_url) as proxy:
        gateway = opened(proxy.dsn)
        proxy.lay(Fault.ANSWER_LOST, "sandbox_attempt")
        with pytest.raises(StorageUnavailable):
            await gateway.charge("a-1", 1250, "tok", "EUR")
        assert await gateway.lookup("a-1") is Charge.CHARGED
        await gateway.charge("a-1", 1250, "tok", "EUR")
    assert await pool.fetchval("SELECT sum(amount_cents) FROM sandbox_attempt") == 1250
